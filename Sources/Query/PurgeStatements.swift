package import CRMSDK
package import Registry

/// The statements that destroy records, and find what is in the way. Pure.
package enum PurgeStatements {
    package static func row(_ entity: Entity, _ id: RecordID) -> Statement {
        Statement("DELETE FROM \(entity.table) WHERE id = ?1", [.integer(id.rawValue)])
    }

    /// Empties a reference to a record, wherever it stands in an entity of records or of lines.
    package static func clear(_ field: Field, of entity: Entity, _ id: RecordID) -> Statement {
        Statement(
            "UPDATE \(entity.table) SET \(field.column) = NULL WHERE \(field.column) = ?1",
            [.integer(id.rawValue)])
    }

    package static func directoryEntry(_ id: RecordID) -> Statement {
        Statement("DELETE FROM crm_record WHERE id = ?1", [.integer(id.rawValue)])
    }

    /// The records, in the recycle bin too, that refer to one by a field: id and label, from the lowest id.
    package static func references(_ referrer: Referrer, to id: RecordID, limit: Int) -> Statement {
        Statement(
            """
            SELECT t.id, r.label FROM \(referrer.entity.table) t JOIN crm_record r ON r.id = t.id
            WHERE t.\(referrer.field.column) = ?1 ORDER BY t.id LIMIT ?2
            """, [.integer(id.rawValue), .integer(Int64(limit))])
    }

    /// The records that refer to one by a field of their lines: id and label.
    package static func lineReferences(_ lines: Entity, _ field: Field, to id: RecordID, limit: Int)
        -> Statement
    {
        Statement(
            """
            SELECT r.id, r.label FROM crm_record r WHERE r.id IN
            (SELECT \(SystemField.lineParent) FROM \(lines.table) WHERE \(field.column) = ?1) ORDER BY r.id LIMIT ?2
            """, [.integer(id.rawValue), .integer(Int64(limit))])
    }

    /// The records of an entity that have been in the recycle bin since before a moment: ids, the lowest first.
    package static func binned(_ entity: Entity, before: Instant, limit: Int) -> Statement {
        Statement(
            "SELECT id FROM \(entity.table) WHERE deleted_at < ?1 ORDER BY id LIMIT ?2",
            [.integer(before.millisecondsSince1970), .integer(Int64(limit))])
    }
}
