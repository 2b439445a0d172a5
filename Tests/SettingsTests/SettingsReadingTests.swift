import Foundation
import Settings
import Testing

let sampleTable = SettingsTable(
    program: "crm-sample", summary: "Shows what settings do.",
    options: [
        .init("config", .path, help: "Configuration file."),
        .init("data", .path, default: "./data", help: "Folder of the data."),
        .init("listen", .addressAndPort, default: "127.0.0.1:8443", help: "Where to listen."),
        .init("writers", .integer(1...8), default: "2", help: "Threads that write."),
        .init(
            "read-timeout", .duration(.seconds(1) ... .seconds(3_600)), default: "30s",
            key: "tls.read_timeout", help: "Patience."),
        .init("log", .choice(["error", "info", "debug"]), default: "info", help: "Least level."),
        .init("demo", .boolean, help: "Load the demo company."),
        .init("modules", .list, help: "Modules to load."),
        .init("admin-password", .secret, help: "First password."),
    ],
    operands: "COMMAND", foreignKeys: ["endpoint"])

/// A folder of its own for each test, gone afterwards.
final class TemporaryFolder {
    let path: String

    init() throws {
        path =
            FileManager.default.temporaryDirectory.appendingPathComponent("settings-\(UUID().uuidString)")
            .path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }  // a folder left behind harms no test

    func write(_ text: String, to name: String, mode: Int = 0o600) throws -> String {
        let file = "\(path)/\(name)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        return file
    }
}

@Suite("Settings: where values come from")
struct SettingsReadingTests {
    @Test("defaults stand where nothing else is said")
    func defaults() throws {
        let values = try sampleTable.read(arguments: [], environment: [:])
        #expect(values.path("data") == "./data")
        #expect(values.addressAndPort("listen") == AddressAndPort(address: "127.0.0.1", port: 8443))
        #expect(values.integer("writers") == 2)
        #expect(values.duration("read-timeout") == .seconds(30))
        #expect(values.string("log") == "info")
        #expect(!values.boolean("demo"))
        #expect(values.list("modules").isEmpty)
        #expect(values.stringIfSet("admin-password") == nil)
        #expect(values.origin("data") == .defaultValue)
        #expect(values.origin("demo") == nil)
        #expect(!values.isSet("demo"))
    }

    @Test("file beats default, environment beats file, flag beats environment")
    func precedence() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            """
            // comments are allowed: { } "data":
            {
                data: "/from/file",
                "writers": 3, /* block
                comment */
                log: 'debug',
                tls: { read_timeout: "5m" },
                endpoint: { threads: 4, anything: [1, { data: 2 }] },
                modules: ["sales", "support"],
            }
            """, to: "crm.json5")
        let values = try sampleTable.read(
            arguments: ["--writers", "5"],
            environment: ["CRM_WRITERS": "4", "CRM_LOG": "error", "OTHER": "x"],
            configFile: file)
        #expect(values.path("data") == "/from/file")
        #expect(values.integer("writers") == 5)
        #expect(values.string("log") == "error")
        #expect(values.duration("read-timeout") == .seconds(300))
        #expect(values.list("modules") == ["sales", "support"])
        #expect(values.origin("data") == .file(path: file, line: 3))
        #expect(values.origin("read-timeout") == .file(path: file, line: 7))
        #expect(values.origin("modules") == .file(path: file, line: 9))
        #expect(values.origin("log")?.description == "environment CRM_LOG")
        #expect(values.origin("writers")?.description == "flag --writers")
    }

    @Test("a file that was asked for must exist, the usual one need not")
    func missingFile() throws {
        let values = try sampleTable.read(arguments: [], environment: [:], configFile: "/nowhere/crm.json5")
        #expect(values.origin("data") == .defaultValue)
        #expect(throws: SettingsError(message: "configuration file \"/nowhere/crm.json5\" could not be read"))
        {
            try sampleTable.read(arguments: ["--config", "/nowhere/crm.json5"], environment: [:])
        }
    }

    @Test("flags come in every usual form, operands among them")
    func flagForms() throws {
        let values = try sampleTable.read(
            arguments: [
                "up", "--data=/a=b", "--demo", "--listen", "[::1]:0", "--modules", "a", "--modules=b,c", "--",
                "--data", "-",
            ], environment: [:])
        #expect(values.path("data") == "/a=b")
        #expect(values.boolean("demo"))
        #expect(values.addressAndPort("listen").description == "[::1]:0")
        #expect(values.list("modules") == ["a", "b", "c"])
        #expect(values.operands == ["up", "--data", "-"])
        let off = try sampleTable.read(arguments: ["--demo", "--no-demo"], environment: [:])
        #expect(!off.boolean("demo"))
        #expect(off.isSet("demo"))
    }

    @Test(
        "a secret comes from a file, without its line end, and is never shown",
        arguments: ["--", "CRM_", "key"])
    func secretFiles(_ source: String) throws {
        let folder = try TemporaryFolder()
        let secret = try folder.write("s3cret \n", to: "password")
        let config = try folder.write("{ admin_password_file: \"\(secret)\" }", to: "crm.json5")
        let values = try sampleTable.read(
            arguments: source == "--" ? ["--admin-password-file", secret] : [],
            environment: source == "CRM_" ? ["CRM_ADMIN_PASSWORD_FILE": secret] : [:],
            configFile: source == "key" ? config : nil)
        #expect(values.string("admin-password") == "s3cret ")
        #expect(values.shown.first { $0.name == "admin-password" }?.value == "(hidden)")
        #expect(!values.shown.contains { $0.value.contains("s3cret") })
    }

    @Test("a secret that every user can read is refused", arguments: [0o604, 0o602, 0o644, 0o666])
    func openSecret(_ mode: Int) throws {
        let folder = try TemporaryFolder()
        let secret = try folder.write("s3cret", to: "password", mode: mode)
        #expect(
            throws: SettingsError(
                message:
                    "secret file \"\(secret)\" is open to every user of the system (flag --admin-password-file)",
                hint: "Run chmod 600 \(secret).")
        ) {
            try sampleTable.read(arguments: ["--admin-password-file", secret], environment: [:])
        }
    }

    @Test("help is given instead of complaints, and names every option")
    func help() throws {
        #expect(try sampleTable.read(arguments: ["--help", "--nonsense"], environment: [:]).wantsHelp)
        #expect(try sampleTable.read(arguments: ["up", "-h"], environment: [:]).wantsHelp)
        #expect(try !sampleTable.read(arguments: ["--", "--help"], environment: [:]).wantsHelp)
        for option in sampleTable.options {
            #expect(sampleTable.helpText.contains(option.flag))
            #expect(sampleTable.helpText.contains(option.variable))
            #expect(sampleTable.helpText.contains(option.help))
        }
        #expect(sampleTable.helpText.hasPrefix("usage: crm-sample [OPTION …] COMMAND\n"))
        #expect(sampleTable.helpText.contains("  --admin-password SECRET, --admin-password-file PATH\n"))
    }
}

@Suite("Settings: what is refused")
struct SettingsRefusalTests {
    struct Refusal: Sendable, CustomTestStringConvertible {
        let arguments: [String], message: String, hint: String?
        init(_ arguments: [String], _ message: String, hint: String?) {
            (self.arguments, self.message, self.hint) = (arguments, message, hint)
        }
        var testDescription: String { "\(arguments.joined(separator: " ")): \(message)" }
    }

    @Test(
        "an argument that means nothing",
        arguments: [
            Refusal(["--dtaa", "x"], "crm-sample has no option --dtaa", hint: "Did you mean \"--data\"?"),
            Refusal(
                ["--frobnicate"], "crm-sample has no option --frobnicate",
                hint: "Run crm-sample --help for its options."),
            Refusal(["-d"], "crm-sample has no option -d", hint: "Run crm-sample --help for its options."),
            Refusal(["--data"], "--data lacks its value", hint: "Give the path of a file or folder."),
            Refusal(["--no-demo=1"], "--no-demo takes no value", hint: "Write --no-demo alone."),
            Refusal(
                ["--data="], "option data cannot be \"\" (flag --data)",
                hint: "Give the path of a file or folder."),
            Refusal(
                ["--writers=0"], "option writers cannot be \"0\" (flag --writers)",
                hint: "Give a whole number from 1 to 8."),
            Refusal(
                ["--writers=9"], "option writers cannot be \"9\" (flag --writers)",
                hint: "Give a whole number from 1 to 8."),
            Refusal(
                ["--read-timeout=30"], "option read-timeout cannot be \"30\" (flag --read-timeout)",
                hint: "Give a number and a unit (ms, s, m, h, d), from 1s to 1h."),
            Refusal(
                ["--log=warn"], "option log cannot be \"warn\" (flag --log)",
                hint: "Give one of error, info, debug."),
            Refusal(
                ["--demo=maybe"], "option demo cannot be \"maybe\" (flag --demo)", hint: "Give true or false."
            ),
            Refusal(
                ["--admin-password="], "option admin-password cannot be the secret (flag --admin-password)",
                hint: "Give a text that is not empty."),
            Refusal(
                ["--writers=x", "--writers=1"], "option writers cannot be \"x\" (flag --writers)",
                hint: "Give a whole number from 1 to 8."),
        ])
    func arguments(_ refusal: Refusal) {
        #expect(throws: SettingsError(message: refusal.message, hint: refusal.hint)) {
            try sampleTable.read(arguments: refusal.arguments, environment: [:])
        }
    }

    struct BadFile: Sendable, CustomTestStringConvertible {
        let text: String, message: String, hint: String?
        init(_ text: String, _ message: String, hint: String?) {
            (self.text, self.message, self.hint) = (text, message, hint)
        }
        var testDescription: String { message }
    }

    @Test(
        "a file that means nothing, with the line",
        arguments: [
            BadFile("{\n\n  dta: 1 }", "unknown key \"dta\" (FILE:3)", hint: "Did you mean \"data\"?"),
            BadFile(
                "{ tls: {\n read_timeuot: '1s' } }", "unknown key \"tls.read_timeuot\" (FILE:2)",
                hint: "Did you mean \"tls.read_timeout\"?"),
            BadFile(
                "{ data: 'a',\n writers: 99 }", "option writers cannot be \"99\" (FILE:2)",
                hint: "Give a whole number from 1 to 8."),
            BadFile("{ data: 'a',\n data: 'b' }", "key \"data\" is given twice (FILE:2)", hint: nil),
            BadFile("[1]", "configuration file \"FILE\" is not one object in braces", hint: nil),
            BadFile(
                "{ data: 'a', log: { x: 1 } }", "unknown key \"log.x\" (FILE:1)",
                hint: "Did you mean \"log\"?"),
            BadFile(
                "{ frobnicate: 1 }", "unknown key \"frobnicate\" (FILE:1)", hint: "Known are admin_password, "
            ),
        ])
    func files(_ file: BadFile) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(file.text, to: "crm.json5")
        do {
            _ = try sampleTable.read(arguments: [], environment: [:], configFile: path)
            Issue.record("accepted")
        } catch {
            #expect(error.message == file.message.replacing("FILE", with: path))
            #expect(file.hint == nil ? error.hint == nil : error.hint?.hasPrefix(file.hint ?? "") == true)
        }
    }

    @Test("a file that is no JSON5", arguments: ["", "{ data: }", "{ data: 'a' ", "data = 1"])
    func syntax(_ text: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(text, to: "crm.json5")
        #expect {
            try sampleTable.read(arguments: [], environment: [:], configFile: path)
        } throws: { error in
            (error as? SettingsError)?.message.hasPrefix("configuration file \"\(path)\" is not JSON5: ")
                == true
        }
    }

    @Test("a required option without a value, and operands where none may be")
    func required() {
        let table = SettingsTable(
            program: "p", summary: "s", options: [.init("url", .string, required: true, help: "h")])
        #expect(
            throws: SettingsError(
                message: "option url is not set",
                hint: "Give --url or CRM_URL, or url in the configuration file.")
        ) { try table.read(arguments: [], environment: [:]) }
        #expect(
            throws: SettingsError(
                message: "p cannot use the argument \"x\"", hint: "Run p --help for its options.")
        ) { try table.read(arguments: ["x"], environment: [:]) }
    }

    @Test(
        "addresses",
        arguments: [
            ("127.0.0.1:8443", "127.0.0.1:8443"), ("localhost:0", "localhost:0"),
            ("[::1]:65535", "[::1]:65535"),
            ("127.0.0.1", nil), (":1", nil), ("a:", nil), ("a:65536", nil), ("a:-1", nil), ("a:+1", nil),
            ("::1:80", nil), ("[]:80", nil), ("[a]:80", nil), ("a b:80", nil),
        ] as [(String, String?)])
    func addresses(_ text: String, _ expected: String?) {
        #expect(AddressAndPort(text)?.description == expected)
    }
}
