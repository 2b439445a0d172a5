package import CRMSDK
import Security
import Synchronization

/// How many records, not deleted, each owner has of each entity: by which `ListShape` is chosen.
///
/// The numbers are those of the last COMMIT and decide only what is quick. Who owns anything at all is known before
/// COMMIT and never forgotten: an owner who is not in here has no record that a statement could miss.
package final class RecordCounts: Sendable {
    /// Stands for the owner of records without one.
    package static let nobody = RecordID(0)

    package struct Key: Hashable, Sendable {
        package let entity: Int
        package let owner: RecordID

        package init(entity: Int, owner: RecordID) {
            self.entity = entity
            self.owner = owner
        }
    }

    /// What a set of owners has of an entity.
    struct Holding: Sendable {
        let records: Int64
        /// Those of the set who have or had any.
        let owners: [RecordID]
    }

    fileprivate struct Population {
        var total: Int64 = 0
        var byOwner: [RecordID: Int64] = [:]
        /// What sets of owners hold, as of not long ago.
        var holdings: [OwnerSet: Holding] = [:]
        var changesSince: Int64 = 0
    }

    private static let rememberedSets = 256
    private let populations = Mutex<[Int: Population]>([:])
    private let currentCosts = Mutex(ShapeCosts())

    package init() {}

    /// What the shapes are taken to cost; tests make one of them the cheapest.
    package var costs: ShapeCosts {
        get { currentCosts.withLock { $0 } }
        set { currentCosts.withLock { $0 = newValue } }
    }

    /// Says that an owner is about to have a record, before anybody can read it.
    package func note(_ key: Key) {
        populations.withLock { populations in
            guard populations[key.entity]?.byOwner[key.owner] == nil else { return }
            populations[key.entity, default: Population()].byOwner[key.owner] = 0
            populations[key.entity]?.holdings = [:]
        }
    }

    /// Adds what was committed.
    package func add(_ changes: [Key: Int64]) {
        populations.withLock { populations in
            for (key, change) in changes where change != 0 {
                populations[key.entity, default: Population()].add(change, of: key.owner)
            }
        }
    }

    /// Nil: nothing is known of the entity.
    package func total(_ entity: Int) -> Int64? { populations.withLock { $0[entity]?.total } }

    func holding(of owners: OwnerSet, _ entity: Int) -> Holding? {
        populations.withLock { $0[entity]?.holding(of: owners, remembering: Self.rememberedSets) }
    }
}

extension RecordCounts.Population {
    fileprivate mutating func add(_ change: Int64, of owner: RecordID) {
        if byOwner[owner] == nil { holdings = [:] }
        byOwner[owner, default: 0] += change
        total += change
        changesSince += abs(change)
        // An estimate may be a sixteenth off; it only weighs one way against another.
        if changesSince > total / 16 {
            holdings = [:]
            changesSince = 0
        }
    }

    fileprivate mutating func holding(of owners: OwnerSet, remembering limit: Int) -> RecordCounts.Holding {
        if let known = holdings[owners] { return known }
        let present =
            owners.count <= byOwner.count
            ? owners.ids.filter { byOwner[$0] != nil } : byOwner.keys.filter(owners.contains).sorted()
        let holding = RecordCounts.Holding(
            records: present.reduce(0) { $0 + (byOwner[$1] ?? 0) }, owners: present)
        if holdings.count >= limit { holdings = [:] }
        holdings[owners] = holding
        return holding
    }
}
