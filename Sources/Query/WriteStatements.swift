package import CRMSDK
package import Registry
import Synchronization

/// The statements that make records, with the text of each entity made once: putting one of a hundred columns together
/// costs more than running it. Lives as long as the definitions that it was made from.
package final class Insertions: Sendable {
    private let shapes = Mutex<[Int: Insertion.Shape]>([:])

    package init() {}

    /// - Parameter values: By the position of the field in the entity; null where missing.
    package func insertion(_ entity: Entity, _ values: [StoredValue]) -> Insertion {
        let shape = shapes.withLock { shapes in
            if let known = shapes[entity.number] { return known }
            let shape = Insertion.Shape(entity)
            shapes[entity.number] = shape
            return shape
        }
        return Insertion(entity, shape, values)
    }
}

/// The statement that makes one record or line, whose values can be set until it is run.
package struct Insertion: Sendable {
    /// What the insertions of an entity have in common.
    struct Shape: Sendable {
        let text: String
        /// Of each field its place among the bindings.
        let places: [Int]

        init(_ entity: Entity) {
            text = WriteStatements.insertText(entity)
            var places: [Int] = []
            var next = 0
            for field in entity.fields {
                places.append(next)
                next += 1 + (field.keyColumn == nil ? 0 : 1) + (field.conversion == nil ? 0 : 1)
            }
            self.places = places
        }
    }

    package private(set) var statement: Statement
    private let places: [Int]

    fileprivate init(_ entity: Entity, _ shape: Shape, _ values: [StoredValue]) {
        statement = Statement(shape.text, WriteStatements.insertBindings(entity, values))
        places = shape.places
    }

    package subscript(_ field: Field) -> StoredValue {
        let place = places[field.position]
        return statement.late.last { $0.place == place }?.value ?? statement.bindings[place]
    }

    /// Sets what has neither a key nor a type on its way: the kernel's own.
    package mutating func set(_ field: Field, _ value: Int64) {
        set(places[field.position], .integer(value))
    }

    /// - Parameter key: The text's folded key, where the field has one.
    package mutating func set(_ field: Field, _ text: String, key: [UInt8]?) {
        var place = places[field.position]
        set(place, .text(text))
        if field.keyColumn != nil {
            place += 1
            set(place, .blob(key ?? field.key(of: text)))
        }
        if let conversion = field.conversion { set(place + 1, conversion.shadow(of: .text(text))) }
    }

    private mutating func set(_ place: Int, _ value: StoredValue) {
        if statement.late.isEmpty { statement.late.reserveCapacity(8) }
        statement.late.append(Statement.Late(place: place, value: value))
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

    /// Whether any record, deleted ones included, has a number whose key lies between two: a row, or none.
    package static func numbered(
        _ entity: Entity, _ field: Field, from first: StoredValue, to last: StoredValue
    ) -> Statement {
        let column = field.keyColumn ?? field.column
        return Statement(
            "SELECT 1 FROM \(entity.table) WHERE \(column) BETWEEN ?1 AND ?2 LIMIT 1", [first, last])
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
