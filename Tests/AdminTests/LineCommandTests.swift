import Admin
import JSON
import Testing

@Suite("Lines at the console")
struct LineCommandTests {
    private static var kernel: FakeKernel {
        let kernel = FakeKernel()
        kernel.fields = [
            "product": [.init(name: "code", type: "text")],
            "order": [
                .init(name: "subject", type: "text"),
                .init(
                    name: "lines", type: "lines",
                    lines: [
                        .init(name: "id", type: "reference"),
                        .init(name: "item", type: "reference", targets: ["product"]),
                        .init(name: "quantity", type: "decimal"), .init(name: "comment", type: "text"),
                        .init(name: "price", type: "money"), .init(name: "days", type: "integer"),
                    ]),
            ],
        ]
        kernel.records["product"] = [4: ["code": "\"A-1\""]]
        kernel.answers["record.update"] = ["{\"id\":17}"]
        kernel.answers["record.create"] = ["{\"id\":17}"]
        return kernel
    }

    @Test(
        "a line more, a line changed and a line less; what is not named stays",
        arguments: [
            (["lines+=item=4 quantity=2.5"], #"{"set":[{"item":4,"quantity":"2.5"}],"remove":[]}"#),
            (["lines+=item=code:A-1"], #"{"set":[{"item":4}],"remove":[]}"#),
            (["lines-=9"], #"{"set":[],"remove":[9]}"#),
            (
                [
                    "lines+=id=7 comment='In blue' price='3 EUR'", "lines-=8", "lines+=days=3 comment=",
                    "lines-=9",
                ],
                #"{"set":[{"id":7,"comment":"In blue","price":{"amount":"3","currency":"EUR"}},{"days":3,"comment":null}],"remove":[8,9]}"#
            ),
        ])
    func typed(_ words: [String], _ expected: String) throws {
        for verb in [["create", "order"], ["update", "order", "17"]] {
            let driver = ConsoleDriver(Self.kernel)
            #expect(
                driver.run(["record"] + verb + ["subject=S"] + words) == .done, "\(driver.streams.errors)")
            let call = try #require(driver.kernel.calls.last)
            #expect(call.params.contains(#""values":{"subject":"S","lines":\#(expected)}"#), "\(call.params)")
        }
    }

    @Test(
        "what is no line is refused by name",
        arguments: [
            (["lines+="], "lines: a line lacks its values"),
            (["lines+=item"], "\"item\" is not a value of a line"),
            (
                ["lines+=quantty=1"],
                "lines: a line has no field \"quantty\"\nhint: Did you mean \"quantity\"?"
            ),
            (["lines+=days=x"], "days must be a whole number, not \"x\""),
            (["lines+=days=1 days=2"], "lines: \"days\" is given twice in one line"),
            (["lines+=item=code:B-2"], "no product has code \"B-2\""),
            (["lines+=comment='In blue"], "the quote ' is not closed"),
            (["lines-=x"], "\"x\" is no id of a line"), (["lines-=0"], "\"0\" is no id of a line"),
            (["subject+=x"], "field \"subject\" holds no lines"),
            (["line+=days=1"], "order has no field \"line\"\nhint: Did you mean \"lines\"?"),
            (["lines=3"], "lines holds lines, which are not written as text"),
            (["lines:=[]", "lines-=3"], "field \"lines\" is given twice"),
        ])
    func refused(_ words: [String], _ message: String) {
        let driver = ConsoleDriver(Self.kernel)
        #expect(driver.run(["record", "update", "order", "17"] + words) != .done)
        #expect(driver.streams.errors.contains(message), "\(driver.streams.errors)")
        #expect(driver.kernel.count(of: "record.update") == 0)
    }

    private static let order = """
        {"id":17,"subject":"Bolts","account":{"id":3,"entity":"account","label":"Acme"},
         "total":{"amount":"41.00","currency":"EUR"},"terms":{"days":30,"discount":"2.00"},"tags":["a","b"],
         "lines":[{"id":18,"position":1,"item":{"id":4,"entity":"product","label":"Bolt"},"item_name":"Bolt",
                   "quantity":"2.5000","comment":null,"discount":{"amount":"0.00","currency":"EUR"}},
                  {"id":19,"position":2,"item":{"id":5,"entity":"product","label":"東京 nut"},"item_name":"東京 nut",
                   "quantity":"10.0000","comment":null,"discount":{"amount":"0.00","currency":"EUR"}}],
         "taxes":[]}
        """

    private func printed(_ arguments: String...) -> String {
        let driver = ConsoleDriver(Self.kernel)
        driver.kernel.answers["record.get"] = [Self.order]
        driver.kernel.fields["order"]?.append(.init(name: "id", type: "reference"))
        driver.kernel.records["order"] = [
            17: ["lines": "[{\"id\":18,\"position\":1},{\"id\":19,\"position\":2}]"],
            20: ["lines": "[{\"id\":21,\"position\":1}]"], 22: ["lines": "[]"],
        ]
        #expect(driver.run(arguments) == .done, "\(driver.streams.errors)")
        return driver.streams.output
    }

    @Test("a record's lines are a table below it, without the columns that say nothing")
    func table() {
        #expect(
            printed("record", "get", "17", "--output", "table") == """
                id              17
                subject         Bolts
                account         Acme
                total           41.00 EUR
                terms.days      30
                terms.discount  2.00
                tags            a, b
                taxes

                lines:
                id  position  item      quantity
                18         1  Bolt        2.5000
                19         2  東京 nut   10.0000

                """)
    }

    @Test("for programs lines stay JSON; a list for people counts them")
    func otherForms() {
        #expect(
            printed("record", "get", "17", "--columns", "lines", "--csv").contains(
                #""[{""id"":18,""position"":1,"#))
        #expect(
            printed("record", "list", "order", "--columns", "id,lines", "--output", "table")
                == "id  lines\n17  2 lines\n20  1 line\n22\n")
        #expect(
            printed("record", "list", "order", "--columns", "id,lines", "--output", "tsv")
                .contains("20\t[{\"id\":21,\"position\":1}]\n"))
    }
}
