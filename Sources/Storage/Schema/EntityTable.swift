import CRMSDK
import Registry

/// The table, indexes and view that an entity should have, as SQL. Pure; names come from checked identifiers only.
///
/// All live fields count, those of modules that are not enabled too, so that disabling a module changes no table.
struct EntityTable {
    let entity: Entity

    init(_ stored: StoredEntity) throws(CRMError) {
        entity = try stored.registered(stored.fields.filter { !$0.isDeleted }.map(\.placement))
    }

    static func quoted(_ name: String) -> String { "\"\(name)\"" }

    var name: String { entity.table }

    private var systemColumns: String {
        guard let parent = entity.definition.lineOf else { return Self.recordColumns }
        // Who purges a record purges its lines.
        let record = Self.quoted(Entity.table(of: parent))
        return "id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES \(record) (id) ON DELETE CASCADE, "
            + "position INTEGER NOT NULL"
    }

    private static let recordColumns = """
        id INTEGER PRIMARY KEY, owner INTEGER, created_at INTEGER NOT NULL, created_by INTEGER,
        modified_at INTEGER NOT NULL, modified_by INTEGER, version INTEGER NOT NULL, deleted_at INTEGER, origin TEXT
        """

    /// The statement that makes the table with all its columns.
    var create: String {
        let columns = ownFields.flatMap { field in
            ["\(Self.quoted(field.column)) \(field.kind.storage.rawValue)"]
                + (field.keyColumn.map { ["\(Self.quoted($0)) BLOB"] } ?? [])
        }
        return "CREATE TABLE \(Self.quoted(name)) ("
            + ([systemColumns] + columns).joined(separator: ", ") + ") STRICT"
    }

    var ownFields: [Field] { entity.fields.filter { !$0.isSystem } }

    // MARK: Indexes

    /// Every index the table should have, by name. Two that would serve the same walk are one.
    var indexes: [TableIndex] {
        var seen: Set<TableIndex.Walk> = []
        return (walks + definedWalks + fieldIndexes).filter { seen.insert($0.walk).inserted }
    }

    /// Lines are there as long as their record's row.
    private var isLive: String? { entity.isLine ? nil : "deleted_at IS NULL" }

    private var walks: [TableIndex] {
        if entity.isLine {
            return [
                TableIndex(name, "parent", ["parent", "position"].map { .init(column: $0) }, where: nil)
            ]
        }
        let sort = entity.defaultSort.map {
            TableIndex.Key(column: $0.field.keyColumn ?? $0.field.column, descending: $0.descending)
        }
        let owner = TableIndex.Key(column: "owner")
        let modified = [TableIndex.Key(column: "modified_at"), TableIndex.Key(column: "id")]
        return [
            TableIndex(name, "sort", sort, where: isLive),
            TableIndex(name, "owner.sort", [owner] + sort, where: isLive),
            TableIndex(name, "modified", modified, where: isLive),
            TableIndex(name, "owner.modified", [owner] + modified, where: isLive),
        ]
    }

    private var definedWalks: [TableIndex] {
        entity.definition.indexes.compactMap { names in
            let fields = names.compactMap { entity[$0] }
            guard fields.count == names.count else { return nil }
            return TableIndex(
                name, "list." + names.joined(separator: "+"),
                fields.map { TableIndex.Key(column: $0.keyColumn ?? $0.column) } + [
                    TableIndex.Key(column: "id")
                ],
                where: isLive)
        }
    }

    private var fieldIndexes: [TableIndex] {
        ownFields.flatMap { field -> [TableIndex] in
            let column = Self.quoted(field.column)
            var indexes: [TableIndex] = []
            if field.isReference {
                indexes.append(
                    TableIndex(
                        name, "reference.\(field.column)", [TableIndex.Key(column: field.column)],
                        where: "\(column) IS NOT NULL"))
            }
            // A unique text is looked up by a range of its key, which the unique index, an expression, cannot serve.
            let isLookedUp =
                field.definition.isIndexed || field.wire == .place
                || (field.definition.isUnique && field.keyColumn != nil)
            if isLookedUp, !entity.isServedByDefaultSort(field) {
                indexes.append(
                    TableIndex(
                        name, "field.\(field.column)",
                        [
                            TableIndex.Key(column: field.keyColumn ?? field.column),
                            TableIndex.Key(column: "id"),
                        ],
                        // A number is looked for among deleted records too, and places by a condition of their own.
                        where: field.type.name == "autonumber" || field.wire == .place ? nil : isLive))
            }
            if field.definition.isUnique { indexes.append(unique(field)) }
            return indexes
        }
    }

    /// No two records that are not deleted have the same value, texts compared folded; an autonumber is unique among
    /// the deleted ones as well. Null and empty text do not count.
    private func unique(_ field: Field) -> TableIndex {
        let column = Self.quoted(field.column)
        var conditions = field.type.name == "autonumber" ? [] : [isLive].compactMap { $0 }
        conditions.append("\(column) IS NOT NULL")
        if field.kind.storage == .text { conditions.append("\(column) <> ''") }
        return TableIndex(
            unique: name, "unique.\(field.column)",
            field.keyColumn.map { Self.foldedKeys($0, text: column) } ?? [column],
            where: conditions.joined(separator: " AND "))
    }

    /// A sort key is the folded text, perhaps followed by 0x00 and the text as written: its first part decides.
    /// It is cut at 384 bytes; of texts that long (a byte or three less, at a character) those as written are compared.
    private static func foldedKeys(_ key: String, text: String) -> [String] {
        let key = quoted(key)
        let folded =
            "CASE instr(\(key), x'00') WHEN 0 THEN \(key) ELSE substr(\(key), 1, instr(\(key), x'00') - 1) END"
        return [folded, "CASE WHEN length(\(folded)) > 380 THEN \(text) ELSE '' END"]
    }

    // MARK: The view

    /// A view named like the entity, with field names and readable values, for people who look by SQL.
    var view: String {
        let columns = entity.fields.filter { $0.name != "deleted_at" }.map { field in
            "\(Self.readable(field)) AS \(Self.quoted(field.name))"
        }
        return "CREATE VIEW \(Self.quoted(entity.name)) AS SELECT \(columns.joined(separator: ", ")) "
            + "FROM \(Self.quoted(name))" + (isLive.map { " WHERE \($0)" } ?? "")
    }

    private static func readable(_ field: Field) -> String {
        let column = quoted(field.column)
        switch field.wire {
        case .date: return "date(\(column) * 86400, 'unixepoch')"
        case .instant: return "strftime('%Y-%m-%dT%H:%M:%fZ', \(column) / 1000.0, 'unixepoch')"
        case .time: return "strftime('%H:%M:%f', \(column) / 1000.0, 'unixepoch')"
        case .money: return decimal(column, scale: 4)
        case .decimal(let scale): return decimal(column, scale: scale)
        case .string, .boolean, .integer, .reference, .keys, .lines, .file, .place: return column
        }
    }

    private static func decimal(_ column: String, scale: Int) -> String {
        guard scale > 0 else { return "CAST(\(column) AS TEXT)" }
        let one = "1" + String(repeating: "0", count: scale)
        return "iif(\(column) IS NULL, NULL, printf('%s%d.%0\(scale)d', iif(\(column) < 0, '-', ''), "
            + "abs(\(column) / \(one)), abs(\(column) % \(one))))"
    }
}
