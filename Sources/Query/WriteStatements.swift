package import CRMSDK
package import Registry
import Synchronization

/// The statements that make records, with the text of each entity made once: putting one of a hundred columns together
/// costs more than running it. Lives as long as the definitions that it was made from.
package final class Insertions: Sendable {
    private let texts = Mutex<[Int: String]>([:])

    package init() {}

    /// - Parameter values: By the position of the field in the entity; null where missing.
    package func statement(_ entity: Entity, _ values: [StoredValue]) -> Statement {
        let text = texts.withLock { texts in
            if let known = texts[entity.number] { return known }
            let text = WriteStatements.insertText(entity)
            texts[entity.number] = text
            return text
        }
        return Statement(text, WriteStatements.insertBindings(entity, values))
    }
}

/// The statements by which records are written. Pure.
package enum WriteStatements {
    /// The text that makes a record: the system columns first, then every field with its key.
    static func insertText(_ entity: Entity) -> String {
        let columns = entity.fields.flatMap { field in
            [field.column, field.keyColumn, field.conversion?.column].compactMap { $0 }
        }
        let places = (1...columns.count).map { "?\($0)" }
        return
            "INSERT INTO \(entity.table) (\(columns.joined(separator: ", "))) VALUES (\(places.joined(separator: ", ")))"
    }

    /// The values in the order of `insertText`.
    static func insertBindings(_ entity: Entity, _ values: [StoredValue]) -> [StoredValue] {
        var bindings: [StoredValue] = []
        bindings.reserveCapacity(2 * values.count)
        for (field, value) in zip(entity.fields, values) {
            bindings.append(value)
            if field.keyColumn != nil { bindings.append(keyValue(field, value)) }
            if let conversion = field.conversion { bindings.append(conversion.shadow(of: value)) }
        }
        return bindings
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
            if let conversion = field.conversion { set(conversion.column, conversion.shadow(of: value)) }
        }
        return Statement(
            "UPDATE \(entity.table) SET \(settings.joined(separator: ", ")) WHERE id = ?1", bindings)
    }

    /// Removes a line for good; its record's history keeps what it was.
    package static func deleteLine(_ lines: Entity, _ id: RecordID) -> Statement {
        Statement("DELETE FROM \(lines.table) WHERE id = ?1", [.integer(id.rawValue)])
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

    private static func keyValue(_ field: Field, _ value: StoredValue) -> StoredValue {
        guard field.keyColumn != nil, case .text(let text) = value else { return value }
        return .blob(field.key(of: text))
    }
}
