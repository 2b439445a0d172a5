package import CRMSDK
package import Registry
package import Security

/// Records that one set of rights reaches and another does not: what a proposed change would do.
extension Planner {
    /// How many records of the entity `one` lets through and `other` does not.
    package static func countDifference(
        _ viewpoint: Viewpoint, _ entity: Entity, of one: AccessPredicate, without other: AccessPredicate
    ) -> Statement {
        difference(viewpoint, entity, one, other) { _, condition, from in
            "SELECT count(*) \(from) WHERE \(condition)"
        }
    }

    /// Some of them, by lowest id: id and label.
    package static func difference(
        _ viewpoint: Viewpoint, _ entity: Entity, of one: AccessPredicate, without other: AccessPredicate,
        limit: Int
    ) -> Statement {
        difference(viewpoint, entity, one, other) { builder, condition, from in
            let alias = builder.base
            return "SELECT \(alias).id, r.label \(from) JOIN crm_record r ON r.id = \(alias).id"
                + " WHERE \(condition) ORDER BY \(alias).id LIMIT \(builder.bind(.integer(Int64(limit))))"
        }
    }

    private static func difference(
        _ viewpoint: Viewpoint, _ entity: Entity, _ one: AccessPredicate, _ other: AccessPredicate,
        _ text: (inout StatementBuilder, String, String) -> String
    ) -> Statement {
        var builder = StatementBuilder(viewpoint, entity)
        var conditions = ["\(builder.base).deleted_at IS NULL"]
        if let access = builder.condition(one, on: builder.base) { conditions.append(access) }
        // A record without an owner passes no test of owners: neither true nor false, so "not" alone would lose it.
        let excluded = builder.condition(other, on: builder.base)
        conditions.append(excluded.map { "(\($0)) IS NOT TRUE" } ?? "0")
        let statement = text(&builder, conditions.joined(separator: " AND "), builder.from)
        return Statement(statement, builder.bindings)
    }

    /// What Security has to know of one record: its owner and the references through which rights travel, in this
    /// order; whether it is deleted comes last.
    package static func ownership(_ entity: Entity, through fields: [Field], id: RecordID) -> Statement {
        let columns = ["owner"] + fields.map(\.column) + ["deleted_at"]
        return Statement(
            "SELECT \(columns.joined(separator: ", ")) FROM \(entity.table) WHERE id = ?1",
            [.integer(id.rawValue)])
    }

    /// The records at the far end of a record's links.
    package static func linked(with id: RecordID, by relation: Relation) -> Statement {
        Statement("SELECT to_id FROM \(relation.table) WHERE from_id = ?1", [.integer(id.rawValue)])
    }

    /// The people with whom the owner of a record shares it; nil where such sharing is not there.
    package static func people(
        _ sharing: Openings.Sharing, _ entity: Entity, id: RecordID, _ registry: RegistrySnapshot
    ) -> Statement? {
        guard let shares = registry[entity: sharing.entity], let person = shares[sharing.person],
            let mark = entity[sharing.field]
        else { return nil }
        return Statement(
            "SELECT s.\(person.column) FROM \(entity.table) r CROSS JOIN \(shares.table) s ON s.owner = r.owner"
                + " WHERE r.id = ?1 AND r.\(mark.column) = ?2 AND s.deleted_at IS NULL"
                + " AND s.\(person.column) IS NOT NULL",
            [.integer(id.rawValue), .text(sharing.value)])
    }
}
