import HTTP
import JSON
import TestKit
import Testing

/// A form from its making to its closing, by real processes: what visitors see, and what becomes of what they send.
@Suite("End to end: a web form", .onePlatform(with: "sales", "collaboration"), .serialized)
struct WebFormStoryTests {
    /// What a visitor's browser is answered, as far as they could tell two answers apart.
    private struct Seen: Equatable {
        let status: UInt16
        let location: String?
        let body: String

        init(_ response: HTTPResponse) {
            status = response.status
            location = response.fields.text("Location")
            body = String(decoding: response.body, as: UTF8.self)
        }
    }

    private let platform: TestPlatform
    private let admin: Caller
    private let browser: HTTPSClient

    init() throws {
        platform = try OnePlatform.current
        admin = try platform.logIn()
        browser = try platform.newClient()
    }

    /// - Parameter values: JSON members beside the usual ones.
    private func form(_ actor: String, _ values: String = "") throws -> (id: Int64, path: String) {
        let fields =
            #"[{"field":"last_name","required":true},{"field":"company","required":true},{"field":"email"},{"field":"lead_source","hidden":true,"default_value":"web_site"}]"#
        let id = try admin.create(
            "web_form",
            #"{"name":"Contact","title":"Talk <to> us","active":true,"minimum_seconds":0,"address_hourly_limit":1000,"return_url":"https://www.example.com/thanks?a=b","run_as":\#(try user(actor)),"form_fields":\#(fields)\#(values)}"#
        )
        let form = try admin.call("record.get", #"{"entity":"web_form","id":\#(id)}"#)
        return (id, "/forms/" + (try form.string("public_id")))
    }

    /// A user who may sell and do nothing else.
    private func user(_ name: String) throws -> Int64 {
        let known = try admin.call(
            "record.list", #"{"entity":"user","filter":["username","=","\#(name)"]}"#
        ).array("records")
        if let first = known.first { return try first.integer("id") }
        let role = try platform.admin("role", "create", "Role of \(name)", "--profiles", "Sales")
        try #require(role.code == 0, "\(role)")
        let made = try platform.admin("user", "create", name, "last_name=Forms", "role=Role of \(name)")
        try #require(made.code == 0, "\(made)")
        return try user(name)
    }

    private func send(
        _ path: String, _ body: String, type: String = "application/x-www-form-urlencoded",
        origin: String? = nil
    ) throws -> Seen {
        let fields = [("Content-Type", type)] + (origin.map { [("Origin", $0)] } ?? [])
        return Seen(
            try platform.newClient().send("POST", path, fields: fields, body: Array(body.utf8)))
    }

    private static let kim = "last_name=Kim&company=Fabrikam&email=kim%40fabrikam.example"
    private static let thanked = "https://www.example.com/thanks?a=b"

    @Test("a visitor fills in the page, and is a lead; whatever else is sent is answered alike and is none")
    func visitors() throws {
        let (id, path) = try form("desk", #","allowed_domains":"example.com","hourly_limit":1000"#)
        let page = try browser.send("GET", path)
        let html = String(decoding: page.body, as: UTF8.self)
        #expect(page.status == 200 && html.contains("<h1>Talk &lt;to&gt; us</h1>"), "\(html)")
        #expect(!html.contains("lead_source") && !html.contains("<script"))
        let policy =
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self' https://www.example.com; frame-ancestors 'none'"
        #expect(page.fields.text("Content-Security-Policy") == policy)
        #expect(page.fields.text("X-Content-Type-Options") == "nosniff")
        #expect(page.fields.text("Cache-Control") == "no-store")

        let own = "https://\(browser.host)"
        let good = try send(path, Self.kim + "&lead_status=hot&lead_source=cold_call", origin: own)
        #expect(good.status == 303 && good.location == Self.thanked, "\(good)")
        let filter = #""filter":["email","=","kim@fabrikam.example"]"#
        let lead = try #require(
            try admin.call(
                "record.list",
                #"{"entity":"lead",\#(filter),"fields":["lead_source","lead_status","origin","owner"]}"#
            ).array("records").first)
        #expect(lead["lead_source"]?.string == "web_site" && lead["lead_status"]?.string != "hot")
        #expect(lead["origin"]?.string == "web_form")

        // Nobody learns from the answer that nothing came of these.
        let leads = try admin.count("lead")
        #expect(try send(path, Self.kim + "&contact_fax=1", origin: own) == good)
        #expect(try send(path, Self.kim, origin: "https://elsewhere.example") == good)
        #expect(try send(path, Self.kim) == good)
        #expect(try send(path, "_confirm=confirm.a.b", origin: own) == good)
        #expect(try admin.count("lead") == leads)
        #expect(try admin.count("web_submission", #"["form","=",\#(id)]"#) == 1)

        // What they typed wrongly they are told, and see it again.
        let wrong = try send(path, "last_name=%3Cscript%3E&email=none", origin: own)
        #expect(wrong.status == 422 && wrong.body.contains("Company is missing"), "\(wrong)")
        #expect(wrong.body.contains("value=\"&lt;script&gt;\"") && !wrong.body.contains("<script"))
        let address = try send(path, "last_name=a&company=b&email=none", origin: own)
        #expect(address.status == 422 && address.body.contains("value=\"none\""), "\(address)")

        for (body, status) in [
            ("last_name=%zz", 400), ("last_name=%00", 400), ("last_name=%ff", 400),
            (String(repeating: "&a=b", count: 201), 400), (String(repeating: "a", count: 65_537), 413),
        ] as [(String, UInt16)] {
            #expect(try send(path, body, origin: own).status == status)
        }
        #expect(try send(path, #"{"last_name":"Kim"}"#, type: "application/json").status == 415)
        #expect(try browser.send("PUT", path).status == 405)
        #expect(try browser.send("GET", path + "x").status == 404)
        #expect(try send(path + "x", Self.kim).status == 200)
        #expect(try admin.count("lead") == leads)
    }

    @Test(
        "whom the company knows gets a comment; rules for duplicates tell a visitor nothing, and lose nothing"
    )
    func known() throws {
        let (_, path) = try form("desk")
        let (again, other) = try form("desk", #","duplicate_rule":"create""#)
        let body = "last_name=Ada&company=Engines&email=ada%40engines.example"
        let filter = #"["email","=","ada@engines.example"]"#
        let first = try send(path, body)
        #expect(first.status == 303)
        #expect(try send(path, body.replacing("ada%40", with: "ADA%40")) == first)
        #expect(try admin.count("lead", filter) == 1)
        #expect(try admin.count("comment") == 1)

        // The rule that comes with Sales warns people; a form that makes another does as it says.
        #expect(try send(other, body) == first)
        #expect(try admin.count("lead", filter) == 2)

        let rule = try #require(
            try admin.call(
                "record.list", #"{"entity":"duplicate_rule","filter":["entity","=","lead"]}"#
            ).array("records").first
        ).integer("id")
        try admin.call("record.update", #"{"id":\#(rule),"values":{"action":"block"}}"#)
        #expect(try send(other, body) == first)
        #expect(try admin.count("lead", filter) == 2)
        let failed = try admin.call(
            "record.list",
            #"{"entity":"web_submission","filter":["form","=",\#(again)],"sort":["-id"],"fields":["state","problem"]}"#
        ).array("records")
        #expect(failed.map { $0["state"]?.string } == ["failed", "created"])
        #expect(failed.first?["problem"]?.string?.contains("has the same") == true, "\(failed)")
        let kept = try admin.call(
            "record.get", #"{"entity":"web_submission","id":\#(try #require(failed.first).integer("id"))}"#)
        #expect(try kept.array("answers").count == 3)
        // Comments are no new leads.
        #expect(try send(path, body) == first)
        #expect(try admin.count("comment") == 2)
        try admin.call("record.update", #"{"id":\#(rule),"values":{"action":"warn"}}"#)
    }

    @Test(
        "a form is closed with its user and with its module, takes its number of calls, and programs where it says so"
    )
    func closing() throws {
        let (id, path) = try form("leaving", #","programs":true"#)
        let key = path.dropFirst("/forms/".count)
        let nobody = Caller(platform)
        let call = #"{"form":"\#(key)","values":{"last_name":"Bot","company":"Bots","employees":7}}"#
        #expect(try nobody.call("sales.submit_form", call).text == #"{"accepted":true}"#)
        #expect(try admin.count("lead", #"["company","=","Bots"]"#) == 1)
        for method in ["record.list", "sales.form_page", "sales.confirmation_link"] {
            let refused = try nobody.refusal(of: method, #"{"entity":"lead","form":"\#(key)"}"#)
            #expect(refused.code == -32001, "\(method): \(refused)")
        }

        try admin.call(
            "record.update",
            #"{"id":\#(id),"values":{"hourly_limit":2}}"#)
        let third = try (1...3).map { _ in try send(path, "last_name=a&company=b").status }
        #expect(third == [303, 429, 429], "one call has been made before")

        let open = try form("leaving").path
        #expect(try browser.send("GET", open).status == 200)
        try admin.call(
            "record.update", #"{"id":\#(try user("leaving")),"values":{"status":"inactive"}}"#)
        #expect(try browser.send("GET", open).status == 404)
        #expect(try send(open, Self.kim).status == 200)

        let other = try form("desk").path
        let disabled = try platform.admin("module", "disable", "sales", "--yes")
        try #require(disabled.code == 0, "\(disabled)")
        #expect(try browser.send("GET", other).status == 404)
        #expect(try send(other, Self.kim).status == 200)
        #expect(try nobody.refusal(of: "sales.submit_form", call).code == -32601)
        try platform.enable("sales")
        #expect(try browser.send("GET", other).status == 200)
        #expect(try admin.call("log.verify")["intact"]?.bool == true)
    }
}
