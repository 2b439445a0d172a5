package import CRMSDK
import Query
import Registry
package import Storage

/// Works amounts in the base currency out again after a rate was added or changed, also one with a past date, and for
/// records that were there before their entity had such an amount. In batches beside normal work; how far it has come
/// is written with each.
///
/// It is the figure that follows, not the record that changes: version, history and `modified_at` stay. An amount
/// without a rate for its day becomes empty.
package struct BaseAmountFilling: Sendable {
    private let records: RecordService
    private let writer: StorageWriter
    private let batchSize: Int

    package init(_ records: RecordService, _ writer: StorageWriter, batchSize: Int = 500) {
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
            try Self.fill(snapshots.current, batchSize, in: transaction)
        }
    }

    private static func fill(
        _ snapshot: KernelSnapshot, _ batchSize: Int, in transaction: WriteTransaction
    ) throws(CRMError) -> Bool {
        var fills: [Int: (signature: String, position: Int64?)] = [:]
        try transaction.rows(BaseAmountStatements.fills) { row in
            fills[Int(row.int64(0))] = (row.text(1), row.optionalInt64(2))
            return .next
        }
        let rates = snapshot.currencies.ratesDigest
        for entity in snapshot.registry.entities where !entity.baseAmounts.isEmpty {
            let signature =
                rates + " / " + entity.baseAmounts.map { String($0.field.number) }.joined(separator: ",")
            let known = fills[entity.number]
            if let known, known.signature == signature, known.position == nil { continue }
            let start = known?.signature == signature ? known?.position ?? 0 : 0
            let last = try batch(entity, after: start, batchSize, snapshot.currencies, transaction)
            try transaction.execute(
                BaseAmountStatements.noteFill(entity, signature: signature, position: last))
            return true
        }
        return false
    }

    /// - Returns: the last id done; nil when there are no more.
    private static func batch(
        _ entity: Entity, after id: Int64, _ limit: Int, _ currencies: CurrencyDirectory,
        _ transaction: WriteTransaction
    ) throws(CRMError) -> Int64? {
        var changes: [(id: Int64, field: Field, units: Int64?)] = []
        var (last, count) = (id, 0)
        let statement = BaseAmountStatements.records(of: entity, after: id, limit: limit)
        try transaction.rows(statement) { row in
            last = row.int64(0)
            count += 1
            let created = Instant(millisecondsSince1970: row.int64(1)).dateInUTC
            for (index, amount) in entity.baseAmounts.enumerated() {
                let place = 2 + 4 * index
                let day = row.optionalInt64(place + 2).map { CalendarDate(daysSince1970: $0) } ?? created
                let currency = row.optionalInt64(place + 1).map { RecordID($0) } ?? currencies.base.id
                // Without a rate there is no figure, and that is no reason to stop.
                let units = row.optionalInt64(place).flatMap { try? currencies.inBase($0, currency, on: day) }
                if units != row.optionalInt64(place + 3) { changes.append((last, amount.field, units)) }
            }
            return .next
        }
        for change in changes {
            try transaction.execute(BaseAmountStatements.set(entity, change.id, change.field, change.units))
        }
        return count < limit ? nil : last
    }
}
