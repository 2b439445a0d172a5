package import CRMSDK
package import Registry
import Security

/// Reads of records as they were, from the scratch tables of `PastStatements`. Rights, masks and fields are those of
/// now; what a path reaches over a reference, and the reference's label, are today's as well.
extension Planner {
    /// Reads one record that has changed since. Whether the caller may view it was asked before.
    package static func pastRecord(
        _ viewpoint: Viewpoint, _ entity: Entity, id: RecordID, fields: [String]?
    ) throws(CRMError) -> ReadPlan {
        var builder = StatementBuilder(viewpoint, entity)
        builder.isPast = true
        builder.table = PastStatements.rows
        let place = builder.bind(.integer(id.rawValue))
        let selection = try Selection(fields, .withLines, &builder)
        let text =
            "SELECT \(selection.expressions.joined(separator: ", ")) \(builder.from)"
            + " WHERE \(builder.base).id = \(place)"
        return ReadPlan(
            entity: entity, statements: [Statement(text, builder.bindings)], lane: .scan,
            columns: selection.columns, idColumn: selection.idColumn, versionColumn: selection.versionColumn,
            deletedAtColumn: selection.deletedAtColumn, sortColumns: 0..<0, limit: 1, identity: [])
    }

    /// Reads a page of records as they were: the records that have not changed since, along their index where the sort
    /// has one, merged with those that have.
    ///
    /// - Parameter identity: what else makes a cursor this list's.
    package static func pastList(
        _ viewpoint: Viewpoint, _ query: ListQuery, identity suffix: String, after: [StoredValue]? = nil
    ) throws(CRMError) -> ReadPlan {
        guard (1...1000).contains(query.limit) else {
            throw CRMError(.limitExceeded, "the limit \(query.limit) is not between 1 and 1000")
        }
        var builder = StatementBuilder(viewpoint, query.entity)
        builder.isPast = true
        var selection = try Selection(query.fields, .withoutLines, &builder)
        let order = try Order(query.sort, &builder)
        let first = selection.expressions.count
        for key in order.keys { selection.append(key.expression) }
        var conditions: [String] = []
        if let bin = query.bin.condition(query.entity, builder.base) { conditions.append(bin) }
        if let filter = query.filter { conditions.append(try builder.condition(filter)) }
        let access = builder.condition(viewpoint.predicate(query.entity), on: builder.base)
        let select = "SELECT \(selection.expressions.joined(separator: ", "))"
        let unchanged = ["NOT \(PastStatements.isChanged(builder.base))"] + (access.map { [$0] } ?? [])
        // By the place of the column: a merge of two selects is sorted by what both answer.
        let clause = order.keys.enumerated().map {
            "\(first + $0.offset + 1)\($0.element.descending ? " DESC" : "")"
        }
        .joined(separator: ", ")
        var statements: [Statement] = []
        for range in try order.ranges(after: after, &builder) {
            let common = conditions + range.conditions
            var present = builder
            present.table = query.entity.table
            var past = builder
            past.table = PastStatements.rows
            let halves = [(present.from, unchanged + common), (past.from, common)].map { from, all in
                "\(select) \(from)" + (all.isEmpty ? "" : " WHERE \(all.joined(separator: " AND "))")
            }
            let text =
                halves.joined(separator: " UNION ALL ") + " ORDER BY \(clause) LIMIT \(query.limit + 1)"
            statements.append(Statement(text, range.bindings))
        }
        let text = ([select, builder.from, order.clause, suffix] + unchanged + conditions).joined(
            separator: " ")
        var identity = Array(text.utf8)
        for value in builder.bindings { identity.append(value) }
        return ReadPlan(
            entity: query.entity, statements: statements, lane: .scan, columns: selection.columns,
            idColumn: selection.idColumn, versionColumn: selection.versionColumn,
            deletedAtColumn: selection.deletedAtColumn, sortColumns: first..<(first + order.keys.count),
            limit: query.limit, identity: identity)
    }

    /// Counts the records that a past list of the same filter would show.
    package static func pastCount(_ viewpoint: Viewpoint, _ query: ListQuery) throws(CRMError) -> Statement {
        var builder = StatementBuilder(viewpoint, query.entity)
        builder.table = PastStatements.all(query.entity)
        var conditions: [String] = []
        if let bin = query.bin.condition(query.entity, builder.base) { conditions.append(bin) }
        if let access = builder.pastAccess(query.entity) { conditions.append(access) }
        if let filter = query.filter { conditions.append(try builder.condition(filter)) }
        let condition = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        return Statement("SELECT count(*) \(builder.from)\(condition)", builder.bindings)
    }
}

extension StatementBuilder {
    /// The caller's rights over `PastStatements.all`; nil where everything passes.
    mutating func pastAccess(_ entity: Entity) -> String? {
        condition(viewpoint.predicate(entity), on: base)
            .map { "(\(PastStatements.isChanged(base)) OR \($0))" }
    }
}
