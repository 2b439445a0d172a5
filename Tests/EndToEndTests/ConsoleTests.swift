import Foundation
import JSON
import TestKit
import Testing

@Suite("End to end: the console")
struct ConsoleTests {
    @Test(
        "commands, their output and their exit codes",
        arguments: ["records.console", "administration.console"])
    func golden(_ name: String) throws {
        let platform = try TestPlatform()
        try platform.folder.write("nine green bottles hanging\n", to: "annas-password")
        var file = try GoldenFile(path: Files.golden(name))
        #expect(!file.cases.isEmpty)
        let last = try lastRecord(platform)
        let differences = try file.differences { try answer($0, platform, after: last) }
        #expect(differences.isEmpty, "\(differences.map(\.description).joined(separator: "\n\n"))")
    }

    @Test("a record is deleted by a value by which it is not found afterwards")
    func deletedByValue() throws {
        let platform = try TestPlatform()
        _ = try platform.logIn().create("account", #"{"account_name":"Ref Ltd"}"#)
        let words = ["record", "delete", "account", "account_name:Ref Ltd", "--yes"]
        let done = try platform.admin(words[0], words[1], words[2], words[3], words[4])
        #expect(done.code == 0, "\(done)")
        #expect(done.errors.contains("deleted"), "\(done)")
        let again = try platform.admin(words[0], words[1], words[2], words[3], words[4])
        #expect(again.code == 5, "\(again)")
    }

    /// The id of the last record that the platform began with.
    private func lastRecord(_ platform: TestPlatform) throws -> Int64 {
        let entries = try platform.logIn().call("log.list", #"{"limit":1000}"#).array("entries")
        let records = entries.compactMap { $0["record"]?.int64 }
        return try #require(records.max())
    }

    /// What a terminal would show: standard output, then standard error, then the code if it is not 0. The first record
    /// that a file makes is `@1`, the second `@2`; what no run repeats stands in angle brackets.
    private func answer(_ line: String, _ platform: TestPlatform, after last: Int64) throws -> String {
        let line = line.replacing("$FOLDER", with: platform.folder.path)
            .replacing(/@(\d)\b/) { "\(last + (Int64($0.1) ?? 0))" }
        let ended = try TestProcess(
            "/bin/sh", ["-c", "exec \(BuildFolder.path)/crm-admin \(line.dropFirst("crm-admin ".count))"],
            environment: ["CRM_DATA": platform.dataPath]
        ).finish()
        var text = ended.output + ended.errors
        if ended.code != 0 { text += "exit code \(ended.code)\n" }
        text = text.replacing(platform.folder.path, with: "$FOLDER")
        text = text.replacing(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/, with: "<time>")
        text = text.replacing(/\b[0-9a-f]{64}\b/, with: "<hash>")
        text = text.replacing(/"next_cursor":"[^"]+"/, with: #""next_cursor":"<cursor>""#)
        for number in 1...9 {
            text = text.replacing(try Regex("\\b\(last + Int64(number))\\b"), with: "@\(number)")
        }
        // CSV ends its lines as RFC 4180 has them.
        text = text.replacing("\r\n", with: "\n")
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    struct Form: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let option: String
        let isWhole: @Sendable (_ output: String) -> Bool
    }

    @Test(
        "standard output is for programs: it can be read whatever standard error says",
        arguments: [
            Form(testDescription: "json", option: "--json") { text in
                let document = try? JSONDocument(parsing: Array(text.utf8))
                return document?.root["records"]?.elements.map { $0["account_name"]?.string } == [
                    "Ąb, \"c\"", "Zed",
                ]
            },
            Form(testDescription: "jsonl", option: "--output=jsonl") { text in
                let lines = text.split(separator: "\n")
                return lines.count == 2
                    && lines.allSatisfy { (try? JSONDocument(parsing: Array($0.utf8))) != nil }
            },
            Form(testDescription: "csv", option: "--csv") { text in
                text.contains(#""Ąb, ""c""""#) && text.split(separator: "\r\n").count == 3
            },
            Form(testDescription: "tsv", option: "--output=tsv") { text in
                text.split(separator: "\n").count == 3 && text.contains("\tZed")
            },
        ])
    func formats(_ form: Form) throws {
        let platform = try TestPlatform()
        let admin = try platform.logIn()
        for name in [#"Ąb, \"c\""#, "Zed"] {
            _ = try admin.create("account", #"{"account_name":"\#(name)"}"#)
        }
        let listed = try platform.admin("record", "list", "account", "--count", form.option)
        #expect(listed.code == 0 && form.isWhole(listed.output), "\(listed)")
        #expect(listed.errors.contains("2 in all"), "\(listed)")
    }

    @Test("a script stops at its first error and names its line")
    func script() throws {
        let platform = try TestPlatform()
        try platform.folder.write(
            """
            # two accounts
            record create account account_name=One

            record create account account_name=Two industry=unknown
            record create account account_name=Three
            """, to: "accounts.crm")
        let ran = try platform.run("crm-admin", ["-f", platform.folder.path("accounts.crm")])
        #expect(ran.code == 3 && ran.errors.contains("accounts.crm:4"), "\(ran)")
        #expect(try platform.logIn().texts(of: "account_name", "account", #""limit":5"#) == ["One"])
    }

    @Test("over the network it needs a token, and does what it does at home")
    func remote() throws {
        let platform = try TestPlatform()
        let admin = try platform.logIn()
        try platform.folder.write(try #require(admin.token), to: "token")
        _ = try admin.create("account", #"{"account_name":"Acme"}"#)
        let place = [
            "--url", "https://localhost:\(platform.address.split(separator: ":")[1])", "--ca-file",
            platform.certificatePath,
        ]
        let listed = try platform.run(
            "crm-admin",
            place + ["--token-file", platform.folder.path("token"), "record", "list", "account", "--csv"])
        #expect(listed.code == 0 && listed.output.contains("Acme"), "\(listed)")
        let refused = try platform.run("crm-admin", place + ["record", "list", "account"])
        #expect(refused.code == 4 && refused.output.isEmpty && !refused.errors.isEmpty, "\(refused)")
    }

    @Test("without a platform it says so in one line")
    func nobodyThere() throws {
        let folder = try TemporaryFolder()
        let ended = try TestProcess(
            "\(BuildFolder.path)/crm-admin", ["--data", folder.path("data"), "user", "list"]
        ).finish()
        #expect(ended.code == 1 && ended.output.isEmpty, "\(ended)")
        #expect(ended.errors.contains("hint: ") && ended.errors.contains(folder.path), "\(ended)")
    }
}
