package import CRMSDK
import Synchronization

/// A set of owners, users and groups, as ascending ids.
///
/// Copies share one storage. The digest is computed once, so that a set of thousands is a cheap key of a cache; equal
/// sets of one snapshot are the same storage, and comparing them is comparing two addresses.
package struct OwnerSet: Sendable {
    private final class Storage: Sendable {
        let ids: [RecordID]
        let digest: Int
        /// Made when first asked for.
        let bytes = Mutex<[UInt8]?>(nil)

        init(ids: [RecordID]) {
            self.ids = ids
            var hasher = Hasher()
            for id in ids { hasher.combine(id) }
            digest = hasher.finalize()
        }
    }

    private let storage: Storage

    package init(_ ids: some Sequence<RecordID>) {
        self.init(ascending: Self.distinct(ids.sorted()))
    }

    /// - Precondition: `ids` are strictly ascending.
    init(ascending ids: [RecordID]) { storage = Storage(ids: ids) }

    package static let empty = OwnerSet(ascending: [])

    /// Ascending, each once.
    package var ids: [RecordID] { storage.ids }
    package var count: Int { storage.ids.count }
    package var isEmpty: Bool { storage.ids.isEmpty }

    /// The ids as 8 bytes each, least significant first: what a statement binds.
    package var bytes: [UInt8] {
        storage.bytes.withLock { known in
            if let known { return known }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(8 * storage.ids.count)
            for id in storage.ids {
                for shift in stride(from: Int64(0), to: 64, by: 8) {
                    bytes.append(UInt8(truncatingIfNeeded: id.rawValue >> shift))
                }
            }
            known = bytes
            return bytes
        }
    }

    /// O(log count).
    package func contains(_ id: RecordID) -> Bool {
        let ids = storage.ids
        var low = 0
        var high = ids.count
        while low < high {
            let middle = (low + high) / 2
            if ids[middle] < id { low = middle + 1 } else { high = middle }
        }
        return low < ids.count && ids[low] == id
    }

    package func union(_ other: OwnerSet) -> OwnerSet {
        if isEmpty || storage === other.storage { return other }
        if other.isEmpty { return self }
        return OwnerSet(ascending: Self.merge(ids, other.ids))
    }

    private static func merge(_ left: [RecordID], _ right: [RecordID]) -> [RecordID] {
        var merged: [RecordID] = []
        merged.reserveCapacity(left.count + right.count)
        var (atLeft, atRight) = (0, 0)
        while atLeft < left.count, atRight < right.count {
            let (one, other) = (left[atLeft], right[atRight])
            merged.append(min(one, other))
            if one <= other { atLeft += 1 }
            if other <= one { atRight += 1 }
        }
        merged += left[atLeft...]
        merged += right[atRight...]
        return merged
    }

    private static func distinct(_ sorted: [RecordID]) -> [RecordID] {
        var result: [RecordID] = []
        result.reserveCapacity(sorted.count)
        for id in sorted where result.last != id { result.append(id) }
        return result
    }
}

extension OwnerSet: Hashable {
    package static func == (left: OwnerSet, right: OwnerSet) -> Bool {
        left.storage === right.storage
            || (left.storage.digest == right.storage.digest && left.storage.ids == right.storage.ids)
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(storage.digest) }
}
