import JSON

/// Live sessions: one's own, and as an administrator anyone's.
enum SessionCommands {
    private static let user = Command.Operand("USERNAME", .user, .optional)

    static let all: [Command] = [
        Command(
            "session", "list", .reads, "live sessions of a user, newest first; your own without a name",
            operands: [user], examples: ["session list anna"]
        ) { run throws(AdminError) in
            run.printRecords(
                try run.call("auth.sessions", try about(run)), in: "sessions",
                columns: ["id", "created_at", "last_seen_at", "expires_at", "address", "is_current"])
        },
        Command(
            "session", "revoke", .writesAtOnce(reason: "a session is either ended or not"),
            "end a session by its number, or all of a user", operands: [user],
            options: [.init("id", "NUMBER", help: "This session alone, as session list names it.")],
            examples: ["session revoke --id 12", "session revoke anna"]
        ) { run throws(AdminError) in
            var parameters = try about(run)
            guard let text = run.line.value("id") else {
                guard let name = run.operand(0) else {
                    throw .usage("session revoke lacks a user name or --id")
                }
                _ = try run.call("auth.revoke", parameters)
                return run.say("all sessions of \"\(name)\" have ended")
            }
            guard let id = Int(text) else { throw .usage("--id must be a number, not \"\(text)\"") }
            parameters.set("session", id)
            _ = try run.call("auth.revoke", parameters)
            run.say("session \(id) has ended")
        },
    ]

    /// Parameters that name the user whom the first operand names, if there is one.
    static func about(_ run: CommandRun) throws(AdminError) -> Parameters {
        var parameters = Parameters()
        if let name = run.operand(0) { try parameters.set("user", "user", named: name, run.session) }
        return parameters
    }
}
