package import CRMSDK
import Query
import Registry

/// Reads the schema that the database has.
package enum SchemaStore {
    package static func load(_ reader: ReadConnection) throws(CRMError) -> StoredSchema {
        try reader.transaction { () throws(CRMError) in
            try load { (statement, body) throws(CRMError) in try reader.rows(statement, body) }
        }
    }

    /// As the unit sees it, its own changes included.
    package static func load(_ transaction: WriteTransaction) throws(CRMError) -> StoredSchema {
        try load { (statement, body) throws(CRMError) in try transaction.rows(statement, body) }
    }

    private typealias Rows = (
        Statement, (borrowing Row) throws(CRMError) -> RowStep
    ) throws(CRMError) -> Void

    private static func load(_ rows: Rows) throws(CRMError) -> StoredSchema {
        var schema = StoredSchema()
        try rows(Statement("SELECT value FROM crm_meta WHERE key = 'schema_generation'")) { row in
            schema.generation = row.int64(0)
            return .stop
        }
        schema.nextEntityNumber = try next("entity", rows)
        schema.nextFieldNumber = try next("field", rows)
        let fields = try fields(rows)
        let tables = try tables(rows)
        try rows(Statement("SELECT number, name, module, definition FROM crm_entity ORDER BY number")) {
            row throws(CRMError) in
            let number = Int(row.int64(0))
            var entity = try DefinitionCoding.entity(number: number, module: row.text(2), row.text(3))
            entity.fields = fields[number] ?? []
            entity.table = tables[row.text(1)] ?? TableFacts()
            schema.entities.append(entity)
            return .next
        }
        schema.modules = try modules(rows)
        return schema
    }

    private static func next(_ series: String, _ rows: Rows) throws(CRMError) -> Int {
        var last = 0
        try rows(Statement("SELECT last FROM crm_series WHERE name = ?1", [.text(series)])) { row in
            last = Int(row.int64(0))
            return .stop
        }
        return last + 1
    }

    private static func fields(_ rows: Rows) throws(CRMError) -> [Int: [StoredField]] {
        var fields: [Int: [StoredField]] = [:]
        let statement = Statement(
            "SELECT number, entity, \"column\", module, definition, deleted FROM crm_field ORDER BY number")
        try rows(statement) { row throws(CRMError) in
            var field = try DefinitionCoding.field(
                number: Int(row.int64(0)), source: row.optionalText(3).map { .module($0) } ?? .custom,
                column: row.text(2), row.text(4))
            field.isDeleted = row.int64(5) != 0
            fields[Int(row.int64(1)), default: []].append(field)
            return .next
        }
        return fields
    }

    /// What each entity's table has, by the entity's name.
    private static func tables(_ rows: Rows) throws(CRMError) -> [String: TableFacts] {
        var tables: [String: TableFacts] = [:]
        let objects = Statement(
            """
            SELECT e.name, m.type, m.name, m.sql FROM crm_entity AS e JOIN sqlite_master AS m
            ON (m.type = 'index' AND m.tbl_name = 'e_' || e.name AND m.sql IS NOT NULL)
            OR (m.type = 'view' AND m.name = e.name)
            """)
        try rows(objects) { row in
            if row.text(1) == "view" {
                tables[row.text(0), default: TableFacts()].view = row.text(3)
            } else {
                tables[row.text(0), default: TableFacts()].indexes[row.text(2)] = row.text(3)
            }
            return .next
        }
        let columns = Statement(
            "SELECT e.name, c.name FROM crm_entity AS e JOIN pragma_table_info('e_' || e.name) AS c")
        try rows(columns) { row in
            tables[row.text(0), default: TableFacts()].columns.insert(row.text(1))
            return .next
        }
        return tables
    }

    private static func modules(_ rows: Rows) throws(CRMError) -> [StoredModule] {
        var modules: [StoredModule] = []
        let statement = Statement(
            "SELECT name, version, sha256, enabled, label, manifest, enabled_at FROM crm_module ORDER BY name"
        )
        try rows(statement) { row in
            modules.append(
                StoredModule(
                    name: row.text(0), version: row.text(1), sha256: row.text(2),
                    isEnabled: row.int64(3) != 0,
                    label: row.text(4), manifest: row.text(5),
                    enabledAt: row.optionalInt64(6).map { Instant(millisecondsSince1970: $0) }))
            return .next
        }
        return modules
    }
}
