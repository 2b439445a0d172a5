import Settings

/// Where passwords come from: a file of their owner's, or a terminal without echo; never an argument, since arguments
/// can be seen by everybody.
enum Passwords {
    static func option(_ name: String, _ what: String) -> Command.Option {
        Command.Option(name, "FILE", .file, help: "File with \(what); only its owner may read it.")
    }

    static func inFile(_ path: String) throws(AdminError) -> String {
        let table = SettingsTable(
            program: "crm-admin", summary: "", options: [.init("password", .secret, help: "")])
        do throws(SettingsError) {
            return try table.read(arguments: ["--password-file", path], environment: [:]).string("password")
        } catch {
            throw AdminError(error)
        }
    }

    /// From the option's file, else asked for.
    static func given(_ option: String, _ question: String, _ run: CommandRun) throws(AdminError) -> String {
        if let path = run.line.value(option) { return try inFile(path) }
        try requireTerminal(run, option)
        return try run.session.streams.ask(question, isSecret: true)
    }

    static func askedTwice(_ run: CommandRun, option: String = "password-file") throws(AdminError) -> String {
        try requireTerminal(run, option)
        let password = try run.session.streams.ask("New password: ", isSecret: true)
        guard try run.session.streams.ask("Once more: ", isSecret: true) == password else {
            throw AdminError("the two passwords differ; nothing was changed")
        }
        return password
    }

    /// A code is good once: on standard input it harms nobody, where there is no terminal.
    static func askedCode(_ run: CommandRun) throws(AdminError) -> String {
        try run.session.streams.ask("Code: ", isSecret: false)
    }

    private static func requireTerminal(_ run: CommandRun, _ option: String) throws(AdminError) {
        guard run.session.streams.isInteractive else {
            throw .usage("nobody can be asked for the password here", hint: "Give it by --\(option).")
        }
    }
}
