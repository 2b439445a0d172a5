import JSON
import TestKit
import Testing

@Suite("End to end: JSON-RPC over TLS", .onePlatform(with: "sales"))
struct CallsOverTheWireTests {
    let platform: TestPlatform
    let admin: Caller

    init() throws {
        platform = try OnePlatform.current
        admin = try platform.logIn()
    }

    @Test("a batch is answered in its order, without its notifications, faults beside answers")
    func batch() throws {
        let name = "Batch \(UInt32.random(in: .min ... .max))"
        let answer = try admin.post(
            """
            [{"jsonrpc":"2.0","id":"first","method":"auth.whoami"},
             {"jsonrpc":"2.0","method":"record.create",
              "params":{"entity":"account","values":{"account_name":"\(name)"}}},
             {"jsonrpc":"2.0","id":2,"method":"record.unknown"},
             17,
             {"jsonrpc":"2.0","id":null,"method":"record.count","params":{"entity":"currency"}}]
            """)
        #expect(answer.status == 200)
        let parts = Array(try #require(answer.json).elements)
        #expect(parts.map { $0["id"]?.text } == [#""first""#, "2", "null", "null"])
        #expect(parts.map { $0["error"]?["code"]?.int64 } == [nil, -32601, -32600, nil])
        #expect(
            try admin.count("account", #"["account_name","=","\#(name)"]"#) == 1,
            "the notification was carried out")
    }

    @Test("a request of notifications only is answered with 204 and nothing")
    func notifications() throws {
        let one = #"{"jsonrpc":"2.0","method":"auth.whoami"}"#
        for body in [one, "[\(one),\(one)]"] {
            let answer = try admin.post(body)
            #expect(answer.status == 204 && answer.text.isEmpty)
        }
    }

    @Test(
        "an id comes back as it was sent",
        arguments: [#""a\u0062""#, "1", "-7", "1.50", "1e3", "9007199254740993", "null", #""""#])
    func ids(_ id: String) throws {
        let answer = try admin.post(#"{"jsonrpc":"2.0","id":\#(id),"method":"auth.whoami"}"#)
        #expect(answer.json?["id"]?.text == id)
        let refused = try admin.post(#"{"jsonrpc":"2.0","id":\#(id),"method":"nothing"}"#)
        #expect(refused.json?["id"]?.text == id)
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let body: String
        var contentType: String? = "application/json"
        let status: UInt16
        let code: Int64
    }

    @Test(
        "what concerns the whole request has a status and an error of JSON-RPC",
        arguments: [
            Fault(testDescription: "not JSON", body: #"{"jsonrpc""#, status: 400, code: -32700),
            Fault(testDescription: "nothing", body: "", status: 400, code: -32700),
            Fault(testDescription: "an empty batch", body: "[]", status: 200, code: -32600),
            Fault(testDescription: "no call", body: #""text""#, status: 200, code: -32600),
            Fault(
                testDescription: "version 1", body: #"{"id":1,"method":"auth.whoami"}"#, status: 200,
                code: -32600),
            Fault(
                testDescription: "parameters that are no structure",
                body: #"{"jsonrpc":"2.0","id":1,"method":"auth.whoami","params":3}"#, status: 200,
                code: -32600),
            Fault(
                testDescription: "an unknown method",
                body: #"{"jsonrpc":"2.0","id":1,"method":"record.creat"}"#,
                status: 200, code: -32601),
            Fault(
                testDescription: "text instead of JSON", body: "{}", contentType: "text/plain", status: 415,
                code: -32600),
            Fault(
                testDescription: "no content type", body: "{}", contentType: nil, status: 415, code: -32600),
            Fault(
                testDescription: "a name twice",
                body: #"{"jsonrpc":"2.0","id":1,"id":2,"method":"auth.whoami"}"#, status: 400, code: -32700),
        ])
    func faults(_ fault: Fault) throws {
        let answer = try admin.post(fault.body, contentType: fault.contentType)
        #expect(answer.status == fault.status, "\(answer)")
        #expect(answer.json?["error"]?["code"]?.int64 == fault.code, "\(answer)")
        #expect(answer.json?["error"]?["data"]?["request_id"]?.string?.isEmpty == false)
    }

    @Test("a token that is not known is answered with 401, none with 401, and a login needs none")
    func tokens() throws {
        for caller in [Caller(platform), Caller(platform, token: "not-a-token")] {
            let refusal = try caller.refusal(of: "record.list", #"{"entity":"account"}"#)
            #expect(refusal.status == 401 && refusal.code == -32001)
            #expect(try caller.call("rpc.discover")["openrpc"]?.string != nil)
        }
    }

    @Test("a body over the limit is refused with 413, and the next call is answered")
    func oversizedBody() throws {
        let answer = try admin.post([UInt8](repeating: UInt8(ascii: " "), count: (8 << 20) + 1))
        #expect(answer.status == 413, "\(answer)")
        #expect(answer.json?["error"]?["code"]?.int64 != nil)
        #expect(try admin.call("auth.whoami")["by"]?.string == "session")
    }

    @Test("the service describes every method that it has, the modules' actions among them")
    func discovery() throws {
        let document = try admin.call("rpc.discover")
        let methods = try document.array("methods")
        let names = try methods.map { try $0.string("name") }
        #expect(names == names.sorted() && Set(names).count == names.count)
        for name in [
            "auth.login", "record.list", "field.create", "module.enable", "rpc.discover",
            "sales.convert_lead",
        ] {
            #expect(names.contains(name))
        }
        for method in methods {
            #expect(method["summary"]?.string?.isEmpty == false, "\(method.text)")
            #expect(method["result"]?["schema"] != nil, "\(method.text)")
            for parameter in try method.array("params") {
                #expect(parameter["name"]?.string != nil && parameter["schema"] != nil, "\(parameter.text)")
            }
        }
        // Every described method is there: called with a parameter that none has, each refuses that parameter.
        for name in names {
            let refusal = try admin.refusal(of: name, #"{"no such parameter":1}"#)
            #expect(
                refusal.code == -32602 && refusal.message.contains("no such parameter"), "\(name): \(refusal)"
            )
        }
        // No reference inside the document leads nowhere.
        let references = Set(Self.references(in: document))
        for reference in references {
            var node: JSONNode? = document
            for step in reference.split(separator: "/").dropFirst() { node = node?[String(step)] }
            #expect(node != nil, "\(reference) leads nowhere")
        }
    }

    private static func references(in node: JSONNode) -> [String] {
        switch node.kind {
        case .object:
            node.members.flatMap { member in
                member.name == "$ref" ? [member.value.string ?? ""] : references(in: member.value)
            }
        case .array: node.elements.flatMap { references(in: $0) }
        default: []
        }
    }

    @Test(
        "the endpoint tells whether it lives, is ready, and how it does",
        arguments: ["/livez", "/readyz", "/metrics"])
    func probes(_ path: String) throws { #expect(try Caller(platform).get(path).status == 200) }

    @Test("other paths and methods are refused", arguments: [("/nothing", 404), ("/rpc", 405)])
    func otherPaths(_ path: String, _ status: Int) throws {
        #expect(try Caller(platform).get(path).status == UInt16(status))
    }
}

@Suite("End to end: modules come and go")
struct ModulesComeAndGoTests {
    @Test("a disabled module's methods and entities are gone; enabled again, its records are as they were")
    func disableAndEnable() throws {
        let platform = try TestPlatform()
        let admin = try platform.logIn()
        let before = try admin.refusal(of: "sales.pipeline")
        #expect(before.code == -32601)
        try admin.call("module.enable", #"{"name":"sales"}"#)
        let acme = try admin.create("account", #"{"account_name":"Acme"}"#)
        let deal = #""related_to":\#(acme),"closing_date":"2026-12-01""#
        let fleet = try admin.create("potential", #"{"potential_name":"Fleet",\#(deal),"amount":"12.50"}"#)
        let stored = try admin.call("record.get", #"{"id":\#(fleet)}"#).text
        #expect(try methods(admin).contains("sales.pipeline"))

        try admin.call("module.disable", #"{"name":"sales"}"#)
        try expectGone(admin, fleet)
        try platform.restart()
        try expectGone(platform.logIn(), fleet)

        let later = try platform.logIn()
        try later.call("module.enable", #"{"name":"sales"}"#)
        #expect(try later.call("record.get", #"{"id":\#(fleet)}"#).text == stored)
        #expect(try methods(later).contains("sales.pipeline"))
        #expect(try later.call("sales.pipeline").text.contains("12.50"))
        #expect(try later.create("potential", #"{"potential_name":"Vans",\#(deal)}"#) > fleet)
    }

    private func expectGone(_ admin: Caller, _ record: Int64) throws {
        #expect(try !methods(admin).contains("sales.pipeline"))
        let method = try admin.refusal(of: "sales.pipeline")
        #expect(method.code == -32601 && method.message.contains("sales.pipeline"))
        #expect(method.hint?.contains("disabled") == true, "\(String(describing: method.hint))")
        let entity = try admin.refusal(of: "record.list", #"{"entity":"potential"}"#)
        #expect(entity.code == -32602 && entity.message.contains(#""potential""#))
        #expect(try admin.refusal(of: "record.get", #"{"id":\#(record)}"#).code == -32003)
    }

    private func methods(_ caller: Caller) throws -> [String] {
        try caller.call("rpc.discover").array("methods").map { try $0.string("name") }
    }
}
