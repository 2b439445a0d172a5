import Admin
import Testing

@Suite("Command table")
struct CommandTableTests {
    @Test("every command explains itself", arguments: CommandTable.all.map(\.name))
    func help(_ name: String) throws {
        let command = try #require(CommandTable.all.first { $0.name == name })
        #expect(!command.summary.isEmpty)
        #expect(command.summary.last != ".")
        #expect(command.summary.first?.isLowercase == true)
        let page = HelpText.page(command)
        #expect(page.contains("usage: crm-admin \(name)"))
        for option in command.options {
            #expect(page.contains("--\(option.name)"))
            #expect(option.help.last == ".", "\(option.name): \(option.help)")
        }
        #expect(HelpText.overview.contains("  \(name) "))
    }

    @Test("what changes something has a dry run, or says why not", arguments: CommandTable.all.map(\.name))
    func dryRun(_ name: String) throws {
        let command = try #require(CommandTable.all.first { $0.name == name })
        let hasDryRun = command.options.contains { $0.name == "dry-run" }
        switch command.effect {
        case .reads: #expect(!hasDryRun)
        case .writes: #expect(hasDryRun)
        case .destroys(let question):
            #expect(hasDryRun && command.options.contains { $0.name == "yes" })
            #expect(!question.isEmpty)
        case .writesAtOnce(let reason):
            #expect(!reason.isEmpty)
            #expect(HelpText.page(command).contains("There is no --dry-run: \(reason)."))
        }
    }

    @Test("names are unique, and options of a command do not hide those of all")
    func unique() {
        let names = CommandTable.all.map(\.name)
        #expect(Set(names).count == names.count)
        for command in CommandTable.all {
            let options = (command.options + CommandTable.globalOptions).map(\.name)
            #expect(Set(options).count == options.count, "\(command.name): \(options)")
        }
    }

    @Test("every example is a command line that can be read", arguments: CommandTable.all.flatMap(\.examples))
    func examples(_ example: String) throws {
        guard case .run = try CommandLine.read(try WordSplitter.words(of: example)) else {
            Issue.record("\(example) is no command")
            return
        }
    }

    @Test("nouns stand together, so that each is listed once")
    func nouns() { #expect(Set(CommandTable.nouns).count == CommandTable.nouns.count) }
}

@Suite("Command line")
struct CommandLineTests {
    private func line(_ words: String...) throws(AdminError) -> CommandLine {
        guard case .run(let line) = try CommandLine.read(words) else { throw AdminError("no command") }
        return line
    }

    @Test("options stand anywhere, with their value behind them or behind =")
    func anywhere() throws {
        let line = try line(
            "--data", "/d", "record", "list", "--limit=5", "account", "--where", "a=1", "--where=b=2",
            "--json")
        #expect(line.command.name == "record list")
        #expect(line.operands == ["account"])
        #expect(line.value("data") == "/d")
        #expect(line.value("limit") == "5")
        #expect(line.values("where") == ["a=1", "b=2"])
        #expect(line.has("json"))
    }

    @Test("behind -- everything is an operand")
    func literal() throws {
        #expect(try line("record", "create", "account", "--", "--x=1").operands == ["account", "--x=1"])
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let words: [String]
        let message: String
        let hint: String
        var testDescription: String { words.joined(separator: " ") }
    }

    @Test(
        "a wrong line is refused with what was meant",
        arguments: [
            Refusal(
                words: ["recrod", "list"], message: "there is no command \"recrod\"",
                hint: "Did you mean \"record\"?"),
            Refusal(
                words: ["record", "lst"], message: "there is no command \"record lst\"",
                hint: "Did you mean \"list\"?"),
            Refusal(words: ["record"], message: "\"record\" lacks its verb", hint: "Give one of list, get"),
            Refusal(
                words: ["record", "list", "account", "--lmit", "5"],
                message: "there is no option \"--lmit\" of record list",
                hint: "Did you mean \"--limit\"?"),
            Refusal(
                words: ["record", "list", "account", "-limit", "5"],
                message: "there is no option \"-limit\" of record list",
                hint: "Did you mean \"--limit\"?"),
            Refusal(
                words: ["record", "list"], message: "record list lacks ENTITY",
                hint: "Usage: record list ENTITY"),
            Refusal(words: ["status", "now"], message: "status cannot use \"now\"", hint: "Usage: status"),
            Refusal(words: ["status", "--json=1"], message: "option --json takes no value", hint: ""),
            Refusal(words: ["status", "--data"], message: "option --data lacks its value", hint: ""),
            Refusal(
                words: ["status", "--data", "a", "--data", "b"], message: "option --data is given twice",
                hint: ""),
        ])
    func refusals(_ refusal: Refusal) {
        #expect {
            try CommandLine.read(refusal.words)
        } throws: { error in
            guard let error = error as? AdminError else { return false }
            return error.exit == .usage && error.message == refusal.message
                && (error.hint ?? "").hasPrefix(refusal.hint)
        }
    }

    @Test(
        "words are cut as a shell does",
        arguments: [
            ("record list account", ["record", "list", "account"]),
            ("  a\tb  ", ["a", "b"]),
            ("'a b' \"c d\" e\\ f", ["a b", "c d", "e f"]),
            ("x='1 2'y", ["x=1 2y"]),
            ("\"say \\\"hi\\\" \\n\"", ["say \"hi\" \\n"]),
            ("a # comment", ["a"]),
            ("a#b", ["a#b"]),
            ("''", [""]),
            ("", []),
        ])
    func words(_ line: String, _ words: [String]) throws {
        #expect(try WordSplitter.words(of: line) == words)
    }

    @Test("an open quote and a backslash at the end are refused", arguments: ["'a", "\"a", "a\\"])
    func openQuotes(_ line: String) {
        #expect(throws: AdminError.self) { try WordSplitter.words(of: line) }
    }
}
