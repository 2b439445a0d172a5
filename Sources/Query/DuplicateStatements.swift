package import CRMSDK
package import Registry
import Security

/// The statements of stored keys by which duplicates are found. Pure.
package enum DuplicateStatements {
    /// The rules: id, name, entity, fields, action, whether on changes, whether active.
    package static let rules = Statement(
        """
        SELECT id, rule_name, entity, fields, action, on_update, active FROM e_duplicate_rule
        WHERE deleted_at IS NULL ORDER BY id
        """)

    // MARK: Keys

    package static func keep(_ key: Int64, of record: RecordID, rule: RecordID) -> Statement {
        Statement(
            "INSERT OR IGNORE INTO crm_duplicate_key (rule, key, record) VALUES (?1, ?2, ?3)",
            [.integer(rule.rawValue), .integer(key), .integer(record.rawValue)])
    }

    package static func forget(_ key: Int64, of record: RecordID, rule: RecordID) -> Statement {
        Statement(
            "DELETE FROM crm_duplicate_key WHERE rule = ?1 AND key = ?2 AND record = ?3",
            [.integer(rule.rawValue), .integer(key), .integer(record.rawValue)])
    }

    /// The records with a key, the lowest first.
    package static func records(with key: Int64, rule: RecordID, limit: Int) -> Statement {
        Statement(
            "SELECT record FROM crm_duplicate_key WHERE rule = ?1 AND key = ?2 ORDER BY record LIMIT ?3",
            [.integer(rule.rawValue), .integer(key), .integer(Int64(limit))])
    }

    /// The keys behind one that several records have; from the first where none is given.
    package static func shared(rule: RecordID, after key: Int64?, limit: Int) -> Statement {
        Statement(
            """
            SELECT key FROM crm_duplicate_key WHERE rule = ?1 AND key \(key == nil ? ">=" : ">") ?2
            GROUP BY key HAVING count(*) > 1 ORDER BY key LIMIT ?3
            """, [.integer(rule.rawValue), .integer(key ?? .min), .integer(Int64(limit))])
    }

    /// The first of a rule's keys, so many, go.
    package static func clear(rule: RecordID, limit: Int) -> Statement {
        Statement(
            """
            DELETE FROM crm_duplicate_key WHERE rule = ?1 AND (key, record) IN
            (SELECT key, record FROM crm_duplicate_key WHERE rule = ?1 ORDER BY key, record LIMIT ?2)
            """, [.integer(rule.rawValue), .integer(Int64(limit))])
    }

    // MARK: Records

    /// Of these records those that are not in the recycle bin: id and the fields, whoever may see them.
    package static func values(of fields: [Field], _ entity: Entity, among ids: [RecordID]) -> Statement {
        let columns = (["id"] + fields.map(\.column)).joined(separator: ", ")
        return Statement(
            "SELECT \(columns) FROM \(entity.table) WHERE id IN (SELECT value FROM json_each(?1))"
                + " AND deleted_at IS NULL ORDER BY id", [.text(list(ids))])
    }

    /// The next records of an entity that are not in the recycle bin: id and the fields.
    package static func values(of fields: [Field], _ entity: Entity, after id: Int64, limit: Int) -> Statement
    {
        let columns = (["id"] + fields.map(\.column)).joined(separator: ", ")
        return Statement(
            "SELECT \(columns) FROM \(entity.table) WHERE id > ?1 AND deleted_at IS NULL ORDER BY id LIMIT ?2",
            [.integer(id), .integer(Int64(limit))])
    }

    /// Of these records those that the caller may view: id, and the label where the caller may see it.
    package static func visible(_ viewpoint: Viewpoint, _ entity: Entity, among ids: [RecordID]) -> Statement
    {
        var builder = StatementBuilder(viewpoint, entity)
        let place = builder.bind(.text(list(ids)))
        let access = builder.condition(viewpoint.predicate(entity), on: builder.base)
        let mask = viewpoint.mask(entity)
        let isLabelled = entity.labelFields.allSatisfy { mask.isVisible($0.name) }
        let label =
            isLabelled ? "(SELECT label FROM crm_record WHERE crm_record.id = \(builder.base).id)" : "NULL"
        return Statement(
            "SELECT \(builder.base).id, \(label) \(builder.from) WHERE \(builder.base).id IN"
                + " (SELECT value FROM json_each(\(place))) AND \(builder.base).deleted_at IS NULL"
                + (access.map { " AND \($0)" } ?? "") + " ORDER BY \(builder.base).id", builder.bindings)
    }

    private static func list(_ ids: [RecordID]) -> String {
        "[" + ids.map(\.description).joined(separator: ",") + "]"
    }

    // MARK: Filling

    package static let fills = Statement("SELECT rule, signature, position FROM crm_duplicate_fill")

    package static func noteFill(_ rule: RecordID, signature: String, position: Int64?) -> Statement {
        Statement(
            "INSERT OR REPLACE INTO crm_duplicate_fill (rule, signature, position) VALUES (?1, ?2, ?3)",
            [.integer(rule.rawValue), .text(signature), position.map { .integer($0) } ?? .null])
    }

    package static func forgetFill(_ rule: RecordID) -> Statement {
        Statement("DELETE FROM crm_duplicate_fill WHERE rule = ?1", [.integer(rule.rawValue)])
    }

    /// One row if an entity of that name has a table, enabled or not.
    package static func isStored(_ entity: String) -> Statement {
        Statement("SELECT 1 FROM crm_entity WHERE name = ?1", [.text(entity)])
    }

    // MARK: What merges leave

    package static func noteMerge(_ loser: RecordID, into master: RecordID) -> Statement {
        Statement(
            "INSERT OR REPLACE INTO crm_merge (loser, master) VALUES (?1, ?2)",
            [.integer(loser.rawValue), .integer(master.rawValue)])
    }

    /// It is a record of its own again, or gone for good.
    package static func endMerge(of loser: RecordID) -> Statement {
        Statement("DELETE FROM crm_merge WHERE loser = ?1", [.integer(loser.rawValue)])
    }

    package static func master(of loser: RecordID) -> Statement {
        Statement("SELECT master FROM crm_merge WHERE loser = ?1", [.integer(loser.rawValue)])
    }
}
