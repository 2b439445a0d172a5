package import CRMSDK
package import Registry
import Security

/// Turns operations into statements. Pure: reads nothing, runs nothing.
///
/// Rights are part of the statement: a record that the caller may not view is not among the rows, whatever is asked.
package enum Planner {
    /// Reads one record: the first binding is its id.
    package static func get(
        _ viewpoint: Viewpoint, _ entity: Entity, fields: [String]?, verb: AccessVerb = .view
    ) throws(CRMError) -> ReadPlan {
        var builder = StatementBuilder(viewpoint, entity)
        let id = builder.bind(.null)
        let selection = try Selection(fields, .withLines, &builder)
        let access = builder.condition(viewpoint.predicate(entity, verb), on: builder.base)
        let text =
            "SELECT \(selection.expressions.joined(separator: ", ")) \(builder.from)"
            + " WHERE \(builder.base).id = \(id)" + (access.map { " AND \($0)" } ?? "")
        return ReadPlan(
            entity: entity, statements: [Statement(text, builder.bindings)], lane: .bounded,
            columns: selection.columns,
            idColumn: selection.idColumn, versionColumn: selection.versionColumn,
            deletedAtColumn: selection.deletedAtColumn, sortColumns: 0..<0, limit: 1, identity: [])
    }

    /// Reads a page. `after` are the values of the sort columns of the last record before it.
    package static func list(
        _ viewpoint: Viewpoint, _ query: ListQuery, after: [StoredValue]? = nil
    ) throws(CRMError) -> ReadPlan {
        guard (1...1000).contains(query.limit) else {
            throw CRMError(.limitExceeded, "the limit \(query.limit) is not between 1 and 1000")
        }
        var builder = StatementBuilder(viewpoint, query.entity, link: query.link)
        var selection = try Selection(query.fields, .withoutLines, &builder)
        let linkColumns = builder.selectLink(&selection)
        let order = try Order(query.sort, &builder)
        let first = selection.expressions.count
        for key in order.keys { selection.append(key.expression) }
        var filters: [String] = []
        if let bin = query.bin.condition(query.entity, builder.base) { filters.append(bin) }
        if let filter = query.filter { filters.append(try builder.condition(filter)) }

        let predicate = viewpoint.predicate(query.entity)
        let head = "SELECT \(selection.expressions.joined(separator: ", ")) "
        let choice = ShapeChoice(predicate, viewpoint, query, order)
        // The same query by whichever shape: a cursor outlives a change of the counts.
        let identity = Self.identity(predicate, head, filters, order, builder)
        let page = PageText(head: head, filters: filters, order: order, limit: query.limit + 1)
        let body = page.body(choice, predicate, hasFilter: query.filter != nil, &builder)
        let statements = try order.ranges(after: after, &builder).map { range in
            Statement(body(range.conditions), range.bindings)
        }
        let isBounded =
            choice.map { $0.cost <= (viewpoint.counts?.costs.boundedLimit ?? 0) } ?? order.isIndexed
        return ReadPlan(
            entity: query.entity, statements: statements,
            lane: isBounded && query.filter == nil && query.link == nil ? .bounded : .scan,
            columns: selection.columns,
            idColumn: selection.idColumn, versionColumn: selection.versionColumn,
            deletedAtColumn: selection.deletedAtColumn, sortColumns: first..<(first + order.keys.count),
            limit: query.limit, identity: identity, linkColumns: linkColumns, shape: choice?.shape)
    }

    private static func identity(
        _ predicate: AccessPredicate, _ head: String, _ filters: [String], _ order: Order,
        _ builder: StatementBuilder
    ) -> [UInt8] {
        var builder = builder
        let access = builder.condition(predicate, on: builder.base) ?? ""
        let text = ([head, builder.from] + filters + [access, order.clause]).joined(separator: " ")
        var bytes = Array(text.utf8)
        for value in builder.bindings { bytes.append(value) }
        return bytes
    }

    /// Counts the records that a list of the same filter would show.
    package static func count(_ viewpoint: Viewpoint, _ query: ListQuery) throws(CRMError) -> Statement {
        var builder = StatementBuilder(viewpoint, query.entity, link: query.link)
        var conditions: [String] = []
        if let bin = query.bin.condition(query.entity, builder.base) { conditions.append(bin) }
        if let access = query.bin == .outside
            ? builder.access() : builder.condition(viewpoint.predicate(query.entity), on: builder.base)
        {
            conditions.append(access)
        }
        if let filter = query.filter { conditions.append(try builder.condition(filter)) }
        let condition = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        return Statement("SELECT count(*) \(builder.from)\(condition)", builder.bindings)
    }

    /// Whether a record passes a verb's predicate: one row or none. For checks inside a unit of work.
    package static func check(
        _ viewpoint: Viewpoint, _ entity: Entity, _ verb: AccessVerb, id: RecordID
    ) -> Statement {
        var builder = StatementBuilder(viewpoint, entity)
        let place = builder.bind(.integer(id.rawValue))
        let access = builder.condition(viewpoint.predicate(entity, verb), on: builder.base)
        return Statement(
            "SELECT 1 FROM \(entity.table) \(builder.base) WHERE \(builder.base).id = \(place)"
                + (access.map { " AND \($0)" } ?? ""), builder.bindings)
    }
}

// MARK: The directory of all records

extension Planner {
    /// One row if there is any record at all.
    package static let anyRecord = Statement("SELECT 1 FROM crm_record LIMIT 1")

    /// What a record is: one row with entity number, label and time of deletion, or none.
    package static func directoryEntry(_ id: RecordID) -> Statement {
        Statement("SELECT entity, label, deleted_at FROM crm_record WHERE id = ?1", [.integer(id.rawValue)])
    }
}
