/// The help pages, made from the command table.
package enum HelpText {
    /// What `crm-admin --help` prints.
    package static var overview: String {
        var lines = [
            "crm-admin: administers the platform from a terminal or a script.", "",
            "usage: crm-admin [OPTION …] NOUN VERB [OPERAND …]",
            "       crm-admin [OPTION …]                        interactive, or a script on standard input",
            "       crm-admin [OPTION …] -c 'COMMAND' … -f FILE …", "", "commands:",
        ]
        lines += columns(CommandTable.all.map { ($0.name, $0.summary) })
        lines += ["", "options:"] + options(CommandTable.globalOptions)
        lines += ["", "exit codes:"] + columns(ExitCode.allCases.map { ("\($0.rawValue)", $0.meaning) })
        lines += ["", "crm-admin NOUN --help explains more."]
        return lines.joined(separator: "\n") + "\n"
    }

    /// What `crm-admin record --help` prints.
    package static func page(noun: String) -> String {
        let commands = CommandTable.all.filter { $0.noun == noun }
        if commands.count == 1 { return page(commands[0]) }
        return page(noun: noun, commands.map { ($0.name, $0.summary) })
    }

    /// - Parameter commands: With their noun, and what they do.
    static func page(noun: String, _ commands: [(String, String)]) -> String {
        (["commands:"] + columns(commands) + ["", "crm-admin \(noun) VERB --help explains one."])
            .joined(separator: "\n") + "\n"
    }

    /// Of an action that a module has added.
    static func page(
        usage: String, _ title: String, _ text: String, parameters: [(String, String)]
    ) -> String {
        var lines = [title, "", "usage: crm-admin \(usage)"]
        if !text.isEmpty { lines += ["", text] }
        if !parameters.isEmpty { lines += ["", "parameters:"] + columns(parameters) }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What `crm-admin record list --help` prints.
    package static func page(_ command: Command) -> String {
        var lines = ["\(command.name): \(command.summary)"]
        if !command.examples.isEmpty {
            lines += ["", "examples:"] + command.examples.map { "  crm-admin \($0)" }
        }
        lines += ["", "usage: crm-admin \(command.usage)"]
        if !command.details.isEmpty { lines += ["", command.details] }
        let more =
            command.verb == nil ? CommandTable.all.filter { $0.noun == command.noun && $0.verb != nil } : []
        if !more.isEmpty { lines += ["", "commands:"] + columns(more.map { ($0.name, $0.summary) }) }
        if !command.options.isEmpty { lines += ["", "options:"] + options(command.options) }
        switch command.effect {
        case .writesAtOnce(let reason): lines += ["", "There is no --dry-run: \(reason)."]
        case .reads, .writes, .destroys: break
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func options(_ options: [Command.Option]) -> [String] {
        columns(options.map { ("--\($0.name)\($0.placeholder.map { " \($0)" } ?? "")", $0.help) })
    }

    private static func columns(_ rows: [(String, String)]) -> [String] {
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { "  \($0.0)\(String(repeating: " ", count: width - $0.0.count))  \($0.1)" }
    }
}
