import Admin
import Foundation
import JSON
import TestKit
import Testing

@Suite("Import: mappings and rows")
struct MappingTests {
    private static let accounts =
        "name,sector,staff,parent\nAcme,retail,12,\nBeta,retial,x,Acme\nGamma,finance,,Nobody\n"

    private func run(
        mapping: String, file: String = accounts, kernel: FakeKernel = .withSales(), _ more: String...
    ) throws -> (code: ExitCode, streams: RecordingStreams, kernel: FakeKernel, folder: TemporaryFolder) {
        let folder = try TemporaryFolder()
        try folder.write(file, to: "accounts.csv")
        let path = try folder.write(mapping, to: "m.json5")
        let driver = ConsoleDriver(kernel)
        let code = driver.run(
            ["import", "--mapping", path] + more.map { $0.replacing("DIR", with: folder.path) })
        return (code, driver.streams, kernel, folder)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let name: String
        let mapping: String
        let message: String
        var testDescription: String { name }

        init(_ name: String, _ mapping: String, _ message: String) {
            self.name = name
            self.mapping = mapping
            self.message = message
        }
    }

    static let refusals = [
        Refusal(
            "missing column", "{entity: 'account', file: 'accounts.csv', columns: {nam: 'account_name'}}",
            #"has no column "nam"\#nhint: Did you mean "name"?"#),
        Refusal(
            "unknown field", "{entity: 'account', file: 'accounts.csv', columns: {name: 'acount_name'}}",
            #"columns.name: account has no field "acount_name"\#nhint: Did you mean "account_name"?"#),
        Refusal(
            "unknown entity", "{entity: 'acount', file: 'accounts.csv', columns: {name: 'account_name'}}",
            #"entity "acount" does not exist"#),
        Refusal(
            "unknown value",
            "{entity: 'account', file: 'accounts.csv', columns: {sector: {field: 'industry', values: {retail: 'retial'}}}}",
            #"columns.sector.values: "retial" is no value of field "industry"\#nhint: Did you mean "retail"?"#
        ),
        Refusal(
            "unknown member", "{entity: 'account', file: 'accounts.csv', colums: {name: 'account_name'}}",
            "maps no columns"),
        Refusal(
            "unknown member of a column",
            "{entity: 'account', file: 'accounts.csv', columns: {name: {field: 'account_name', lokup: {}}}}",
            #"columns.name has no member "lokup"\#nhint: Did you mean "lookup"?"#),
        Refusal(
            "missing file", "{entity: 'account', file: 'none.csv', columns: {name: 'account_name'}}",
            "none.csv\" could not be opened: No such file or directory"),
        Refusal("not JSON5", "{entity: 'account', columns: ", "is not JSON5: "),
        Refusal("no object", "[1]", "must be an object in braces, not a list"),
        Refusal(
            "upsert without a key", "{entity: 'account', mode: 'upsert', columns: {name: 'account_name'}}",
            "mode upsert needs match_on"),
        Refusal(
            "unknown mode", "{entity: 'account', mode: 'upsrt', columns: {name: 'account_name'}}",
            #"mode cannot be "upsrt"\#nhint: Did you mean "upsert"?"#),
        Refusal(
            "a field twice", "{entity: 'account', columns: {name: 'account_name', sector: 'account_name'}}",
            "gives field \"account_name\" two values"),
        Refusal(
            "a key without a value",
            "{entity: 'account', match_on: ['account_name'], columns: {sector: 'industry'}}",
            "match_on names \"account_name\", which the step gives no value"),
        Refusal(
            "a look-up in a text",
            "{entity: 'account', file: 'accounts.csv', columns: {name: {field: 'account_name', lookup: {entity: 'account', by: 'account_name'}}}}",
            "field \"account_name\" is no reference, and takes no lookup"),
        Refusal(
            "a look-up by an unknown field",
            "{entity: 'account', file: 'accounts.csv', columns: {parent: {field: 'parent_account', lookup: {entity: 'account', by: 'nme'}}}}",
            "columns.parent: account has no field \"nme\""),
        Refusal(
            "a custom field without x_",
            "{fields: [{entity: 'account', name: 'size', type: 'text'}], steps: [{entity: 'account', columns: {name: 'account_name'}}]}",
            "fields[0]: the name of a field of your own begins with x_, unlike \"size\""),
        Refusal("no steps", "{steps: []}", "has no steps"),
        Refusal(
            "a factor that is none",
            "{entity: 'account', columns: {staff: {field: 'employees', multiply: '1e6'}}}",
            "multiply must be a decimal number, not \"1e6\""),
    ]

    @Test("a wrong mapping is refused before anything is written", arguments: refusals)
    func refusal(_ refusal: Refusal) throws {
        let result = try run(mapping: refusal.mapping)
        #expect(result.code == .failed)
        #expect(result.streams.errors.contains(refusal.message), "\(result.streams.errors)")
        #expect(result.streams.output.isEmpty)
        #expect(result.kernel.count(of: "import.rows") == 0)
    }

    private static let mapping = """
        { entity: "account", file: "accounts.csv", match_on: ["account_name"],
          columns: {
            name: "account_name", staff: "employees",
            sector: { field: "industry", values: { retail: "retail", finance: "finance" } },
            parent: { field: "parent_account", optional: true, lookup: { entity: "account", by: "account_name" } },
          } }
        """

    @Test("rows are refused one by one, and come back with line and reason")
    func rejects() throws {
        let result = try run(mapping: Self.mapping, "--rejects", "DIR/rejects.csv", "--csv")
        #expect(result.code == .partial)
        #expect(result.streams.output.hasSuffix("account,3,1,0,0,0,2,0\r\n"), "\(result.streams.output)")
        #expect(
            try result.folder.read("rejects.csv") == """
                name,sector,staff,parent,line,reason\r
                Beta,retial,x,Acme,3,"sector: ""retial"" has no value in the mapping; staff: ""x"" is not a whole number"\r
                Gamma,finance,,Nobody,4,no account has account_name Nobody\r

                """)
    }

    @Test("a mended rejects file goes through the same mapping")
    func mended() throws {
        let result = try run(
            mapping: Self.mapping, file: "name,sector,staff,parent,line,reason\nBeta,retail,3,,3,was wrong\n")
        #expect(result.code == .done, "\(result.streams.errors)")
        #expect(result.kernel.records["account"]?.count == 1)
    }

    @Test("ragged and broken rows are named by line, the rest is imported")
    func ragged() throws {
        let file = "name,sector,staff,parent\nA,retail,1\nB,retail,1,,\n\"C\"x,retail,1,\nD,retail,1,\n"
        let result = try run(mapping: Self.mapping, file: file, "--rejects", "DIR/r.csv")
        #expect(result.code == .partial)
        #expect(result.kernel.records["account"]?.count == 1)
        let rejects = try result.folder.read("r.csv")
        #expect(rejects.contains("2,\"the row has 3 fields, and the header 4\""))
        #expect(rejects.contains("3,\"the row has 5 fields, and the header 4\""))
        #expect(rejects.contains("4,the row has text behind the closing quote of field 1"))
    }

    @Test("a file that cannot be read to its end tells what was done until there")
    func unclosedQuote() throws {
        let rows = (1...600).map { "N\($0),retail,1,\n" }.joined()
        let result = try run(
            mapping: Self.mapping, file: "name,sector,staff,parent\n" + rows + "\"open,retail,1,\n")
        #expect(result.code == .failed)
        #expect(result.streams.errors.contains("accounts.csv:602: a quote is opened here and never closed"))
        #expect(result.streams.output.contains("account\t600\t600\t"))
    }

    @Test("Ctrl-C ends the import behind a batch, and the next run goes on")
    func interrupted() throws {
        let rows = (1...1000).map { "N\($0),retail,1,\n" }.joined()
        let folder = try TemporaryFolder()
        try folder.write("name,sector,staff,parent\n" + rows, to: "accounts.csv")
        let path = try folder.write(Self.mapping, to: "m.json5")
        let driver = ConsoleDriver(.withSales())
        driver.streams.interrupts = 1
        #expect(driver.run("import", "--mapping", path) == .interrupted)
        #expect(driver.streams.errors.contains("Run the same command again to go on."))
        let partly = driver.kernel.records["account"]?.count ?? 0
        #expect((1..<1000).contains(partly))
        driver.streams.output = ""
        #expect(driver.run("import", "--mapping", path, "--no-header") == .done)
        #expect(driver.streams.output == "account\t1000\t\(1000 - partly)\t0\t\(partly)\t0\t0\t0\n")
    }

    @Test(
        "headers that cannot be used",
        arguments: [
            ("", "is empty: it has no header"), ("name,,x\n", "column 2 has no name"),
            ("name,name\n", "column \"name\" is there twice"),
        ])
    func headers(_ file: String, _ message: String) throws {
        let result = try run(mapping: Self.mapping, file: file)
        #expect(result.code == .failed)
        #expect(result.streams.errors.contains(message), "\(result.streams.errors)")
    }

    @Test("empty values are skipped, or make the field empty, as the mapping says")
    func emptyValues() throws {
        for (empty, isWritten) in [("skip", false), ("null", true)] {
            let mapping =
                "{entity: 'account', file: 'accounts.csv', empty: '\(empty)', columns: {name: 'account_name', staff: 'employees'}}"
            let result = try run(mapping: mapping, file: "name,staff\nA,\n")
            #expect(result.code == .done)
            let params = try #require(result.kernel.calls.last { $0.method == "import.rows" }?.params)
            #expect(params.contains("\"employees\":null") == isWritten)
        }
    }

    @Test(
        "transforms",
        arguments: [
            (ColumnRule.Transform.username, "Mei-Mei Johns", "mei-mei.johns"),
            (.username, "Łukasz Öztürk", "lukasz.ozturk"),
            (.firstWord, "Mei-Mei van Johns", "Mei-Mei"), (.restWords, "Mei-Mei van Johns", "van Johns"),
            (.firstWord, "Cher", "Cher"), (.restWords, "Cher", "Cher"), (.uppercase, "usd", "USD"),
            (.lowercase, "ABC", "abc"),
        ])
    func transforms(_ transform: ColumnRule.Transform, _ text: String, _ expected: String) {
        #expect(transform.apply(text) == expected)
    }
}
