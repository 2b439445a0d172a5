import Admin
import JSON
import TestKit
import Testing

@Suite("Import: all or nothing, empty cells, and the way back")
struct ImportUndoCommandTests {
    private static let columns = "columns: { name: 'account_name', staff: 'employees' }"

    private func run(
        _ options: String, rows: [String], _ more: String...
    ) throws -> (code: ExitCode, driver: ConsoleDriver, folder: TemporaryFolder) {
        let folder = try TemporaryFolder()
        let file = try folder.write((["name,staff"] + rows).joined(separator: "\n") + "\n", to: "a.csv")
        let mapping = try folder.write("{ entity: 'account', \(options) \(Self.columns) }", to: "m.json5")
        let driver = ConsoleDriver(.withSales())
        let code = driver.run(["import", file, "--mapping", mapping] + more)
        return (code, driver, folder)
    }

    private func sent(_ driver: ConsoleDriver, _ method: String) -> [String] {
        driver.kernel.calls.filter { $0.method == method }.map(\.params)
    }

    @Test("a run is an import of the kernel, by the file's name, and the console says how to take it back")
    func begun() throws {
        let (code, driver, _) = try run("match_on: ['account_name'],", rows: ["Acme,1", "Beta,2"])
        #expect(code == .done, "\(driver.streams.errors)")
        #expect(
            sent(driver, "import.start") == [
                #"{"entity":"account","match_on":["account_name"],"mode":"upsert","on_match":"overwrite","file":"a.csv"}"#
            ])
        #expect(sent(driver, "import.rows").allSatisfy { $0.contains(#""import":1"#) })
        #expect(sent(driver, "import.finish") == [#"{"id":1}"#])
        #expect(driver.streams.errors.contains("to take it back: crm-admin import undo 1"))
        let dry = try run("", rows: ["Acme,1"], "--dry-run")
        #expect(sent(dry.driver, "import.start").isEmpty && sent(dry.driver, "import.finish").isEmpty)
    }

    @Test("empty cells are left out, and null for who says overwrite")
    func emptyCells() throws {
        for (option, expected) in [
            ("", #"{"account_name":"Acme"}"#), ("on_match: 'merge',", #"{"account_name":"Acme"}"#),
            ("on_match: 'overwrite',", #"{"account_name":"Acme","employees":null}"#),
            ("on_match: 'overwrite', empty: 'skip',", #"{"account_name":"Acme"}"#),
        ] {
            let (_, driver, _) = try run("match_on: ['account_name'], \(option)", rows: ["Acme,"])
            #expect(sent(driver, "import.rows").first?.contains(expected) == true, "\(option)")
        }
    }

    @Test(
        "all or nothing: a row that the console refuses sends the others as a dry run, and nothing is counted"
    )
    func whole() throws {
        let torn = try run("", rows: ["Acme,1", "Beta,2,3", "Gamma,3"], "--atomic")
        #expect(torn.code == .partial)
        #expect(torn.driver.kernel.records["account"]?.isEmpty != false)
        #expect(sent(torn.driver, "import.start").isEmpty)
        #expect(
            sent(torn.driver, "import.rows").allSatisfy { $0.contains(#""atomic":"all","dry_run":true"#) })
        #expect(torn.driver.streams.errors.contains("nothing of account was kept"))
        let good = try run("", rows: (1...300).map { "n\($0),1" }, "--atomic")
        #expect(good.code == .done && sent(good.driver, "import.rows").count == 1)
        let large = try run("", rows: (1...501).map { "n\($0),1" }, "--atomic")
        #expect(large.code == .failed && sent(large.driver, "import.rows").isEmpty)
        #expect(large.driver.streams.errors.contains("more than 500 rows"))
    }

    @Test("an undo asks for part after part, newest import first, and ends with 7 where something was left")
    func undo() throws {
        let driver = ConsoleDriver()
        driver.kernel.answers["import.undo"] = [
            #"{"undo":9,"state":"undoing","deleted":2,"restored":0,"updated":1,"unseen":0,"left":[],"next_cursor":null}"#,
            #"{"undo":9,"state":"undone","deleted":1,"restored":0,"updated":0,"unseen":0,"left":[],"next_cursor":null}"#,
            #"{"undo":10,"state":"undone","deleted":0,"restored":0,"updated":0,"unseen":1,"#
                + #""left":[{"record":7,"entity":"account","field":"phone","why":"changed since"}],"next_cursor":null}"#,
        ]
        #expect(driver.run("import", "undo", "5", "6", "--force", "--yes") == .partial)
        #expect(
            sent(driver, "import.undo") == [
                #"{"id":6,"force":true}"#, #"{"id":6,"force":true}"#, #"{"id":5,"force":true}"#,
            ])
        #expect(driver.streams.output.contains("\n6\t9\t3\t0\t1\t0\n5\t10\t0\t0\t0\t2\n"))
        #expect(driver.streams.output.contains("7\taccount\tphone\tchanged since"))
        let dry = ConsoleDriver()
        dry.kernel.answers["import.undo"] = [
            #"{"undo":9,"state":"undoing","deleted":2,"restored":0,"updated":1,"unseen":0,"left":[],"next_cursor":"4.0"}"#,
            #"{"undo":9,"state":"undone","deleted":1,"restored":0,"updated":0,"unseen":0,"left":[],"next_cursor":null}"#,
        ]
        #expect(dry.run("import", "undo", "5", "--dry-run") == .done)
        #expect(
            sent(dry, "import.undo") == [
                #"{"dry_run":true,"id":5}"#, #"{"dry_run":true,"id":5,"cursor":"4.0"}"#,
            ])
        #expect(ConsoleDriver().run("import", "undo", "five", "--yes") == .usage)
        #expect(ConsoleDriver().run("import", "undo", "5") == .usage)
    }

    @Test("a file by a verb's name is meant by its path")
    func words() throws {
        for (words, name) in [
            (["import", "list"], "import list"), (["import", "--dry-run", "list"], "import list"),
            (["import", "./list", "--mapping", "m"], "import"), (["import", "a.csv", "list"], "import"),
        ] {
            guard case .run(let line) = try? CommandLine.read(words) else {
                #expect(words.last == "list" && words.count == 3)
                continue
            }
            #expect(line.command.name == name)
        }
    }
}
