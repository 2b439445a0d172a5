import CRMSDK
import Registry
import Security

/// The text of a page in each of its shapes, still to be given the range where the page begins.
struct PageText {
    let head: String
    let filters: [String]
    let order: Order
    let limit: Int

    /// Binds what the shape needs; what it answers puts in the conditions of a range.
    func body(
        _ choice: ShapeChoice?, _ predicate: AccessPredicate, hasFilter: Bool,
        _ builder: inout StatementBuilder
    ) -> ([String]) -> String {
        switch choice?.shape {
        case .gather:
            if let choice, let ids = builder.ids(predicate, of: builder.entity, owners: choice.owners) {
                return gathered(ids, builder)
            }
        case .merge:
            if let choice, let parts = parts(choice, predicate, &builder) {
                return merged(parts, hasFilter, builder)
            }
        case .walk, nil: break
        }
        return walked(builder.condition(predicate, on: builder.base), builder)
    }

    private func walked(_ access: String?, _ builder: StatementBuilder) -> ([String]) -> String {
        { range in
            let all = filters + (access.map { [$0] } ?? []) + range
            return head + builder.from + (all.isEmpty ? "" : " WHERE " + all.joined(separator: " AND "))
                + " ORDER BY \(order.clause) LIMIT \(limit)"
        }
    }

    /// The plus keeps SQLite from walking the index of the sort through everybody's records.
    private func gathered(_ ids: String, _ builder: StatementBuilder) -> ([String]) -> String {
        { range in
            let all = ["\(builder.base).id IN (\(ids))"] + filters + range
            return head + builder.from + " WHERE " + all.joined(separator: " AND ")
                + " ORDER BY +\(order.clause) LIMIT \(limit)"
        }
    }

    /// One condition for each walk; no record passes two of them.
    private func parts(
        _ choice: ShapeChoice, _ predicate: AccessPredicate, _ builder: inout StatementBuilder
    ) -> [String]? {
        let base = builder.base
        var parts = choice.owners.map { "\(base).owner = \(builder.bind($0))" }
        let rest = predicate.withoutOwners
        if rest != .nothing {
            guard let ids = builder.ids(rest, of: builder.entity, owners: []) else { return nil }
            let owners = predicate.directOwners ?? .empty
            let isOwn =
                owners.isEmpty ? "0" : "crm_among(\(base).owner, \(builder.bind(.blob(owners.bytes))))"
            parts.append("\(base).id IN (\(ids)) AND NOT \(isOwn)")
        }
        return parts.isEmpty ? nil : parts
    }

    /// SQLite merges sorted parts as it reads them: each is walked only as far as the page reaches.
    private func merged(
        _ parts: [String], _ hasFilter: Bool, _ builder: StatementBuilder
    ) -> ([String]) -> String {
        let base = builder.base
        let keys = order.keys.map(\.expression).joined(separator: ", ")
        let places = order.keys.enumerated().map {
            "\($0.offset + 2)" + ($0.element.descending ? " DESC" : "")
        }
        // A filter may look through references; without one the parts need their own table alone.
        let source = hasFilter ? builder.from : "FROM \(builder.entity.table) \(base)"
        return { range in
            let walks = parts.map { part in
                "SELECT \(base).id AS record, \(keys) \(source) WHERE "
                    + ([part] + filters + range).joined(separator: " AND ")
            }
            return head + "FROM (" + walks.joined(separator: " UNION ALL ")
                + " ORDER BY \(places.joined(separator: ", ")) LIMIT \(limit)) page"
                + " CROSS JOIN \(builder.entity.table) \(base) ON \(base).id = page.record"
                + builder.joins.map { " " + $0 }.joined() + " ORDER BY \(order.clause)"
        }
    }
}
