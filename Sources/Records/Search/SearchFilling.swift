package import CRMSDK
import Query
import Registry
package import Storage

/// Indexes for search what was written before its fields were searchable: after an upgrade, a new field, a module's
/// enabling. In batches beside normal work; how far it has come is written with each batch, so a kill costs at most
/// one.
package struct SearchFilling: Sendable {
    private let records: RecordService
    private let writer: StorageWriter
    private let batchSize: Int

    package init(_ records: RecordService, _ writer: StorageWriter, batchSize: Int = 200) {
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
            try Self.fill(snapshots.current.registry, batchSize, in: transaction)
        }
    }

    private static func fill(
        _ registry: RegistrySnapshot, _ batchSize: Int, in transaction: WriteTransaction
    ) throws(CRMError) -> Bool {
        var fills: [Int: (signature: String, position: Int64?)] = [:]
        try transaction.rows(SearchStatements.fills) { row in
            fills[Int(row.int64(0))] = (row.text(1), row.optionalInt64(2))
            return .next
        }
        var room = batchSize
        for entity in registry.entities where !entity.searchable.isEmpty {
            let signature = SearchText.signature(of: entity)
            let known = fills[entity.number]
            if let known, known.signature == signature, known.position == nil { continue }
            guard room > 0 else { return true }
            var position = known?.signature == signature ? known?.position ?? 0 : 0
            var count = 0
            let batch = SearchStatements.records(of: entity, after: position, limit: room)
            try transaction.rows(batch) { row in
                count += 1
                position = row.int64(0)
                let texts = entity.searchable.indices.map { row.optionalText(3 + $0) }
                let owner = row.optionalInt64(1)
                let words = Deferred {
                    SearchText.words(of: entity, owner: owner) { field in
                        entity.searchable.firstIndex { $0 === field }.flatMap { texts[$0] }
                    }
                }
                let isDeleted = !row.isNull(2)
                transaction.index(RecordID(position), words: isDeleted ? nil : .later(words), isNew: false)
                return .next
            }
            let isWhole = count < room
            room -= count
            try transaction.execute(
                SearchStatements.noteFill(entity, signature: signature, position: isWhole ? nil : position))
        }
        return room <= 0
    }
}
