import JSON

/// API keys: what programs log in with.
enum KeyCommands {
    static let all: [Command] = [
        Command(
            "api-key", "list", .reads, "keys of programs for a user, newest first; your own without a name",
            operands: [.init("USERNAME", .user, .optional)], examples: ["api-key list anna"]
        ) { run throws(AdminError) in
            run.printRecords(
                try run.call("api_key.list", try SessionCommands.about(run)), in: "keys",
                columns: [
                    "id", "name", "scopes", "addresses", "contact", "created_at", "expires_at",
                    "last_used_at",
                ])
        },
        Command(
            "api-key", "create", .writesAtOnce(reason: "a key is either made or not"),
            "make an API key, and print its token once",
            details: """
                A scope is a module and an action: sales:view, core:*. Without scopes the key may do what its user may; \
                one that is narrowed never is an administrator.
                """,
            operands: [.init("NAME")],
            options: [
                .init("user", "USERNAME", .user, help: "Whose key; your own if not given."),
                .init("scopes", "SCOPES", help: "What it may be used for, by commas."),
                .init("addresses", "RANGES", help: "Where from, by commas: 192.0.2.0/24,2001:db8::/32."),
                .init(
                    "contact", "ID", .number,
                    help: "For a customer in a portal: reaches what is this contact's or their account's."),
                .init("expires", "TIME", help: "When it ends: 2027-01-31T00:00:00Z; never if not given."),
            ],
            examples: [
                "api-key create nightly --user robot --scopes core:view,sales:* --addresses 10.0.0.0/8"
            ]
        ) { run throws(AdminError) in
            var parameters = Parameters()
            parameters.set("name", try run.required(0))
            if let user = run.line.value("user") {
                try parameters.set("user", "user", named: user, run.session)
            }
            for name in ["scopes", "addresses"] {
                guard let text = run.line.value(name) else { continue }
                parameters.set(name, text.split(separator: ",").map { String($0.drop { $0 == " " }) })
            }
            if let contact = run.line.value("contact").flatMap({ Int($0) }) {
                parameters.set("contact", contact)
            }
            if let time = run.line.value("expires") { parameters.set("expires_at", time) }
            let made = try run.call("api_key.create", parameters)
            if run.output.format.isTable {
                run.session.streams.write((made["token"]?.string ?? "") + "\n")
            } else {
                run.printObject(made)
            }
            run.say("API key \(made["key"]?["id"]?.numberText ?? "?") made; its token is not shown again")
        },
        Command(
            "api-key", "revoke", .writesAtOnce(reason: "a key is either ended or not"),
            "end an API key at once", operands: [.init("ID", .number)], examples: ["api-key revoke 3"]
        ) { run throws(AdminError) in
            guard let id = Int(try run.required(0)) else {
                throw .usage("\"\(try run.required(0))\" is not the number of a key")
            }
            var parameters = Parameters()
            parameters.set("key", id)
            _ = try run.call("api_key.revoke", parameters)
            run.say("API key \(id) has ended")
        },
    ]
}
