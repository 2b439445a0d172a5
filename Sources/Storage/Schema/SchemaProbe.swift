package import CRMSDK
import Query
import Registry

/// A question to the records that a plan has: how many does it concern, and which do not fit?
package enum SchemaProbe: Sendable {
    /// Records without a value where one is to be mandatory.
    case missing(StoredField, StoredEntity)
    /// Values that several records have where they are to be unique.
    case duplicates(StoredField, StoredEntity)
    /// Values that the field's new range or length does not take.
    case unfit(StoredField, StoredEntity)
    /// Values that the new type cannot hold.
    case unconvertible(StoredField, StoredEntity)
    /// Records that have a value of a list.
    case inUse(String, StoredField, StoredEntity, refuses: Bool)
    /// Values that go out of sight or are removed.
    case filled(StoredField, StoredEntity)
    case records(StoredEntity)

    /// The column or entity that it looks into.
    var place: String {
        switch self {
        case .missing(let field, _), .duplicates(let field, _), .unfit(let field, _),
            .unconvertible(let field, _),
            .inUse(_, let field, _, _), .filled(let field, _):
            field.placement.column
        case .records(let entity): entity.name
        }
    }

    /// Whether it is asked before a change that nobody has planned: what costs one pass in C, or decides.
    package var isCheap: Bool {
        switch self {
        case .missing, .duplicates, .inUse: true
        case .unfit, .unconvertible, .filled, .records: false
        }
    }
}

/// What a probe has found.
package struct SchemaFinding: Sendable {
    package enum Weight: String, Sendable { case note, warning, refusal }

    package let weight: Weight
    package let code: String
    package let entity: String
    package let field: String?
    package let message: String
    package let count: Int64
    /// The first of them.
    package var records: [SchemaTask.Unfit] = []
}

extension SchemaProbe {
    /// - Returns: nil where there is nothing to say.
    package func find(_ source: some RowSource) throws(CRMError) -> SchemaFinding? {
        switch self {
        case .missing(let field, let entity):
            let condition = "\(Self.live(entity)) AND \(Self.empty(field))"
            let count = try Self.count(entity, condition, source)
            guard count > 0 else { return nil }
            var found = SchemaFinding(
                weight: .warning, code: "empty", entity: entity.name, field: field.name,
                message: "\(Self.having(count)) no \"\(field.name)\"; each needs one when it is next changed",
                count: count)
            found.records = try Self.first(entity, "''", condition, source)
            return found
        case .duplicates(let field, let entity): return try Self.duplicates(field, entity, source)
        case .unfit(let field, let entity):
            guard let kind = FieldKindList.kind(named: field.placement.definition.type.name) else {
                return nil
            }
            return try Self.walk(field, entity, source, .warning, "unfit") { stored in
                let value = kind.value(
                    stored, field.placement.definition.type, currency: CurrencyCode(packed: 0))
                return (try? kind.accept(value, for: field.placement.definition)) == nil
                    ? printed(value) : nil
            }
        case .unconvertible(let field, let entity):
            guard let plan = field.placement.conversion else { return nil }
            let conversion = try ValueConversion(field.placement.definition, to: plan.type)
            return try Self.walk(
                field, entity, source, plan.emptiesUnfit ? .warning : .refusal, "does_not_convert"
            ) { stored in conversion.convert(stored) == nil ? conversion.text(stored) : nil }
        case .inUse(let key, let field, let entity, let refuses):
            let (condition, bindings) = Self.has(key, field)
            let count = try Self.count(entity, condition, source, bindings)
            guard count > 0 else { return nil }
            var found = SchemaFinding(
                weight: refuses ? .refusal : .note, code: "in_use", entity: entity.name, field: field.name,
                message: refuses
                    ? "the value \"\(key)\" cannot be removed: \(Self.having(count)) it, deleted ones included"
                    : "\(Self.having(count)) the value \"\(key)\"", count: count)
            found.records = try Self.first(entity, "''", condition, source, bindings)
            return found
        case .filled(let field, let entity):
            let count = try Self.count(entity, "NOT \(Self.empty(field))", source)
            return SchemaFinding(
                weight: .note, code: "values", entity: entity.name, field: field.name,
                message: "\(Self.having(count)) a value of \"\(field.name)\"", count: count)
        case .records(let entity):
            let count = try Self.count(entity, "1", source)
            return SchemaFinding(
                weight: .note, code: "records", entity: entity.name, field: nil,
                message:
                    "\"\(entity.name)\" has \(count) record\(count == 1 ? "" : "s"), deleted ones included",
                count: count)
        }
    }

    /// `1 record has`, `no records have`, `12 records of "account" have`.
    private static func having(_ count: Int64, of entity: StoredEntity? = nil) -> String {
        let whose = entity.map { " of \"\($0.name)\"" } ?? ""
        return count == 1 ? "1 record\(whose) has" : "\(count == 0 ? "no" : "\(count)") records\(whose) have"
    }

    private static func column(_ field: StoredField) -> String { EntityTable.quoted(field.placement.column) }

    private static func table(_ entity: StoredEntity) -> String {
        EntityTable.quoted(Entity.table(of: entity.name))
    }

    /// Lines are there as long as their record's row.
    private static func live(_ entity: StoredEntity) -> String {
        entity.facts.lineOf == nil ? "deleted_at IS NULL" : "1"
    }

    private static func empty(_ field: StoredField) -> String { "\(column(field)) IS NULL" }

    /// The records that have a value of a list: the condition, and what is bound to it.
    private static func has(_ key: String, _ field: StoredField) -> (String, [StoredValue]) {
        field.placement.definition.type.name == "multipicklist"
            ? ("instr(\(column(field)), ?1) > 0", [.text(KeyList.quoted(key))])
            : ("\(column(field)) = ?1", [.text(key)])
    }

    private static func count(
        _ entity: StoredEntity, _ condition: String, _ source: some RowSource, _ bindings: [StoredValue] = []
    ) throws(CRMError) -> Int64 {
        var count: Int64 = 0
        try source.rows(Statement("SELECT count(*) FROM \(table(entity)) WHERE \(condition)", bindings)) {
            row in
            count = row.int64(0)
            return .stop
        }
        return count
    }

    private static func first(
        _ entity: StoredEntity, _ value: String, _ condition: String, _ source: some RowSource,
        _ bindings: [StoredValue] = []
    ) throws(CRMError) -> [SchemaTask.Unfit] {
        var records: [SchemaTask.Unfit] = []
        let statement = Statement(
            "SELECT id, \(value) FROM \(table(entity)) WHERE \(condition) ORDER BY id LIMIT \(SchemaTask.namedRecords)",
            bindings)
        try source.rows(statement) { row in
            records.append(.init(id: RecordID(row.int64(0)), value: row.text(1)))
            return .next
        }
        return records
    }

    /// Compared as the unique index compares: texts folded, deleted and empty ones left out.
    private static func duplicates(
        _ field: StoredField, _ entity: StoredEntity, _ source: some RowSource
    ) throws(CRMError) -> SchemaFinding? {
        let kind = FieldKindList.kind(named: field.placement.definition.type.name)
        let value = kind?.storage == .text ? "crm_fold(\(column(field)))" : column(field)
        let table = table(entity)
        var records: [SchemaTask.Unfit] = []
        var count: Int64 = 0
        let statement = Statement(
            """
            SELECT t.id, CAST(t.\(column(field)) AS TEXT), d.n FROM (
                SELECT \(value) AS v, count(*) AS n FROM \(table)
                WHERE \(live(entity)) AND \(column(field)) IS NOT NULL AND \(column(field)) <> ''
                GROUP BY 1 HAVING count(*) > 1 ORDER BY 2 DESC, 1 LIMIT \(SchemaTask.namedRecords)
            ) AS d JOIN \(table) AS t ON \(value.replacing(column(field), with: "t." + column(field))) = d.v
            WHERE \(live(entity).replacing("deleted_at", with: "t.deleted_at")) ORDER BY d.v, t.id
            """)
        try source.rows(statement) { row in
            count += 1
            if records.count < SchemaTask.namedRecords {
                records.append(.init(id: RecordID(row.int64(0)), value: row.text(1)))
            }
            return .next
        }
        guard count > 0 else { return nil }
        let named = records.prefix(3).map { "\"\($0.value)\" (\($0.id))" }.joined(separator: ", ")
        var found = SchemaFinding(
            weight: .refusal, code: "duplicates", entity: entity.name, field: field.name,
            message:
                "\"\(field.name)\" of \"\(entity.name)\" cannot be unique: \(count) records share their value with "
                + "another: \(named)\(count > 3 ? " …" : "")", count: count)
        found.records = records
        return found
    }

    /// Looks at every value in Swift: the rules of a field type are its own.
    private static func walk(
        _ field: StoredField, _ entity: StoredEntity, _ source: some RowSource,
        _ weight: SchemaFinding.Weight,
        _ code: String, _ misfit: (StoredValue) -> String?
    ) throws(CRMError) -> SchemaFinding? {
        var (count, records): (Int64, [SchemaTask.Unfit]) = (0, [])
        var cursor: Int64 = 0
        // By pages, so that no read stays open long.
        while true {
            var seen = 0
            let page = Statement(
                "SELECT id, \(column(field)) FROM \(table(entity)) WHERE id > ?1 ORDER BY id LIMIT 5000",
                [.integer(cursor)])
            try source.rows(page) { row in
                seen += 1
                cursor = row.int64(0)
                guard !row.isNull(1), let text = misfit(row.value(1)) else { return .next }
                count += 1
                if records.count < SchemaTask.namedRecords {
                    records.append(.init(id: RecordID(cursor), value: text))
                }
                return .next
            }
            guard seen == 5000 else { break }
        }
        guard count > 0 else { return nil }
        let what =
            code == "unfit" ? "a value that the new limits do not take" : "a value that does not convert"
        var found = SchemaFinding(
            weight: weight, code: code, entity: entity.name, field: field.name,
            message: "\(having(count, of: entity)) \(what) in \"\(field.name)\"", count: count)
        found.records = records
        return found
    }
}
