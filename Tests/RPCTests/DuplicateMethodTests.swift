import JSON
import Testing

@testable import RPC

@Suite("Duplicates over the wire")
struct DuplicateMethodTests {
    private let client: TestClient

    init() throws { client = try TestKernel().admin() }

    private func create(_ name: String, _ email: String, _ more: String = "") throws -> Answer {
        try client.call(
            "record.create",
            #"{"entity":"contact","values":{"last_name":"\#(name)","email":"\#(email)"},"fields":["id"]\#(more)}"#
        )
    }

    private func id(_ answer: Answer) throws -> Int64 {
        try #require(answer.result?["id"]?.int64, "\(answer.message ?? "")")
    }

    @Test("a warning tells what it found, and allow_duplicate goes on; in a batch and an upsert as well")
    func warning() throws {
        let ada = try id(create("Ada", "ada@acme.example"))
        let refused = try create("Byron", "ADA@acme.example")
        #expect(refused.code == -32006)
        #expect(
            refused.data?["duplicates"]?.text
                == #"{"action":"warn","records":[{"id":\#(ada),"entity":"contact","label":"Ada","rules":["Contact by e-mail"]}],"hidden":0}"#
        )
        #expect(refused.data?["hint"]?.string?.contains("allow_duplicate") == true)
        #expect(refused.data?["candidates"]?.text == #"["\#(ada)"]"#)

        let values = #""entity":"contact","values":{"last_name":"Byron","email":"ada@acme.example"}"#
        func batch(_ more: String) throws -> Answer {
            try client.call(
                "batch.execute",
                #"{"operations":[{"method":"record.create","params":{"entity":"contact","values":{"last_name":"Eve"}}},{"method":"record.create","params":{\#(values)\#(more)}}]}"#
            )
        }
        let inBatch = try batch("")
        #expect(inBatch.code == -32006)
        #expect(inBatch.data?["operation"]?.int64 == 1)
        let named = inBatch.data?["duplicates"]?["records"]?.elements.compactMap { $0["id"]?.int64 }
        #expect(named == [ada])
        let count = try client.call("record.count", #"{"entity":"contact"}"#).result?["count"]?.int64
        #expect(count == 1)
        #expect(try batch(#","allow_duplicate":true"#).code == nil)
        #expect(try create("Third", "ada@acme.example", #","allow_duplicate":true"#).code == nil)
        #expect(try create("Dry", "ada@acme.example", #","dry_run":true"#).code == -32006)

        // An import brings what others have decided.
        let rows = try client.call(
            "import.rows",
            #"{"entity":"contact","rows":[{"line":1,"values":{"last_name":"Row","email":"ada@acme.example"}}]}"#
        )
        #expect(rows.result?.text.contains("created") == true, "\(rows.result?.text ?? "")")
    }

    @Test("an upsert that makes a record is asked about as any new one is")
    func upsert() throws {
        try client.call(
            "record.create",
            #"{"entity":"duplicate_rule","values":{"rule_name":"By text","entity":"sample","fields":"a_text","action":"warn"}}"#
        )
        try client.call(
            "field.create",
            #"{"entity":"sample","name":"x_code","label":"Code","type":"text","unique":true}"#)
        func upsert(_ code: String, _ more: String = "") throws -> Answer {
            try client.call(
                "record.upsert",
                #"{"entity":"sample","match_on":["x_code"],"values":{"x_code":"\#(code)","a_text":"same"}\#(more)}"#
            )
        }
        let first = try upsert("A")
        #expect(first.result?["outcome"]?.string == "created", "\(first.message ?? "")")
        #expect(try upsert("A").result?["outcome"]?.string == "unchanged")
        #expect(try upsert("B").code == -32006)
        #expect(try upsert("B", #","allow_duplicate":true"#).result?["outcome"]?.string == "created")
    }

    @Test("duplicates are found for a record, for values, and in groups page by page")
    func find() throws {
        let (ada, byron) = (
            try id(create("Ada", "ada@acme.example")),
            try id(create("Byron", "ada@acme.example", #","allow_duplicate":true"#))
        )
        let (bob, rob) = (
            try id(create("Bob", "bob@acme.example")),
            try id(create("Rob", "Bob@acme.example", #","allow_duplicate":true"#))
        )
        let like = try client.call("record.find_duplicates", #"{"id":\#(ada)}"#).result
        #expect(like?["records"]?.elements.compactMap { $0["id"]?.int64 } == [byron])
        #expect(like?["hidden"]?.int64 == 0)
        let given = try client.call(
            "record.find_duplicates", #"{"entity":"contact","values":{"email":"BOB@acme.example"}}"#
        ).result
        #expect(given?["records"]?.elements.compactMap { $0["id"]?.int64 } == [bob, rob])

        var seen: Set<Set<Int64>> = []
        var cursor = "null"
        repeat {
            let page = try #require(
                client.call(
                    "record.find_duplicates", #"{"entity":"contact","limit":1,"cursor":\#(cursor)}"#
                ).result)
            let groups: [JSONNode] = page["groups"].map { Array($0.elements) } ?? []
            #expect(groups.count == 1)
            let group = try #require(groups.first)
            #expect(group["rule"]?["label"]?.string == "Contact by e-mail")
            #expect(group["more"]?.bool == false)
            seen.insert(Set(group["records"]?.elements.compactMap { $0["id"]?.int64 } ?? []))
            cursor = try #require(page["next_cursor"]).text
        } while cursor != "null"
        #expect(seen == [[ada, byron], [bob, rob]])

        let refusals: [(String, Int64)] = [
            ("{}", -32602), (#"{"id":\#(ada),"values":{}}"#, -32602), (#"{"entity":"nothing"}"#, -32602),
            (#"{"id":987654}"#, -32003), (#"{"entity":"contact","values":{"colour":"red"}}"#, -32004),
            (#"{"entity":"contact","cursor":"x"}"#, -32602),
            (#"{"entity":"contact","values":{"email":"no address"}}"#, -32004),
        ]
        for (parameters, code) in refusals {
            #expect(try client.call("record.find_duplicates", parameters).code == code, "\(parameters)")
        }
    }

    @Test(
        "the id of a merged record answers its master, through chains, until an undo; the bin keeps the record itself"
    )
    func mergedInto() throws {
        let ids = try ["Ada", "Byron", "Clara"].map {
            try id(create($0, "ada@acme.example", #","allow_duplicate":true"#))
        }
        func get(_ id: Int64, _ more: String = "") throws -> Answer {
            try client.call("record.get", #"{"id":\#(id),"fields":["last_name"]\#(more)}"#)
        }
        let first = try client.call("record.merge", #"{"master":\#(ids[0]),"losers":[\#(ids[1])]}"#)
        let stands = #"{"id":\#(ids[0]),"last_name":"Ada","merged_from":\#(ids[1])}"#
        #expect(try get(ids[1]).result?.text == stands)
        #expect(try get(ids[0]).result?.text == #"{"id":\#(ids[0]),"last_name":"Ada"}"#)
        for bin in ["only", "include"] {
            let lies = try get(ids[1], #","recycle_bin":"\#(bin)""#).result?.text
            #expect(
                lies
                    == #"{"id":\#(ids[1]),"last_name":"Byron","merged_into":{"id":\#(ids[0]),"entity":"contact","label":"Ada"}}"#
            )
        }
        #expect(try client.call("record.get", #"{"id":\#(ids[1]),"entity":"account"}"#).code == -32003)
        try client.call("record.merge", #"{"master":\#(ids[2]),"losers":[\#(ids[0])]}"#)
        #expect(try get(ids[1]).result?["last_name"]?.string == "Clara")
        #expect(try client.call("record.update", #"{"id":\#(ids[1]),"values":{}}"#).code == -32003)
        let undoable = try #require(first.result?["change_set"]?.int64)
        let last = try client.call("record.restore", #"{"id":\#(ids[0])}"#)
        #expect(last.code == nil)
        #expect(try get(ids[1]).result?["last_name"]?.string == "Ada")
        #expect(try client.call("change.undo", #"{"change_set":\#(undoable)}"#).code == nil)
        #expect(try get(ids[1]).result?.text == #"{"id":\#(ids[1]),"last_name":"Byron"}"#)
    }
}
