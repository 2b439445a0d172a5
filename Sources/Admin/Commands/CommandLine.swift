import Text

/// What was typed, sorted into a command, its operands and its options. Pure.
///
/// Options may stand anywhere, as `--name value` or `--name=value`; behind `--` everything is an operand. A word that
/// is `field=value` is an operand even if the value begins with a hyphen.
package struct CommandLine: Sendable {
    package let command: Command
    package private(set) var operands: [String] = []
    /// Values by option name; a flag has one empty value.
    package private(set) var options: [String: [String]] = [:]

    /// What the words came to.
    package enum Reading: Sendable {
        case run(CommandLine)
        /// Help was asked for: for a command, for a noun, or for everything.
        case help(noun: String?, verb: String?)
        /// No command: the program's own options alone.
        case nothing(options: [String: [String]])
    }

    private init(_ command: Command, options: [String: [String]] = [:]) {
        self.command = command
        self.options = options
    }

    /// The same command and operands with other options.
    func with(options: [String: [String]]) -> CommandLine {
        var line = self
        line.options = options
        return line
    }

    package func has(_ option: String) -> Bool { options[option] != nil }
    package func value(_ option: String) -> String? { options[option]?.last }
    package func values(_ option: String) -> [String] { options[option] ?? [] }

    /// - Throws: usage errors, each with what was probably meant.
    package static func read(
        _ words: [String], extraOptions: [Command.Option] = []
    ) throws(AdminError) -> Reading {
        var scan = Scan(known: CommandTable.globalOptions + extraOptions)
        var rest = words[...]
        var isLiteral = false
        while let word = rest.popFirst() {
            if isLiteral || !word.hasPrefix("-") || word == "-" {
                try scan.take(word: word)
            } else if word == "--" {
                isLiteral = true
            } else {
                try scan.take(option: word, from: &rest)
            }
        }
        return try scan.finish()
    }

    /// The state while the words go by.
    private struct Scan {
        let known: [Command.Option]
        var noun: String?
        /// A first word that is no noun of this program: perhaps an entity, whose actions the kernel knows.
        var foreignNoun: String?
        var command: Command?
        var operands: [String] = []
        var options: [String: [String]] = [:]

        mutating func take(word: String) throws(AdminError) {
            if let command {
                // `import` takes a file; `import list` is a command of its own.
                if command.verb == nil, operands.isEmpty,
                    let longer = CommandTable.command(command.noun, word)
                {
                    self.command = longer
                    return
                }
                operands.append(word)
            } else if let foreign = foreignNoun {
                guard !isMisspelt(foreign, before: word), ActionCommand.isName(foreign),
                    ActionCommand.isName(word)
                else { throw noCommand(foreign) }
                noun = foreign
                command = ActionCommand.command(foreign, word)
            } else if let noun {
                guard let found = CommandTable.command(noun, word) else {
                    let verbs = CommandTable.verbs(of: noun)
                    throw .usage(
                        "there is no command \"\(noun) \(word)\"",
                        hint: Spelling.suggestion(for: word, among: verbs)
                            ?? "\(noun) can be followed by \(verbs.joined(separator: ", ")).")
                }
                command = found
            } else if word == "help" {
                options["help"] = [""]
            } else {
                guard CommandTable.nouns.contains(word) else {
                    foreignNoun = word
                    return
                }
                noun = word
                command = CommandTable.command(word, nil)
            }
        }

        /// Whether the verb belongs to a noun that is nearly this one.
        private func isMisspelt(_ noun: String, before verb: String) -> Bool {
            Spelling.nearest(to: noun, among: CommandTable.nouns).contains { near in
                CommandTable.command(near, verb) != nil || CommandTable.command(near, nil) != nil
            }
        }

        private func noCommand(_ noun: String) -> AdminError {
            .usage(
                "there is no command \"\(noun)\"",
                hint: Spelling.suggestion(for: noun, among: CommandTable.nouns)
                    ?? "Run crm-admin --help for all commands.")
        }

        mutating func take(option word: String, from rest: inout ArraySlice<String>) throws(AdminError) {
            let short = ["-h": "--help", "-y": "--yes", "-c": "--command", "-f": "--file"]
            let full = short[word] ?? word
            let parts = full.dropFirst(2).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts.first ?? "")
            let candidates = known + (command?.options ?? [])
            guard full.hasPrefix("--"), let option = candidates.first(where: { $0.name == name }) else {
                throw unknown(word, among: candidates)
            }
            guard option.placeholder != nil else {
                guard parts.count == 1 else { throw .usage("option --\(name) takes no value") }
                options[name] = [""]
                return
            }
            var value = parts.count == 2 ? String(parts[1]) : nil
            if value == nil { value = rest.popFirst() }
            guard let value else { throw .usage("option --\(name) lacks its value") }
            if option.isRepeatable {
                options[name, default: []].append(value)
            } else {
                guard options[name] == nil else { throw .usage("option --\(name) is given twice") }
                options[name] = [value]
            }
        }

        private func unknown(_ word: String, among candidates: [Command.Option]) -> AdminError {
            let bare = String(word.drop { $0 == "-" }.prefix { $0 != "=" })
            let near = Spelling.nearest(to: bare, among: candidates.map(\.name)).first
            let place = command.map { " of \($0.name)" } ?? (noun.map { " before the verb of \($0)" } ?? "")
            if candidates.contains(where: { $0.name == bare }) {
                return .usage("there is no option \"\(word)\"\(place)", hint: "Did you mean \"--\(bare)\"?")
            }
            return .usage(
                "there is no option \"\(word.prefix { $0 != "=" })\"\(place)",
                hint: near.map { "Did you mean \"--\($0)\"?" }
                    ?? "Run crm-admin \(command?.name ?? noun ?? "") --help for the options.")
        }

        func finish() throws(AdminError) -> Reading {
            if command == nil, let foreignNoun {
                let isNearOne = !Spelling.nearest(to: foreignNoun, among: CommandTable.nouns).isEmpty
                guard !isNearOne, ActionCommand.isName(foreignNoun) else { throw noCommand(foreignNoun) }
                return .run(CommandLine(ActionCommand.overview(foreignNoun), options: options))
            }
            if options["help"] != nil {
                guard let foreignNoun, let verb = command?.verb else {
                    return .help(noun: noun, verb: command?.verb)
                }
                return .run(CommandLine(ActionCommand.explanation(foreignNoun, verb), options: options))
            }
            guard let command else {
                guard let noun else { return .nothing(options: options) }
                throw .usage(
                    "\"\(noun)\" lacks its verb",
                    hint: "Give one of \(CommandTable.verbs(of: noun).joined(separator: ", ")).")
            }
            let least = command.operands.filter { $0.count == .one }.count
            let most = command.operands.contains { $0.count == .any } ? Int.max : command.operands.count
            guard operands.count >= least else {
                let missing = command.operands[operands.count].name
                throw .usage("\(command.name) lacks \(missing)", hint: "Usage: \(command.usage)")
            }
            guard operands.count <= most else {
                throw .usage(
                    "\(command.name) cannot use \"\(operands[most])\"", hint: "Usage: \(command.usage)")
            }
            var line = CommandLine(command)
            line.operands = operands
            line.options = options
            return .run(line)
        }
    }
}
