import CRMSDK

/// One field of a form, together with the target's field that it fills.
struct FormField: Sendable {
    let definition: FieldDefinition
    let label: String
    let isRequired: Bool
    let isHidden: Bool
    let defaultText: String?

    var name: String { definition.name }

    /// Kinds of fields that a page can ask for.
    static let kinds: Set = [
        "text", "longtext", "email", "phone", "url", "picklist", "multipicklist", "integer", "decimal",
        "percent",
        "boolean", "date",
    ]

    /// The most characters that one field takes from a visitor.
    static let textLimit = 5_000

    /// The fields of a form, in order; those that the target has no more are left out.
    static func all(of form: Record, _ definition: EntityDefinition) -> [FormField] {
        form.lines("form_fields").compactMap { line in
            guard let known = definition.fields.first(where: { $0.name == line["field"].text }) else {
                return nil
            }
            return FormField(line, known)
        }
    }

    init(_ line: Line, _ definition: FieldDefinition) {
        self.definition = definition
        label = line["label"].text ?? definition.label
        isRequired = line["required"] == true
        isHidden = line["hidden"] == true
        defaultText = line["default_value"].text
    }

    /// What a text means for the field; nil where it means nothing.
    func value(_ text: String) -> Value? {
        let type = definition.type
        switch type.name {
        case "boolean": return .bool(!["", "no", "false", "0"].contains(text.lowercased()))
        case "integer": return Int64(text).map { .integer($0) }
        case "decimal", "percent":
            // Absence of a value says all that the error would.
            return (try? FixedDecimal(parsing: text, scale: type.scale ?? 0)).map { .decimal($0) }
        case "date": return CalendarDate(text).map { .date($0) }
        case "picklist": return isChoice(text) ? .text(text) : nil
        case "multipicklist":
            let keys = text.split(separator: "\n").map(String.init)
            return keys.allSatisfy(isChoice) ? .list(keys.map { .text($0) }) : nil
        default:
            guard type.name == "longtext" || !text.contains("\n") else { return nil }
            return text.count <= min(type.maximumLength ?? Self.textLimit, Self.textLimit) ? .text(text) : nil
        }
    }

    private func isChoice(_ key: String) -> Bool {
        definition.type.values.contains { $0.key == key && !$0.retired }
    }
}

/// What somebody typed into a form, as far as it is the form's: fields that it lists and shows, and no others.
struct FormEntries {
    /// By field name, as typed, without what is empty.
    let texts: [String: String]
    /// What of it, and of the form's hidden fields, is to be written.
    private(set) var values: [String: Value] = [:]
    /// The visitor's mistakes.
    private(set) var problems: [FieldProblem] = []

    init(_ sent: StructuredValue?, _ fields: [FormField]) {
        var texts: [String: String] = [:]
        for field in fields where !field.isHidden {
            guard let text = Self.text(sent?[field.name])?.trimmed, !text.isEmpty else { continue }
            texts[field.name] = text
        }
        self.init(texts: texts, fields)
    }

    /// - Parameter texts: as an earlier submission was kept.
    init(texts: [String: String], _ fields: [FormField]) {
        self.texts = texts
        for field in fields {
            guard let text = field.isHidden ? field.defaultText : texts[field.name] else {
                if field.isRequired, !field.isHidden { note(field, "required", "is missing") }
                continue
            }
            if let value = field.value(text) {
                values[field.name] = value
            } else if !field.isHidden {
                note(field, "type", Self.complaint(field.definition.type))
            }
        }
    }

    /// What the visitor typed themselves.
    func typed(_ fields: [FormField]) -> [String: Value] {
        values.filter { name, _ in fields.contains { $0.name == name && !$0.isHidden } }
    }

    /// What they typed, for people to read.
    func summary(_ fields: [FormField]) -> String {
        fields.compactMap { field in texts[field.name].map { "\(field.label): \($0)" } }.joined(
            separator: "\n")
    }

    /// Plain values of JSON, too: a program need not write a number as text.
    static func text(_ value: StructuredValue?) -> String? {
        switch value?.value {
        case .text(let text)?: text
        case .integer(let number)?: String(number)
        case .decimal(let number)?: number.description
        case .bool(let flag)?: flag ? "yes" : ""
        default: nil
        }
    }

    private mutating func note(_ field: FormField, _ code: String, _ message: String) {
        problems.append(FieldProblem(field: field.name, code: code, message: "\(field.label) \(message)"))
    }

    private static func complaint(_ type: FieldType) -> String {
        switch type.name {
        case "integer": "must be a whole number"
        case "decimal", "percent": "must be a number such as 12.5"
        case "date": "must be a date such as 2026-11-22"
        case "picklist", "multipicklist": "must be one of the choices"
        default: "is too long"
        }
    }
}

extension String {
    /// Without spaces and line ends around it.
    var trimmed: String {
        var rest = self[...]
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}
