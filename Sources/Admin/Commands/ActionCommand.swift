import JSON
import Text

/// What modules add, as commands: `quote to-order 17` calls `inventory.quote_to_order {"quote": 17}`.
///
/// The noun is the entity whose record an action's first required parameter names, and takes the id; the verb is the
/// action's name without the noun: `quote_to_order` is `quote to-order`, `convert_lead` is `lead convert`,
/// `order_to_invoice` is `sales-order to-invoice`, `record_payment` is `invoice record-payment`. An action whose
/// parameter is just `id` goes with any noun: `invoice explain-total 17`. One that is about no single record goes with
/// its module's name and takes no id: `sales forecast by=team`. Which actions there are the kernel says, when the
/// command runs.
enum ActionCommand {
    /// Whether a word may name an entity or an action.
    static func isName(_ word: String) -> Bool {
        word.first?.isLowercase == true
            && word.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
                    || $0 == UInt8(ascii: "_")
            }
    }

    static func command(_ noun: String, _ verb: String) -> Command {
        Command(
            noun, verb, .writes, "an action of a module",
            details: """
                NAME=VALUE gives a parameter of the action, NAME:=JSON one that is no plain value. rpc.discover describes \
                the parameters.
                """,
            operands: [.init("ID|FIELD:VALUE", .text, .optional), .init("NAME=VALUE", .values, .any)]
        ) { run throws(AdminError) in
            let action = try find(noun, verb, run)
            var parameters = Parameters()
            if run.isDryRun {
                guard action.parameters.contains("dry_run") else {
                    throw .usage("\(noun) \(verb) changes nothing, and has no dry run")
                }
                parameters.set("dry_run", true)
            }
            if let subject = action.subject {
                guard let word = run.operand(0) else { throw .usage("\(run.line.command.name) lacks ID") }
                let id = try RecordFinding.id(of: noun.snake, as: word, run.session)
                parameters.set(subject, Int(id))
            }
            for word in run.line.operands.dropFirst(action.subject == nil ? 0 : 1) {
                let (name, json) = try action.value(word)
                parameters.set(name, json: json)
            }
            run.printObject(try run.call(action.method, parameters))
            if run.isDryRun {
                run.say("nothing was changed; a record that would be made has a number below zero")
            }
        }
    }

    /// What `crm-admin quote --help` and `crm-admin quote` print: the commands of a noun.
    static func overview(_ noun: String) -> Command {
        Command(noun, nil, .reads, "actions of modules") { run throws(AdminError) in
            let actions = try actions(run)
            var commands = commands(of: noun, among: actions).map {
                ("\(noun) \($0.verb)", $0.action.summary)
            }
            // A module's name lists all that it adds.
            for action in actions where action.module == noun.snake {
                guard let entity = action.entity else { continue }
                commands.append(("\(entity.kebab) \(action.verb(of: entity.kebab))", action.summary))
            }
            guard !commands.isEmpty else {
                throw .usage(
                    "there is no command \"\(noun)\"", hint: "Run crm-admin --help for all commands.")
            }
            run.session.streams.write(HelpText.page(noun: noun, commands))
        }
    }

    /// What `crm-admin quote to-order --help` prints.
    static func explanation(_ noun: String, _ verb: String) -> Command {
        Command(noun, verb, .reads, "an action of a module") { run throws(AdminError) in
            let action = try find(noun, verb, run)
            let operand = action.subject == nil ? "" : " ID|FIELD:VALUE"
            let isTried = action.parameters.contains("dry_run")
            let usage = "\(noun) \(verb)\(operand) [NAME=VALUE …]\(isTried ? " [--dry-run]" : "")"
            run.session.streams.write(
                HelpText.page(
                    usage: usage, "\(noun) \(verb): \(action.summary)", action.text,
                    parameters: action.described.filter { ![action.subject, "dry_run"].contains($0.name) }
                        .map { ($0.name + ($0.isPlain ? "=VALUE" : ":=JSON"), $0.summary) }))
        }
    }

    /// The commands of a noun, in the order in which the kernel tells the actions.
    private static func commands(
        of noun: String, among actions: [ModuleAction]
    ) -> [(verb: String, action: ModuleAction)] {
        // Only a module that knows the noun has actions that go with it.
        let modules = Set(actions.filter { $0.entity == noun.snake }.map(\.module))
        return actions.compactMap { action in
            if action.entity == noun.snake { return (action.verb(of: noun), action) }
            if action.subject == "id", modules.contains(action.module) { return (action.name.kebab, action) }
            return action.subject == nil && action.module == noun.snake ? (action.name.kebab, action) : nil
        }
    }

    private static func actions(_ run: CommandRun) throws(AdminError) -> [ModuleAction] {
        let document = try run.call("rpc.discover")
        return (document["methods"]?.elements ?? JSONNode.noElements).compactMap { ModuleAction($0) }
    }

    private static func find(
        _ noun: String, _ verb: String, _ run: CommandRun
    ) throws(AdminError) -> ModuleAction {
        let commands = commands(of: noun, among: try actions(run))
        let found = commands.first { command in
            command.action.subject == nil
                ? command.action.name == verb.snake : command.action.isCalled(noun, verb)
        }
        if let found { return found.action }
        let verbs = commands.map(\.verb)
        throw .usage(
            "there is no command \"\(noun) \(verb)\"",
            hint: Spelling.suggestion(for: verb, among: verbs)
                ?? (verbs.isEmpty
                    ? "Run crm-admin --help for all commands."
                    : "\(noun) can be followed by \(verbs.joined(separator: ", "))."))
    }
}

/// An action as the kernel's description has it.
private struct ModuleAction {
    /// With the module's name.
    let method: String
    let module: String
    let name: String
    /// The first required parameter, which takes the id; nil for an action that requires none.
    let subject: String?
    /// Whose record the subject is, where that is said; nil for a subject that is just an id.
    let entity: String?
    let parameters: [String]
    let summary: String
    let text: String
    /// JSON types by parameter, where they are plain.
    private let types: [String: String]
    private let summaries: [String: String]

    /// The parameters for help: a plain one is typed as text, another as JSON.
    var described: [(name: String, isPlain: Bool, summary: String)] {
        parameters.map { ($0, !["array", "object", ""].contains(types[$0] ?? ""), summaries[$0] ?? "") }
    }

    /// Nil for what is no method's description.
    init?(_ node: JSONNode) {
        guard let method = node["name"]?.string, let point = method.firstIndex(of: ".") else { return nil }
        let described = node["params"]?.elements.map { $0 } ?? []
        self.method = method
        module = String(method[..<point])
        name = String(method[method.index(after: point)...])
        let first = described.first { $0["required"]?.bool == true }
        subject = first?["name"]?.string
        // As the kernel titles the id of a record.
        let title = first?["schema"]?["title"]?.string ?? ""
        let titled =
            title.hasPrefix("id of ") && !title.dropFirst(6).contains(" ") ? String(title.dropFirst(6)) : nil
        entity = titled ?? (subject == "id" ? nil : subject)
        parameters = described.compactMap { $0["name"]?.string }
        summary = node["summary"]?.string ?? "an action of a module"
        text = node["description"]?.string ?? ""
        summaries = Dictionary(
            described.compactMap { parameter in
                parameter["name"]?.string.map { ($0, parameter["summary"]?.string ?? "") }
            }, uniquingKeysWith: { first, _ in first })
        types = Dictionary(
            described.compactMap { parameter in
                guard let name = parameter["name"]?.string, let type = parameter["schema"]?["type"] else {
                    return nil
                }
                return (name, type.string ?? type.elements.compactMap(\.string).first ?? "")
            }, uniquingKeysWith: { first, _ in first })
    }

    func isCalled(_ noun: String, _ verb: String) -> Bool {
        let (noun, verb) = (noun.snake, verb.snake)
        let short = noun.split(separator: "_").last.map(String.init) ?? noun
        return [verb, "\(noun)_\(verb)", "\(short)_\(verb)", "\(verb)_\(noun)"].contains(name)
    }

    /// As it is typed behind the noun.
    func verb(of noun: String) -> String {
        let short = noun.snake.split(separator: "_").last.map(String.init) ?? noun
        for prefix in ["\(noun.snake)_", "\(short)_"] where name.hasPrefix(prefix) {
            return String(name.dropFirst(prefix.count)).kebab
        }
        return (name.hasSuffix("_\(noun.snake)") ? String(name.dropLast(noun.count + 1)) : name).kebab
    }

    /// One word: the parameter's name, and its value as JSON.
    func value(_ word: String) throws(AdminError) -> (name: String, json: [UInt8]) {
        guard let sign = word.firstIndex(of: "="), sign > word.startIndex else {
            throw .usage("\"\(word)\" is no parameter", hint: "Give NAME=VALUE, or NAME:=JSON.")
        }
        let text = String(word[word.index(after: sign)...])
        var name = String(word[..<sign])
        let isJSON = name.last == ":"
        if isJSON { name.removeLast() }
        guard parameters.contains(name), name != subject else {
            throw .usage(
                "\(method) has no parameter \"\(name)\"",
                hint: Spelling.suggestion(for: name, among: parameters)
                    ?? "It has \(parameters.joined(separator: ", ")).")
        }
        if isJSON || ["integer", "boolean", "array", "object"].contains(types[name] ?? "") {
            guard let node = JSONNode.parsing(text) else {
                throw .usage("the value of \"\(name)\" must be \(types[name] ?? "JSON"), not \"\(text)\"")
            }
            return (name, node.rawBytes)
        }
        var writer = JSONWriter()
        writer.string(text)
        return (name, writer.finish())
    }
}

extension String {
    fileprivate var snake: String { String(map { $0 == "-" ? "_" : $0 }) }
    fileprivate var kebab: String { String(map { $0 == "_" ? "-" : $0 }) }
}
