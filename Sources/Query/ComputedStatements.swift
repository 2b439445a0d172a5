package import CRMSDK
package import Registry

/// What is read and kept to bring computed fields up to date.
package enum ComputedStatements {
    /// The ids of records, deleted ones among them, whose reference names a record.
    package static func referring(
        _ entity: Entity, _ reference: Field, to id: RecordID, limit: Int
    ) -> Statement {
        Statement(
            "SELECT id FROM \(entity.table) WHERE \(reference.column) = ?1 LIMIT ?2",
            [.integer(id.rawValue), .integer(Int64(limit))])
    }

    /// The ids of an entity's records after one, in order.
    package static func page(_ entity: Entity, after id: Int64, limit: Int) -> Statement {
        Statement(
            "SELECT id FROM \(entity.table) WHERE id > ?1 ORDER BY id LIMIT ?2",
            [.integer(id), .integer(Int64(limit))])
    }

    /// The same work that waits already and has not begun need not be done twice.
    package static func queue(_ fields: Set<String>, of entity: String) -> Statement {
        Statement(
            """
            INSERT INTO crm_computing (entity, fields) SELECT ?1, ?2 WHERE NOT EXISTS
            (SELECT 1 FROM crm_computing WHERE entity = ?1 AND fields = ?2 AND cursor = 0)
            """, [.text(entity), .text(fields.sorted().joined(separator: " "))])
    }

    /// The work that is to be done first: id, entity, fields, cursor.
    package static let next = Statement(
        "SELECT id, entity, fields, cursor FROM crm_computing ORDER BY id LIMIT 1")

    package static func advance(_ work: Int64, to cursor: Int64) -> Statement {
        Statement("UPDATE crm_computing SET cursor = ?2 WHERE id = ?1", [.integer(work), .integer(cursor)])
    }

    package static func end(_ work: Int64) -> Statement {
        Statement("DELETE FROM crm_computing WHERE id = ?1", [.integer(work)])
    }
}
