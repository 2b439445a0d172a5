package import CRMSDK
package import Query
package import Registry
import Security
package import Storage

/// What to read of a list, as a client asks for it.
package struct ListParameters: Sendable {
    package var entity: String
    package var filter: Filter?
    package var fields: [String]?
    package var sort: [String]?
    package var limit = 50
    package var cursor: String?
    package var bin = RecycleBin.outside
    /// Only the records linked with one.
    package var link: LinkScope?

    package init(entity: String) { self.entity = entity }
}

/// A list that is planned and not yet run.
package struct ListPlan: Sendable {
    package let read: ReadPlan
    package var lane: Lane { read.lane }
}

extension RecordService {
    // MARK: One record

    /// Reads a record's row; the body is called once.
    ///
    /// - Parameter entity: Saves the look-up of what the id is, and makes another entity's record not found.
    /// - Throws: `notFound` when it is missing, in the recycle bin, or not to be seen by the caller: one answer for
    ///   all.
    package func get(
        _ call: CallContext, _ snapshot: KernelSnapshot, on source: some RowSource, id: RecordID,
        entity name: String?,
        fields: [String]? = nil, bin: RecycleBin = .outside,
        _ body: (borrowing Row, ReadPlan) throws(CRMError) -> Void
    ) throws(CRMError) {
        let entity = try entity(of: id, named: name, snapshot, source)
        let plan = try getPlan(call, snapshot, entity, fields: fields)
        var statement = plan.statements[0]
        statement.bindings[0] = .integer(id.rawValue)
        var isFound = false
        var isBinned = false
        try source.rows(statement) { row throws(CRMError) in
            isBinned = !row.isNull(plan.deletedAtColumn)
            guard bin != .outside || !isBinned, bin != .inside || isBinned else { return .stop }
            isFound = true
            try body(row, plan)
            return .stop
        }
        guard isFound else {
            var error = CRMError.recordNotFound(id, entity: name)
            // Who was allowed to see it may know where it went.
            if isBinned { error.hint = "It is in the recycle bin; restore it first." }
            throw error
        }
    }

    func getPlan(
        _ call: CallContext, _ snapshot: KernelSnapshot, _ entity: Entity, fields: [String]?,
        verb: AccessVerb = .view
    ) throws(CRMError) -> ReadPlan {
        let viewpoint = viewpoint(call, snapshot)
        let key = PlanCache.Key(
            entity: entity.number, fields: fields, verb: verb,
            predicate: snapshot.security.predicate(call.principal, verb, entity.name),
            principal: call.principal)
        return try snapshot.plans.plan(key) { () throws(CRMError) in
            try Planner.get(viewpoint, entity, fields: fields, verb: verb)
        }
    }

    /// What a record is, by the directory of all records.
    package func entity(
        of id: RecordID, named name: String?, _ snapshot: KernelSnapshot, _ source: some RowSource
    ) throws(CRMError) -> Entity {
        if let name { return try snapshot.registry.entity(name) }
        var number: Int?
        try source.rows(Planner.directoryEntry(id)) { row throws(CRMError) in
            number = Int(row.int64(0))
            return .stop
        }
        guard let number, let entity = snapshot.registry.entity(number: number) else {
            throw .recordNotFound(id)
        }
        return entity
    }

    // MARK: Lists

    package func planList(
        _ call: CallContext, _ snapshot: KernelSnapshot, _ parameters: ListParameters
    ) throws(CRMError) -> ListPlan {
        let viewpoint = viewpoint(call, snapshot)
        let query = try listQuery(call, snapshot, parameters)
        let first = try Planner.list(viewpoint, query)
        guard let cursor = parameters.cursor else { return ListPlan(read: first) }
        let position = try cursors.decode(cursor, identity: first.identity)
        return ListPlan(read: try Planner.list(viewpoint, query, after: position))
    }

    /// An entity of records or of lines. Lines in a field that the caller may not see are not there.
    package func readable(
        _ name: String, _ call: CallContext, _ snapshot: KernelSnapshot
    ) throws(CRMError) -> Entity {
        let entity = try snapshot.registry.readable(name)
        guard entity.isLine else { return entity }
        guard let holder = snapshot.registry.holder(of: entity),
            snapshot.security.mask(call.principal, holder.entity.name).isVisible(holder.field.name)
        else { throw snapshot.registry.unknownEntity(name) }
        return entity
    }

    func listQuery(
        _ call: CallContext, _ snapshot: KernelSnapshot, _ parameters: ListParameters
    ) throws(CRMError) -> ListQuery {
        let entity = try readable(parameters.entity, call, snapshot)
        try snapshot.security.require(call.principal, .view, entity.name)
        return ListQuery(
            entity: entity, filter: parameters.filter, fields: parameters.fields, sort: parameters.sort,
            limit: parameters.limit, bin: parameters.bin, link: parameters.link)
    }

    /// - Returns: nil where a field cannot be looked for this way; a list can.
    package func finder(
        _ call: CallContext, _ snapshot: KernelSnapshot, of name: String, by fields: [String], limit: Int
    ) throws(CRMError) -> RecordFinder? {
        let entity = try readable(name, call, snapshot)
        try snapshot.security.require(call.principal, .view, entity.name)
        return try RecordFinder(viewpoint(call, snapshot), entity, by: fields, limit: limit)
    }

    /// Gives a page's rows in order.
    ///
    /// - Returns: the cursor of the next page; nil when this is the last one.
    package func list(
        _ plan: ListPlan, on source: some RowSource, _ body: (borrowing Row) throws(CRMError) -> Void
    ) throws(CRMError) -> String? {
        let read = plan.read
        var count = 0
        var last: [StoredValue] = []
        var hasMore = false
        for statement in read.statements where !hasMore {
            try source.rows(statement) { row throws(CRMError) in
                guard count < read.limit else {
                    hasMore = true
                    return .stop
                }
                count += 1
                try body(row)
                if count == read.limit { last = read.sortColumns.map { row.value($0) } }
                return .next
            }
        }
        return hasMore ? cursors.encode(last, identity: read.identity) : nil
    }

    package func planCount(
        _ call: CallContext, _ snapshot: KernelSnapshot, _ parameters: ListParameters
    ) throws(CRMError) -> Statement {
        try Planner.count(viewpoint(call, snapshot), listQuery(call, snapshot, parameters))
    }

    package func count(_ statement: Statement, on source: some RowSource) throws(CRMError) -> Int64 {
        var count: Int64 = 0
        try source.rows(statement) { row throws(CRMError) in
            count = row.int64(0)
            return .stop
        }
        return count
    }

    // MARK: Aggregates

    package func planAggregate(
        _ call: CallContext, _ snapshot: KernelSnapshot, entity name: String, filter: Filter?,
        groups: [AggregateQuery.Group], measures: [AggregateQuery.Measure], isPast: Bool = false
    ) throws(CRMError) -> AggregatePlan {
        let entity = try readable(name, call, snapshot)
        try snapshot.security.require(call.principal, .view, entity.name)
        var query = AggregateQuery(entity: entity, filter: filter, groups: groups, measures: measures)
        query.isPast = isPast
        return try Planner.aggregate(viewpoint(call, snapshot), query)
    }

    package func aggregate(
        _ plan: AggregatePlan, on source: some RowSource, _ body: (borrowing Row) throws(CRMError) -> Void
    ) throws(CRMError) {
        var count = 0
        try source.rows(plan.statement) { row throws(CRMError) in
            count += 1
            guard count <= plan.limit else {
                throw CRMError(
                    .limitExceeded, "the aggregate has more than \(plan.limit) groups",
                    hint: "Group by fewer fields, or filter.")
            }
            try body(row)
            return .next
        }
    }

    // MARK: Whole records, for modules and for the kernel itself

    func record(
        _ call: CallContext, _ snapshot: KernelSnapshot, on source: some RowSource, id: RecordID,
        entity: String
    ) throws(CRMError) -> Record {
        var record: Record?
        try get(call, snapshot, on: source, id: id, entity: entity) { row, plan throws(CRMError) in
            record = plan.record(row, snapshot)
        }
        guard let record else { throw .recordNotFound(id, entity: entity) }
        return record
    }

    func records(
        _ call: CallContext, _ snapshot: KernelSnapshot, on source: some RowSource, _ request: ListRequest
    ) throws(CRMError) -> [Record] {
        var parameters = ListParameters(entity: request.entity)
        parameters.filter = request.filter
        parameters.fields = request.fields.isEmpty ? nil : request.fields
        parameters.sort = request.sort.isEmpty ? nil : request.sort
        parameters.limit = request.limit
        let plan = try planList(call, snapshot, parameters)
        var records: [Record] = []
        _ = try list(plan, on: source) { row throws(CRMError) in
            records.append(plan.read.record(row, snapshot))
        }
        return records
    }
}
