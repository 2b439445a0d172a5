import JSON

/// People and programs that log in.
enum UserCommands {
    private static let user = Command.Operand("USERNAME", .user)
    private static let passwordOptions = [Passwords.option("password-file", "the password")]

    static let all: [Command] = [
        Command(
            "user", "list", .reads, "users", options: FilterOptions.options + RecordCommands.pageOptions,
            examples: ["user list --where status=active"]
        ) { run throws(AdminError) in
            try RecordCommands.list(
                "user", run,
                columns: ["id", "username", "first_name", "last_name", "role", "status", "is_admin"])
        },
        Command(
            "user", "create", .writes, "add a user; without a password nobody can log in as this user",
            operands: [.init("USERNAME"), .init("FIELD=VALUE", .values, .any)], options: passwordOptions,
            examples: [
                "user create anna first_name=Anna last_name=Snelling role='Sales North' reports_to=bob"
            ]
        ) { run throws(AdminError) in
            let words = ["username=\(try run.required(0))"] + run.line.operands.dropFirst()
            let password = try run.line.value("password-file").map(Passwords.inFile)
            var parameters = run.writeParameters
            parameters.set("entity", "user")
            parameters.set("values", try FieldValues(entity: "user", session: run.session).read(words))
            let record = try run.call("record.create", parameters)
            if let password, !run.isDryRun { _ = try setPassword(record["id"]?.int64 ?? 0, password, run) }
            run.printObject(record, columns: ["id", "username", "role", "status"])
            run.say("user \"\(try run.required(0))\" created")
        },
        Command("user", "show", .reads, "a user with everything that is known", operands: [user]) {
            run throws(AdminError) in
            var parameters = Parameters()
            parameters.set("id", Int(try userID(run)))
            run.printObject(try run.call("record.get", parameters))
        },
        Command(
            "user", "update", .writes, "change a user's role, superior, name …",
            details: """
                role= takes a role's name, reports_to= a user name, is_admin= true or false. What a user may do comes \
                with the profiles of the role.
                """,
            operands: [user, .init("FIELD=VALUE", .values, .any)],
            examples: ["user update anna role=Desk reports_to=bob", "user update anna is_admin=true"]
        ) { run throws(AdminError) in
            let words = run.line.operands.dropFirst()
            guard !words.isEmpty else { throw .usage("user update lacks FIELD=VALUE") }
            var parameters = run.writeParameters
            parameters.set("id", Int(try userID(run)))
            parameters.set("values", try FieldValues(entity: "user", session: run.session).read(words))
            run.printObject(
                try run.call("record.update", parameters),
                columns: ["id", "username", "role", "reports_to", "status", "is_admin"])
            run.say("user \"\(try run.required(0))\" updated")
        },
        Command(
            "user", "set-role", .writes, "give a user another role", operands: [user, .init("ROLE", .role)],
            examples: ["user set-role anna Desk", "security what-if 'user set-role anna Desk'"]
        ) { run throws(AdminError) in
            var parameters = try run.writeParameters(about: "user")
            try parameters.set("role", "role", named: try run.required(1), run.session)
            try run.changeRights(
                "user.set_role", parameters,
                "user \"\(try run.required(0))\" has role \"\(try run.required(1))\"")
        },
        Command(
            "user", "disable", .destroys(question: "Disable"),
            "stop a user from logging in and calling, at once; records stay theirs", operands: [user]
        ) { run throws(AdminError) in
            try run.confirm("user \"\(try run.required(0))\"")
            try change("user.disable", run, "disabled")
        },
        Command("user", "enable", .writes, "let a user log in again", operands: [user]) {
            run throws(AdminError) in try change("user.enable", run, "enabled")
        },
        Command(
            "user", "set-password",
            .writesAtOnce(reason: "a password is either set or not, and no record changes"),
            "give a user a password, to be changed at the next log-in",
            details:
                "Asks for it on a terminal. It is never an argument, since arguments can be seen by everybody.",
            operands: [user],
            options: passwordOptions + [
                .init("generate", help: "Let the kernel make one, and print it once.")
            ],
            examples: ["user set-password anna", "user set-password anna --generate"]
        ) { run throws(AdminError) in
            let id = try userID(run)
            if run.line.has("generate") {
                run.printObject(try setPassword(id, nil, run))
            } else if let path = run.line.value("password-file") {
                _ = try setPassword(id, try Passwords.inFile(path), run)
            } else {
                _ = try setPassword(id, try Passwords.askedTwice(run), run)
            }
            run.say("password of user \"\(try run.required(0))\" set; all sessions of the user have ended")
        },
    ]

    private static func change(_ method: String, _ run: CommandRun, _ done: String) throws(AdminError) {
        var parameters = run.writeParameters
        parameters.set("id", Int(try userID(run)))
        run.printObject(try run.call(method, parameters), columns: ["id", "username", "status"])
        run.say("user \"\(try run.required(0))\" \(done)")
    }

    private static func userID(_ run: CommandRun) throws(AdminError) -> Int64 {
        try NamedRecords.id(of: "user", try run.required(0), run.session)
    }

    private static func setPassword(
        _ id: Int64, _ password: String?, _ run: CommandRun
    ) throws(AdminError) -> JSONNode {
        var parameters = Parameters()
        parameters.set("id", Int(id))
        if let password { parameters.set("password", password) }
        return try run.call("user.set_password", parameters)
    }
}
