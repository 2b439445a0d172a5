import JSON
import TestKit
import Testing

@Suite("End to end: who may come in, and how far")
struct DoorTests {
    private static let password = "seven grey geese flying"

    /// A user who is no administrator, with a password that stands.
    private func addUser(_ username: String, _ platform: TestPlatform, by admin: Caller) throws -> Caller {
        let role = try admin.call("record.list", #"{"entity":"role"}"#).array("records")[0].integer("id")
        let id = try admin.create(
            "user", #"{"username":"\#(username)","last_name":"Plain","role":\#(role)}"#)
        let made = try admin.call("user.set_password", #"{"id":\#(id)}"#).string("password")
        let first = try platform.logIn(username, made)
        try first.call("auth.change_password", #"{"current":\#(made.jsonText),"new":"\#(Self.password)"}"#)
        return try platform.logIn(username, Self.password)
    }

    @Test("the process that faces the network gives up the data folder, or says that the system cannot")
    func confined() throws {
        let platform = try TestPlatform()
        // Which of the two depends on the system; silence would be a third.
        #expect(platform.logs.contains("files confined") != platform.logs.contains("files not confined"))
    }

    @Test("a plain user works with records; what is for administrators names the rule that forbids it")
    func plainUser() throws {
        let platform = try TestPlatform()
        let admin = try platform.logIn()
        let anna = try addUser("anna", platform, by: admin)
        let id = try anna.create("account", #"{"account_name":"Acme"}"#)
        try anna.call("record.update", #"{"id":\#(id),"values":{"phone":"555 12 34"}}"#)
        let described = try anna.call("rpc.discover").array("methods").map { try $0.string("name") }
        let forbidden = [
            ("module.list", "{}"), ("module.enable", #"{"name":"sales"}"#), ("log.list", "{}"),
            ("log.verify", "{}"), ("system.status", "{}"), ("user.disable", #"{"id":3}"#),
            ("field.create", #"{"entity":"account","name":"x_a","type":"text"}"#),
        ]
        for (method, params) in forbidden {
            let refusal = try anna.refusal(of: method, params)
            #expect(refusal.code == -32002 && refusal.rule == "administrator", "\(method): \(refusal)")
            #expect(!described.contains(method), "\(method) is not shown to whom it is forbidden")
            #expect(try admin.call("rpc.discover").text.contains(#""name":"\#(method)""#))
        }
        let role = try anna.refusal(of: "record.create", #"{"entity":"role","values":{"role_name":"King"}}"#)
        #expect(role.code == -32002, "\(role)")
        let raised = try anna.refusal(of: "record.update", #"{"id":3,"values":{"is_admin":true}}"#)
        // The field itself is hidden from her, so it does not exist.
        #expect(raised.code == -32004 && raised.fields == ["is_admin"], "\(raised)")
    }

    @Test("a session that is revoked, a user who is disabled and a logout end what is open at once")
    func revocation() throws {
        let platform = try TestPlatform()
        let admin = try platform.logIn()
        let anna = try addUser("anna", platform, by: admin)
        let user = try anna.call("auth.whoami")["user"]?["id"]?.int64 ?? 0

        try admin.call("auth.revoke", #"{"user":\#(user)}"#)
        #expect(try anna.refusal(of: "auth.whoami").status == 401)

        let again = try platform.logIn("anna", Self.password)
        try again.call("auth.logout")
        #expect(try again.refusal(of: "auth.whoami").status == 401)

        let last = try platform.logIn("anna", Self.password)
        try admin.call("user.disable", #"{"id":\#(user)}"#)
        #expect(try last.refusal(of: "auth.whoami").status == 401)
        #expect(throws: Caller.Refusal.self) { try platform.logIn("anna", Self.password) }
        try admin.call("user.enable", #"{"id":\#(user)}"#)
        #expect(try platform.logIn("anna", Self.password).call("auth.whoami")["by"]?.string == "session")

        // Neither that nor a restart brings one of them back.
        #expect(try last.refusal(of: "auth.whoami").status == 401)
        try platform.restart()
        for ended in [anna, again, last] { #expect(try ended.refusal(of: "auth.whoami").status == 401) }
    }

    @Test("after many wrong passwords the right one does not open either; the answer is always the same")
    func lockout() throws {
        // A wait that no machine is slow enough to outlast.
        let platform = try TestPlatform(settings: ["CRM_LOGIN_WAIT": "900"])
        let admin = try platform.logIn()
        _ = try addUser("anna", platform, by: admin)
        var answers: Set<String> = []
        func answer(_ username: String, _ password: String) throws {
            do {
                _ = try platform.logIn(username, password)
                answers.insert("came in")
            } catch let refusal as Caller.Refusal {
                answers.insert("\(refusal.status) \(refusal.code) \(refusal.message) \(refusal.hint ?? "")")
            }
        }
        for number in 1...8 { try answer("anna", "wrong \(number)") }
        try answer("anna", Self.password)
        try answer("nobody", Self.password)
        try answer("", "x")
        try answer("admin", "wrong")
        #expect(answers.count == 1, "\(answers)")
        #expect(answers.first?.contains("-32001 user name, password or code is wrong") == true, "\(answers)")
        // Others are not kept out by it, and an administrator ends it.
        let known = try platform.logIn()
        let user = try known.call("record.list", #"{"entity":"user","filter":["username","=","anna"]}"#)
            .array("records")[0].integer("id")
        let made = try known.call("user.set_password", #"{"id":\#(user)}"#).string("password")
        #expect(try platform.logIn("anna", made).call("auth.whoami")["must_change_password"]?.bool == true)
    }

    @Test("an API key opens what its scopes name and nothing else, until it is revoked")
    func apiKey() throws {
        let platform = try TestPlatform()
        let admin = try platform.logIn()
        let made = try admin.call("api_key.create", #"{"name":"reader","scopes":["core:view"]}"#)
        let reader = Caller(platform, token: try made.string("token"))
        #expect(try reader.count("account") == 0)
        let refusal = try reader.refusal(
            of: "record.create", #"{"entity":"account","values":{"account_name":"A"}}"#)
        #expect(refusal.code == -32002, "\(refusal)")
        #expect(try reader.refusal(of: "module.list").code == -32002)
        #expect(try reader.refusal(of: "api_key.create", #"{"name":"another"}"#).code == -32002)
        let id = try #require(made["key"]?["id"]?.int64)
        try admin.call("api_key.revoke", #"{"key":\#(id)}"#)
        #expect(try reader.refusal(of: "record.count", #"{"entity":"account"}"#).status == 401)
    }

    @Test(
        "a customer's key reaches what is one contact's, calls few methods, and hears no other customer's answers"
    )
    func customerKeys() throws {
        let platform = try TestPlatform()
        try platform.enable("support")
        let admin = try platform.logIn()
        let role = try admin.call("record.list", #"{"entity":"role"}"#).array("records")[0].integer("id")
        let user = try admin.create("user", #"{"username":"portal","last_name":"Portal","role":\#(role)}"#)
        var customers: [(contact: Int64, ticket: Int64, caller: Caller)] = []
        for name in ["Ann", "Bob"] {
            let contact = try admin.create("contact", #"{"last_name":"\#(name)"}"#)
            let ticket = try admin.create("ticket", #"{"title":"\#(name)","related_to":\#(contact)}"#)
            let made = try platform.admin(
                "api-key", "create", "for \(name)", "--user", "portal", "--contact", "\(contact)", "--json")
            let token = try JSONDocument(parsing: Array(made.output.utf8)).root["token"]?.string ?? ""
            customers.append((contact, ticket, Caller(platform, token: token)))
        }
        let (ann, bob) = (customers[0], customers[1])
        #expect(try ann.caller.texts(of: "title", "ticket", #""limit":9"#) == ["Ann"])
        #expect(try bob.caller.texts(of: "last_name", "contact", #""limit":9"#) == ["Bob"])
        #expect(try ann.caller.count("user") == 0)
        #expect(try ann.caller.refusal(of: "record.get", #"{"id":\#(bob.ticket)}"#).code == -32003)
        for method in [
            "security.explain", "export.records", "change.list", "api_key.create", "auth.sessions",
            "record.upsert",
        ] {
            let refusal = try ann.caller.refusal(of: method, #"{"entity":"ticket","name":"x"}"#)
            #expect(refusal.code == -32002, "\(method): \(refusal)")
            #expect(refusal.message.contains("a customer's key may not call"), "\(refusal)")
        }
        // What one customer was answered is not answered to another who happens to use the same idempotency key.
        let call = #"{"entity":"ticket","values":{"title":"Help"},"idempotency_key":"1"}"#
        let first = try ann.caller.call("record.create", call).integer("id")
        #expect(try ann.caller.call("record.create", call).integer("id") == first)
        #expect(try bob.caller.refusal(of: "record.create", call).code != 0)
        #expect(try bob.caller.texts(of: "title", "ticket", #""limit":9"#) == ["Bob"])
        let keys = try admin.call("api_key.list", #"{"user":\#(user)}"#).array("keys")
        #expect(Set(keys.compactMap { $0["contact"]?.int64 }) == [ann.contact, bob.contact])
        // The narrowing outlives a restart.
        try platform.restart()
        #expect(try ann.caller.texts(of: "title", "ticket", #""sort":["title"]"#) == ["Ann", "Help"])
        // A contact who is not there has no key.
        let nobody = try admin.refusal(of: "api_key.create", #"{"name":"x","contact":\#(ann.ticket)}"#)
        #expect(nobody.code == -32003, "\(nobody)")
    }

    @Test("neither log nor database nor crm status tells a token or a password")
    func secrets() throws {
        let platform = try TestPlatform()
        let admin = try platform.logIn()
        let token = try #require(admin.token)
        let key = try admin.call("api_key.create", #"{"name":"reader"}"#).string("token")
        try admin.call("record.create", #"{"entity":"account","values":{"account_name":"Kestrel Ltd"}}"#)
        _ = try? platform.logIn("admin", "a wrong password that was typed")
        _ = try admin.post(#"{"jsonrpc":"2.0","id":1,"method":"auth.login","params":{"password":"half typed"#)
        let status = try platform.run("crm", ["status"])
        try platform.stop()
        let database = try String(
            decoding: [UInt8](Files.contents(platform.databasePath)), as: UTF8.self)
        let secrets = [
            token, key, TestPlatform.administratorPassword, "a wrong password that was typed", "half typed",
        ]
        for secret in secrets {
            #expect(!platform.logs.contains(secret))
            #expect(!database.contains(secret))
            #expect(!status.output.contains(secret))
        }
        #expect(!platform.logs.contains("Kestrel"), "values of records are not logged")
    }
}
