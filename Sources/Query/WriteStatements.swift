package import CRMSDK
package import Registry

/// The statements by which records are written. Pure.
package enum WriteStatements {
    /// A new record: the system columns first, then every field with its key.
    ///
    /// - Parameter values: By the position of the field in the entity; null where missing.
    package static func insert(_ entity: Entity, _ values: [StoredValue]) -> Statement {
        var columns: [String] = []
        var bindings: [StoredValue] = []
        for (field, value) in zip(entity.fields, values) {
            columns.append(field.column)
            bindings.append(value)
            if let key = field.keyColumn {
                columns.append(key)
                bindings.append(keyValue(field, value))
            }
        }
        let places = (1...columns.count).map { "?\($0)" }
        return Statement(
            "INSERT INTO \(entity.table) (\(columns.joined(separator: ", "))) VALUES (\(places.joined(separator: ", ")))",
            bindings)
    }

    /// Sets fields of a record; the system's fields among them.
    package static func update(_ entity: Entity, _ id: RecordID, _ changes: [(Field, StoredValue)])
        -> Statement
    {
        var settings: [String] = []
        var bindings: [StoredValue] = [.integer(id.rawValue)]
        func set(_ column: String, _ value: StoredValue) {
            bindings.append(value)
            settings.append("\(column) = ?\(bindings.count)")
        }
        for (field, value) in changes {
            set(field.column, value)
            if let key = field.keyColumn { set(key, keyValue(field, value)) }
        }
        return Statement(
            "UPDATE \(entity.table) SET \(settings.joined(separator: ", ")) WHERE id = ?1", bindings)
    }

    package static func insertDirectoryEntry(_ id: RecordID, _ entity: Entity, label: String) -> Statement {
        Statement(
            "INSERT INTO crm_record (id, entity, label) VALUES (?1, ?2, ?3)",
            [.integer(id.rawValue), .integer(Int64(entity.number)), .text(label)])
    }

    package static func setLabel(_ id: RecordID, _ label: String) -> Statement {
        Statement("UPDATE crm_record SET label = ?2 WHERE id = ?1", [.integer(id.rawValue), .text(label)])
    }

    package static func setDeleted(_ id: RecordID, at: Instant?) -> Statement {
        Statement(
            "UPDATE crm_record SET deleted_at = ?2 WHERE id = ?1",
            [.integer(id.rawValue), at.map { .integer($0.millisecondsSince1970) } ?? .null])
    }

    /// Another record, not deleted, with the same value of a unique field: its id, or no row.
    package static func twin(_ entity: Entity, _ field: Field, _ value: StoredValue, besides id: RecordID)
        -> Statement
    {
        var scope = " AND deleted_at IS NULL"
        // A number names one record for ever.
        if field.kind.name == "autonumber" { scope = "" }
        let column = field.keyColumn ?? field.column
        return Statement(
            "SELECT id FROM \(entity.table) WHERE \(column) = ?1 AND id <> ?2\(scope) LIMIT 1",
            [keyValue(field, value), .integer(id.rawValue)])
    }

    /// Lifts a counter to a number that came from outside, never down.
    package static func raiseSeries(_ series: String, to counter: Int64) -> Statement {
        Statement(
            "INSERT INTO crm_series (name, last) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET last = max(last, ?2)",
            [.text(series), .integer(counter)])
    }

    private static func keyValue(_ field: Field, _ value: StoredValue) -> StoredValue {
        guard field.keyColumn != nil, case .text(let text) = value else { return value }
        return .blob(field.key(of: text))
    }
}
