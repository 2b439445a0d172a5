package import CRMSDK
import Log
import Query
import Registry
import Security
package import Storage

extension RecordService {
    /// Does what waits, batch by batch, for about `time`; in between the writer is everyone's.
    ///
    /// - Parameter user: Under whose name the log has it.
    package func computeWaiting(
        _ writer: StorageWriter, as user: RecordID, for time: Duration = .milliseconds(800)
    ) {
        let call = CallContext(
            principal: .kernel(for: user), source: .system, method: "compute", requestID: "compute")
        let end = ContinuousClock.now + time
        do throws(CRMError) {
            while try writer.perform({ [self] (transaction) throws(CRMError) in
                try computeWaiting(transaction, call)
            }), ContinuousClock.now < end {}
        } catch {
            log.error("computing failed", ["reason": error.message, "detail": error.detail ?? ""])
        }
    }

    /// Does a part of the computing that waits: fields that were added or changed, and changes that too many records
    /// follow. A batch holds the writer for about `budget`; its place is kept in its own transaction, so that a kill of
    /// the kernel loses and repeats nothing.
    ///
    /// - Returns: whether there may be more to do.
    package func computeWaiting(
        _ transaction: WriteTransaction, _ call: CallContext, for budget: Duration = .milliseconds(30)
    ) throws(CRMError) -> Bool {
        var work: (id: Int64, entity: String, fields: Set<String>, cursor: Int64)?
        try transaction.rows(ComputedStatements.next) { row throws(CRMError) in
            work = (
                row.int64(0), row.text(1), Set(row.text(2).split(separator: " ").map(String.init)),
                row.int64(3)
            )
            return .stop
        }
        guard let work else { return false }
        return try unit(transaction, call) { (unit) throws(CRMError) in
            let registry = unit.snapshot.registry
            // Its module is disabled: when it comes back, its fields are what they were.
            guard var entity = try? registry.readable(work.entity) else {
                try transaction.execute(ComputedStatements.end(work.id))
                return true
            }
            var fields = work.fields
            if let holder = registry.holder(of: entity) {
                (entity, fields) = (holder.entity, [holder.field.name])
            }
            let end = ContinuousClock.now + budget
            var cursor = work.cursor
            repeat {
                var ids: [RecordID] = []
                try transaction.rows(ComputedStatements.page(entity, after: cursor, limit: 20)) {
                    row throws(CRMError) in
                    ids.append(RecordID(row.int64(0)))
                    return .next
                }
                guard let last = ids.last else {
                    try transaction.execute(ComputedStatements.end(work.id))
                    return true
                }
                for id in ids { try unit.recompute(entity, id, fields) }
                cursor = last.rawValue
            } while ContinuousClock.now < end
            try transaction.execute(ComputedStatements.advance(work.id, to: cursor))
            return true
        }
    }
}
