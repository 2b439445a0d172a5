import JSON
import TestKit
import Testing

/// Somebody with an honest user's rights and no honest intentions.
@Suite("End to end: a hostile client")
struct HostileClientTests {
    /// What a refusal tells, but for the words that the attacker has brought along.
    private func told(_ refusal: Caller.Refusal, without words: [String]) -> String {
        var text = "\(refusal.status) \(refusal.code) \(refusal.message) \(refusal.data?.text ?? "")"
        text = text.replacing(/"request_id":"[^"]*"/, with: "")
        for word in words { text = text.replacing(word, with: "…") }
        return text
    }

    @Test(
        "guessing: what is not hers, what never was and what does not exist tell the same; so do hidden fields"
    )
    func guessing() throws {
        let people = try SixPeople(TestPlatform())
        let sid = try people.caller("sid")
        let northern = people.accounts["Northern"] ?? 0
        let missing: Int64 = 987_654
        for (method, members) in [
            ("record.get", ""), ("record.get", #","entity":"account""#), ("record.history", ""),
            ("record.update", #","values":{"phone":"1"}"#), ("record.delete", ""),
            ("security.explain", #","action":"view""#),
        ] {
            let answers = try [northern, missing].map { id in
                told(try sid.refusal(of: method, #"{"id":\#(id)\#(members)}"#), without: ["\(id)"])
            }
            #expect(Set(answers).count == 1, "\(method)\(members): \(answers)")
        }
        // A reference to it is refused like one to nothing.
        let linked = try [northern, missing].map { id in
            told(
                try sid.refusal(
                    of: "record.create",
                    #"{"entity":"contact","values":{"last_name":"L","account":\#(id)}}"#), without: ["\(id)"])
        }
        #expect(Set(linked).count == 1, "\(linked)")
        try hiddenFields(people)
        try systemFields(people)
    }

    private func hiddenFields(_ people: SixPeople) throws {
        let tess = try people.caller("tess")
        let names = ["annual_revenue", "x_never_made"]
        let id = people.accounts["Northern"] ?? 0
        let probes: [(method: String, params: @Sendable (String) -> String)] = [
            ("record.list", { #"{"entity":"account","filter":["\#($0)",">","1"]}"# }),
            ("record.list", { #"{"entity":"account","sort":["-\#($0)"]}"# }),
            ("record.list", { #"{"entity":"account","fields":["\#($0)"]}"# }),
            ("record.list", { #"{"entity":"contact","filter":["account.\#($0)",">","1"]}"# }),
            ("record.count", { #"{"entity":"account","filter":["\#($0)","is empty"]}"# }),
            ("record.get", { #"{"id":\#(id),"fields":["\#($0)"]}"# }),
            (
                "record.aggregate",
                { #"{"entity":"account","group_by":["\#($0)"],"measures":[{"op":"count","as":"n"}]}"# }
            ),
            ("record.aggregate", { #"{"entity":"account","measures":[{"op":"max","field":"\#($0)"}]}"# }),
            ("security.explain", { #"{"action":"view","entity":"account","field":"\#($0)"}"# }),
        ]
        for probe in probes {
            let answers = try names.map { name in
                told(try tess.refusal(of: probe.method, probe.params(name)), without: [name])
            }
            #expect(Set(answers).count == 1, "\(probe.method) \(probe.params("…")): \(answers)")
            // Nor does a slip of the finger find it.
            let near = try tess.refusal(of: probe.method, probe.params("annual_revenu"))
            #expect(!told(near, without: []).contains("annual_revenue"), "\(near)")
        }
        #expect(!(try tess.call("entity.describe", #"{"name":"account"}"#).text.contains("annual_revenue")))
    }

    private func systemFields(_ people: SixPeople) throws {
        let sid = try people.caller("sid")
        let values = [
            ("id", "7"), ("version", "9"), ("created_at", #""2020-01-01T00:00:00.000Z""#),
            ("created_by", "1"), ("modified_at", #""2020-01-01T00:00:00.000Z""#), ("modified_by", "1"),
            ("deleted_at", #""2020-01-01T00:00:00.000Z""#), ("origin", #""import""#),
            ("Account_name", #""x""#),
            ("account_name ", #""x""#), ("owner", "\(people.users["nora"] ?? 0)"),
        ]
        let own = people.accounts["Southern"] ?? 0
        for (name, value) in values {
            let member = "\"\(name)\":\(value)"
            let created = try sid.refusal(
                of: "record.create", #"{"entity":"account","values":{"account_name":"A",\#(member)}}"#)
            let updated = try sid.refusal(of: "record.update", #"{"id":\#(own),"values":{\#(member)}}"#)
            for refusal in [created, updated] {
                #expect([-32004, -32002].contains(refusal.code), "\(name): \(refusal)")
            }
        }
        #expect(try sid.count("account") == 2, "nothing was made on the way")
    }

    @Test("a batch is no way to guess passwords; revoked tokens stay shut; too much of anything is refused")
    func force() throws {
        let platform = try TestPlatform()
        let admin = try platform.logIn()
        let guesses = (1...100).map {
            #"{"jsonrpc":"2.0","id":\#($0),"method":"auth.login","params":{"username":"admin","password":"guess \#($0)"}}"#
        }
        let nobody = Caller(platform)
        let answer = try nobody.post("[" + guesses.joined(separator: ",") + "]")
        let codes = (answer.json.map { Array($0.elements) } ?? []).compactMap { $0["error"]?["code"]?.int64 }
        #expect(codes.count == 100 && codes.count { $0 == -32001 } == 1, "\(codes)")
        #expect(codes.count { $0 == -32008 } == 99)
        // One failure was counted, not a hundred: its owner is not kept out.
        try platform.logIn().call("auth.logout")

        let key = try admin.call("api_key.create", #"{"name":"lost"}"#)
        let thief = Caller(platform, token: try key.string("token"))
        #expect(try thief.count("account") == 0)
        try admin.call("api_key.revoke", #"{"key":\#(key["key"]?["id"]?.int64 ?? 0)}"#)
        let call = #"{"jsonrpc":"2.0","id":1,"method":"record.count","params":{"entity":"account"}}"#
        for body in [call, "[\(call),\(call)]"] { #expect(try thief.post(body).status == 401, "\(body)") }

        try oversized(admin)
        #expect(try admin.call("auth.whoami")["by"]?.string == "session")
    }

    private func oversized(_ admin: Caller) throws {
        let condition = #"["account_name","=","x"]"#
        func many(_ text: String, _ count: Int) -> String {
            Array(repeating: text, count: count).joined(separator: ",")
        }
        let list = #"{"entity":"account","#
        let refused: [(method: String, params: String)] = [
            ("record.list", list + #""filter":{"any":[\#(many(condition, 51))]}}"#),
            ("record.list", list + #""sort":[\#((1...11).map { "\"f\($0)\"" }.joined(separator: ","))]}"#),
            ("record.list", list + #""fields":[\#(many("\"id\"", 201))]}"#),
            ("record.list", list + #""limit":1001}"#),
            (
                "record.create",
                #"{"entity":"account","values":{"account_name":"\#(String(repeating: "a", count: 300_000))"}}"#
            ),
            ("auth.login", #"{"username":"a","password":"\#(String(repeating: "p", count: 1_025))"}"#),
            ("api_key.create", #"{"name":"k","scopes":[\#(many("\"a:b\"", 101))]}"#),
            ("security.what_if", #"{"changes":[\#(many(#"{"method":"role.delete"}"#, 21))]}"#),
        ]
        for (method, params) in refused {
            let refusal = try admin.refusal(of: method, params)
            #expect([-32602, -32004, -32008].contains(refusal.code), "\(method): \(refusal)")
        }
        let call = #"{"jsonrpc":"2.0","id":1,"method":"auth.whoami"}"#
        #expect(try admin.post("[\(many(call, 100))]").json?.count == 100)
        let tooMany = try admin.post("[\(many(call, 101))]")
        #expect(tooMany.json?["error"]?["code"]?.int64 == -32008, "\(tooMany)")
        // Whether the answer or the end of the connection comes first, it is never taken.
        let huge = [UInt8](repeating: UInt8(ascii: " "), count: (8 << 20) + 1)
        if let answer = try? Caller(admin.platform, token: admin.token).post(huge) {
            #expect(answer.status == 413)
        }
    }
}
