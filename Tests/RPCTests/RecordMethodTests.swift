import CRMSDK
import JSON
import TestRandom
import Testing
import Wire

@testable import RPC

@Suite("Records over the wire")
struct RecordMethodTests {
    /// Random values of every type, as they are written, and what is read back: the same, in the field's one form.
    private struct Sample {
        var written: [(name: String, json: String)] = []
        var read: [String: String] = [:]

        init(_ random: inout SeededRandom, account: Int64, currency: Int64) {
            let text = Self.text(&random)
            add("a_text", text)
            add("a_longtext", Self.text(&random))
            add("an_email", #""a\#(Int.random(in: 0..<1000, using: &random))@example.com""#)
            add("a_phone", #""+48 \#(100_000 + Int.random(in: 0..<900_000, using: &random))""#)
            add("a_url", #""https://example.com/\#(Int.random(in: 0..<1000, using: &random))""#)
            add("a_boolean", Int.random(in: 0..<2, using: &random) == 0 ? "true" : "false")
            add("an_integer", String(Int64(truncatingIfNeeded: random.next())))
            let decimal = Int64(truncatingIfNeeded: random.next()) / 8
            add("a_decimal", "\"\(FixedDecimal(units: decimal, scale: 3))\"")
            add(
                "a_percent",
                "\"\(FixedDecimal(units: Int64(Int.random(in: 0..<10_001, using: &random)), scale: 2))\"")
            let amount = FixedDecimal(units: Int64(truncatingIfNeeded: random.next()) / 2, scale: 4)
            add("a_currency", String(currency), reads: nil)
            add(
                "a_money", "\"\(amount.text(minimumDecimals: 0))\"",
                reads: #"{"amount":"\#(amount.text(minimumDecimals: 2))","currency":"EUR"}"#)
            let day = CalendarDate(daysSince1970: Int64(Int.random(in: 0..<40_000, using: &random)))
            add("a_date", "\"\(day)\"")
            let moment = Instant(
                millisecondsSince1970: Int64(Int.random(in: 0..<2_000_000_000, using: &random)) * 1_000 + 7)
            add("a_moment", "\"\(moment)\"")
            add(
                "a_choice",
                ["\"red\"", "\"green\"", "\"light_blue\"", "null"][Int.random(in: 0..<4, using: &random)])
            add("an_account", String(account), reads: nil)
        }

        private mutating func add(_ name: String, _ json: String) { add(name, json, reads: json) }

        private mutating func add(_ name: String, _ json: String, reads: String?) {
            written.append((name, json))
            if let reads { read[name] = reads }
        }

        var values: String { "{" + written.map { "\"\($0.name)\":\($0.json)" }.joined(separator: ",") + "}" }

        private static func text(_ random: inout SeededRandom) -> String {
            let words = ["Łódź", "straße", "東京都", "Ørsted", "O'Brien", "a\\\"b", "שלום", "x", "100%", "{}"]
            return "\""
                + (0...Int.random(in: 0..<4, using: &random)).map { _ in
                    words[Int.random(in: 0..<words.count, using: &random)]
                }.joined(separator: " ")
                + "\""
        }
    }

    @Test("what is written is read back, for every type of field")
    func roundTrip() throws {
        let kernel = try TestKernel()
        let client = try kernel.admin()
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandom(seed)
        let account = try #require(
            client.call("record.create", #"{"entity":"account","values":{"account_name":"Acme"}}"#).result?[
                "id"]?.int64)
        for _ in 0..<60 {
            let sample = Sample(&random, account: account, currency: 2)
            let created = try client.call("record.create", #"{"entity":"sample","values":\#(sample.values)}"#)
            let id = try #require(created.result?["id"]?.int64, "seed \(seed): \(created.message ?? "")")
            let got = try #require(client.call("record.get", #"{"id":\#(id)}"#).result)
            for (name, expected) in sample.read {
                #expect(got[name]?.text == expected, "\(name), seed \(seed)")
            }
            #expect(got["an_account"]?.text == #"{"id":\#(account),"entity":"account","label":"Acme"}"#)
            #expect(created.result?.text == got.text)
        }
    }

    @Test("a record as it stands in an answer")
    func golden() throws {
        let kernel = try TestKernel()
        let client = try kernel.admin()
        let account = try #require(
            client.call("record.create", #"{"entity":"account","values":{"account_name":"Acme"}}"#).result?[
                "id"]?.int64)
        let values =
            #"{"a_text":"x\n\"y\"","a_decimal":"1.5","a_money":"12.5","base_money":"0.00005","an_account":\#(account),"a_boolean":true,"an_integer":-3,"a_date":"2026-11-22","a_moment":"2026-11-22T15:24:20.5+01:00"}"#
        let refused = try client.call("record.create", #"{"entity":"sample","values":\#(values)}"#)
        #expect(refused.code == -32004)
        #expect(
            refused.data?["fields"]?.elements.compactMap { $0["field"]?.string } == ["a_text", "base_money"])
        let good = values.replacing(#"x\n\"y\""#, with: #"x \"y\""#).replacing("0.00005", with: "0.5")
        let id = try #require(
            client.call("record.create", #"{"entity":"sample","values":\#(good)}"#).result?["id"]?.int64)
        let fields =
            #"["a_text","a_decimal","a_money","base_money","an_account","a_boolean","an_integer","a_date","a_moment","a_choice","owner","version","a_number"]"#
        let read = try client.call("record.get", #"{"id":\#(id),"fields":\#(fields)}"#)
        #expect(
            read.result?.text
                == #"{"id":\#(id),"a_text":"x \"y\"","a_decimal":"1.500","a_money":{"amount":"12.50","currency":"EUR"},"base_money":{"amount":"0.50","currency":"EUR"},"an_account":{"id":\#(account),"entity":"account","label":"Acme"},"a_boolean":true,"an_integer":-3,"a_date":"2026-11-22","a_moment":"2026-11-22T14:24:20.500Z","a_choice":null,"owner":{"id":3,"entity":"user","label":"Administrator"},"version":1,"a_number":"S0001"}"#
        )
        try client.call("record.delete", #"{"id":\#(account)}"#)
        let marked = try client.call("record.get", #"{"id":\#(id),"fields":["an_account"]}"#)
        #expect(
            marked.result?["an_account"]?.text
                == #"{"id":\#(account),"entity":"account","label":"Acme","deleted":true}"#)
    }

    @Test("a page leads to the next, and a cursor of another query is refused")
    func pages() throws {
        let kernel = try TestKernel()
        let client = try kernel.admin()
        let rows = (1...7).map { #"{"line":\#($0),"values":{"a_text":"n\#($0)"}}"# }.joined(separator: ",")
        try client.call("import.rows", #"{"entity":"sample","rows":[\#(rows)]}"#)
        var seen: [String] = []
        var cursor = "null"
        repeat {
            let page = try client.call(
                "record.list",
                #"{"entity":"sample","fields":["a_text"],"sort":["-a_text"],"limit":3,"cursor":\#(cursor)}"#)
            seen += page.result?["records"]?.elements.compactMap { $0["a_text"]?.string } ?? []
            cursor = try #require(page.result?["next_cursor"]).text
            if cursor != "null", seen.count == 3 {
                let other = try client.call(
                    "record.list", #"{"entity":"sample","limit":3,"cursor":\#(cursor)}"#)
                #expect(other.code == -32602)
            }
        } while cursor != "null"
        #expect(seen == (1...7).reversed().map { "n\($0)" })
        let counted = try client.call("record.list", #"{"entity":"sample","limit":1,"count":true}"#)
        #expect(counted.result?["total"]?.int64 == 7)
    }

    @Test("a stale version is refused with what has changed; a dry run keeps nothing")
    func conflictAndDryRun() throws {
        let client = try TestKernel().admin()
        let id = try #require(
            client.call("record.create", #"{"entity":"sample","values":{"a_text":"a"}}"#).result?["id"]?.int64
        )
        let dry = try client.call("record.update", #"{"id":\#(id),"values":{"a_text":"b"},"dry_run":true}"#)
        #expect(dry.result?["a_text"]?.string == "b")
        #expect(try client.call("record.get", #"{"id":\#(id)}"#).result?["a_text"]?.string == "a")
        try client.call("record.update", #"{"id":\#(id),"values":{"an_integer":1},"version":1}"#)
        let stale = try client.call("record.update", #"{"id":\#(id),"values":{"an_integer":2},"version":1}"#)
        #expect(stale.code == -32005)
        #expect(stale.data?["conflict"]?["version"]?.int64 == 2)
        #expect(stale.data?["conflict"]?["fields"]?.text == #"["an_integer"]"#)
        #expect(stale.data?["request_id"]?.string == "r-1")
    }

    @Test(
        "a call with an idempotency key is done once and answered alike; the key is no other call's, and failures keep nothing"
    )
    func idempotency() throws {
        let client = try TestKernel().admin()
        let create = #"{"entity":"sample","values":{"a_text":"once"},"idempotency_key":"k-1"}"#
        let first = try client.call("record.create", create)
        let again = try client.call("record.create", create)
        #expect(again.result?["id"]?.int64 == first.result?["id"]?.int64)
        #expect(try client.call("record.count", #"{"entity":"sample"}"#).result?["count"]?.int64 == 1)
        let other = try client.call(
            "record.create", #"{"entity":"sample","values":{"a_text":"twice"},"idempotency_key":"k-1"}"#)
        #expect(other.code == -32006)
        let failing = #"{"entity":"sample","values":{"an_integer":"x"},"idempotency_key":"k-2"}"#
        #expect(try client.call("record.create", failing).code == -32004)
        let mended = #"{"entity":"sample","values":{"an_integer":7},"idempotency_key":"k-2"}"#
        #expect(try client.call("record.create", mended).result?["an_integer"]?.int64 == 7)
        let dry = #"{"entity":"sample","values":{"a_text":"dry"},"idempotency_key":"k-3","dry_run":true}"#
        #expect(try client.call("record.create", dry).result?["a_text"]?.string == "dry")
        #expect(try client.call("record.count", #"{"entity":"sample"}"#).result?["count"]?.int64 == 2)
        for key in ["", String(repeating: "x", count: 256)] {
            let refused = try client.call(
                "record.create", #"{"entity":"sample","values":{},"idempotency_key":"\#(key)"}"#)
            #expect(refused.code == -32602)
        }
    }

    struct ImportCase: Sendable, CustomTestStringConvertible {
        let options: String
        /// What becomes of a row that is there (with an empty number), and of one that is not.
        let there, new: String
        let number: String
        var testDescription: String { options }
    }

    @Test(
        "an import's rows are made, changed or left by mode and match",
        arguments: [
            ImportCase(options: "", there: "updated", new: "created", number: "5"),
            ImportCase(options: #""mode":"create","#, there: "failed", new: "created", number: "null"),
            ImportCase(options: #""mode":"update","#, there: "updated", new: "failed", number: "5"),
            ImportCase(options: #""on_match":"skip","#, there: "skipped", new: "created", number: "null"),
            ImportCase(options: #""on_match":"fill","#, there: "updated", new: "created", number: "5"),
        ])
    func importModes(_ test: ImportCase) throws {
        let client = try TestKernel().admin()
        let id = try #require(
            client.call(
                "record.create", #"{"entity":"sample","values":{"a_text":"there","a_date":"2026-01-01"}}"#
            )
            .result?["id"]?.int64)
        let rows =
            #"[{"line":2,"values":{"a_text":"there","an_integer":5,"a_date":"2026-02-02"}},{"line":3,"values":{"a_text":"new"}}]"#
        let answer = try client.call(
            "import.rows", #"{"entity":"sample","match_on":["a_text"],\#(test.options)"rows":\#(rows)}"#)
        let outcomes = answer.result?["rows"]?.elements.map { $0["outcome"]?.string }
        #expect(outcomes == [test.there, test.new])
        let record = try client.call("record.get", #"{"id":\#(id)}"#).result
        #expect(record?["an_integer"]?.text == test.number)
        #expect(
            record?["a_date"]?.string
                == (test.options.isEmpty || test.options.contains("update") ? "2026-02-02" : "2026-01-01"))
        // The same again changes nothing.
        let again = try client.call(
            "import.rows", #"{"entity":"sample","match_on":["a_text"],\#(test.options)"rows":\#(rows)}"#)
        #expect(!(again.result?["rows"]?.text.contains("updated") ?? true))
        #expect(!(again.result?["rows"]?.text.contains("created") ?? true))
    }

    @Test("an import looks references up, in rows of the same call too, and a row fails alone")
    func importLookups() throws {
        let client = try TestKernel().admin()
        func lookup(_ name: String) -> String {
            #"{"$lookup":{"entity":"account","field":"account_name","value":"\#(name)"}}"#
        }
        try client.call(
            "import.rows",
            #"{"entity":"account","rows":[{"values":{"account_name":"Twin"}},{"values":{"account_name":"Twin"}}]}"#
        )
        let rows = [
            #"{"line":2,"values":{"account_name":"Parent"}}"#,
            #"{"line":3,"values":{"account_name":"Child","parent_account":\#(lookup("Parent"))}}"#,
            #"{"line":4,"values":{"account_name":"Lost","parent_account":\#(lookup("Nobody"))}}"#,
            #"{"line":5,"values":{"account_name":"Torn","parent_account":\#(lookup("Twin"))}}"#,
            #"{"line":6,"values":{"parent_account":1,"nothing":2}}"#,
        ]
        let answer = try client.call(
            "import.rows", #"{"entity":"account","rows":[\#(rows.joined(separator: ","))]}"#)
        let parts = answer.result?["rows"].map { Array($0.elements) } ?? []
        #expect(parts.map { $0["outcome"]?.string } == ["created", "created", "failed", "failed", "failed"])
        #expect(parts.map { $0["line"]?.int64 } == [2, 3, 4, 5, 6])
        let codes = parts.map { $0["problems"]?.elements.first { _ in true }?["code"]?.string }
        #expect(codes == [nil, nil, "not_found", "ambiguous", "unknown_field"])
        #expect(try client.call("record.count", #"{"entity":"account"}"#).result?["count"]?.int64 == 4)
    }

    @Test("a custom field is there for the next call")
    func customField() throws {
        let client = try TestKernel().admin()
        let made = try client.call(
            "field.create",
            #"{"entity":"account","name":"x_year","type":"integer","label":"Year","minimum":"1800"}"#)
        #expect(made.result?["steps"]?.count ?? 0 > 0, "\(made.message ?? "")")
        try client.call(
            "record.create", #"{"entity":"account","values":{"account_name":"Old","x_year":1901}}"#)
        let found = try client.call(
            "record.list",
            #"{"entity":"account","filter":["x_year","<",1950],"sort":["x_year"],"fields":["x_year"]}"#)
        #expect(found.result?["records"]?.elements.first { _ in true }?["x_year"]?.int64 == 1901)
        let refused = try client.call(
            "record.create", #"{"entity":"account","values":{"account_name":"N","x_year":1}}"#)
        #expect(refused.data?["fields"]?.elements.first { _ in true }?["code"]?.string == "range")
        #expect(try client.call("field.delete", #"{"entity":"account","name":"x_year"}"#).result != nil)
        #expect(try client.call("record.list", #"{"entity":"account","sort":["x_year"]}"#).code == -32602)
    }

    @Test("an action of a module gets typed parameters, and answers through the same types")
    func action() throws {
        let client = try TestKernel().admin()
        let answer = try client.call(
            "core.echo",
            #"{"amount":{"amount":"1.5","currency":"USD"},"day":"2026-11-22","flags":[true],"values":{"account_name":"A"}}"#
        )
        #expect(
            answer.result?.text
                == #"{"amount":{"amount":"1.50","currency":"USD"},"day":"2026-11-22","flags":[true],"values":{"account_name":"A"}}"#
        )
        #expect(try client.call("core.echo", #"{"amount":1.5}"#).code == -32602)
        #expect(try client.call("core.echo", #"{"amount":"1","values":{"x":1}}"#).code == -32004)
    }

    @Test("the log verifies and its entries are listed")
    func log() throws {
        let client = try TestKernel().admin()
        try client.call("record.create", #"{"entity":"account","values":{"account_name":"A"}}"#)
        let verified = try client.call("log.verify")
        #expect(verified.result?["intact"]?.bool == true)
        let page = try client.call("log.list", #"{"limit":2}"#)
        #expect(page.result?["entries"]?.elements.compactMap { $0["seq"]?.int64 } == [1, 2])
        let next = try #require(page.result?["next_cursor"]?.string)
        #expect(
            try client.call("log.list", #"{"limit":1,"cursor":"\#(next)"}"#).result?["entries"]?.elements
                .first { _ in true }?["seq"]?.int64 == 3)
    }
}
