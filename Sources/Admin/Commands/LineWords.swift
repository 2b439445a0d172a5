import JSON
import Text

/// A record's lines as they are typed, one word for each: `lines+='item=product_code:A-1 quantity=2'` is a line more,
/// with `id=57` among its values it is line 57 changed, and `lines-=57` takes that line away. All other lines stay.
///
/// The values of a line are parted by spaces, so that one with a space is quoted: `lines+='item=20 comment="In
/// blue."'`.
struct LineWords {
    private struct Change {
        var set: [[UInt8]] = []
        var removed: [Int64] = []
    }

    /// In the order in which they were first named.
    private var fields: [String] = []
    private var byField: [String: Change] = [:]

    /// Takes a word that is about a line.
    ///
    /// - Returns: false for any other word.
    /// - Throws: usage errors naming the word.
    mutating func take(_ word: String, _ values: FieldValues) throws(AdminError) -> Bool {
        guard let sign = word.firstIndex(of: "="), sign > word.startIndex else { return false }
        let kind = word[word.index(before: sign)]
        guard kind == "+" || kind == "-" else { return false }
        let name = String(word[..<word.index(before: sign)])
        let text = String(word[word.index(after: sign)...])
        guard let facts = try values.field(name).lines else {
            throw .usage("field \"\(name)\" holds no lines", hint: "Give \(name)=VALUE.")
        }
        if byField[name] == nil { fields.append(name) }
        if kind == "+" {
            byField[name, default: Change()].set.append(try Self.line(text, name, facts, values))
        } else {
            guard let id = Int64(text), id > 0 else {
                throw .usage("\"\(text)\" is no id of a line", hint: "Give \(name)-=ID.")
            }
            byField[name, default: Change()].removed.append(id)
        }
        return true
    }

    private static func line(
        _ text: String, _ name: String, _ facts: [String: FieldFacts], _ values: FieldValues
    ) throws(AdminError) -> [UInt8] {
        var line = Parameters()
        var seen: Set<String> = []
        for word in try WordSplitter.words(of: text) {
            guard let sign = word.firstIndex(of: "="), sign > word.startIndex else {
                throw .usage("\"\(word)\" is not a value of a line", hint: "Give NAME=VALUE for each.")
            }
            let field = String(word[..<sign])
            guard let known = facts[field] else {
                throw .usage(
                    "\(name): a line has no field \"\(field)\"",
                    hint: Spelling.suggestion(for: field, among: facts.keys.sorted())
                        ?? "It has \(facts.keys.sorted().joined(separator: ", ")).")
            }
            guard seen.insert(field).inserted else {
                throw .usage("\(name): \"\(field)\" is given twice in one line")
            }
            line.set(field, json: try values.json(String(word[word.index(after: sign)...]), for: known))
        }
        guard !seen.isEmpty else {
            throw .usage("\(name): a line lacks its values", hint: "Give \(name)+='NAME=VALUE …'.")
        }
        return line.bytes
    }

    /// What was taken, by field, as the wire has it: `{"set": […], "remove": […]}`.
    var changes: [(field: String, json: [UInt8])] {
        fields.map { name in
            let change = byField[name] ?? Change()
            var writer = JSONWriter()
            writer.beginObject()
            writer.key("set")
            writer.beginArray()
            for line in change.set { writer.raw(line) }
            writer.endArray()
            writer.key("remove")
            writer.beginArray()
            for id in change.removed { writer.int(id) }
            writer.endArray()
            writer.endObject()
            return (name, writer.finish())
        }
    }
}
