package import CRMSDK
import JSON
package import Query
import Registry
import Security
package import Storage

/// Reads of records as they were at a moment: today's records, those changed since led back along the change log.
///
/// Rights, masks and fields are those of now: who may view a record now may view what it was, in the fields that are
/// visible to them now. What lies behind a reference, and its label, are today's. Costs an entry of the log for every
/// change since then to the entity's records, so it belongs on the scan lane.
extension RecordService {
    /// Records that may have changed between then and now.
    package static let maximumPastRecords = 100_000

    /// Reads a record's row as it was; the body is called once.
    ///
    /// - Throws: `notFound` when it is missing, was not there yet or lay in the recycle bin then, or when the caller
    ///   may not view it now; `invalidParameters` for a moment that the log does not reach.
    package func get(
        _ call: CallContext, _ snapshot: KernelSnapshot, on reader: ReadConnection, id: RecordID,
        entity name: String?, fields: [String]?, bin: RecycleBin, asOf moment: Instant,
        _ body: (borrowing Row, ReadPlan) throws(CRMError) -> Void
    ) throws(CRMError) {
        try reader.transaction { () throws(CRMError) in
            let entity = try entity(of: id, named: name, snapshot, reader)
            try requireVisible(call, snapshot, on: reader, id: id, entity, named: name)
            let plan = try Planner.pastRecord(viewpoint(call, snapshot), entity, id: id, fields: fields)
            let past = Past(moment: moment, position: try position(at: moment, reader))
            let found = try withPast(past, call, snapshot, entity, record: id, on: reader) {
                changed throws(CRMError) in
                if changed == 0 {
                    try get(
                        call, snapshot, on: reader, id: id, entity: name, fields: fields, bin: bin, body)
                    return true
                }
                var isFound = false
                try reader.rows(plan.statements[0]) { row throws(CRMError) in
                    let isBinned = !row.isNull(plan.deletedAtColumn)
                    guard bin != .outside || !isBinned, bin != .inside || isBinned else { return .stop }
                    isFound = true
                    try body(row, plan)
                    return .stop
                }
                return isFound
            }
            guard found else {
                var error = CRMError.recordNotFound(id, entity: name)
                error.hint = "It was not there at \(moment)."
                throw error
            }
        }
    }

    /// Gives a page's rows in order, as they were.
    ///
    /// - Parameter counting: Whether all that match are counted as well.
    /// - Returns: the cursor of the next page, nil when this is the last one; the count.
    package func list(
        _ call: CallContext, _ snapshot: KernelSnapshot, _ parameters: ListParameters, asOf moment: Instant,
        counting: Bool = false, limit: Int = maximumPastRecords, on reader: ReadConnection,
        _ body: (borrowing Row, ReadPlan) throws(CRMError) -> Void
    ) throws(CRMError) -> (next: String?, total: Int64?) {
        try reader.transaction { () throws(CRMError) in
            let query = try pastQuery(call, snapshot, parameters)
            let viewpoint = viewpoint(call, snapshot)
            let (past, cursor) = try past(moment, parameters.cursor, reader)
            let identity = "as of \(moment) \(past.position)"
            var plan = try Planner.pastList(viewpoint, query, identity: identity)
            if let cursor {
                let after = try cursors.decode(cursor, identity: plan.identity)
                plan = try Planner.pastList(viewpoint, query, identity: identity, after: after)
            }
            let count = counting ? try Planner.pastCount(viewpoint, query) : nil
            return try withPast(past, call, snapshot, query.entity, limit: limit, on: reader) {
                _ throws(CRMError) in
                let next = try list(ListPlan(read: plan), on: reader) { row throws(CRMError) in
                    try body(row, plan)
                }
                let total = try count.map { statement throws(CRMError) in
                    try self.count(statement, on: reader)
                }
                return (next.map { "\(past.position).\($0)" }, total)
            }
        }
    }

    /// Counts the records that a list of the same filter and moment would show.
    package func count(
        _ call: CallContext, _ snapshot: KernelSnapshot, _ parameters: ListParameters, asOf moment: Instant,
        on reader: ReadConnection
    ) throws(CRMError) -> Int64 {
        try reader.transaction { () throws(CRMError) in
            let query = try pastQuery(call, snapshot, parameters)
            let statement = try Planner.pastCount(viewpoint(call, snapshot), query)
            let past = Past(moment: moment, position: try position(at: moment, reader))
            return try withPast(past, call, snapshot, query.entity, on: reader) { _ throws(CRMError) in
                try count(statement, on: reader)
            }
        }
    }

    /// Runs an aggregate that was planned for the past.
    package func aggregate(
        _ call: CallContext, _ snapshot: KernelSnapshot, _ plan: AggregatePlan, asOf moment: Instant,
        on reader: ReadConnection, _ body: (borrowing Row) throws(CRMError) -> Void
    ) throws(CRMError) {
        try requireRecords(plan.entity)
        try reader.transaction { () throws(CRMError) in
            let past = Past(moment: moment, position: try position(at: moment, reader))
            try withPast(past, call, snapshot, plan.entity, on: reader) { _ throws(CRMError) in
                try aggregate(plan, on: reader, body)
            }
        }
    }

    /// - Throws: `invalidParameters` for lines, which are read with their record.
    private func pastQuery(
        _ call: CallContext, _ snapshot: KernelSnapshot, _ parameters: ListParameters
    ) throws(CRMError) -> ListQuery {
        let query = try listQuery(call, snapshot, parameters)
        try requireRecords(query.entity)
        return query
    }

    private func requireRecords(_ entity: Entity) throws(CRMError) {
        guard entity.isLine else { return }
        throw CRMError(
            .invalidParameters, "lines of \"\(entity.name)\" are read as of a moment with their record only",
            hint: "Give as_of to record.get of the record.")
    }

    // MARK: The place in the log

    private struct Past {
        let moment: Instant
        /// The last entry of the change log that is not taken back.
        let position: Int64
    }

    /// A cursor carries the place of its first page, so that entries of the same moment written since change nothing.
    private func past(
        _ moment: Instant, _ cursor: String?, _ reader: ReadConnection
    ) throws(CRMError) -> (Past, cursor: String?) {
        let found = try position(at: moment, reader)
        guard let cursor else { return (Past(moment: moment, position: found), nil) }
        let parts = cursor.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, let position = Int64(parts[0]), (0...found).contains(position) else {
            throw CRMError(
                .invalidParameters, "the cursor is not valid for this query",
                hint: "Use a cursor only with the query that gave it, or start the list again.")
        }
        return (Past(moment: moment, position: position), String(parts[1]))
    }

    /// - Throws: `invalidParameters` for a moment that is still to come, or before the log begins.
    private func position(at moment: Instant, _ reader: ReadConnection) throws(CRMError) -> Int64 {
        let now = clock()
        guard moment <= now else {
            throw CRMError(
                .invalidParameters, "as_of \(moment) is in the future", hint: "It is \(now) here.")
        }
        let position = try ChangeLog.position(reader, at: moment)
        guard position > 0 else {
            let beginning = try ChangeLog.beginning(reader)
            throw CRMError(
                .invalidParameters,
                "as_of \(moment) lies before the change log, which begins at \(beginning ?? now)",
                hint: "What was before is not known here.")
        }
        return position
    }

    // MARK: The scratch tables

    /// Fills the scratch tables and runs the body, which is told how many records have changed since.
    ///
    /// - Throws: `limitExceeded` beyond `limit` changed records, and where the call's time is over.
    private func withPast<R>(
        _ past: Past, _ call: CallContext, _ snapshot: KernelSnapshot, _ entity: Entity,
        record: RecordID? = nil, limit: Int = maximumPastRecords, on reader: ReadConnection,
        _ body: (Int) throws(CRMError) -> R
    ) throws(CRMError) -> R {
        var reversals: [RecordID: Reversal] = [:]
        let subject = record.map { ChangeLog.Subject.record($0) } ?? .entity(entity.number)
        try ChangeLog.walk(reader, subject, after: past.position) { change throws(CRMError) in
            guard let id = change.entry.record,
                change.entry.kind.concernsValues || change.entry.kind == .purge
            else { return .next }
            try reversals[id, default: Reversal()].take(change)
            guard reversals.count <= limit else {
                throw CRMError(
                    .limitExceeded,
                    "more than \(limit) records of \"\(entity.name)\" have changed since \(past.moment)",
                    hint: "Ask for a later moment, or follow the changes with change.list.")
            }
            return .next
        }
        let lines = entity.lines.compactMap { field in snapshot.registry.lines(of: field).map { (field, $0) }
        }
        let drop = PastStatements.drop(lines: lines.map(\.1))
        return try reader.scratch(make: PastStatements.make(entity, lines: lines.map(\.1)), drop: drop) {
            tables throws(CRMError) in
            let isAllowed = seeing(call, snapshot, entity, on: reader)
            for (index, (id, reversal)) in reversals.sorted(by: { $0.key < $1.key }).enumerated() {
                if index.isMultiple(of: 1_000) { try checkTime(of: call) }
                try tables.insert(PastStatements.insert(changed: id))
                // What was purged has no values any more, and so no past.
                guard reversal.existed, try isAllowed(id),
                    let present = try values(of: id, entity, on: reader)
                else { continue }
                let last = try ChangeLog.lastChange(reader, of: id, through: past.position)
                var row = reversal.applied(to: present, entity, last: last)
                for (field, lineEntity) in lines {
                    let present = try lineValues(of: id, lineEntity, on: reader)
                    let then = reversal.lines(field, lineEntity, of: id, present: present)
                    row[field.position] = then.isEmpty ? .null : .integer(Int64(then.count))
                    for line in then { try tables.insert(PastStatements.insert(lineEntity, line)) }
                }
                try tables.insert(PastStatements.insert(entity, row))
            }
            return try body(reversals.count)
        }
    }

    /// Whether the caller may view a record now, in the recycle bin or not.
    private func seeing(
        _ call: CallContext, _ snapshot: KernelSnapshot, _ entity: Entity, on reader: ReadConnection
    ) -> (RecordID) throws(CRMError) -> Bool {
        let viewpoint = viewpoint(call, snapshot)
        return { id throws(CRMError) in
            try self.exists(Planner.check(viewpoint, entity, .view, id: id), on: reader)
        }
    }

    private func exists(_ statement: Statement, on reader: ReadConnection) throws(CRMError) -> Bool {
        var isFound = false
        try reader.rows(statement) { _ throws(CRMError) in
            isFound = true
            return .stop
        }
        return isFound
    }

    /// A record's values as they are stored now, in the order of the entity's fields; nil for none.
    func values(
        of id: RecordID, _ entity: Entity, on source: some RowSource
    ) throws(CRMError) -> [StoredValue]? {
        var values: [StoredValue]?
        try source.rows(PastStatements.present(entity, id)) { row throws(CRMError) in
            values = (0..<row.columnCount).map { row.value($0) }
            return .stop
        }
        return values
    }

    /// A record's lines as they are stored now, each in the order of the fields of their entity.
    func lineValues(
        of parent: RecordID, _ lines: Entity, on source: some RowSource
    ) throws(CRMError) -> [[StoredValue]] {
        var values: [[StoredValue]] = []
        try source.rows(PastStatements.presentLines(lines, of: parent)) { row throws(CRMError) in
            values.append((0..<row.columnCount).map { row.value($0) })
            return .next
        }
        return values
    }

    private func checkTime(of call: CallContext) throws(CRMError) {
        guard let deadline = call.deadline, deadline < .now else { return }
        throw CRMError(
            .limitExceeded, "the time of this call is over", hint: "Ask for a later moment, or one record.")
    }
}
