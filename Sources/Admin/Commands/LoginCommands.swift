import Glibc
import JSON

/// The caller's own session at a remote endpoint. On the administrators' socket nobody needs one.
enum LoginCommands {
    static let all: [Command] = [
        Command(
            "login", nil, .writesAtOnce(reason: "a session is either opened or not"),
            "open a session, and print its token or keep it in a file", operands: [.init("USERNAME")],
            options: [
                Passwords.option("password-file", "the password"),
                .init(
                    "second-factor",
                    help: "Ask for the code of the second factor, or a recovery code, as well."),
                .init(
                    "save", "FILE", .file,
                    help: "Write the token here, readable by you alone, for --token-file."),
            ],
            examples: ["--url https://localhost:8443 --ca-file ca.pem login admin --save ~/.crm-token"]
        ) { run throws(AdminError) in
            let name = try run.required(0)
            var parameters = Parameters()
            parameters.set("username", name)
            parameters.set("password", try Passwords.given("password-file", "Password of \(name): ", run))
            if run.line.has("second-factor") {
                parameters.set("code", try Passwords.askedCode(run))
            }
            let result = try run.call("auth.login", parameters)
            let token = result["token"]?.string ?? ""
            if let path = run.line.value("save") {
                try keep(token, in: path)
            } else if run.output.format.isTable {
                run.session.streams.write(token + "\n")
            } else {
                run.printJSON(result)
            }
            run.say("logged in as \(name) until \(result["expires_at"]?.string ?? "?")")
            if result["must_change_password"]?.bool == true {
                run.say("the password must be changed first: crm-admin change-password")
            }
            if result["must_set_up_second_factor"]?.bool == true {
                run.say("a second factor must be set up first: crm-admin second-factor begin")
            }
        },
        Command(
            "logout", nil, .writesAtOnce(reason: "a session is either ended or not"),
            "end the session of the token"
        ) { run throws(AdminError) in
            _ = try run.call("auth.logout")
            run.say("logged out")
        },
        Command(
            "change-password", nil, .writesAtOnce(reason: "a password is either changed or not"),
            "change your own password; your other sessions end",
            options: [
                Passwords.option("current-file", "the password until now"),
                Passwords.option("new-file", "the new one"),
            ]
        ) { run throws(AdminError) in
            var parameters = Parameters()
            parameters.set("current", try Passwords.given("current-file", "Current password: ", run))
            if let path = run.line.value("new-file") {
                parameters.set("new", try Passwords.inFile(path))
            } else {
                parameters.set("new", try Passwords.askedTwice(run, option: "new-file"))
            }
            _ = try run.call("auth.change_password", parameters)
            run.say("password changed")
        },
    ]

    private static func keep(_ token: String, in path: String) throws(AdminError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw AdminError("\"\(path)\" could not be written: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        let bytes = Array((token + "\n").utf8)
        let isWritten =
            fchmod(descriptor, 0o600) == 0
            && bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } == bytes.count
        guard isWritten else { throw AdminError("\"\(path)\" could not be written") }
    }
}
