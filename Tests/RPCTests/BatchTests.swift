import CRMSDK
import JSON
import Query
import Storage
import TestRandom
import Testing

@testable import RPC

/// Several operations as one: in order, each on what those before it did, all or none.
@Suite("batch.execute")
struct BatchTests {
    @Test("later operations name earlier results and see earlier writes")
    func references() throws {
        let client = try TestKernel().admin()
        let answer = try client.call(
            "batch.execute",
            """
            {"operations":[
              {"method":"record.create","params":{"entity":"account","values":{"account_name":"Acme"}}},
              {"method":"record.create","params":{"entity":"contact","values":{"last_name":"Noor","account":{"$ref":"0.id"}}}},
              {"method":"record.update","params":{"id":{"$ref":"0.id"},"values":{"account_name":"Acme & Co"},"version":{"$ref":"0.version"}}},
              {"method":"record.list","params":{"entity":"contact","filter":["account","=",{"$ref":"0.id"}],"fields":["last_name","account"]}},
              {"method":"record.get","params":{"id":{"$ref":"3.records.0.account.id"},"fields":["account_name"]}},
              {"method":"record.count","params":{"entity":"account"}},
              {"method":"core.echo","params":{"amount":{"amount":"1.00","currency":"EUR"}}}
            ]}
            """)
        let results = Array(try #require(answer.result?["results"], "\(answer.message ?? "")").elements)
        #expect(results.count == 7)
        #expect(
            results[3]["records"]?.elements.first { _ in true }?["account"]?["label"]?.string == "Acme & Co")
        #expect(results[4]["account_name"]?.string == "Acme & Co")
        #expect(results[5]["count"]?.int64 == 1)
        #expect(try client.call("record.count", #"{"entity":"contact"}"#).result?["count"]?.int64 == 1)
    }

    @Test("a batch whose third operation is refused changes not one byte, and says which it was")
    func allOrNothing() throws {
        let kernel = try TestKernel()
        let client = try kernel.admin()
        let id = try #require(
            client.call("record.create", #"{"entity":"account","values":{"account_name":"Acme"}}"#).result?[
                "id"])
        let before = try Contents(kernel)
        let answer = try client.call(
            "batch.execute",
            """
            {"operations":[
              {"method":"record.update","params":{"id":\(id.text),"values":{"account_name":"Changed"}}},
              {"method":"record.create","params":{"entity":"contact","values":{"last_name":"Noor"}}},
              {"method":"record.create","params":{"entity":"contact","values":{"last_name":"","email":"no"}}}
            ]}
            """)
        #expect(answer.code == -32004)
        #expect(answer.message?.hasPrefix("operation 2 (record.create): ") == true)
        #expect(answer.data?["operation"]?.int64 == 2)
        #expect(
            answer.data?["fields"]?.elements.compactMap { $0["field"]?.string } == ["email", "last_name"])
        #expect(try Contents(kernel) == before)
    }

    @Test("the past is not read within a batch, and writes go on afterwards")
    func past() throws {
        let client = try TestKernel().admin()
        for method in ["record.list", "record.count", "record.aggregate"] {
            let answer = try client.call(
                "batch.execute",
                """
                {"operations":[{"method":"\(method)","params":
                  {"entity":"account","as_of":"2026-01-01T00:00:00Z"}}]}
                """)
            #expect(answer.message == "operation 0 (\(method)): \"as_of\" cannot be part of a batch")
        }
        let written = try client.call(
            "record.create", #"{"entity":"account","values":{"account_name":"Acme"}}"#)
        #expect(written.result != nil)
    }

    /// Every row of every table, as text.
    private struct Contents: Equatable {
        var tables: [String: [String]] = [:]

        init(_ kernel: TestKernel) throws {
            let reader = try kernel.database.makeReader()
            var names: [String] = []
            try reader.rows(.init("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")) {
                row in
                names.append(row.text(0))
                return .next
            }
            for name in names {
                var columns: [String] = []
                try reader.rows(.init("SELECT name FROM pragma_table_info('\(name)')")) { row in
                    columns.append("quote(\"\(row.text(0))\")")
                    return .next
                }
                guard !columns.isEmpty else { continue }
                try reader.rows(.init("SELECT \(columns.joined(separator: "||','||")) FROM \"\(name)\"")) {
                    row in
                    tables[name, default: []].append(row.text(0))
                    return .next
                }
            }
            // When a session was last seen is written beside the calls.
            tables["crm_session"] = nil
        }
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let operations: String
        let code: Int64
        let says: String
    }

    @Test(
        "what cannot be part of a batch is refused by name",
        arguments: [
            Refused(
                testDescription: "a batch",
                operations: #"{"method":"batch.execute","params":{"operations":[]}}"#,
                code: -32602, says: "operation 0 (batch.execute): batch.execute cannot be part of a batch"),
            Refused(
                testDescription: "a log-in", operations: #"{"method":"auth.logout"}"#, code: -32602,
                says: "operation 0 (auth.logout): auth.logout cannot be part of a batch"),
            Refused(
                testDescription: "a module", operations: #"{"method":"module.list"}"#, code: -32602,
                says: "operation 0 (module.list): module.list cannot be part of a batch"),
            Refused(
                testDescription: "the schema", operations: #"{"method":"field.delete","params":{}}"#,
                code: -32602,
                says: "operation 0 (field.delete): field.delete cannot be part of a batch"),
            Refused(
                testDescription: "an unknown method", operations: #"{"method":"record.crate"}"#, code: -32601,
                says: #"operation 0 (record.crate): method "record.crate" does not exist"#),
            Refused(
                testDescription: "a dry run of one", code: -32602,
                says:
                    #"operation 0 (record.delete): "dry_run" is given for a batch as a whole, not for one operation"#
            )
            .of(#"{"method":"record.delete","params":{"id":1,"dry_run":true}}"#),
            Refused(
                testDescription: "a reference ahead", code: -32602,
                says:
                    #"operation 0 (record.get): the reference "0.id" means operation 0, which has not run before this one"#
            ).of(#"{"method":"record.get","params":{"id":{"$ref":"0.id"}}}"#),
            Refused(
                testDescription: "a reference to nothing", code: -32602,
                says:
                    #"operation 1 (record.get): the reference "0.name" finds no "name" in the result of operation 0"#
            ).of(
                #"{"method":"record.count","params":{"entity":"account"}},{"method":"record.get","params":{"id":{"$ref":"0.name"}}}"#
            ),
            Refused(
                testDescription: "a reference with company", code: -32602,
                says: #"operation 1 (record.get): a reference is {"$ref": "0.id"}, and nothing beside it"#
            ).of(
                #"{"method":"record.count","params":{"entity":"account"}},{"method":"record.get","params":{"id":{"$ref":"0.id","a":1}}}"#
            ),
            Refused(
                testDescription: "wrong parameters", code: -32602,
                says: #"operation 0 (record.get): parameter "id" is missing"#
            ).of(#"{"method":"record.get","params":{}}"#),
        ])
    func refused(_ refused: Refused) throws {
        let answer = try TestKernel().admin().call(
            "batch.execute", #"{"operations":[\#(refused.operations)]}"#)
        #expect(answer.code == refused.code)
        #expect(answer.message == refused.says)
    }

    @Test(
        "a batch has at most 1,000 operations",
        arguments: [(0, false), (1, true), (1000, true), (1001, false)])
    func limit(_ count: Int, _ isPermitted: Bool) throws {
        let operation = #"{"method":"record.count","params":{"entity":"currency"}}"#
        let operations = Array(repeating: operation, count: count).joined(separator: ",")
        let answer = try TestKernel().admin().call("batch.execute", #"{"operations":[\#(operations)]}"#)
        #expect((answer.code == nil) == isPermitted)
        #expect((answer.result?["results"]?.count ?? 0) == (isPermitted ? count : 0))
    }

    @Test("a batch comes to what its operations come to one by one")
    func sameAsOneByOne() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandom(seed)
        let (together, alone) = (try TestKernel().admin(), try TestKernel().admin())
        for round in 0..<12 {
            var operations: [(method: String, parameters: String)] = []
            for number in 0..<(2 + Int.random(in: 0..<8, using: &random)) {
                operations.append(Self.operation(&random, "\(round)-\(number)"))
            }
            // What is refused is found out alone, and left out of the batch: a refusal would undo all of it.
            var answers: [String] = []
            var accepted: [String] = []
            for operation in operations {
                let answer = try alone.call(operation.method, operation.parameters)
                guard let result = answer.result else { continue }
                answers.append(Self.timeless(result))
                accepted.append(#"{"method":"\#(operation.method)","params":\#(operation.parameters)}"#)
            }
            guard !accepted.isEmpty else { continue }
            let batch = try together.call(
                "batch.execute", #"{"operations":[\#(accepted.joined(separator: ","))]}"#)
            let results = batch.result?["results"]?.elements.map(Self.timeless) ?? []
            #expect(results == answers, "seed \(seed), round \(round): \(batch.message ?? "")")
        }
    }

    /// Ids are the same on both sides as long as the same was done; some of them are wrong on purpose.
    private static func operation(_ random: inout SeededRandom, _ name: String) -> (String, String) {
        let id = 5 + Int.random(in: 0..<30, using: &random)
        switch Int.random(in: 0..<7, using: &random) {
        case 0, 1: return ("record.create", #"{"entity":"account","values":{"account_name":"A\#(name)"}}"#)
        case 2:
            return (
                "record.update",
                #"{"id":\#(id),"values":{"phone":"+48 \#(100_000 + Int.random(in: 0..<9, using: &random))"}}"#
            )
        case 3: return ("record.delete", #"{"id":\#(id)}"#)
        case 4: return ("record.restore", #"{"id":\#(id)}"#)
        case 5: return ("record.get", #"{"id":\#(id)}"#)
        default: return ("record.list", #"{"entity":"account","sort":["-id"],"limit":3}"#)
        }
    }

    /// The JSON without moments.
    private static func timeless(_ node: JSONNode) -> String {
        node.text.replacing(/"(created|modified|deleted)_at":"[^"]*"/, with: "")
    }

    @Test("a dry run keeps nothing, with placeholders that later operations can name")
    func dryRun() throws {
        let kernel = try TestKernel()
        let client = try kernel.admin()
        let before = try Contents(kernel)
        let answer = try client.call(
            "batch.execute",
            """
            {"dry_run":true,"operations":[
              {"method":"record.create","params":{"entity":"account","values":{"account_name":"Acme"}}},
              {"method":"record.update","params":{"id":{"$ref":"0.id"},"values":{"account_name":"Other"}}}]}
            """)
        let results = Array(try #require(answer.result?["results"], "\(answer.message ?? "")").elements)
        #expect(results[1]["account_name"]?.string == "Other")
        #expect((results[0]["id"]?.int64 ?? 0) < 0)
        #expect(try Contents(kernel) == before)
    }

    @Test("the same batch with the same key is done once")
    func idempotent() throws {
        let client = try TestKernel().admin()
        let batch =
            #"{"idempotency_key":"k","operations":[{"method":"record.create","params":{"entity":"account","values":{"account_name":"Acme"}}}]}"#
        let first = try client.call("batch.execute", batch)
        let second = try client.call("batch.execute", batch)
        #expect(first.result?.text == second.result?.text)
        #expect(first.result != nil)
        #expect(try client.call("record.count", #"{"entity":"account"}"#).result?["count"]?.int64 == 1)
    }

    @Test("an operation works on the people and currencies that those before it made")
    func directories() throws {
        let client = try TestKernel().admin()
        let answer = try client.call(
            "batch.execute",
            """
            {"operations":[
              {"method":"record.create","params":{"entity":"currency","values":{"name":"Zloty","code":"PLN","rate":"4.3"}}},
              {"method":"record.create","params":{"entity":"sample","values":{"a_text":"x","a_money":{"amount":"1.00","currency":"PLN"}}}}]}
            """)
        #expect(answer.result?["results"]?.count == 2, "\(answer.message ?? "")")
    }
}

extension BatchTests.Refused {
    fileprivate init(testDescription: String, code: Int64, says: String) {
        self.init(testDescription: testDescription, operations: "", code: code, says: says)
    }

    fileprivate func of(_ operations: String) -> Self {
        Self(testDescription: testDescription, operations: operations, code: code, says: says)
    }
}

/// Links, upserts, purges and creations with several faults, as clients send them.
@Suite("Records that belong together, over the wire")
struct RelatedMethodTests {
    @Test("entity.describe and the document name an entity's relations")
    func described() throws {
        let client = try TestKernel().admin()
        let account = try #require(client.call("entity.describe", #"{"name":"account"}"#).result)
        let names = account["relations"]?.elements.compactMap { $0["name"]?.string } ?? []
        #expect(names.contains("contact"))
        let document = try #require(client.call("rpc.discover").result)
        let schema = document["components"]?["schemas"]?["account_relation"]
        #expect(schema?["enum"]?.elements.compactMap(\.string) == names)
    }

    @Test("related records are answered like a list")
    func related() throws {
        let client = try TestKernel().admin()
        let acme = try #require(
            client.call("record.create", #"{"entity":"account","values":{"account_name":"Acme"}}"#).result?[
                "id"])
        for name in ["Noor", "Lin", "Abe"] {
            try client.call(
                "record.create",
                #"{"entity":"contact","values":{"last_name":"\#(name)","account":\#(acme.text)}}"#)
        }
        let first = try #require(
            client.call(
                "record.related",
                #"{"id":\#(acme.text),"relation":"contact","sort":["last_name"],"fields":["last_name"],"limit":2,"count":true}"#
            ).result)
        #expect(first["records"]?.elements.compactMap { $0["last_name"]?.string } == ["Abe", "Lin"])
        #expect(first["total"]?.int64 == 3)
        let cursor = try #require(first["next_cursor"]?.string)
        let second = try client.call(
            "record.related",
            #"{"id":\#(acme.text),"relation":"contact","sort":["last_name"],"fields":["last_name"],"limit":2,"cursor":"\#(cursor)"}"#
        ).result
        #expect(second?["records"]?.elements.compactMap { $0["last_name"]?.string } == ["Noor"])
    }

    @Test("a read in a batch of JSON-RPC sees the writes in front of it, and none behind a refusal")
    func order() throws {
        let client = try TestKernel().admin()
        let answer = try client.send(
            """
            [{"jsonrpc":"2.0","id":1,"method":"record.count","params":{"entity":"account"}},
             {"jsonrpc":"2.0","id":2,"method":"record.create","params":{"entity":"account","values":{"account_name":"Acme"}}},
             {"jsonrpc":"2.0","id":3,"method":"record.list","params":{"entity":"account","fields":["account_name"]}},
             {"jsonrpc":"2.0","id":4,"method":"record.create","params":{"entity":"account","values":{}}},
             {"jsonrpc":"2.0","id":5,"method":"record.count","params":{"entity":"account"}},
             {"jsonrpc":"2.0","id":6,"method":"record.get","params":{"id":0}}]
            """)
        let parts = Array(try #require(answer.json).elements)
        #expect(parts.map { $0["id"]?.int64 } == [1, 2, 3, 4, 5, 6])
        let listed = parts[2]["result"]?["records"]?.elements.compactMap { $0["account_name"]?.string }
        #expect(listed == ["Acme"])
        #expect(parts[4]["result"]?["count"]?.int64 == 1)
        #expect(parts.map { $0["error"]?["code"]?.int64 } == [nil, nil, nil, -32004, nil, -32003])
    }

    @Test("upsert answers what it did, alike when it is repeated with a key")
    func upsert() throws {
        let client = try TestKernel().admin()
        let body =
            #"{"entity":"user","match_on":["username"],"values":{"username":"ada","last_name":"Lovelace","email":"ada@example.com","role":1},"fields":["last_name"]}"#
        let created = try client.call("record.upsert", body)
        #expect(created.result?["outcome"]?.string == "created", "\(created.message ?? "")")
        let unchanged = try client.call("record.upsert", body)
        #expect(unchanged.result?["outcome"]?.string == "unchanged")
        #expect(unchanged.result?["record"]?["id"]?.int64 == created.result?["record"]?["id"]?.int64)
        let refused = try client.call(
            "record.upsert", #"{"entity":"account","match_on":["phone"],"values":{"phone":"1"}}"#)
        #expect(refused.code == -32602)
    }

    @Test("a creation is told everything that is wrong with it at once")
    func allProblems() throws {
        let client = try TestKernel().admin()
        let answer = try client.call(
            "record.create",
            #"{"entity":"contact","values":{"account":"one","birthday":"soon","email":"nobody"}}"#)
        let fields = answer.data?["fields"]?.elements.compactMap { $0["field"]?.string } ?? []
        #expect(Set(fields) == ["account", "birthday", "email", "last_name"])
        #expect(fields.count == 4)
    }

    @Test("a purge is for administrators' eyes: it says what went")
    func purge() throws {
        let client = try TestKernel().admin()
        let id = try #require(
            client.call("record.create", #"{"entity":"account","values":{"account_name":"Acme"}}"#).result?[
                "id"]
        ).text
        #expect(try client.call("record.purge", #"{"id":\#(id)}"#).code == -32602)
        try client.call("record.delete", #"{"id":\#(id)}"#)
        let tried = try client.call("record.purge", #"{"id":\#(id),"dry_run":true}"#).result
        #expect(tried?["erased"]?.int64 == 2)
        let done = try client.call("record.purge", #"{"id":\#(id),"idempotency_key":"p"}"#).result
        #expect(done?["purged"]?.bool == true)
        let again = try client.call("record.purge", #"{"id":\#(id),"idempotency_key":"p"}"#).result
        #expect(again?["purged"]?.bool == true)
        #expect(try client.call("record.restore", #"{"id":\#(id)}"#).code == -32003)
        #expect(try client.call("log.verify").result?["intact"]?.bool == true)
    }

    @Test("a merge says what moved, tells a missing record like a hidden one, and change.undo takes it back")
    func merge() throws {
        let client = try TestKernel().admin()
        func account(_ name: String) throws -> String {
            let values = #"{"account_name":"\#(name)","phone":"+48 22 100 0\#(name.count)"}"#
            return try #require(
                client.call(
                    "record.create", #"{"entity":"account","values":\#(values),"allow_duplicate":true}"#
                ).result?["id"]
            ).text
        }
        let (acme, twin) = (try account("Acme"), try account("Acme Ltd"))
        let contact = #"{"entity":"contact","values":{"last_name":"Noor","account":\#(twin)}}"#
        let noor = try #require(client.call("record.create", contact).result?["id"]).text
        let merge = #""master":\#(acme),"losers":[\#(twin)],"fields":{"phone":\#(twin)}"#
        let tried = try client.call("record.merge", "{\(merge),\"dry_run\":true}").result
        #expect(tried?["references"]?.int64 == 1)
        let done = try client.call("record.merge", "{\(merge)}").result
        #expect(done?["references"]?.int64 == 1)
        #expect(
            try client.call("record.get", #"{"id":\#(acme)}"#).result?["phone"]?.string == "+48 22 100 08")
        let moved = try client.call("record.get", #"{"id":\#(noor)}"#).result
        #expect(moved?["account"]?["label"]?.string == "Acme")
        #expect(try client.call("record.merge", "{\(merge)}").code == -32003)
        #expect(try client.call("record.merge", #"{"master":\#(acme),"losers":[987654]}"#).code == -32003)
        #expect(try client.call("record.merge", #"{"master":\#(acme),"losers":[]}"#).code == -32602)
        let wrong = #"{"master":\#(acme),"losers":[\#(noor)],"fields":{"phone":"x"}}"#
        #expect(try client.call("record.merge", wrong).code == -32602)
        let changeSet = try #require(done?["change_set"]).text
        let undone = try client.call("change.undo", #"{"change_set":\#(changeSet)}"#).result
        #expect(undone?["left"]?.count == 0)
        #expect(
            try client.call("record.get", #"{"id":\#(twin)}"#).result?["phone"]?.string == "+48 22 100 08")
        #expect(
            try client.call("record.get", #"{"id":\#(acme)}"#).result?["phone"]?.string == "+48 22 100 04")
        #expect(try client.call("log.verify").result?["intact"]?.bool == true)
    }
}
