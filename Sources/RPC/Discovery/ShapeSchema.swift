import CRMSDK
import JSON
import Registry

/// Writes shapes of parameters and results as JSON Schema (draft 7, as OpenRPC 1.3 asks for).
struct ShapeSchema {
    /// Entities whose records have a schema of their own in the document; others are plain objects.
    let described: Set<String>

    func write(_ type: ParameterType, summary: String? = nil, to writer: inout JSONWriter) {
        writer.beginObject()
        if let summary, !summary.isEmpty {
            writer.key("description")
            writer.string(summary)
        }
        writeMembers(type, to: &writer)
        writer.endObject()
    }

    private func writeMembers(_ type: ParameterType, to writer: inout JSONWriter) {
        switch type.shape {
        case .any: return
        case .filter: reference("Filter", to: &writer)
        case .values(let entity?) where described.contains(entity): reference("\(entity)_values", to: &writer)
        case .record(let entity?) where described.contains(entity): reference("\(entity)_record", to: &writer)
        case .values: Self.type("object", to: &writer)
        case .record: reference("Record", to: &writer)
        case .list(let element):
            Self.type("array", to: &writer)
            writer.key("items")
            write(element, to: &writer)
        case .object(let members): writeObject(members, to: &writer)
        case .field(let field): Self.write(field, isAnswer: false, to: &writer)
        }
    }

    func writeObject(_ members: [Parameter], to writer: inout JSONWriter) {
        Self.type("object", to: &writer)
        guard !members.isEmpty else { return }
        writer.key("properties")
        writer.beginObject()
        for member in members {
            writer.key(member.name)
            write(member.type, summary: member.summary, to: &writer)
        }
        writer.endObject()
        let required = members.filter(\.isRequired).map(\.name)
        if !required.isEmpty {
            writer.key("required")
            writer.strings(required)
        }
    }

    private func reference(_ name: String, to writer: inout JSONWriter) {
        writer.key("$ref")
        writer.string("#/components/schemas/\(name)")
    }

    static func type(_ name: StaticString, to writer: inout JSONWriter) {
        writer.key("type")
        writer.string("\(name)")
    }

    /// The members of a field type's schema.
    ///
    /// - Parameter isAnswer: as a read answers it; otherwise as a write takes it.
    static func write(_ field: FieldType, isAnswer: Bool, to writer: inout JSONWriter) {
        guard let kind = FieldKindList.kind(named: field.name) else { return }
        switch kind.wire(field) {
        case .string:
            type("string", to: &writer)
            if let limit = field.maximumLength, !isAnswer {
                writer.key("maxLength")
                writer.int(limit)
            }
            writeKeys(field, isAnswer: isAnswer, to: &writer)
        case .place:
            type("string", to: &writer)
            writer.key("pattern")
            writer.string("^-?[0-9]{1,2}(\\.[0-9]{1,7})?,-?[0-9]{1,3}(\\.[0-9]{1,7})?$")
        case .keys:
            type("array", to: &writer)
            writer.key("uniqueItems")
            writer.bool(true)
            writer.key("items")
            writer.beginObject()
            type("string", to: &writer)
            writeKeys(field, isAnswer: isAnswer, to: &writer)
            writer.endObject()
        case .boolean: type("boolean", to: &writer)
        case .integer:
            type("integer", to: &writer)
            writeRange(field, to: &writer)
        case .decimal(let scale):
            type("string", to: &writer)
            writer.key("pattern")
            writer.string(scale == 0 ? "^-?[0-9]+$" : "^-?[0-9]+(\\.[0-9]{1,\(scale)})?$")
        case .money:
            writer.key("$ref")
            writer.string("#/components/schemas/\(isAnswer ? "Money" : "MoneyInput")")
        case .date: format("date", to: &writer)
        case .time: format("time", to: &writer)
        case .instant: format("date-time", to: &writer)
        case .lines where isAnswer:
            type("array", to: &writer)
            writer.key("items")
            writeLine(field, "record", to: &writer)
        case .lines:
            writer.key("oneOf")
            writer.beginArray()
            writer.beginObject()
            writeLines(field, to: &writer)
            writer.endObject()
            writer.beginObject()
            writeLineChange(field, to: &writer)
            writer.endObject()
            writer.endArray()
        case .file where isAnswer:
            writer.key("$ref")
            writer.string("#/components/schemas/File")
        case .file:
            type("null", to: &writer)
            writer.key("description")
            writer.string("Null takes the file away; one is sent by PUT /files/{id of the record}.")
        case .reference where isAnswer:
            writer.key("$ref")
            writer.string("#/components/schemas/Reference")
        case .reference:
            type("integer", to: &writer)
            if !field.targets.isEmpty {
                writer.key("title")
                writer.string("id of \(field.targets.joined(separator: " or "))")
            }
        }
    }

    private static func writeLine(_ field: FieldType, _ use: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("$ref")
        writer.string("#/components/schemas/\(field.targets.joined())_\(use)")
        writer.endObject()
    }

    private static func writeLines(_ field: FieldType, to writer: inout JSONWriter) {
        type("array", to: &writer)
        writer.key("maxItems")
        writer.int(LineLimit.lines)
        writer.key("items")
        writeLine(field, "values", to: &writer)
    }

    private static func writeLineChange(_ field: FieldType, to writer: inout JSONWriter) {
        type("object", to: &writer)
        writer.key("properties")
        writer.beginObject()
        writer.key("set")
        writer.beginObject()
        writeLines(field, to: &writer)
        writer.endObject()
        writer.key("remove")
        writer.beginObject()
        type("array", to: &writer)
        writer.key("items")
        writer.beginObject()
        type("integer", to: &writer)
        writer.endObject()
        writer.endObject()
        writer.endObject()
        writer.key("additionalProperties")
        writer.bool(false)
    }

    private static func writeKeys(_ field: FieldType, isAnswer: Bool, to writer: inout JSONWriter) {
        let keys = field.values.filter { isAnswer || !$0.retired }.map(\.key)
        guard !keys.isEmpty else { return }
        writer.key("enum")
        writer.strings(keys)
    }

    private static func writeRange(_ field: FieldType, to writer: inout JSONWriter) {
        if let minimum = field.minimum.flatMap({ Int64($0) }) {
            writer.key("minimum")
            writer.int(minimum)
        }
        if let maximum = field.maximum.flatMap({ Int64($0) }) {
            writer.key("maximum")
            writer.int(maximum)
        }
    }

    private static func format(_ name: String, to writer: inout JSONWriter) {
        type("string", to: &writer)
        writer.key("format")
        writer.string(name)
    }
}
