import CRMSDK
import Core
import JSON
import Registry
import Security
import Testing

@testable import RPC

/// A registry of the kernel's own entities and the sample, without a database.
enum Registries {
    static func make() throws -> RegistrySnapshot {
        var number = 0
        let definitions = CoreModule().manifest.entities + [TestKernel.sample]
        let entities = try definitions.enumerated().map { index, definition in
            try Entity(
                number: index + 1, definition: definition, module: "core",
                fields: definition.fields.map { field in
                    number += 1
                    return FieldPlacement(
                        number: number, definition: field, source: .module("core"), column: field.name)
                })
        }
        return RegistrySnapshot(generation: 1, entities: entities, modules: [])
    }

    static func view() throws -> FieldView { FieldView(registry: try make()) { _ in .everything } }
}

@Suite("Values read by their field's wire form")
struct WireValueTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let field: String
        let json: String
        /// The value printed, or the code of the refusal.
        let outcome: String
        var testDescription: String { "\(field) \(json) → \(outcome)" }
        init(_ field: String, _ json: String, _ outcome: String) {
            self.field = field
            self.json = json
            self.outcome = outcome
        }
    }

    static let cases = [
        Case("a_text", #""Łódź""#, "Łódź"), Case("a_text", "1", "!type"), Case("a_text", "null", ""),
        Case("a_text", "[]", "!type"), Case("a_boolean", "true", "true"), Case("a_boolean", "1", "!type"),
        Case("a_boolean", #""true""#, "!type"), Case("an_integer", "-3", "-3"),
        Case("an_integer", "1.0", "!type"),
        Case("an_integer", "1e3", "!type"), Case("an_integer", #""3""#, "!type"),
        Case("an_integer", "true", "!type"),
        Case("an_integer", "9223372036854775807", "9223372036854775807"),
        Case("an_integer", "9223372036854775808", "!type"), Case("a_decimal", #""1.5""#, "1.500"),
        Case("a_decimal", #""-0.001""#, "-0.001"), Case("a_decimal", #""1.5000""#, "1.500"),
        Case("a_decimal", #""1.5001""#, "!format"), Case("a_decimal", "1.5", "!type"),
        Case("a_decimal", #""1,5""#, "!format"),
        Case("a_decimal", #""9223372036854775.807""#, "9223372036854775.807"),
        Case("a_decimal", #""9223372036854775.808""#, "!format"), Case("a_money", #""12.5""#, "12.5000"),
        Case("a_money", #"{"amount":"12.5","currency":"USD"}"#, "12.50 USD"),
        Case("a_money", #"{"amount":12.5,"currency":"USD"}"#, "!type"),
        Case("a_money", #"{"amount":"12.5"}"#, "!type"),
        Case("a_money", #"{"amount":"12.5","currency":"usd"}"#, "!format"),
        Case("a_money", #"{"amount":"1","currency":"USD","x":1}"#, "!type"),
        Case("a_money", #""0.00001""#, "!format"), Case("a_date", #""2026-02-29""#, "!format"),
        Case("a_date", #""2028-02-29""#, "2028-02-29"), Case("a_date", #""2026-1-1""#, "!format"),
        Case("a_moment", #""2026-11-22T15:24:20Z""#, "2026-11-22T15:24:20.000Z"),
        Case("a_moment", #""2026-11-22T15:24:20+02:00""#, "2026-11-22T13:24:20.000Z"),
        Case("a_moment", #""2026-11-22""#, "!format"), Case("an_account", "17", "17"),
        Case("an_account", #"{"id":17}"#, "!type"), Case("an_account", "0", "!type"),
        Case("an_account", "-2", "-2"),
        Case("an_account", "9007199254740991", "9007199254740991"),
        Case("an_account", "9007199254740992", "!type"),
        Case("a_choice", #""red""#, "red"), Case("a_choice", "3", "!type"),
    ]

    @Test("reads what fits and refuses the rest", arguments: cases)
    func read(_ test: Case) throws {
        let field = try #require(try Registries.make().entity("sample")[test.field])
        let node = try JSONDocument(parsing: test.json).root
        do throws(FieldRefusal) {
            #expect(printed(try WireValue.read(node, field.wire, label: field.label)) == test.outcome)
        } catch {
            #expect("!" + error.code == test.outcome)
            #expect(error.message.hasPrefix(field.label))
        }
    }

    @Test("collects every problem of a record, and names a near field")
    func problems() throws {
        let view = try Registries.view()
        let node = try JSONDocument(parsing: #"{"a_txt":"x","an_integer":"3","a_date":"no","a_text":"ok"}"#)
            .root
        do throws(CRMError) {
            _ = try RecordValues.read(node, of: view.registry.entity("sample"), view)
            Issue.record("it has three problems")
        } catch {
            #expect(error.kind == .invalidRecord)
            #expect(error.fields.map(\.code) == ["unknown_field", "type", "format"])
            #expect(error.fields[0].message.contains("did you mean \"a_text\""))
        }
    }

    @Test("a hidden field is unknown, in near names too")
    func hidden() throws {
        let registry = try Registries.make()
        let view = FieldView(registry: registry) { _ in .nothing }
        let sample = try registry.entity("sample")
        #expect(view.field("a_text", of: sample) == nil)
        #expect(view.unknownProblem("a_txt", of: sample).message == "sample has no field \"a_txt\"")
    }
}

@Suite("Filters read from JSON")
struct FilterReadingTests {
    @Test(
        "reads conditions, groups and paths",
        arguments: [
            #"["a_text","=","x"]"#, #"["a_money",">=","1000.00"]"#, #"["a_text","is empty"]"#,
            #"{"all":[["an_integer",">",1],{"any":[["a_text","contains","x"],{"not":["a_boolean","=",true]}]}]}"#,
            #"["a_choice","in",["red","green"]]"#, #"["a_date","between",["2026-01-01","2026-12-31"]]"#,
            #"["a_date","within","this quarter"]"#, #"["an_account.parent_account.industry","=","banking"]"#,
            #"["owner.username","=","ada"]"#, #"{"all":[]}"#, #"["id","in",[1,2]]"#,
            #"["a_moment",">=","2026-11-01"]"#,
            #"["a_moment","between",["2026-11-01","2026-11-02T10:00:00Z"]]"#,
        ])
    func accepted(_ text: String) throws {
        let view = try Registries.view()
        _ = try FilterReading.read(JSONDocument(parsing: text).root, on: view.registry.entity("sample"), view)
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let json: String
        let part: String
        var testDescription: String { json }
        init(_ json: String, _ part: String) {
            self.json = json
            self.part = part
        }
    }

    static let refused = [
        Refused(#""x""#, "filter must be a condition"),
        Refused("[]", "filter must be [field, operator, value]"),
        Refused(#"["a_text"]"#, "must be [field"), Refused(#"["a_text","~","x"]"#, "operator \"~\""),
        Refused(#"["a_txt","=","x"]"#, "no field \"a_txt\""),
        Refused(#"["a_text","=",1]"#, "a_text must be a string"),
        Refused(#"["a_text","="]"#, "lacks the value"),
        Refused(#"["a_text","is empty",1]"#, "takes no value"),
        Refused(#"["a_text","=",null]"#, "is empty"),
        Refused(#"["a_boolean","<",true]"#, "cannot be compared"),
        Refused(#"["a_moment","=","2026-02-29"]"#, "not a moment"),
        Refused(#"["a_choice","in","red"]"#, "needs an array"),
        Refused(#"["a_date","between",["2026-01-01"]]"#, "two ends"),
        Refused(#"{"all":{}}"#, "filter.all must be an array"),
        Refused(#"{"all":[],"any":[]}"#, "exactly one"),
        Refused(#"{"nor":[]}"#, "\"nor\""), Refused(#"{"all":[["a_text","=","x"],3]}"#, "filter.all[1]"),
        Refused(#"["a_text.b","=","x"]"#, "no reference"),
        Refused(#"["anything.b","=","x"]"#, "a path cannot go over it"),
        Refused(
            #"["an_account.parent_account.parent_account.parent_account.parent_account.parent_account.industry","=","x"]"#,
            "limit of 5 references"),
    ]

    @Test("refuses with the place and what is wrong", arguments: refused)
    func refusal(_ test: Refused) throws {
        let view = try Registries.view()
        let node = try JSONDocument(parsing: test.json).root
        do throws(CRMError) {
            _ = try FilterReading.read(node, on: view.registry.entity("sample"), view)
            Issue.record("it is no filter")
        } catch {
            #expect(error.message.contains(test.part), "\(error.message)")
        }
    }

    @Test(
        "has at most 50 conditions and 10 levels",
        arguments: [(50, 10, true), (51, 10, false), (1, 11, false)])
    func limits(conditions: Int, levels: Int, isAllowed: Bool) throws {
        let view = try Registries.view()
        let condition = #"["a_text","=","x"]"#
        var text = "{\"all\":[\(Array(repeating: condition, count: conditions).joined(separator: ","))]}"
        for _ in 2..<levels { text = "{\"not\":\(text)}" }
        let node = try JSONDocument(parsing: text).root
        do throws(CRMError) {
            _ = try FilterReading.read(node, on: view.registry.entity("sample"), view)
            #expect(isAllowed)
        } catch {
            #expect(!isAllowed)
            #expect(error.kind == .limitExceeded)
        }
    }
}

@Suite("Parameters held against their table")
struct ParameterReadingTests {
    static let table = [
        Parameter("id", .id(), "An id.", required: true), Parameter("limit", .integer(1...1000), "How many."),
        Parameter("mode", .choice("create", "update"), "What."),
        Parameter("names", .list(of: .text), "Names."),
        Parameter("flag", .boolean, "Yes or no."), Parameter("name", .text(maximumLength: 5), "Short."),
        Parameter(
            "rows", .list(of: .object([Parameter("line", .integer, "Line.", required: true)])), "Rows."),
        Parameter("filter", .filter, "Which."), Parameter("values", .values(of: nil), "Values."),
        Parameter("day", .date, "A day."),
    ]

    struct Case: Sendable, CustomTestStringConvertible {
        let json: String
        /// Parts of the message, or nothing where it is accepted.
        let parts: [String]
        var testDescription: String { json }
        init(_ json: String, _ parts: String...) {
            self.json = json
            self.parts = parts
        }
    }

    static let cases = [
        Case(#"{"id":1}"#),
        Case(#"{"id":1,"limit":1000,"mode":"create","names":["a"],"flag":false,"name":"éèàüö"}"#),
        Case(#"{"id":1,"limit":null}"#), Case(#"{"id":1,"rows":[{"line":1}],"day":"2026-11-22"}"#),
        Case("{}", "\"id\" is missing"), Case(#"{"id":null}"#, "\"id\" is missing"),
        Case("[1]", "object of named parameters", "not an array"),
        Case(#"{"id":"1"}"#, "\"id\"", "not a string"),
        Case(#"{"id":1.5}"#, "\"id\"", "the number 1.5"), Case(#"{"id":true}"#, "\"id\"", "true or false"),
        Case(#"{"id":1,"limit":0}"#, "\"limit\"", "from 1 to 1000", "0"),
        Case(#"{"id":1,"limit":1001}"#, "from 1 to 1000"),
        Case(#"{"id":1,"lmit":1}"#, "no parameter \"lmit\""),
        Case(#"{"id":1,"mode":"upsert"}"#, "\"mode\"", "create, update", "\"upsert\""),
        Case(#"{"id":1,"names":"a"}"#, "\"names\" must be an array"),
        Case(#"{"id":1,"names":["a",2]}"#, "\"names[1]\" must be a string"),
        Case(#"{"id":1,"flag":1}"#, "\"flag\" must be true or false"),
        Case(#"{"id":1,"name":"abcdef"}"#, "\"name\" is longer than 5"),
        Case(#"{"id":1,"rows":[{"line":1},{}]}"#, "\"rows[1].line\" is missing"),
        Case(#"{"id":1,"rows":[{"line":1,"x":2}]}"#, "no parameter \"rows[0].x\""),
        Case(#"{"id":1,"filter":"x"}"#, "\"filter\" must be a filter"),
        Case(#"{"id":1,"values":[]}"#, "\"values\" must be an object"),
        Case(#"{"id":1,"day":"2026-13-01"}"#, "\"day\"", "2026-13-01"),
    ]

    @Test("names the parameter, what was wanted and what came", arguments: cases)
    func check(_ test: Case) throws {
        let node = try JSONDocument(parsing: test.json).root
        do throws(CRMError) {
            try ParameterReading.check(node, against: Self.table)
            #expect(test.parts.isEmpty)
        } catch {
            #expect(error.kind == .invalidParameters)
            #expect(!test.parts.isEmpty, "\(error.message)")
            for part in test.parts { #expect(error.message.contains(part), "\(error.message)") }
        }
    }

    @Test("names near ones", arguments: [("lmit", "limit"), ("filtre", "filter"), ("val", "values")])
    func near(given: String, meant: String) throws {
        let node = try JSONDocument(parsing: #"{"id":1,"\#(given)":1}"#).root
        do throws(CRMError) {
            try ParameterReading.check(node, against: Self.table)
        } catch {
            #expect(error.candidates.first == meant)
        }
    }
}
