package import CRMSDK
package import Registry

/// The scratch tables in which an entity's records stand as they were: those that have changed since, and the ids of
/// all that have, the ones that were not there yet among them.
package enum PastStatements {
    static let rows = "temp.crm_past"
    static let changed = "temp.crm_past_id"

    /// - Parameter lines: The entities of the lines that its records have.
    package static func make(_ entity: Entity, lines: [Entity]) -> [Statement] {
        let scratch = [(entity, rows)] + lines.map { ($0, lineRows($0)) }
        return scratch.map { entity, table in
            let columns = entity.fields.flatMap { field in
                [
                    "\(field.column) \(field.name == "id" ? "INTEGER PRIMARY KEY" : field.kind.storage.rawValue)"
                ]
                    + (field.keyColumn.map { ["\($0) BLOB"] } ?? [])
            }
            return Statement("CREATE TEMP TABLE \(bare(table)) (\(columns.joined(separator: ", ")))")
        } + [Statement("CREATE TEMP TABLE \(bare(changed)) (id INTEGER PRIMARY KEY)")]
    }

    package static func drop(lines: [Entity]) -> [Statement] {
        ([rows, changed] + lines.map(lineRows)).map { Statement("DROP TABLE IF EXISTS \($0)") }
    }

    private static func lineRows(_ lines: Entity) -> String { "temp.crm_past_\(lines.number)" }

    /// A definition says by the word TEMP where the table is.
    private static func bare(_ table: String) -> Substring { table.dropFirst("temp.".count) }

    /// A record as it is now, in the recycle bin or not: its values in the order of the entity's fields.
    package static func present(_ entity: Entity, _ id: RecordID) -> Statement {
        Statement(
            "SELECT \(entity.fields.map(\.column).joined(separator: ", ")) FROM \(entity.table) WHERE id = ?1",
            [.integer(id.rawValue)])
    }

    /// The lines of a record as they are now, likewise, in no order.
    package static func presentLines(_ lines: Entity, of parent: RecordID) -> Statement {
        Statement(
            "SELECT \(lines.fields.map(\.column).joined(separator: ", ")) FROM \(lines.table) WHERE parent = ?1",
            [.integer(parent.rawValue)])
    }

    /// A record, or a line, as it was.
    package static func insert(_ entity: Entity, _ values: [StoredValue]) -> Statement {
        let bindings = WriteStatements.insertBindings(entity, values)
        let places = (1...bindings.count).map { "?\($0)" }.joined(separator: ", ")
        let table = entity.isLine ? lineRows(entity) : rows
        return Statement("INSERT INTO \(table) VALUES (\(places))", bindings)
    }

    package static func insert(changed id: RecordID) -> Statement {
        Statement("INSERT INTO \(changed) VALUES (?1)", [.integer(id.rawValue)])
    }

    /// All columns of an entity, in the order of `make`.
    private static func columns(_ entity: Entity) -> String {
        entity.fields.flatMap { [$0.column] + ($0.keyColumn.map { [$0] } ?? []) }.joined(separator: ", ")
    }

    /// The records that have not changed since, and those that have as they were: in place of the entity's table.
    static func all(_ entity: Entity) -> String {
        let columns = columns(entity)
        return
            "(SELECT \(columns) FROM \(entity.table) WHERE id NOT IN (SELECT id FROM \(changed))"
            + " UNION ALL SELECT \(columns) FROM \(rows))"
    }

    /// Lines of all records as they were: in place of their entity's table.
    static func lines(_ lines: Entity) -> String {
        let columns = columns(lines)
        return
            "(SELECT \(columns) FROM \(lines.table) WHERE parent NOT IN (SELECT id FROM \(changed))"
            + " UNION ALL SELECT \(columns) FROM \(lineRows(lines)))"
    }

    /// Holds for records that have changed since: whether the caller may view them was asked of them as they are now,
    /// before they came into the scratch table.
    static func isChanged(_ alias: String) -> String { "\(alias).id IN (SELECT id FROM \(changed))" }
}
