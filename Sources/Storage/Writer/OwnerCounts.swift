package import CRMSDK
import Query
import Registry

/// The counts of records by owner, as the file keeps them: moved by each unit of work, written once per group.
///
/// Kept because counting a million records takes longer than a kernel should need to start.
extension WriteTransaction {
    /// Notes that a record that is not deleted came to an owner, left one, or both; nil where it is in no list.
    ///
    /// - Parameter new: `RecordCounts.nobody` for a record without an owner.
    package func move(entity: Int, from old: RecordID?, to new: RecordID?) {
        guard old != new else { return }
        if let old { counters.ownerChanges[RecordCounts.Key(entity: entity, owner: old), default: 0] -= 1 }
        if let new {
            let key = RecordCounts.Key(entity: entity, owner: new)
            counters.ownerChanges[key, default: 0] += 1
            counts.note(key)
        }
    }

    /// Keeps no counts of an entity that is gone.
    func forgetOwners(of entity: Int) {
        counters.ownerChanges = counters.ownerChanges.filter { $0.key.entity != entity }
    }

    func writeOwnerCounts() throws(CRMError) {
        for (key, change) in counters.ownerChanges where change != 0 {
            _ = try runner.execute(
                Statement(
                    """
                    INSERT INTO crm_owner_count (entity, owner, records) VALUES (?1, ?2, ?3)
                    ON CONFLICT (entity, owner) DO UPDATE SET records = records + ?3
                    """, [.integer(Int64(key.entity)), .integer(key.owner.rawValue), .integer(change)]))
        }
    }
}

extension RecordCounts {
    /// Reads what the file keeps: as many rows as there are owners, however many records they have.
    func load(_ runner: StatementRunner) throws(CRMError) {
        var kept: [Key: Int64] = [:]
        try runner.rows(Statement("SELECT entity, owner, records FROM crm_owner_count")) { row in
            let key = Key(entity: Int(row.int64(0)), owner: RecordID(row.int64(1)))
            kept[key] = row.int64(2)
            return .next
        }
        for key in kept.keys { note(key) }
        add(kept)
    }

    /// Counts a file that has never been counted: what the migration does once.
    static func count(_ runner: StatementRunner) throws(CRMError) {
        var tables: [(number: Int64, table: String)] = []
        try runner.rows(
            Statement(
                """
                SELECT e.number, m.name FROM crm_entity e
                JOIN sqlite_master m ON m.type = 'table' AND m.name = 'e_' || e.name
                WHERE EXISTS (SELECT 1 FROM pragma_table_info(m.name) WHERE name = 'owner')
                """)
        ) { row in
            tables.append((row.int64(0), row.text(1)))
            return .next
        }
        for (number, table) in tables {
            _ = try runner.execute(
                Statement(
                    """
                    INSERT INTO crm_owner_count (entity, owner, records)
                    SELECT ?1, coalesce(owner, 0), count(*) FROM \(EntityTable.quoted(table))
                    WHERE deleted_at IS NULL GROUP BY owner
                    """, [.integer(number)]))
        }
    }
}
