import CRMSDK

/// Defaults and checks of single fields, as far as a module's tests lean on them.
enum TestFields {
    static func defaults(of definition: EntityDefinition) -> [String: Value] {
        var values: [String: Value] = [:]
        for field in definition.fields {
            if let text = field.defaultText { values[field.name] = value(text, of: field.type) }
        }
        return values
    }

    static func problems(_ change: RecordChange, _ definition: EntityDefinition) -> [FieldProblem] {
        let known = Set(definition.fields.map(\.name) + ManifestCheck.systemFields)
        let unknown = change.values.keys.filter { !known.contains($0) }.sorted().map {
            FieldProblem(field: $0, code: "unknown_field", message: "\(change.entity) has no field \"\($0)\"")
        }
        return unknown + definition.fields.compactMap { problem($0, change[$0.name]) }
    }

    /// What is wrong with one line.
    static func problems(_ line: Line, _ definition: EntityDefinition) -> [FieldProblem] {
        let known = Set(definition.fields.map(\.name))
        let unknown = line.values.keys.filter { !known.contains($0) }.sorted().map {
            FieldProblem(
                field: $0, code: "unknown_field", message: "\(definition.name) has no field \"\($0)\"")
        }
        return unknown + definition.fields.compactMap { problem($0, line[$0.name]) }
    }

    static func problem(_ field: FieldDefinition, _ value: Value) -> FieldProblem? {
        func found(_ code: String, _ message: String) -> FieldProblem {
            FieldProblem(field: field.name, code: code, message: "\(field.label) \(message)")
        }
        if value.isNull { return field.isMandatory ? found("required", "is required") : nil }
        guard hasKind(value, of: field.type) else {
            return found("type", "is not of type \(field.type.name)")
        }
        if field.type.name == "picklist", !field.type.values.contains(where: { .text($0.key) == value }) {
            return found("unknown_value", "has no such value")
        }
        if let length = field.type.maximumLength, (value.text?.count ?? 0) > length {
            return found("length", "is longer than \(length) characters")
        }
        return isInRange(value, of: field.type) ? nil : found("range", "is out of range")
    }

    private static func hasKind(_ value: Value, of type: FieldType) -> Bool {
        switch type.name {
        case "text", "longtext", "email", "phone", "url", "picklist", "autonumber": value.text != nil
        case "boolean": value.bool != nil
        case "integer": value.integer != nil
        case "decimal", "percent": value.decimal?.scale == type.scale
        case "money": value.money != nil
        case "date": value.date != nil
        case "time": value.time != nil
        case "datetime": value.instant != nil
        case "multipicklist":
            value.list?.allSatisfy { key in type.values.contains { .text($0.key) == key } } == true
        case "reference", "owner": value.reference != nil
        case "lines": value.lines != nil
        case "place": value.text.flatMap { GeoPoint($0) } != nil
        case "file": value.file != nil
        default: true
        }
    }

    private static func isInRange(_ value: Value, of type: FieldType) -> Bool {
        guard let number = value.decimal ?? value.integer.map({ FixedDecimal(units: $0, scale: 0) }) else {
            return true
        }
        func bound(_ text: String?) -> Int64? {
            text.flatMap { try? FixedDecimal(parsing: $0, scale: number.scale).units }
        }
        return number.units >= bound(type.minimum) ?? .min && number.units <= bound(type.maximum) ?? .max
    }

    static func value(_ text: String, of type: FieldType) -> Value {
        switch type.name {
        case "boolean": .bool(text == "true")
        case "integer": Int64(text).map { .integer($0) } ?? .null
        case "decimal", "percent":
            (try? FixedDecimal(parsing: text, scale: type.scale ?? 0)).map { .decimal($0) } ?? .null
        case "date": CalendarDate(text).map { .date($0) } ?? .null
        default: .text(text)
        }
    }
}
