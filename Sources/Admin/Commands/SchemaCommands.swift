import JSON
import Text

/// The commands that shape the schema: entities, fields, lists of values, sections, labels, each a row whose words
/// become the parameters of the method of the same name.
struct SchemaCommand: Sendable {
    /// How the word of a setting becomes JSON.
    enum Setting: Sendable {
        case text, flag, number
        /// Words by commas.
        case list
        /// `key:Label` by commas.
        case values
        /// Lists by semicolons: `a,b;c`.
        case lists
        /// A fact by its name, `attribute.limit_days=30`, all of them together the parameter `set_attributes`.
        case attribute
    }

    let noun: String
    let verb: String
    let effect: Command.Effect
    /// What is said afterwards; `$1` stands for the first operand.
    let done: String
    let summary: String
    /// The words behind the verb; the parameter's name is the last part of each: `FIELD` is `field` unless it says
    /// more.
    let operands: [(name: String, kind: Command.Kind, parameter: String)]
    var settings: [String: Setting] = [:]
    var details = ""
    var examples: [String] = []

    var command: Command {
        let takesSettings = !settings.isEmpty
        let places = operands.map { Command.Operand($0.name, $0.kind) }
        let names = settings.keys.sorted().joined(separator: ", ")
        return Command(
            noun, verb, effect, summary,
            details: takesSettings
                ? details + (details.isEmpty ? "" : "\n")
                    + "Settings: \(names).\nSETTING:=JSON gives a value as it stands."
                : details,
            operands: places + (takesSettings ? [.init("SETTING=VALUE", .text, .any)] : []),
            examples: examples
        ) { run throws(AdminError) in try self.run(run) }
    }

    private func run(_ run: CommandRun) throws(AdminError) {
        var parameters = run.writeParameters
        var words: [String] = []
        for (index, operand) in operands.enumerated() {
            let word = try run.required(index)
            words.append(word)
            if operand.name.hasSuffix("…") {
                parameters.set(operand.parameter, word.split(separator: ",").map(String.init))
            } else {
                parameters.set(operand.parameter, word)
            }
        }
        try Self.set(run.line.operands.dropFirst(operands.count), settings, noun, in: &parameters)
        if case .destroys = effect { try run.confirm("\(noun) \(quoted(words))") }
        let result = try run.call("\(noun).\(verb.replacing("-", with: "_"))", parameters)
        run.session.forgetEntities()
        SchemaPrinting.print(result, run)
        // A dry run answers what stands in the way; it ends as the run itself would.
        let isRefused = (result["findings"]?.elements ?? JSONNode.noElements)
            .contains { $0["weight"]?.string == "refusal" }
        guard !isRefused else {
            throw AdminError("\(noun) \(verb) \(words.joined(separator: " ")) cannot be done as it stands")
        }
        run.say(
            words.enumerated().reduce(done) { text, word in
                text.replacing("$\(word.offset + 1)", with: word.element)
            })
    }

    private func quoted(_ words: [String]) -> String {
        words.map { "\"\($0)\"" }.joined(separator: " ")
    }

    /// A wrong setting is found before the kernel is asked.
    static func set(
        _ words: ArraySlice<String>, _ settings: [String: Setting], _ noun: String,
        in parameters: inout Parameters
    ) throws(AdminError) {
        var attributes: [(name: String, text: String)] = []
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
                String.init)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw .usage("\"\(word)\" is not a setting", hint: "Give SETTING=VALUE.")
            }
            let (name, value) = (parts[0], parts[1])
            if name.hasSuffix(":") {
                guard let json = JSONNode.parsing(value) else { throw .usage("\(word) is not JSON") }
                parameters.set(String(name.dropLast()), json: json.rawBytes)
                continue
            }
            let attribute = name.hasPrefix("attribute.") ? String(name.dropFirst("attribute.".count)) : ""
            guard let setting = settings[attribute.isEmpty ? name : "attribute.NAME"] else {
                let known = settings.keys.sorted()
                throw .usage(
                    "\(noun) has no setting \"\(name)\"",
                    hint: Spelling.suggestion(for: name, among: known)
                        ?? "Settings are \(known.joined(separator: ", ")).")
            }
            switch setting {
            case .text: parameters.set(name, value)
            case .attribute: attributes.append((attribute, value))
            case .list: parameters.set(name, value.split(separator: ",").map(String.init))
            case .values: parameters.set(name, json: FieldCommands.picklist(value))
            case .flag:
                guard let flag = ["true": true, "yes": true, "false": false, "no": false][value] else {
                    throw .usage("\(name) must be true or false, not \"\(value)\"")
                }
                parameters.set(name, flag)
            case .number:
                guard let number = Int(value) else { throw .usage("\(name) must be a whole number") }
                parameters.set(name, number)
            case .lists:
                var writer = JSONWriter()
                writer.beginArray()
                for list in value.split(separator: ";") {
                    writer.beginArray()
                    for part in list.split(separator: ",") { writer.string(String(part)) }
                    writer.endArray()
                }
                writer.endArray()
                parameters.set(name, json: writer.finish())
            }
        }
        guard !attributes.isEmpty else { return }
        var writer = JSONWriter()
        writer.beginArray()
        for (name, text) in attributes {
            writer.beginObject()
            writer.key("name")
            writer.string(name)
            writer.key("text")
            writer.string(text)
            writer.endObject()
        }
        writer.endArray()
        parameters.set("set_attributes", json: writer.finish())
    }
}

/// What a change of the schema does, as people read it: steps, then what the records say, then what goes on.
enum SchemaPrinting {
    static func print(_ result: JSONNode, _ run: CommandRun) {
        switch run.output.format {
        case .json, .jsonl: run.printObject(result)
        default:
            var rows: [String] = []
            for step in texts(result, "steps") { rows.append(row("step", step)) }
            for finding in result["findings"]?.elements ?? JSONNode.noElements {
                rows.append(row(finding["weight"]?.string ?? "", finding["message"]?.string ?? ""))
                for record in finding["records"]?.elements ?? JSONNode.noElements {
                    let value = record["value"]?.string ?? ""
                    rows.append(
                        row("record", "\(record["id"]?.int64 ?? 0)\(value.isEmpty ? "" : ": \(value)")"))
                }
            }
            for note in texts(result, "notes") { rows.append(row("note", note)) }
            for task in result["tasks"]?.elements ?? JSONNode.noElements {
                rows.append(
                    row(
                        "task",
                        "\(task["kind"]?.string ?? ""): \(task["status"]?.string ?? ""), \(task["done"]?.int64 ?? 0) records"
                    ))
            }
            guard let table = JSONNode.parsing("{\"rows\":[\(rows.joined(separator: ","))]}") else { return }
            run.printRecords(table, in: "rows", columns: ["what", "text"])
        }
    }

    private static func texts(_ node: JSONNode, _ name: String) -> [String] {
        node[name]?.elements.compactMap(\.string) ?? []
    }

    private static func row(_ what: String, _ text: String) -> String {
        var row = Parameters()
        row.set("what", what)
        row.set("text", text)
        return String(decoding: row.bytes, as: UTF8.self)
    }
}
