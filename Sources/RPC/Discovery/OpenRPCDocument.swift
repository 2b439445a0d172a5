import CRMSDK
import JSON
import Registry

/// Writes the OpenRPC 1.3.2 document (spec.open-rpc.org) from the table of methods and the registry.
///
/// Shows what the reader may call and see: an entity's schema has the fields that they may see, and without somebody
/// known there are no entities' schemas at all.
struct OpenRPCDocument {
    let methods: [Method]
    let entities: [VisibleEntity]
    let version: String

    /// An entity with the fields of it that the reader may see.
    struct VisibleEntity {
        let entity: Entity
        let fields: [Field]
        /// The names by which `record.related` knows what belongs to its records.
        let relations: [String]
    }

    private var shapes: ShapeSchema { ShapeSchema(described: Set(entities.map(\.entity.name))) }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("openrpc")
        writer.string("1.3.2")
        writer.key("info")
        writeInfo(to: &writer)
        writer.key("servers")
        writer.beginArray()
        writer.beginObject()
        writer.key("name")
        writer.string("this server")
        writer.key("url")
        writer.string("/rpc")
        writer.endObject()
        writer.endArray()
        writer.key("methods")
        writer.beginArray()
        for method in methods { write(method, to: &writer) }
        writer.endArray()
        writer.key("components")
        writer.beginObject()
        writer.key("schemas")
        writeSchemas(to: &writer)
        writer.key("errors")
        writeErrors(to: &writer)
        writer.endObject()
        writer.endObject()
    }

    private func writeInfo(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("title")
        writer.string("CRM platform")
        writer.key("version")
        writer.string(version)
        writer.key("description")
        writer.string(
            "JSON-RPC 2.0 over POST /rpc. Send the token of auth.login, or an API key, as \"Authorization: Bearer …\". "
                + "Parameters are named. Amounts and decimals are strings, dates are 2026-11-22, moments are UTC. "
                + "Files of records go beside the calls: PUT and GET /files/{id of the record}, as /docs tells."
        )
        writer.endObject()
    }

    // MARK: Methods

    private func write(_ method: Method, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("name")
        writer.string(method.name)
        writer.key("summary")
        writer.string(method.summary)
        writer.key("description")
        writer.string(method.fullDescription)
        writer.key("tags")
        writer.beginArray()
        for tag in [method.group, method.need.tag].compactMap({ $0 }) {
            writer.beginObject()
            writer.key("name")
            writer.string(tag)
            writer.endObject()
        }
        writer.endArray()
        writer.key("paramStructure")
        writer.string("by-name")
        writer.key("params")
        writer.beginArray()
        for parameter in method.parameters.filter(\.isRequired) + method.parameters.filter({ !$0.isRequired })
        {
            write(parameter, to: &writer)
        }
        writer.endArray()
        writer.key("result")
        writer.beginObject()
        writer.key("name")
        writer.string("result")
        writer.key("schema")
        shapes.write(method.result, to: &writer)
        writer.endObject()
        writer.key("errors")
        writer.beginArray()
        // In full rather than by reference, which some readers of such documents do not follow here.
        for kind in method.allErrors { Self.write(kind, to: &writer) }
        writer.endArray()
        if let example = method.example { write(example, of: method, to: &writer) }
        writer.endObject()
    }

    private func write(_ parameter: Parameter, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("name")
        writer.string(parameter.name)
        writer.key("summary")
        writer.string(parameter.summary)
        writer.key("required")
        writer.bool(parameter.isRequired)
        writer.key("schema")
        shapes.write(parameter.type, to: &writer)
        writer.endObject()
    }

    private func write(_ example: Method.Example, of method: Method, to writer: inout JSONWriter) {
        guard let parameters = try? JSONDocument(parsing: example.parameters).root,
            let result = try? JSONDocument(parsing: example.result).root
        else { return }
        writer.key("examples")
        writer.beginArray()
        writer.beginObject()
        writer.key("name")
        writer.string(method.name)
        writer.key("params")
        writer.beginArray()
        for (name, value) in parameters.members { write(example: name, value, to: &writer) }
        writer.endArray()
        writer.key("result")
        write(example: "result", result, to: &writer)
        writer.endObject()
        writer.endArray()
    }

    private func write(example name: String, _ value: JSONNode, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("name")
        writer.string(name)
        writer.key("value")
        writer.raw(value)
        writer.endObject()
    }

    // MARK: Components

    private func writeSchemas(to writer: inout JSONWriter) {
        writer.beginObject()
        for (name, schema) in Self.commonSchemas {
            writer.key(name)
            writer.raw(Array(schema.utf8))
        }
        for visible in entities {
            let entity = visible.entity
            writer.key("\(entity.name)_record")
            write(fields: visible.fields, isAnswer: true, "\(entity.label) as it is read.", to: &writer)
            // A line that is written may name the id of the one that it is.
            let writable = visible.fields.filter {
                entity.isLine && $0.name == "id" || !$0.definition.isReadOnly && $0.name != "id"
            }
            writer.key("\(entity.name)_values")
            write(
                fields: writable, isAnswer: false, "Values of \(entity.label) as they are written.",
                to: &writer)
            guard !visible.relations.isEmpty else { continue }
            writer.key("\(entity.name)_relation")
            writer.beginObject()
            writer.key("description")
            writer.string("What record.related, record.link and record.unlink take of a \(entity.label).")
            ShapeSchema.type("string", to: &writer)
            writer.key("enum")
            writer.strings(visible.relations)
            writer.endObject()
        }
        writer.endObject()
    }

    private func write(fields: [Field], isAnswer: Bool, _ description: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("description")
        writer.string(description)
        ShapeSchema.type("object", to: &writer)
        writer.key("properties")
        writer.beginObject()
        for field in fields {
            writer.key(field.name)
            writer.beginObject()
            // An empty field is null, read and written; `id` never is.
            if field.name == "id" {
                ShapeSchema.type("integer", to: &writer)
            } else {
                writer.key("title")
                writer.string(field.label)
                if let help = field.definition.help {
                    writer.key("description")
                    writer.string(help)
                }
                writer.key("anyOf")
                writer.beginArray()
                writer.beginObject()
                ShapeSchema.write(field.type, isAnswer: isAnswer, to: &writer)
                writer.endObject()
                writer.beginObject()
                ShapeSchema.type("null", to: &writer)
                writer.endObject()
                writer.endArray()
            }
            writer.endObject()
        }
        writer.endObject()
        writer.key("additionalProperties")
        writer.bool(isAnswer)
        writer.endObject()
    }

    private func writeErrors(to writer: inout JSONWriter) {
        writer.beginObject()
        for kind in CRMError.Kind.all {
            writer.key(kind.name)
            Self.write(kind, to: &writer)
        }
        writer.endObject()
    }

    private static func write(_ kind: CRMError.Kind, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("code")
        writer.int(kind.rpcCode)
        writer.key("message")
        writer.string(meaning[kind.name] ?? kind.name)
        writer.endObject()
    }

    /// What a client shall understand by a kind; the message of a real error is more exact.
    static let meaning: [String: String] = [
        "invalid_request": "the request is no JSON-RPC 2.0 call",
        "method_not_found": "the method does not exist",
        "invalid_params": "a parameter is missing, unknown or wrong",
        "internal_error": "a fault of the server; its log has it under the request id",
        "unauthenticated": "no valid token was sent, or the user name, the password or the code is wrong",
        "forbidden": "the caller may not do that; data.rule names the rule",
        "not_found": "it does not exist, or the caller may not view it",
        "invalid_record": "the record breaks rules; data.fields has them per field",
        "version_conflict": "somebody else changed the record; data.conflict says what",
        "duplicate": "another record has the value, which must be unique",
        "too_many_requests": "too many attempts; data.retry_after is in seconds",
        "limit_exceeded": "a limit of size, number or time",
        "unavailable": "the server cannot do it now; data.retry_after is in seconds",
    ]

    private static let commonSchemas: KeyValuePairs<String, String> = [
        "Reference": """
        {"type":"object","description":"A record that a field names; written as its id.","properties":{"id":{"type":"integer"},"entity":{"type":["string","null"]},"label":{"type":["string","null"],"description":"Null where the caller may not view the record."},"deleted":{"type":"boolean","description":"Present and true where the record lies in the recycle bin."}},"required":["id","entity","label"]}
        """,
        "File": """
        {"type":"object","description":"A file of the record; its bytes are at GET /files/{id of the record}.","properties":{"name":{"type":"string"},"media_type":{"type":"string"},"size":{"type":"integer"},"sha256":{"type":"string","pattern":"^[0-9a-f]{64}$"}},"required":["name","media_type","size","sha256"]}
        """,
        "Money": """
        {"type":"object","description":"An exact amount.","properties":{"amount":{"type":"string","pattern":"^-?[0-9]+(\\\\.[0-9]{1,4})?$"},"currency":{"type":"string","pattern":"^[A-Z]{3}$"}},"required":["amount","currency"]}
        """,
        "MoneyInput": """
        {"description":"An amount with its currency, or the amount alone in the record's currency.","oneOf":[{"$ref":"#/components/schemas/Money"},{"type":"string","pattern":"^-?[0-9]+(\\\\.[0-9]{1,4})?$"}]}
        """,
        "Record": """
        {"type":"object","description":"A record with the fields that the caller may see; rpc.discover with a token has a schema per entity.","properties":{"id":{"type":"integer"},"version":{"type":"integer"}},"required":["id"]}
        """,
        "Filter": """
        {"description":"[field, operator, value], or {all: [...]}, {any: [...]}, {not: ...}. Operators: = != < <= > >= in, not in, contains, starts with, ends with, is empty, is not empty, between, within (\\"this quarter\\", \\"last 30 days\\"), near ([place, distance]). A moment may be compared with a date: the caller's whole day.","oneOf":[{"type":"array","minItems":2,"maxItems":3},{"type":"object","minProperties":1,"maxProperties":1,"properties":{"all":{"type":"array","items":{"$ref":"#/components/schemas/Filter"}},"any":{"type":"array","items":{"$ref":"#/components/schemas/Filter"}},"not":{"$ref":"#/components/schemas/Filter"}},"additionalProperties":false}]}
        """,
    ]
}

extension Method {
    /// The noun before the point.
    var group: String { String(name.prefix { $0 != "." }) }

    /// The description with what everyone must know: who may call it and whether it writes.
    var fullDescription: String {
        let writes = effect == .writes ? "One unit of work: all of it or nothing." : nil
        return [description, need.sentence, writes].compactMap { $0 }.filter { !$0.isEmpty }.joined(
            separator: " ")
    }

    /// The errors that the row names, and those that any call of its sort may answer.
    var allErrors: [CRMError.Kind] {
        var kinds: [CRMError.Kind] = [.invalidParameters]
        if need != .nothing { kinds += [.unauthenticated, .forbidden] }
        if effect == .writes { kinds.append(.unavailable) }
        for kind in errors where !kinds.contains(kind) { kinds.append(kind) }
        return kinds
    }
}

extension Method.Need {
    var tag: String? {
        switch self {
        case .nothing: "open"
        case .session: nil
        case .administrator, .machine: "administrator"
        }
    }

    var sentence: String? {
        switch self {
        case .nothing: "Needs no token."
        case .session: nil
        case .administrator: "For administrators."
        case .machine: "For administrators; meant for whoever runs the machine."
        }
    }
}
