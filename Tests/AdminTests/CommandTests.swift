import Admin
import JSON
import Testing

@Suite("Commands")
struct CommandTests {
    private func params(_ arguments: [String], _ method: String) throws -> String {
        let driver = ConsoleDriver(.withSales())
        for name in ["record.create", "record.update", "record.delete", "record.aggregate", "field.create"] {
            driver.kernel.answers[name] = ["{\"id\":1,\"groups\":[]}"]
        }
        driver.kernel.records["account"] = [17: ["account_name": "\"Cancity\""]]
        #expect(driver.run(arguments) == .done, "\(driver.streams.errors)")
        return try #require(driver.kernel.calls.last { $0.method == method }?.params)
    }

    @Test(
        "values are typed by their fields",
        arguments: [
            ("employees=12", #""employees":12"#), ("account_name=12", #""account_name":"12""#),
            ("account_name=", #""account_name":null"#),
            ("annual_revenue=12.50", #""annual_revenue":"12.50""#),
            ("annual_revenue=-1.5 usd", #""annual_revenue":{"amount":"-1.5","currency":"USD"}"#),
            ("annual_revenue=12 USDX", #""annual_revenue":"12 USDX""#),
            ("parent_account=17", #""parent_account":17"#),
            ("parent_account=account_name:Cancity", #""parent_account":17"#),
            ("employees:=null", #""employees":null"#), ("account_name=a=b", #""account_name":"a=b""#),
            (
                #"annual_revenue:={"amount":"1.00","currency":"USD"}"#,
                #""annual_revenue":{"amount":"1.00","currency":"USD"}"#
            ),
        ])
    func values(_ word: String, _ expected: String) throws {
        #expect(try params(["record", "create", "account", word], "record.create").contains(expected))
    }

    @Test(
        "filters are data",
        arguments: [
            (["--where", "employees>=10"], #""filter":["employees",">=",10]"#),
            (
                ["--where", "annual_revenue >= 100 USD"],
                #""filter":["annual_revenue",">=",{"amount":"100","currency":"USD"}]"#
            ),
            (
                ["--where", "account_name=A", "--where", "employees!="],
                #""filter":{"all":[["account_name","=","A"],["employees","is not empty"]]}"#
            ),
            (["--where", "account_name~cit"], #""filter":["account_name","contains","cit"]"#),
            (
                ["--filter", #"["employees", "between", [1, 2]]"#],
                #""filter":["employees", "between", [1, 2]]"#
            ),
            (["--where", "parent_account.employees=3"], #""filter":["parent_account.employees","=",3]"#),
        ])
    func filters(_ options: [String], _ expected: String) throws {
        #expect(try params(["record", "count", "account"] + options, "record.count").contains(expected))
    }

    @Test("groups and measures")
    func aggregate() throws {
        let params = try params(
            [
                "record", "aggregate", "potential", "--group-by", "owner,closing_date:month", "--measure",
                "count",
                "--measure", "won=sum:amount",
            ], "record.aggregate")
        #expect(params.contains(#""group_by":["owner",{"field":"closing_date","by":"month"}]"#))
        #expect(
            params.contains(
                #""measures":[{"op":"count","as":"count"},{"op":"sum","field":"amount","as":"won"}]"#))
    }

    @Test("a field's settings are typed")
    func fieldSettings() throws {
        let params = try params(
            [
                "field", "create", "account", "x_r", "picklist", "label=R", "values=a:A,b", "unique=true",
                "scale=2", "--dry-run",
            ],
            "field.create")
        for part in [
            #""dry_run":true"#, #""name":"x_r""#, #""type":"picklist""#, #""unique":true"#, #""scale":2"#,
            #""values":[{"key":"a","label":"A"},{"key":"b","label":"b"}]"#,
        ] { #expect(params.contains(part), "\(part) is not in \(params)") }
    }

    @Test("attributes of a value are set one by one, and an empty one is taken away")
    func attributes() throws {
        let params = try params(
            [
                "picklist", "update", "account", "industry", "banking", "label=Banks",
                "attribute.required_fields=phone fax", "attribute.class=",
            ], "picklist.update")
        for part in [
            #""value":"banking""#, #""label":"Banks""#,
            #""set_attributes":[{"name":"required_fields","text":"phone fax"},{"name":"class","text":""}]"#,
        ] { #expect(params.contains(part), "\(part) is not in \(params)") }
    }

    @Test(
        "wrong words are refused as usage, and nothing is changed",
        arguments: [
            ["record", "create", "account", "employees=many"], ["record", "create", "account", "nothing"],
            ["record", "create", "account", "employees:={"],
            ["record", "create", "account", "employees=1", "employees=2"],
            ["record", "get", "x"], ["record", "get", "-1"],
            ["record", "list", "account", "--limit", "1001"],
            ["record", "list", "account", "--limit", "0"],
            ["record", "count", "account", "--where", "employees"],
            ["record", "count", "account", "--filter", "[1"],
            ["record", "aggregate", "account", "--measure", "summ:x"],
            ["field", "create", "account", "x_a", "text", "lable=A"],
            ["picklist", "update", "account", "industry", "banking", "attribut.x=y"],
            ["picklist", "update", "account", "industry", "banking", "attribute.=y"],
            ["record", "delete", "17"],
            ["call", "x.y", "[1]"], ["call", "x.y", "{"], ["status", "--output", "tabel"], ["import"],
        ])
    func usage(_ arguments: [String]) {
        let driver = ConsoleDriver(.withSales())
        #expect(driver.run(arguments) == .usage, "\(driver.streams.errors)")
        #expect(driver.streams.output.isEmpty)
        #expect(driver.streams.errors.hasPrefix("error: "))
        #expect(driver.kernel.calls.allSatisfy { ["entity.describe", "record.list"].contains($0.method) })
    }

    @Test(
        "what destroys asks on a terminal, and takes only yes",
        arguments: [("yes", ExitCode.done), ("y", .failed), ("", .failed)])
    func confirmation(_ answer: String, _ code: ExitCode) {
        let driver = ConsoleDriver(.withSales())
        driver.kernel.answers["record.delete"] = ["{\"id\":17,\"deleted\":true}"]
        driver.streams.isInteractive = true
        driver.streams.answers = [answer]
        #expect(driver.run("record", "delete", "17") == code)
        #expect(driver.streams.questions == ["Delete record 17? Type yes: "])
        #expect(driver.kernel.count(of: "record.delete") == (code == .done ? 1 : 0))
    }

    @Test("a script stops at its first error, says where, and ends with 3")
    func script() {
        var driver = ConsoleDriver(.withSales())
        driver.kernel.answers["a.b"] = ["1"]
        driver.scripts["-"] = "# a comment\ncall a.b\n\ncall c.d\ncall a.b\n"
        #expect(driver.run() == .scriptStopped)
        #expect(driver.streams.output == "1\n")
        #expect(driver.streams.errors.contains("standard input:4: stopped here, nothing below was run"))
    }

    @Test("-c and -f run in order, and standard input is left alone")
    func commands() {
        var driver = ConsoleDriver()
        driver.kernel.answers = ["a.b": ["1"], "c.d": ["2"]]
        driver.scripts["s"] = "call c.d"
        #expect(driver.run("-c", "call a.b", "-c", "call a.b", "-f", "s") == .done)
        #expect(driver.streams.output == "1\n1\n2\n")
    }

    @Test("a terminal without words is a conversation")
    func interactive() {
        let driver = ConsoleDriver()
        driver.streams.isInteractive = true
        #expect(driver.run() == .done)
        #expect(driver.streams.output == "(interactive)\n")
    }

    struct Answer: Sendable, CustomTestStringConvertible {
        let error: String
        let code: ExitCode
        let lines: [String]
        var testDescription: String { error }
    }

    @Test(
        "the kernel's errors become lines and exit codes",
        arguments: [
            Answer(
                error: #"{"code":-32001,"message":"log in first"}"#, code: .notAllowed,
                lines: [
                    "error: log in first",
                    "hint: Get a token by crm-admin login, and give it in CRM_TOKEN or by --token-file.",
                ]),
            Answer(
                error: #"{"code":-32002,"message":"no","data":{"kind":"forbidden"}}"#, code: .notAllowed,
                lines: ["error: no"]),
            Answer(error: #"{"code":-32003,"message":"no"}"#, code: .notFound, lines: ["error: no"]),
            Answer(
                error:
                    #"{"code":-32004,"message":"bad","data":{"hint":"Mend it.","fields":[{"field":"a","code":"range","message":"too big"}]}}"#,
                code: .failed, lines: ["error: bad", "  a: too big", "hint: Mend it."]),
            Answer(
                error:
                    #"{"code":-32005,"message":"stale","data":{"conflict":{"version":4,"fields":["a"],"by":"x","at":"y"}}}"#,
                code: .conflict, lines: ["error: stale", "  version is now 4; changed since: a"]),
            Answer(error: #"{"code":-32006,"message":"twice"}"#, code: .conflict, lines: ["error: twice"]),
            Answer(
                error: #"{"code":-32601,"message":"no method","data":{"candidates":["a.b","a.c"]}}"#,
                code: .failed,
                lines: ["error: no method", "hint: Known and near: a.b, a.c."]),
            Answer(
                error: #"{"code":-32603,"message":"internal error","data":{"request_id":"r1"}}"#,
                code: .failed,
                lines: ["error: internal error", "hint: The kernel's log has the reason under request r1."]),
        ])
    func errors(_ answer: Answer) {
        #expect {
            try Conversation.result(of: Array(#"{"jsonrpc":"2.0","id":1,"error":\#(answer.error)}"#.utf8))
        } throws: { error in
            guard let error = error as? AdminError else { return false }
            return error.exit == answer.code && error.lines == answer.lines
        }
    }

    @Test("what is no response is refused", arguments: ["", "<html>", "{}", "[]"])
    func noResponse(_ body: String) {
        #expect(throws: AdminError.self) { try Conversation.result(of: Array(body.utf8)) }
    }

    @Test(
        "addresses",
        arguments: [
            ("https://a", "a:443/rpc"), ("https://a:8443/", "a:8443/rpc"),
            ("https://[::1]:8443/x", "::1:8443/x"),
            ("https://[::1]", "::1:443/rpc"),
        ])
    func addresses(_ text: String, _ expected: String) throws {
        let address = try EndpointAddress(text)
        #expect("\(address.host):\(address.port)\(address.path)" == expected)
    }

    @Test(
        "addresses that are none",
        arguments: [
            "http://a", "a:8443", "https://", "https://a:0", "https://a:x", "https://u:p@a",
            "https://a/\r\nX: y", "https://a b",
        ])
    func wrongAddresses(_ text: String) {
        #expect(throws: AdminError.self) { try EndpointAddress(text) }
    }
}
