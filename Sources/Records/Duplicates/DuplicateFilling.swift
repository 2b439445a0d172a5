package import CRMSDK
import Query
import Registry
package import Storage

/// Gives older records the keys of rules that were added or changed, and takes the keys of rules that are gone.
///
/// In batches beside normal work, which stores keys of its own; how far it has come is written with each batch, so a
/// kill costs at most one.
package struct DuplicateFilling: Sendable {
    private let records: RecordService
    private let writer: StorageWriter
    private let batchSize: Int

    package init(_ records: RecordService, _ writer: StorageWriter, batchSize: Int = 1000) {
        self.records = records
        self.writer = writer
        self.batchSize = batchSize
    }

    /// Does one batch.
    ///
    /// - Returns: whether there is more to do.
    package func step() throws(CRMError) -> Bool {
        let (snapshots, batchSize) = (records.snapshots, batchSize)
        return try writer.perform { (transaction) throws(CRMError) in
            try Self.work(snapshots.current, batchSize, in: transaction)
        }
    }

    /// What is known of a rule's keys. `position` is the last record that was given one; nil when all were.
    private struct Fill {
        let signature: String
        let position: Int64?
    }

    /// The position at which keys that were made in another way are taken first.
    private static let clearing: Int64 = -1

    private static func work(
        _ snapshot: KernelSnapshot, _ batchSize: Int, in transaction: WriteTransaction
    ) throws(CRMError) -> Bool {
        var fills: [RecordID: Fill] = [:]
        try transaction.rows(DuplicateStatements.fills) { row in
            fills[RecordID(row.int64(0))] = Fill(signature: row.text(1), position: row.optionalInt64(2))
            return .next
        }
        let rules = snapshot.duplicateRules.values.flatMap { $0 }.sorted { $0.id < $1.id }
        for rule in rules {
            let known = fills.removeValue(forKey: rule.id)
            if let known, known.signature == rule.signature {
                guard let position = known.position else { continue }
                try advance(rule, from: position, batchSize, in: transaction)
            } else {
                // Without a note there may be keys that new records have stored: they are right.
                try advance(rule, from: known == nil ? 0 : clearing, batchSize, in: transaction)
            }
            return true
        }
        for (rule, _) in fills.sorted(by: { $0.key < $1.key }) {
            guard try !isAsleep(rule, snapshot, transaction) else { continue }
            if try transaction.execute(DuplicateStatements.clear(rule: rule, limit: batchSize)) == 0 {
                try transaction.execute(DuplicateStatements.forgetFill(rule))
            }
            return true
        }
        return false
    }

    private static func advance(
        _ rule: DuplicateRule, from position: Int64, _ batchSize: Int, in transaction: WriteTransaction
    ) throws(CRMError) {
        var next: Int64?
        if position == clearing {
            let cleared = try transaction.execute(DuplicateStatements.clear(rule: rule.id, limit: batchSize))
            next = cleared < batchSize ? 0 : clearing
        } else {
            next = try fill(rule, after: position, batchSize, in: transaction)
        }
        try transaction.execute(
            DuplicateStatements.noteFill(rule.id, signature: rule.signature, position: next))
    }

    /// - Returns: the last record that was given a key; nil when it was the last of all.
    private static func fill(
        _ rule: DuplicateRule, after position: Int64, _ batchSize: Int, in transaction: WriteTransaction
    ) throws(CRMError) -> Int64? {
        let fields = rule.parts.map(\.field)
        var found: [(id: RecordID, key: Int64?)] = []
        let batch = DuplicateStatements.values(of: fields, rule.entity, after: position, limit: batchSize)
        try transaction.rows(batch) { row in
            let key = rule.key { field in
                fields.firstIndex { $0 === field }.map { row.value($0 + 1) } ?? .null
            }
            found.append((RecordID(row.int64(0)), key?.number))
            return .next
        }
        for record in found {
            guard let key = record.key else { continue }
            try transaction.execute(DuplicateStatements.keep(key, of: record.id, rule: rule.id))
        }
        return found.count < batchSize ? nil : found.last?.id.rawValue
    }

    /// Whether the rule's module is disabled: its records stay as they are, and so do their keys.
    private static func isAsleep(
        _ rule: RecordID, _ snapshot: KernelSnapshot, _ transaction: WriteTransaction
    ) throws(CRMError) -> Bool {
        guard let fact = snapshot.directories.duplicateRules.first(where: { $0.id == rule && $0.isActive }),
            snapshot.registry[entity: fact.entity] == nil
        else { return false }
        return try transaction.first(DuplicateStatements.isStored(fact.entity)) { _ in true } ?? false
    }
}
