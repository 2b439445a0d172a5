import CRMSDK
import JSON
import Query
import Storage
import TestRandom
import Testing

@testable import RPC

/// Rows that come in, and the way back.
@Suite("Imports as things: begun, listed, and taken back")
struct ImportTests {
    private let kernel: TestKernel
    private let client: TestClient

    init() throws {
        kernel = try TestKernel()
        client = try kernel.admin()
    }

    // MARK: Words of the tests

    private func account(_ name: String, _ rest: String = "") throws -> Int64 {
        let made = try client.call(
            "record.create",
            #"{"entity":"account","values":{"account_name":"\#(name)"\#(rest)},"allow_duplicate":true}"#)
        return try #require(made.result?["id"]?.int64, "\(made.message ?? "")")
    }

    private func begin(_ options: String, entity: String = "account") throws -> Int64 {
        let begun = try client.call("import.start", #"{"entity":"\#(entity)","file":"a.csv"\#(options)}"#)
        return try #require(begun.result?["id"]?.int64, "\(begun.message ?? "")")
    }

    @discardableResult
    private func rows(_ number: Int64?, _ values: [String], _ options: String = "") throws -> Answer {
        let rows = values.enumerated().map { #"{"line":\#($0 + 2),"values":\#($1)}"# }.joined(separator: ",")
        let belongs = number.map { #""import":\#($0),"# } ?? ""
        return try client.call(
            "import.rows", #"{"entity":"account",\#(belongs)\#(options)"rows":[\#(rows)]}"#)
    }

    private func outcomes(_ answer: Answer) -> [String] {
        answer.result?["rows"]?.elements.compactMap { $0["outcome"]?.string } ?? [answer.message ?? "none"]
    }

    /// Takes an import back, part by part; what the parts say.
    private func undo(_ number: Int64, _ options: String = "") throws -> [JSONNode] {
        var parts: [JSONNode] = []
        var cursor = ""
        repeat {
            let answer = try client.call("import.undo", #"{"id":\#(number)\#(options)\#(cursor)}"#)
            let part = try #require(answer.result, "\(answer.message ?? "")")
            parts.append(part)
            cursor = part["next_cursor"]?.string.map { #","cursor":"\#($0)""# } ?? ""
        } while parts.last?["state"]?.string == "undoing" && parts.count < 100
        return parts
    }

    private func sum(_ parts: [JSONNode], _ key: String) -> Int64 {
        parts.reduce(0) { $0 + ($1[key]?.int64 ?? 0) }
    }

    /// All accounts outside the bin, with all that a person may write.
    private func state() throws -> String {
        let list = try client.call("record.list", #"{"entity":"account","sort":["id"],"limit":1000}"#)
        let ids = list.result?["records"]?.elements.compactMap { $0["id"]?.int64 } ?? []
        return try ids.map { id in
            let record = try client.call("record.get", #"{"id":\#(id)}"#).result
            return record?.members.filter { !["version", "modified_at", "modified_by"].contains($0.0) }
                .map { "\($0.0)=\($0.1.text)" }.joined(separator: " ") ?? ""
        }.joined(separator: "\n")
    }

    private func show(_ number: Int64) throws -> JSONNode {
        try #require(client.call("import.show", #"{"id":\#(number)}"#).result)
    }

    // MARK: The five rows

    @Test(
        "new, there already, two matches, a bad date, a missing name: one made, one merged, three refused; then all as before"
    )
    func fiveRows() throws {
        try client.call(
            "field.create", #"{"entity":"account","name":"x_since","type":"date","label":"Since"}"#)
        _ = try account(
            "Acme", #","phone":"+48 22 1","website":"https://acme.example","x_since":"2020-01-01""#)
        let twins = [try account("Twin"), try account("Twin")]
        let before = try state()
        let number = try begin(#","match_on":["account_name"],"on_match":"merge""#)
        let answer = try rows(
            number,
            [
                #"{"account_name":"New","x_since":"2026-01-31"}"#,
                #"{"account_name":"acme","phone":"+48 22 2","website":null,"x_since":"2021-05-05"}"#,
                #"{"account_name":"Twin","phone":"+48 22 101"}"#,
                #"{"account_name":"Dated","x_since":"31.01.2026"}"#,
                #"{"account_name":null,"phone":"+48 22 102"}"#,
            ])
        #expect(outcomes(answer) == ["created", "updated", "failed", "failed", "failed"])
        let problems = answer.result?["rows"]?.elements.compactMap {
            $0["problems"]?.elements.first { _ in true }
        }
        #expect(problems?.compactMap { $0["code"]?.string } == ["ambiguous", "format", "required"])
        #expect(problems?.compactMap { $0["field"]?.string } == ["account_name", "x_since", "account_name"])
        #expect(problems?.first?["message"]?.string?.contains("\(twins[0]), \(twins[1])") == true)
        let merged = try client.call(
            "record.list",
            #"{"entity":"account","filter":["account_name","=","acme"],"fields":["phone","website","x_since"]}"#
        )
        let record = try #require(merged.result?["records"]?.elements.first { _ in true })
        #expect(record["phone"]?.string == "+48 22 2" && record["x_since"]?.string == "2021-05-05")
        #expect(record["website"]?.string == "https://acme.example")
        try client.call("import.finish", #"{"id":\#(number)}"#)
        let facts = try show(number)
        #expect(facts["state"]?.string == "finished" && facts["file"]?.string == "a.csv")
        #expect([facts["created"], facts["updated"], facts["failed"]].map { $0?.int64 } == [1, 1, 3])

        let dry = try undo(number, #","dry_run":true"#)
        #expect(sum(dry, "deleted") == 1 && sum(dry, "updated") == 1)
        #expect(try show(number)["state"]?.string == "finished")
        let parts = try undo(number)
        #expect(sum(parts, "deleted") == 1 && sum(parts, "updated") == 1)
        #expect(try state() == before)
        #expect(try show(number)["state"]?.string == "undone")
    }

    // MARK: Ways with a match

    struct Way: Sendable, CustomTestStringConvertible {
        let onMatch: String
        /// The phone was given and is given anew, the fax was given and is empty, the website was empty and is given.
        let phone, fax, website: String?
        let outcome: String
        var testDescription: String { onMatch }
    }

    @Test(
        "what a match gets",
        arguments: [
            Way(
                onMatch: "overwrite", phone: "+48 22 2", fax: nil, website: "https://new.example",
                outcome: "updated"),
            Way(
                onMatch: "merge", phone: "+48 22 2", fax: "+48 22 1", website: "https://new.example",
                outcome: "updated"
            ),
            Way(
                onMatch: "fill", phone: "+48 22 1", fax: "+48 22 1", website: "https://new.example",
                outcome: "updated"),
            Way(onMatch: "skip", phone: "+48 22 1", fax: "+48 22 1", website: nil, outcome: "skipped"),
            Way(onMatch: "fail", phone: "+48 22 1", fax: "+48 22 1", website: nil, outcome: "failed"),
        ])
    func match(_ way: Way) throws {
        let id = try account("Acme", #","phone":"+48 22 1","fax":"+48 22 1""#)
        let values = #"{"account_name":"Acme","phone":"+48 22 2","fax":null,"website":"https://new.example"}"#
        let answer = try rows(
            nil, [values, #"{"account_name":"Other","fax":null}"#],
            #""match_on":["account_name"],"on_match":"\#(way.onMatch)","#)
        #expect(outcomes(answer) == [way.outcome, "created"])
        let record = try client.call("record.get", #"{"id":\#(id)}"#).result
        #expect(record?["phone"]?.string == way.phone)
        #expect(record?["fax"]?.string == way.fax)
        #expect(record?["website"]?.string == way.website)
    }

    @Test(
        "a row agrees in all fields to match on, or it is another; a default is a new record's, empty cell or not"
    )
    func compound() throws {
        let here = try account("Acme", #","billing_city":"Here""#)
        _ = try account("Acme", #","billing_city":"There""#)
        let answer = try rows(
            nil,
            [
                #"{"account_name":"Acme","billing_city":"Here","phone":"+48 22 101"}"#,
                #"{"account_name":"Acme","billing_city":"Nowhere","phone":"+48 22 102"}"#,
            ], #""match_on":["billing_city","account_name"],"#)
        #expect(outcomes(answer) == ["updated", "created"])
        #expect(answer.result?["rows"]?.elements.first { _ in true }?["id"]?.int64 == here)
    }

    @Test("of many records none is searched for by a field without an index")
    func unindexed() throws {
        try rows(nil, (0..<20).map { #"{"account_name":"n\#($0)"}"# })
        kernel.database.counts.costs.boundedLimit = 20
        let free = try rows(nil, [#"{"account_name":"a","phone":"+48 22 5"}"#], #""match_on":["phone"],"#)
        #expect(outcomes(free) == ["created"])
        let refused = try rows(nil, [#"{"account_name":"a","phone":"+48 22 5"}"#], #""match_on":["phone"],"#)
        #expect(refused.code == -32008)
        #expect(refused.data?["index"]?.string == "account.phone")
        let both = try rows(
            nil, [#"{"account_name":"a","phone":"+48 22 5"}"#], #""match_on":["phone","account_name"],"#)
        #expect(outcomes(both) == ["unchanged"])
    }

    // MARK: All or nothing

    @Test(
        "all or nothing: one refused row drops the others, says why, and leaves no trace; without one all stand"
    )
    func whole() throws {
        let before = try state()
        let number = try begin(#","atomic":"all""#)
        let answer = try rows(number, [#"{"account_name":"Good"}"#, #"{"phone":"+48 22 101"}"#])
        #expect(outcomes(answer) == ["created", "failed"])
        #expect(answer.result?["kept"]?.bool == false)
        #expect(answer.result?["rows"]?.elements.first { _ in true }?["id"] == nil)
        #expect(try state() == before)
        #expect(try show(number)["created"]?.int64 == 0 && show(number)["failed"]?.int64 == 1)
        let second = try rows(number, [#"{"account_name":"Good"}"#])
        #expect(second.code == -32008)
        let good = try rows(nil, [#"{"account_name":"Good"}"#], #""atomic":"all","#)
        #expect(good.result?["kept"]?.bool == true && outcomes(good) == ["created"])
    }

    // MARK: Back

    @Test(
        "what was changed since is left and told, unless it is forced; the undo is undone by its own number")
    func changedSince() throws {
        let id = try account("Acme", #","phone":"+48 22 101","employees":5"#)
        let number = try begin(#","match_on":["account_name"]"#)
        try rows(number, [#"{"account_name":"Acme","phone":"+48 22 102","employees":6}"#])
        try rows(number, [#"{"account_name":"New"}"#, #"{"account_name":"Acme","phone":"+48 22 103"}"#])
        try client.call("record.update", #"{"id":\#(id),"values":{"phone":"+48 22 999"}}"#)
        let after = try state()
        let parts = try undo(number)
        #expect(sum(parts, "deleted") == 1 && sum(parts, "updated") == 1)
        let left = parts.flatMap { $0["left"].map { Array($0.elements) } ?? [] }
        #expect(left.map { $0["field"]?.string } == ["phone"])
        #expect(left.first?["why"]?.string == "changed since by Administrator")
        let back = try #require(parts.last?["undo"]?.int64)
        let facts = try show(back)
        #expect(facts["undoes"]?.int64 == number && facts["left_alone"]?.int64 == 1)
        #expect(facts["left"]?.elements.compactMap { $0["record"]?.int64 } == [id])
        #expect(try show(number)["undone_by"]?.int64 == back)
        #expect(try client.call("record.get", #"{"id":\#(id)}"#).result?["phone"]?.string == "+48 22 999")
        // What was undone already is in nobody's way when the rest is forced.
        let forced = try undo(number, #","force":true"#)
        #expect(forced.allSatisfy { $0["left"]?.count == 0 })
        let record = try client.call("record.get", #"{"id":\#(id)}"#).result
        #expect(record?["phone"]?.string == "+48 22 101" && record?["employees"]?.int64 == 5)
        let again = try #require(forced.last?["undo"]?.int64)
        _ = try undo(again)
        _ = try undo(back)
        #expect(try state() == after)
        #expect(try show(number)["state"]?.string == "finished")
    }

    @Test(
        "an undo goes part by part, takes no rows meanwhile, and goes on where it was; a record written twice goes back once"
    )
    func parts() throws {
        let old = try (0..<6).map { try account("old \($0)", #","phone":"+48 22 20\#($0)""#) }
        let before = try state()
        let number = try begin(#","match_on":["account_name"]"#)
        for round in 1...3 {
            try rows(
                number,
                old.indices.map { #"{"account_name":"old \#($0)","phone":"+48 22 3\#(round)\#($0)"}"# }
                    + (0..<4).map { #"{"account_name":"new \#(round) \#($0)"}"# })
        }
        let after = try state()
        let dry = try undo(number, #","limit":3,"dry_run":true"#)
        #expect(sum(dry, "deleted") == 12 && sum(dry, "updated") == 6)
        #expect(dry.allSatisfy { $0["left"]?.count == 0 })
        let first = try client.call("import.undo", #"{"id":\#(number),"limit":3}"#)
        #expect(first.result?["state"]?.string == "undoing")
        let late = try rows(number, [#"{"account_name":"late"}"#])
        #expect(late.code == -32602)
        let wrong = try client.call("import.undo", #"{"id":\#(number),"cursor":"1.1"}"#)
        #expect(wrong.code == -32602)
        let rest = try undo(number, #","limit":3"#)
        #expect(sum(rest, "deleted") + (first.result?["deleted"]?.int64 ?? 0) == 12)
        #expect(sum(rest, "updated") + (first.result?["updated"]?.int64 ?? 0) == 6)
        #expect(try state() == before)
        _ = try undo(try #require(rest.last?["undo"]?.int64), #","limit":5"#)
        #expect(try state() == after)
        let list = try client.call("import.list", "{}").result?["imports"].map { Array($0.elements) } ?? []
        #expect(list.map { $0["undoes"]?.int64 } == [number + 1, number, nil])
        #expect(list.last?["state"]?.string == "finished")
        let page = try client.call("import.list", #"{"limit":1}"#)
        let next = try #require(page.result?["next_cursor"]?.string)
        let second = try client.call("import.list", #"{"limit":1,"cursor":"\#(next)"}"#)
        #expect(second.result?["imports"]?.elements.first { _ in true }?["id"]?.int64 == number + 1)
    }

    @Test("whatever comes in at random, in whatever way, is taken back to what was before, and forth again")
    func random() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandom(seed)
        for number in 0..<8 { _ = try account("n\(number)", #","employees":\#(number)"#) }
        for round in 0..<5 {
            let before = try state()
            let way = ["overwrite", "merge", "fill", "skip", "fail"][Int.random(in: 0..<5, using: &random)]
            let number = try begin(#","match_on":["account_name"],"on_match":"\#(way)""#)
            for _ in 0..<(1 + Int.random(in: 0..<4, using: &random)) {
                let values = (0..<(1 + Int.random(in: 0..<12, using: &random))).map { _ in
                    let phone =
                        Int.random(in: 0..<3, using: &random) == 0
                        ? "null" : #""+48 \#(100_000 + Int.random(in: 0..<50, using: &random))""#
                    let staff = ["null", "-1", "7", "8"][Int.random(in: 0..<4, using: &random)]
                    return
                        #"{"account_name":"n\#(Int.random(in: 0..<14, using: &random))","phone":\#(phone),"employees":\#(staff)}"#
                }
                try rows(number, values)
            }
            let after = try state()
            let parts = try undo(number, #","limit":\#(1 + Int.random(in: 0..<9, using: &random))"#)
            #expect(parts.allSatisfy { $0["left"]?.count == 0 }, "seed \(seed), round \(round)")
            #expect(try state() == before, "seed \(seed), round \(round), \(way)")
            guard Int.random(in: 0..<2, using: &random) == 0 else { continue }
            _ = try undo(try #require(parts.last?["undo"]?.int64))
            #expect(try state() == after, "seed \(seed), round \(round), back")
        }
        #expect(try client.call("log.verify").result?["intact"]?.bool == true)
    }

    @Test("rows that were refused after they had written leave the numbers of change sets in order")
    func changeSets() throws {
        // The second row breaks a unique index only when it is written: the first has been by then.
        try client.call(
            "field.create",
            #"{"entity":"account","name":"x_key","type":"text","maximum_length":10,"label":"Key","unique":true}"#
        )
        let first = try rows(
            nil, [#"{"account_name":"a","x_key":"k"}"#, #"{"account_name":"b","x_key":"k"}"#])
        let second = try rows(nil, [#"{"account_name":"c"}"#])
        let numbers = [first, second].compactMap { $0.result?["change_set"]?.int64 }
        #expect(numbers.count == 2 && numbers[0] < numbers[1])
    }

    @Test("users and rights are not undone as a whole, and what is not there is not there")
    func refusals() throws {
        let number = try begin("", entity: "user")
        let refused = try client.call("import.undo", #"{"id":\#(number)}"#)
        #expect(refused.code == -32602 && refused.message?.contains("user") == true)
        #expect(try client.call("import.show", #"{"id":4711}"#).code == -32003)
        #expect(
            try client.call("import.start", #"{"entity":"account","match_on":["nothing"]}"#).code == -32602)
        #expect(try client.call("import.start", #"{"entity":"account","mode":"update"}"#).code == -32602)
        let other = try rows(number, [#"{"account_name":"a"}"#])
        #expect(other.code == -32602 && other.message?.contains("not one of account") == true)
        let dry = try client.call("import.start", #"{"entity":"account","dry_run":true}"#)
        #expect(dry.result?["state"]?.string == "running")
        #expect(try client.call("import.list", "{}").result?["imports"]?.count == 1)
    }
}
