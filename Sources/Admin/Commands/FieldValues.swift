import JSON
import Text

/// Field values as they are typed, as JSON of the type that the field takes.
///
/// `name=value` is typed by the field: text, number, truth value; nothing behind the sign is null. A reference takes an
/// id, or `field:value` of the record meant, such as `role=role_name:Sales`; an amount may have its currency behind it:
/// `amount='100.00 USD'`. `name:=json` is JSON as it stands. `lines+=…` and `lines-=…` are read by `LineWords`.
package struct FieldValues {
    private let entity: String
    private let session: Session

    package init(entity: String, session: Session) {
        self.entity = entity
        self.session = session
    }

    /// - Throws: usage errors naming the word.
    package func read(_ words: some Sequence<String>) throws(AdminError) -> Parameters {
        var values = Parameters()
        var seen: Set<String> = []
        var lines = LineWords()
        for word in words {
            if try lines.take(word, self) { continue }
            let (name, json) = try value(word)
            guard seen.insert(name).inserted else { throw .usage("field \"\(name)\" is given twice") }
            values.set(name, json: json)
        }
        for (name, json) in lines.changes {
            guard seen.insert(name).inserted else {
                throw .usage("field \"\(name)\" is given twice", hint: "Give its lines whole, or one by one.")
            }
            values.set(name, json: json)
        }
        return values
    }

    /// One word: the field's name, and its value as JSON.
    package func value(_ word: String) throws(AdminError) -> (name: String, json: [UInt8]) {
        guard let sign = word.firstIndex(of: "="), sign > word.startIndex else {
            throw .usage(
                "\"\(word)\" is not a value of a field",
                hint: "Give NAME=VALUE, or NAME:=JSON for anything else.")
        }
        let value = String(word[word.index(after: sign)...])
        var name = String(word[..<sign])
        if name.last == ":" {
            name.removeLast()
            guard let node = JSONNode.parsing(value) else {
                throw .usage("the value of \"\(name)\" is not JSON: \(value)")
            }
            return (name, node.rawBytes)
        }
        return (name, try json(value, for: try field(name)))
    }

    /// - Throws: a usage error with a suggestion where the entity has no such field.
    func field(_ name: String) throws(AdminError) -> FieldFacts {
        guard let field = try session.entities().field(name, of: entity) else { throw try unknown(name) }
        return field
    }

    /// The text as JSON of the type that a field takes.
    func json(_ text: String, for field: FieldFacts) throws(AdminError) -> [UInt8] {
        if text.isEmpty { return Array("null".utf8) }
        switch field.type {
        case "integer":
            guard let number = Int64(text) else {
                throw .usage("\(field.name) must be a whole number, not \"\(text)\"")
            }
            return Array(String(number).utf8)
        case "boolean":
            guard let flag = Self.truth[text.lowercased()] else {
                throw .usage("\(field.name) must be true or false, not \"\(text)\"")
            }
            return Array(flag ? "true".utf8 : "false".utf8)
        case "multipicklist":
            var writer = JSONWriter()
            writer.beginArray()
            for key in text.split(separator: ",") { writer.string(String(key.trimmingPrefix(" "))) }
            writer.endArray()
            return writer.finish()
        case "lines":
            throw .usage(
                "\(field.name) holds lines, which are not written as text",
                hint:
                    "Give \(field.name)+='NAME=VALUE …' for a line more, \(field.name)-=ID for one less, or all as "
                    + "\(field.name):=JSON.")
        case "money": return Self.amount(text)
        case _ where field.isReference || field.name == "id": return try reference(text, for: field)
        default:
            var writer = JSONWriter()
            writer.string(text)
            return writer.finish()
        }
    }

    /// `100.00`, or `100.00 USD`; the kernel says what is wrong with either.
    private static func amount(_ text: String) -> [UInt8] {
        var writer = JSONWriter()
        guard let match = text.wholeMatch(of: /(-?[0-9.]+) +([A-Za-z]{3})/) else {
            writer.string(text)
            return writer.finish()
        }
        writer.beginObject()
        writer.key("amount")
        writer.string(String(match.1))
        writer.key("currency")
        writer.string(match.2.uppercased())
        writer.endObject()
        return writer.finish()
    }

    private static let truth = ["true": true, "yes": true, "false": false, "no": false]

    private func reference(_ text: String, for field: FieldFacts) throws(AdminError) -> [UInt8] {
        if let id = Int64(text) { return Array(String(id).utf8) }
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        let target = field.type == "owner" ? "user" : field.targets.first ?? entity
        if parts.count == 1, NamedRecords.nameFields[target] != nil {
            let id =
                field.type == "owner"
                ? try NamedRecords.ownerID(text, session)
                : try NamedRecords.id(of: target, text, session)
            return Array(String(id).utf8)
        }
        guard parts.count == 2 else {
            throw .usage(
                "\(field.name) refers to a record, and \"\(text)\" is no id",
                hint: "Give its id, or a field and its value: \(field.name)=name:VALUE."
            )
        }
        return Array(String(try RecordFinding.id(of: target, by: parts[0], value: parts[1], session)).utf8)
    }

    private func unknown(_ name: String) throws(AdminError) -> AdminError {
        let known = try session.entities().fields(of: entity).keys.sorted()
        return .usage(
            "\(entity) has no field \"\(name)\"",
            hint: Spelling.suggestion(for: name, among: known) ?? "Run crm-admin field list \(entity).")
    }
}

/// Finding the one record that a text means.
enum RecordFinding {
    /// - Parameter word: an id, or a field and its value: `account_name:Cancity`.
    static func id(
        of entity: String, as word: String, _ session: Session, inBin: Bool = false
    ) throws(AdminError) -> Int64 {
        if let id = Int64(word) { return id }
        let parts = word.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2 else {
            throw .usage(
                "\"\(word)\" does not say which \(entity) it is", hint: "Give its id, or FIELD:VALUE.")
        }
        return try id(of: entity, by: parts[0], value: parts[1], session, inBin: inBin)
    }

    /// - Throws: `notFound`, or `conflict` where more than one has this value.
    static func id(
        of entity: String, by field: String, value: String, _ session: Session, inBin: Bool = false
    ) throws(AdminError) -> Int64 {
        var parameters = Parameters()
        parameters.set("entity", entity)
        if inBin { parameters.set("recycle_bin", "only") }
        var filter = JSONWriter()
        filter.beginArray()
        filter.string(field)
        filter.string("=")
        filter.raw(try FieldValues(entity: entity, session: session).value("\(field)=\(value)").json)
        filter.endArray()
        parameters.set("filter", json: filter.finish())
        parameters.set("fields", ["id"])
        parameters.set("limit", 2)
        let found =
            try session.client().call("record.list", parameters)["records"]?.elements
            .compactMap { $0["id"]?.int64 } ?? []
        guard let id = found.first else {
            throw AdminError(
                "no \(entity)\(inBin ? " in the recycle bin" : "") has \(field) \"\(value)\"",
                hint: inBin ? "Run crm-admin record list \(entity) --bin." : nil, exit: .notFound)
        }
        guard found.count == 1 else {
            throw AdminError(
                "more than one \(entity) has \(field) \"\(value)\"", hint: "Give the id.", exit: .conflict)
        }
        return id
    }
}
