import CRMSDK
import JSON
import Testing

@testable import RPC

/// An import is no way around what its importer may not do otherwise.
@Suite("Rights of imports")
struct ImportRightsTests {
    private let kernel: TestKernel
    private let root: TestClient
    private let endpoint: TestClient

    init() throws {
        kernel = try TestKernel()
        root = try kernel.admin()
        endpoint = try kernel.endpoint()
        try root.call("sharing.set_default", #"{"entity":"account","sharing":"private"}"#)
    }

    /// Somebody of a role of their own who may do this with accounts, and the token by which they are known.
    private func somebody(_ name: String, verbs: String) throws -> (id: Int64, token: String) {
        let profile = try made("profile.create", #"{"name":"\#(name)"}"#)
        try made("profile.grant", #"{"id":\#(profile),"entity":"account","verbs":[\#(verbs)]}"#)
        let top = try #require(
            root.call("role.list").result?["roles"]?.elements.first { _ in true }?["id"]?.int64)
        let role = try made(
            "role.create", #"{"name":"\#(name)","reports_to":\#(top),"profiles":[\#(profile)]}"#)
        let user = try made(
            "record.create",
            #"{"entity":"user","values":{"username":"\#(name)","last_name":"Plain","role":\#(role)}}"#)
        let key = try root.call("api_key.create", #"{"name":"k","user":\#(user)}"#)
        return (user, try #require(key.result?["token"]?.string, "\(key.message ?? "")"))
    }

    @discardableResult
    private func made(_ method: String, _ parameters: String) throws -> Int64 {
        let answer = try root.call(method, parameters)
        let result = try #require(answer.result, "\(method): \(answer.message ?? "")")
        return result["id"]?.int64 ?? 0
    }

    private static let rows = #""rows":[{"line":2,"values":{"account_name":"Acme"}}]"#

    @Test(
        "who may not import is refused, whatever else they may do; an importer needs no more than the mode does"
    )
    func right() throws {
        let clerk = try somebody("clerk", verbs: #""view","create","edit""#)
        for call in [
            ("import.rows", #"{"entity":"account",\#(Self.rows)}"#),
            ("import.start", #"{"entity":"account"}"#),
        ] {
            let refused = try endpoint.call(call.0, call.1, token: clerk.token)
            #expect(refused.code == -32002, "\(call.0)")
        }
        let loader = try somebody("loader", verbs: #""view","create","import""#)
        let loaded = try endpoint.call(
            "import.rows", #"{"entity":"account","match_on":["account_name"],\#(Self.rows)}"#,
            token: loader.token)
        #expect(loaded.result?["rows"]?.text.contains("created") == true, "\(loaded.message ?? "")")
        let change =
            #"{"entity":"account","match_on":["account_name"],"rows":[{"values":{"account_name":"Acme","phone":"+48 22 1"}}]}"#
        let again = try endpoint.call("import.rows", change, token: loader.token)
        #expect(again.result?["rows"]?.text.contains("may not edit") == true, "\(again.message ?? "")")
        let narrow = try root.call(
            "api_key.create", #"{"name":"n","user":\#(loader.id),"scopes":["core:view","core:create"]}"#)
        let token = try #require(narrow.result?["token"]?.string)
        let scoped = try endpoint.call(
            "import.rows", #"{"entity":"account","mode":"create",\#(Self.rows)}"#, token: token)
        #expect(scoped.code == -32002)
    }

    @Test(
        "an invisible record is no match: it answers as the unique index does elsewhere, and is not counted among several"
    )
    func invisible() throws {
        let loader = try somebody("loader", verbs: #""view","create","edit","import""#)
        try made(
            "field.create",
            #"{"entity":"account","name":"x_key","type":"text","maximum_length":10,"label":"Key","unique":true}"#
        )
        let hidden = try made(
            "record.create", #"{"entity":"account","values":{"account_name":"Secret","x_key":"k"}}"#)
        for onMatch in ["overwrite", "merge", "skip", "fail"] {
            let answer = try endpoint.call(
                "import.rows",
                #"{"entity":"account","match_on":["x_key"],"on_match":"\#(onMatch)","rows":[{"values":{"account_name":"Mine","x_key":"k"}}]}"#,
                token: loader.token)
            let direct = try endpoint.call(
                "record.create", #"{"entity":"account","values":{"account_name":"Mine","x_key":"k"}}"#,
                token: loader.token)
            let row = answer.result?["rows"]?.elements.first { _ in true }
            #expect(row?["outcome"]?.string == "failed")
            #expect(row?["problems"]?.text == direct.data?["fields"]?.text, "\(onMatch)")
            #expect(row?.text.contains("\(hidden)") == false)
        }
        // One that is seen and one that is not: the one that is seen is the match.
        for owner in [loader.id, 0] {
            let owned = owner == 0 ? "" : #","owner":\#(owner)"#
            try made(
                "record.create",
                #"{"entity":"account","values":{"account_name":"Twin"\#(owned)},"allow_duplicate":true}"#)
        }
        let twin = try endpoint.call(
            "import.rows",
            #"{"entity":"account","match_on":["account_name"],"rows":[{"values":{"account_name":"Twin","phone":"+48 22 1"}}]}"#,
            token: loader.token)
        #expect(
            twin.result?["rows"]?.text.contains(#""outcome":"updated""#) == true, "\(twin.result?.text ?? "")"
        )
        let update = try endpoint.call(
            "import.rows",
            #"{"entity":"account","mode":"update","match_on":["account_name"],"rows":[{"values":{"account_name":"Secret"}},{"values":{"account_name":"Nobody"}}]}"#,
            token: loader.token)
        let codes = update.result?["rows"]?.elements.map {
            $0["problems"]?.elements.first { _ in true }?["code"]?.string
        }
        #expect(codes == ["not_found", "not_found"])
    }

    @Test("another's import does not exist; its importer lists it, and takes back what they may still change")
    func ownership() throws {
        let one = try somebody("one", verbs: #""view","create","edit","delete","import""#)
        let other = try somebody("other", verbs: #""view","create","edit","delete","import""#)
        let begun = try endpoint.call("import.start", #"{"entity":"account","file":"f"}"#, token: one.token)
        let number = try #require(begun.result?["id"]?.int64, "\(begun.message ?? "")")
        let values = (0..<4).map { #"{"values":{"account_name":"a\#($0)"}}"# }
        let rows = try endpoint.call(
            "import.rows",
            #"{"entity":"account","import":\#(number),"rows":[\#(values.joined(separator: ","))]}"#,
            token: one.token)
        #expect(rows.result?["rows"]?.elements.allSatisfy { $0["outcome"]?.string == "created" } == true)
        let given = try #require(rows.result?["rows"]?.elements.first { _ in true }?["id"]?.int64)
        try made("record.update", #"{"id":\#(given),"values":{"owner":\#(other.id)}}"#)
        let none = try endpoint.call("import.show", #"{"id":4711}"#, token: other.token)
        for method in ["import.show", "import.undo", "import.finish"] {
            let refused = try endpoint.call(method, #"{"id":\#(number)}"#, token: other.token)
            #expect(refused.code == -32003, "\(method)")
            #expect(refused.message?.replacing("\(number)", with: "4711") == none.message)
        }
        let foreign = try endpoint.call(
            "import.rows", #"{"entity":"account","import":\#(number),\#(Self.rows)}"#, token: other.token)
        #expect(foreign.code == -32003)
        #expect(try endpoint.call("import.list", "{}", token: other.token).result?["imports"]?.count == 0)
        #expect(try endpoint.call("import.list", "{}", token: one.token).result?["imports"]?.count == 1)
        #expect(try root.call("import.list", "{}").result?["imports"]?.count == 1)
        let undone = try endpoint.call("import.undo", #"{"id":\#(number)}"#, token: one.token)
        #expect(undone.result?["deleted"]?.int64 == 3 && undone.result?["unseen"]?.int64 == 1)
        #expect(undone.result?["left"]?.count == 0)
        // An administrator sees what is left, and takes it back if it is meant.
        let told = try root.call("import.undo", #"{"id":\#(number)}"#)
        #expect(told.result?["left"]?.elements.compactMap { $0["record"]?.int64 } == [given])
        let rest = try root.call("import.undo", #"{"id":\#(number),"force":true}"#)
        #expect(rest.result?["deleted"]?.int64 == 1, "\(rest.message ?? "")")
        #expect(try root.call("record.count", #"{"entity":"account"}"#).result?["count"]?.int64 == 0)
    }

    @Test("what may not be written is refused as elsewhere, and the other rows stand")
    func unwritable() throws {
        let loader = try somebody("loader", verbs: #""view","create","edit","import""#)
        let profile = try #require(
            root.call("profile.list").result?["profiles"]?.elements.first { $0["name"]?.string == "loader" }?[
                "id"]?
                .int64)
        try made(
            "field_access.set",
            #"{"entity":"account","field":"employees","profile":\#(profile),"visible":true,"read_only":true}"#
        )
        try made(
            "field_access.set",
            #"{"entity":"account","field":"annual_revenue","profile":\#(profile),"visible":false}"#)
        for values in [
            #"{"account_name":"A","employees":5}"#, #"{"account_name":"A","annual_revenue":"5.00"}"#,
            #"{"account_name":"A","created_at":"2020-01-01T00:00:00.000Z"}"#,
            #"{"account_name":"A","nothing":1}"#,
        ] {
            let direct = try endpoint.call(
                "record.create", #"{"entity":"account","values":\#(values)}"#, token: loader.token)
            let row = try endpoint.call(
                "import.rows", #"{"entity":"account","rows":[{"values":\#(values)}]}"#, token: loader.token
            ).result?["rows"]?.elements.first { _ in true }
            #expect(row?["outcome"]?.string == "failed", "\(values)")
            #expect(row?["problems"]?.text == direct.data?["fields"]?.text, "\(values)")
        }
        let hidden = try endpoint.call(
            "import.rows",
            #"{"entity":"account","match_on":["annual_revenue"],"rows":[{"values":{"account_name":"A"}}]}"#,
            token: loader.token)
        let unknown = try endpoint.call(
            "import.rows",
            #"{"entity":"account","match_on":["nothing_at_all"],"rows":[{"values":{"account_name":"A"}}]}"#,
            token: loader.token)
        #expect(hidden.code == -32602 && unknown.code == -32602)
    }

    /// Each would leave nobody who administers.
    @Test(
        "the last active administrator stays one, by import and by batch",
        arguments: [
            #"{"username":"admin","status":"inactive"}"#, #"{"username":"admin","is_admin":false}"#,
        ])
    func lastAdministrator(_ values: String) throws {
        let admin = try #require(root.call("auth.whoami").result?["user"]?["id"]?.int64)
        let rest = values.replacing(#""username":"admin","#, with: "")
        let attempts = [
            (
                "import.rows",
                #"{"entity":"user","match_on":["username"],"rows":[{"values":\#(values)},{"values":\#(values)}]}"#
            ),
            (
                "batch.execute",
                #"{"operations":[{"method":"record.update","params":{"id":\#(admin),"values":\#(rest)}}]}"#
            ),
            (
                "batch.execute",
                #"{"operations":[{"method":"record.delete","params":{"id":\#(admin)}}]}"#
            ),
            (
                "import.rows",
                #"{"entity":"user","atomic":"all","match_on":["username"],"rows":[{"values":\#(values)}]}"#
            ),
        ]
        for (method, parameters) in attempts {
            let answer = try root.call(method, parameters)
            let text = answer.json?.text ?? ""
            #expect(text.contains("last active administrator"), "\(method): \(text)")
            let user = try root.call("record.get", #"{"id":\#(admin),"fields":["status","is_admin"]}"#).result
            #expect(user?["status"]?.string == "active" && user?["is_admin"]?.bool == true)
        }
        #expect(try root.call("module.list").result != nil)
    }
}
