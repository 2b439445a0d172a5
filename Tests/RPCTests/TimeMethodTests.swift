import CRMSDK
import JSON
import Testing

@testable import RPC

@Suite("Past, feed and undo over the wire")
struct TimeMethodTests {
    private let client: TestClient

    init() throws { client = try TestKernel().admin() }

    private func account(_ values: String) throws -> Int64 {
        let made = try client.call(
            "record.create", #"{"entity":"account","values":\#(values),"allow_duplicate":true}"#)
        return try #require(made.result?["id"]?.int64, "\(made.message ?? "")")
    }

    private func entries(of id: Int64) throws -> [JSONNode] {
        let result = try #require(client.call("record.history", #"{"id":\#(id)}"#).result)
        return result["entries"].map { Array($0.elements) } ?? []
    }

    private func values(_ id: Int64) throws -> String? {
        try client.call("record.get", #"{"id":\#(id),"fields":["account_name","phone","employees"]}"#).result?
            .text
    }

    @Test("a history may be asked for with the record's entity; of another entity there is none")
    func historyOfEntity() throws {
        let id = try account(#"{"account_name":"Acme"}"#)
        let history = try client.call("record.history", #"{"id":\#(id),"entity":"account"}"#)
        #expect(history.result?["entries"]?.count == 1)
        #expect(try client.call("record.history", #"{"id":\#(id),"entity":"contact"}"#).code == -32003)
        #expect(try client.call("record.history", #"{"id":\#(id),"entity":"accout"}"#).result == nil)
    }

    @Test("a record, a list, a count and a sum of a moment")
    func past() throws {
        let id = try account(#"{"account_name":"Acme","phone":"+48 22 1","annual_revenue":"5.00"}"#)
        let moment = try #require(entries(of: id).last?["at"]?.string)
        // The kernel's clock counts milliseconds; the next change must be of a later one.
        var later = moment
        while later == moment {
            try client.call("record.update", #"{"id":\#(id),"values":{"phone":null}}"#)
            try client.call(
                "record.update", #"{"id":\#(id),"values":{"phone":"+48 22 2","annual_revenue":"6.00"}}"#)
            later = try #require(entries(of: id).last?["at"]?.string)
        }
        let first = try entries(of: id).last { $0["at"]?.string == moment }
        let then = try client.call("record.get", #"{"id":\#(id),"as_of":"\#(moment)","fields":["version"]}"#)
        #expect(then.result?["version"]?.int64 == first?["version"]?.int64)
        let list = try client.call(
            "record.list",
            #"{"entity":"account","as_of":"\#(moment)","filter":["account_name","=","Acme"],"count":true}"#)
        #expect(list.result?["total"]?.int64 == 1)
        #expect(list.result?["records"]?.count == 1)
        let count = try client.call("record.count", #"{"entity":"account","as_of":"\#(moment)"}"#)
        #expect(count.result?.text == #"{"count":1}"#)
        let sum = try client.call(
            "record.aggregate",
            #"{"entity":"account","as_of":"\#(moment)","measures":[{"op":"count","as":"n"}]}"#)
        #expect(sum.result?.text == #"{"groups":[{"n":1}]}"#)
        let future = try client.call("record.get", #"{"id":\#(id),"as_of":"2100-01-01T00:00:00Z"}"#)
        #expect(future.code == -32602)
        let wrong = try client.call("record.get", #"{"id":\#(id),"as_of":"yesterday"}"#)
        #expect(wrong.code == -32602)
        let lost = try client.call("record.list", #"{"entity":"account","as_of":"1999-01-01T00:00:00Z"}"#)
        #expect(lost.message?.contains("before the change log, which begins at") == true)
    }

    @Test("the feed goes on where it ended, and undo takes one change set back")
    func feedAndUndo() throws {
        let id = try account(#"{"account_name":"Acme","phone":"+48 22 1"}"#)
        var next = try #require(
            client.call("change.list", #"{"entities":["account"],"limit":1000}"#).result?["next"]?.int64)
        try client.call("record.update", #"{"id":\#(id),"values":{"phone":"+48 22 2"}}"#)
        let page = try client.call("change.list", #"{"after":\#(next),"entities":["account"]}"#)
        let change = try #require(page.result?["changes"]?.elements.first { _ in true })
        #expect(change["id"]?.int64 == id)
        #expect(change["changes"]?.text == #"[{"field":"phone","old":"+48 22 1","new":"+48 22 2"}]"#)
        #expect(page.result?["more"]?.bool == false)
        next = try #require(page.result?["next"]?.int64)
        #expect(try client.call("change.list", #"{"after":\#(next)}"#).result?["changes"]?.count == 0)
        let set = try #require(change["change_set"]?.int64)
        let tried = try client.call("change.undo", #"{"change_set":\#(set),"dry_run":true}"#)
        #expect(tried.result?["restored"]?.count == 1)
        #expect(try values(id) == #"{"id":\#(id),"account_name":"Acme","phone":"+48 22 2","employees":null}"#)
        let undone = try client.call("change.undo", #"{"change_set":\#(set)}"#)
        #expect(
            undone.result?["restored"]?.text
                == #"[{"id":\#(id),"entity":"account","action":"updated","fields":["phone"]}]"#)
        #expect(undone.result?["left"]?.count == 0)
        #expect(try values(id) == #"{"id":\#(id),"account_name":"Acme","phone":"+48 22 1","employees":null}"#)
        #expect(try client.call("change.undo", #"{"change_set":999999}"#).code == -32003)
        #expect(try client.call("change.list", #"{"entities":["acount"]}"#).code != nil)
    }

    @Test(
        "five rows: one new, one merged, two matches, a bad number, a missing field; undone, all is as before"
    )
    func importAndUndo() throws {
        let known = try account(#"{"account_name":"Acme","employees":7}"#)
        let twins = [try account(#"{"account_name":"Twin"}"#), try account(#"{"account_name":"Twin"}"#)]
        let before = try client.call(
            "record.list", #"{"entity":"account","fields":["account_name","phone","employees"]}"#
        ).result?.text
        let rows = [
            #"{"line":2,"values":{"account_name":"New","phone":"+48 22 1"}}"#,
            #"{"line":3,"values":{"account_name":"Acme","phone":"+48 22 2"}}"#,
            #"{"line":4,"values":{"account_name":"Twin","phone":"+48 22 3"}}"#,
            #"{"line":5,"values":{"account_name":"Bad","employees":"many"}}"#,
            #"{"line":6,"values":{"account_name":null,"phone":"+48 22 4"}}"#,
        ]
        let answer = try client.call(
            "import.rows",
            #"{"entity":"account","match_on":["account_name"],"on_match":"merge","rows":[\#(rows.joined(separator: ","))]}"#
        )
        let outcomes = answer.result?["rows"]?.elements.compactMap { $0["outcome"]?.string }
        #expect(outcomes == ["created", "updated", "failed", "failed", "failed"])
        let ambiguous = answer.result?["rows"]?.elements.compactMap { $0["problems"]?.text } ?? []
        #expect(ambiguous.first?.contains("\(twins[0]), \(twins[1])") == true, "\(ambiguous)")
        #expect(
            try values(known)
                == #"{"id":\#(known),"account_name":"Acme","phone":"+48 22 2","employees":7}"#)
        let set = try #require(answer.result?["change_set"]?.int64)
        let undone = try client.call("change.undo", #"{"change_set":\#(set)}"#)
        #expect(undone.result?["left"]?.count == 0)
        let after = try client.call(
            "record.list", #"{"entity":"account","fields":["account_name","phone","employees"]}"#
        ).result?.text
        #expect(before == after)
    }

    @Test("what a match gets: fail refuses the row, skip in mode create passes over it")
    func matches() throws {
        let known = try account(#"{"account_name":"Acme"}"#)
        for (mode, onMatch, outcome) in [
            ("upsert", "fail", "failed"), ("update", "fail", "failed"), ("create", "skip", "skipped"),
            ("create", "overwrite", "failed"), ("upsert", "skip", "skipped"),
            ("update", "overwrite", "updated"),
        ] {
            let answer = try client.call(
                "import.rows",
                #"{"entity":"account","match_on":["account_name"],"mode":"\#(mode)","on_match":"\#(onMatch)","dry_run":true,"rows":[{"values":{"account_name":"Acme","phone":"+48 22 9"}}]}"#
            )
            let row = answer.result?["rows"]?.elements.compactMap { $0["outcome"]?.string }
            #expect(row == [outcome], "\(mode) \(onMatch)")
        }
        #expect(try values(known) == #"{"id":\#(known),"account_name":"Acme","phone":null,"employees":null}"#)
    }

    @Test("the log is searched by kind, actor, record and time")
    func search() throws {
        let id = try account(#"{"account_name":"Acme"}"#)
        try client.call("record.update", #"{"id":\#(id),"values":{"phone":"+48 22 1"}}"#)
        func kinds(_ parameters: String) throws -> [String] {
            let result = try #require(client.call("log.list", parameters).result)
            return result["entries"]?.elements.compactMap { $0["kind"]?.string } ?? []
        }
        #expect(try kinds(#"{"record":\#(id)}"#) == ["create", "update"])
        #expect(try kinds(#"{"record":\#(id),"kind":"update"}"#) == ["update"])
        #expect(try kinds(#"{"record":\#(id),"actor":999}"#).isEmpty)
        #expect(try kinds(#"{"until":"2000-01-01T00:00:00Z"}"#).isEmpty)
        #expect(try kinds(#"{"since":"2100-01-01T00:00:00Z"}"#).isEmpty)
        let whole = try kinds(#"{"since":"2000-01-01T00:00:00Z","limit":1000}"#)
        #expect(whole == (try kinds(#"{"limit":1000}"#)))
    }
}
