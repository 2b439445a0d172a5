import JSON

/// The second factor: codes of an authenticator app, beside the password.
enum SecondFactorCommands {
    private static let password = Passwords.option("password-file", "your password")

    static let all: [Command] = [
        Command(
            "second-factor", "status", .reads,
            "whether a user has a second factor, and needs one; your own without a name",
            operands: [.init("USERNAME", .user, .optional)]
        ) { run throws(AdminError) in
            run.printObject(try run.call("second_factor.status", try SessionCommands.about(run)))
        },
        Command(
            "second-factor", "begin",
            .writesAtOnce(reason: "the secret is made anew each time, and counts only once it is confirmed"),
            "get a secret for your authenticator app; second-factor confirm puts it in force",
            options: [password]
        ) { run throws(AdminError) in
            var parameters = Parameters()
            parameters.set("password", try Passwords.given("password-file", "Password: ", run))
            run.printObject(try run.call("second_factor.begin", parameters))
            run.say("type the secret into your app, then run: crm-admin second-factor confirm")
        },
        Command(
            "second-factor", "confirm", .writesAtOnce(reason: "a code is good once"),
            "put your second factor in force with a first code; prints recovery codes, once"
        ) { run throws(AdminError) in
            var parameters = Parameters()
            parameters.set("code", try Passwords.askedCode(run))
            let result = try run.call("second_factor.confirm", parameters)
            if run.output.format.isTable {
                let codes = result["recovery_codes"]?.elements.compactMap(\.string) ?? []
                run.session.streams.write(codes.map { $0 + "\n" }.joined())
            } else {
                run.printObject(result)
            }
            run.say("the second factor is in force; each of these codes opens once when the app is lost")
        },
        Command(
            "second-factor", "remove", .writesAtOnce(reason: "it is either there or not"),
            "remove your own second factor", options: [password]
        ) { run throws(AdminError) in
            var parameters = Parameters()
            parameters.set("password", try Passwords.given("password-file", "Password: ", run))
            _ = try run.call("second_factor.remove", parameters)
            run.say("the second factor is gone")
        },
        Command(
            "second-factor", "reset", .writesAtOnce(reason: "it is either there or not"),
            "remove somebody's second factor, as an administrator who has made sure who asks",
            operands: [.init("USERNAME", .user)], examples: ["second-factor reset anna"]
        ) { run throws(AdminError) in
            _ = try run.call("second_factor.reset", try SessionCommands.about(run))
            run.say("the second factor of \"\(try run.required(0))\" is gone, and all sessions have ended")
        },
    ]
}
