/// The program `crm-admin`: one command and an exit code, a script, or a conversation; the same words in all three.
package struct AdminTool {
    /// Options that only make sense before everything else.
    static let ownOptions: [Command.Option] = [
        .init("command", "COMMAND", repeatable: true, help: "Run this; -c, may be repeated."),
        .init("file", "FILE", .file, repeatable: true, help: "Run a script; -f, - is standard input."),
    ]

    private let session: Session
    private let readScript: (String) throws(AdminError) -> String
    private let converse: (Session) -> ExitCode

    /// - Parameters:
    ///   - readScript: the text of a script; `-` is standard input.
    ///   - converse: the interactive mode.
    package init(
        session: Session, readScript: @escaping (String) throws(AdminError) -> String,
        converse: @escaping (Session) -> ExitCode
    ) {
        self.session = session
        self.readScript = readScript
        self.converse = converse
    }

    /// - Parameter arguments: without the program's name.
    package func run(_ arguments: [String]) -> ExitCode {
        do throws(AdminError) {
            switch try CommandLine.read(arguments, extraOptions: Self.ownOptions) {
            case .help(let noun, let verb):
                session.streams.write(Self.help(noun, verb))
                return .done
            case .run(let line):
                guard !line.has("command"), !line.has("file") else {
                    throw .usage("a command cannot stand beside -c or -f")
                }
                return CommandRunner(session).run(line)
            case .nothing(let options): return try scripts(options)
            }
        } catch {
            return session.report(error)
        }
    }

    static func help(_ noun: String?, _ verb: String?) -> String {
        guard let noun else { return HelpText.overview }
        return CommandTable.command(noun, verb).map(HelpText.page) ?? HelpText.page(noun: noun)
    }

    private func scripts(_ options: [String: [String]]) throws(AdminError) -> ExitCode {
        let session = session.with(options: options)
        let commands = options["command"] ?? []
        let files = options["file"] ?? []
        guard commands.isEmpty, files.isEmpty else {
            for (index, command) in commands.enumerated() {
                let code = Script(name: "-c \(index + 1)", text: command).run(session)
                guard code == .done else { return code }
            }
            for file in files {
                let code = Script(name: file, text: try readScript(file)).run(session)
                guard code == .done else { return code }
            }
            return .done
        }
        if session.streams.isInteractive { return converse(session) }
        return Script(name: "standard input", text: try readScript("-")).run(session)
    }
}

/// Runs one command line and turns what becomes of it into an exit code.
package struct CommandRunner {
    private let session: Session

    package init(_ session: Session) { self.session = session }

    package func run(_ line: CommandLine) -> ExitCode {
        // A command that names another place to call has a connection of its own.
        let isElsewhere = Connector.flags.contains { line.has($0) }
        let session = isElsewhere ? session.with(options: line.options) : session
        do throws(AdminError) {
            let run = try CommandRun(line, session)
            try line.command.body(run)
            return .done
        } catch {
            session.reconnect()
            return session.report(error)
        }
    }

    /// Runs the words of a script's line or of the prompt.
    package func run(_ words: [String]) -> ExitCode {
        do throws(AdminError) {
            switch try CommandLine.read(words) {
            case .run(let line): return run(line)
            case .help(let noun, let verb):
                session.streams.write(AdminTool.help(noun, verb))
                return .done
            case .nothing: throw .usage("there is no command in this line")
            }
        } catch {
            return session.report(error)
        }
    }
}

extension Session {
    /// Prints an error, and answers its exit code.
    func report(_ error: AdminError) -> ExitCode {
        streams.writeError(error.lines.joined(separator: "\n") + "\n")
        return error.exit
    }
}

/// Commands, one in a line. Stops at the first that cannot be done; empty lines and comments are passed over.
package struct Script {
    private let name: String
    private let text: String

    package init(name: String, text: String) {
        self.name = name
        self.text = text
    }

    package func run(_ session: Session) -> ExitCode {
        let runner = CommandRunner(session)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let code: ExitCode
            do throws(AdminError) {
                let words = try WordSplitter.words(of: String(line))
                if words.isEmpty { continue }
                code = runner.run(words)
            } catch {
                code = session.report(error)
            }
            if code == .interrupted { return code }
            guard code == .done else {
                if lines.count > 1 {
                    session.streams.writeError("\(name):\(index + 1): stopped here, nothing below was run\n")
                }
                return .scriptStopped
            }
        }
        return .done
    }
}
