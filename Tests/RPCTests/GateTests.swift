import CRMSDK
import JSON
import Log
import Query
import Storage
import Testing
import Wire

@testable import RPC

/// Calls of people without an account: through which gate, as whom, how far, how often, and what they are told.
@Suite("Gates")
struct GateTests {
    // MARK: What is behind the gate

    private static let key = "k4fw9a2mzq7x3t8b6c5d"
    private static let closedKey = "closed-a2mzq7x3t8b6c5d"

    private static let entity = EntityDefinition(
        "sample_gate", label: "Gate", plural: "Gates",
        fields: [
            .text("public_id", "Public id", maximumLength: 64).unique(), .boolean("active", "Active"),
            .reference("run_as", "Acts as", to: "user").mandatory(), .integer("hourly_limit", "An hour"),
            .integer("address_hourly_limit", "An hour from one address"),
        ]
    ).labelled(by: "public_id").listing("public_id").administrative()

    /// Does what `values.do` says.
    private static let action = Action(
        "enter", .writes, summary: "Enters.", description: "Enters.",
        parameters: [
            Parameter("form", .text, "The gate.", required: true), Parameter("values", .any, "What."),
        ], result: .object([Parameter("accepted", .boolean, "True.")])
    ) { parameters, context throws(CRMError) in
        let call = context.publicCall
        switch parameters["values"]?["do"]?.value.text {
        case "create":
            _ = try context.create(
                "sample", ["a_text": .text(parameters["values"]?["text"]?.value.text ?? "")])
        case "create twice":
            _ = try context.create("sample", ["a_text": "kept"])
            // It is undone, and the call goes on.
            _ = try? context.attempt { (context) throws(CRMError) in
                _ = try context.create("sample", ["a_text": "undone"])
                throw CRMError(.forbidden, "no")
            }
        case "who":
            let who = "\(context.caller.username) \(context.caller.isAdministrator) \(call?.address ?? "-")"
            _ = try context.create("sample", ["a_text": .text(who)])
        case "reach":
            _ = try context.create("account", ["account_name": "Beyond"])
        case "reach raised":
            try context.elevated(reason: "test") { (context) throws(CRMError) in
                _ = try context.create("account", ["account_name": "Beyond"])
            }
        case "look": _ = try context.list(ListRequest("account"))
        case "purge":
            let made = try context.create("sample", ["a_text": "purged"])
            try context.elevated(reason: "test") { (context) throws(CRMError) in
                try context.purge("sample", made.id)
            }
        case "mistake":
            throw .invalidRecord("sample", [FieldProblem(field: "a", code: "type", message: "a is wrong")])
        case "secret": throw CRMError(.duplicate, "there is another")
        case "raise":
            try context.elevated(reason: "test") { (context) throws(CRMError) in
                _ = try context.count("sample", where: nil)
            }
        case "change":
            for sample in try context.list(ListRequest("sample")) {
                _ = try context.update("sample", sample.id, ["a_text": "changed"])
            }
        case "half":
            _ = try context.create("sample", ["a_text": "half"])
            throw CRMError(.forbidden, "not you")
        default: break
        }
        return .object(["accepted": .value("never told")])
    }

    private static let show = Action(
        "show_gate", .reads, summary: "Shows.", description: "Shows.", parameters: PublicPage.parameters,
        result: PublicPage.answer
    ) { parameters, context in
        let moment = parameters["moment"]?.value.text ?? "fill_in"
        let back =
            context.publicCall?.address == "192.0.2.66"
            ? "https://www.example.com/\r\nSet-Cookie: a=b" : "https://www.example.com/thanks"
        let location: [StructuredValue.Member] =
            moment == "sent" ? [.init("location", .value(.text(back)))] : []
        let values = parameters["values"]?["text"]?.value.text ?? ""
        let problems = parameters["problems"]?.elements.map { $0["message"]?.value.text ?? "" } ?? []
        return .object(
            [.init("html", .value(.text("\(moment)|\(values)|\(problems.joined())")))] + location
                + [.init("leads_to", .value("https://www.example.com"))])
    }

    private static let gate = PublicGate(
        "sample_gate", actions: ["enter"], reach: ["sample"], answer: .object(["accepted": .value(true)]),
        page: .init(show: "show_gate", send: "enter"))

    private static func kernel(hourly: Int = 1_000, ofAddress: Int = 1_000) throws -> TestKernel {
        let kernel = try TestKernel { core in
            core.entities.append(entity)
            core.actions += [action, show]
            core.gates = [gate]
        }
        let admin = try kernel.admin()
        let user = try #require(
            admin.call(
                "record.create",
                #"{"entity":"user","values":{"username":"forms","last_name":"Forms","role":1}}"#
            ).result?["id"])
        for (key, isOpen) in [(key, true), (closedKey, false)] {
            let made = try admin.call(
                "record.create",
                #"{"entity":"sample_gate","values":{"public_id":"\#(key)","active":\#(isOpen),"run_as":\#(user.text),"hourly_limit":\#(hourly),"address_hourly_limit":\#(ofAddress)}}"#
            )
            try #require(made.result != nil, "\(made)")
        }
        return kernel
    }

    private static func enter(_ what: String, _ key: String = key, text: String = "") -> String {
        #"{"form":"\#(key)","values":{"do":"\#(what)","text":"\#(text)"}}"#
    }

    private static func texts(_ kernel: TestKernel) throws -> [String] {
        let list = try kernel.admin().call("record.list", #"{"entity":"sample","fields":["a_text"]}"#)
        return list.result?["records"]?.elements.compactMap { $0["a_text"]?.string } ?? []
    }

    // MARK: Who may call what

    @Test("nothing but a gate's actions can be called by nobody")
    func others() throws {
        let kernel = try Self.kernel()
        let nobody = try kernel.endpoint()
        #expect(
            try nobody.call("core.enter", Self.enter("create", text: "by nobody")).result?["accepted"]?.bool
                == true)
        for method in ["core.show_gate", "record.list", "record.create", "module.list"] {
            #expect(
                try nobody.call(method, #"{"form":"\#(Self.key)","entity":"sample"}"#).status != 200,
                "\(method)")
        }
        #expect(try Self.texts(kernel) == ["by nobody"])
    }

    @Test("a call acts as the gate's user, never as an administrator, whoever sends it")
    func actingUser() throws {
        let kernel = try Self.kernel()
        _ = try kernel.endpoint().call("core.enter", Self.enter("who"))
        // An administrator with a token is let through as anybody is.
        _ = try kernel.admin().call("core.enter", Self.enter("who"))
        #expect(try Self.texts(kernel) == ["forms false local", "forms false local"])
        let record = try kernel.admin().call(
            "record.list", #"{"entity":"sample","fields":["created_by","origin"]}"#
        ).result?["records"]?.elements.first { _ in true }
        #expect(record?["created_by"]?["label"]?.string == "Forms")
        #expect(record?["origin"]?.string == "web_form")
    }

    @Test("a user who is switched off lets nobody through, and the answer is the same")
    func inactiveUser() throws {
        let kernel = try Self.kernel()
        let admin = try kernel.admin()
        let users = try admin.call("record.list", #"{"entity":"user","filter":["username","=","forms"]}"#)
        let id = try #require(users.result?["records"]?.elements.first { _ in true }?["id"])
        try admin.call("record.update", #"{"id":\#(id.text),"values":{"status":"inactive"}}"#)
        let answer = try kernel.endpoint().call("core.enter", Self.enter("create", text: "x"))
        #expect(answer.result?.text == #"{"accepted":true}"#)
        #expect(try Self.texts(kernel) == [])
    }

    @Test(
        "the change log says through which gate, as whom and from where; of what came to nothing it says nothing"
    )
    func changeLog() throws {
        let kernel = try Self.kernel()
        let nobody = try kernel.endpoint()
        for what in ["nothing", "half", "raise", "create"] {
            _ = try nobody.call("core.enter", Self.enter(what, text: "x"))
        }
        let entries = try kernel.database.makeReader().publicCalls()
        #expect(entries.count == 1, "\(entries)")
        #expect(entries.first?.source.hasPrefix("gate:sample_gate:") == true)
        #expect(entries.first?.method == "core.enter")
        #expect(entries.first?.payload.contains(#""address":"local""#) == true, "\(entries)")
    }

    @Test("from where a call came goes with the record that it made or changed")
    func purge() throws {
        let kernel = try Self.kernel()
        for what in ["create", "change"] {
            _ = try kernel.endpoint().call("core.enter", Self.enter(what, text: "x"))
        }
        let admin = try kernel.admin()
        let id = try #require(
            admin.call("record.list", #"{"entity":"sample"}"#).result?["records"]?.elements.first { _ in true
            }?["id"])
        try admin.call("record.delete", #"{"id":\#(id.text)}"#)
        #expect(try kernel.database.makeReader().publicCalls().map(\.isErased) == [false, false])
        let purged = try admin.call("record.purge", #"{"id":\#(id.text)}"#)
        #expect(purged.result != nil, "\(purged)")
        #expect(try kernel.database.makeReader().publicCalls().map(\.isErased) == [true, true])
        #expect(try admin.call("log.verify").result?["ok"]?.bool != false)
    }

    // MARK: How far

    @Test(
        "what is beyond a gate's reach is not touched, with raised rights neither, and nothing of the call stays",
        arguments: ["reach", "reach raised", "look", "purge"])
    func reach(_ what: String) throws {
        let kernel = try Self.kernel()
        let answer = try kernel.endpoint().call("core.enter", Self.enter(what))
        #expect(answer.result?.text == #"{"accepted":true}"#, "\(answer)")
        #expect(
            try kernel.admin().call("record.count", #"{"entity":"account"}"#).result?["count"]?.int64 == 0)
        #expect(try Self.texts(kernel) == [])
        #expect(kernel.log.lines.contains { $0.contains("a call through a gate came to nothing") })
    }

    @Test("what was attempted and failed is undone alone")
    func attempt() throws {
        let kernel = try Self.kernel()
        _ = try kernel.endpoint().call("core.enter", Self.enter("create twice"))
        #expect(try Self.texts(kernel) == ["kept"])
    }

    // MARK: What they are told

    @Test(
        "the answer is the same whatever became of the call, byte for byte",
        arguments: [
            enter("create", text: "x"), enter("nothing"), enter("secret"), enter("half"), enter("reach"),
            enter("create", closedKey), enter("create", "unknown-a2mzq7x3t8b6c5d"), enter("create", "short"),
            enter("create", String(repeating: "k", count: 65)), enter("create", key.uppercased()),
        ])
    func oneAnswer(_ parameters: String) throws {
        let answer = try Self.kernel().endpoint().call("core.enter", parameters)
        #expect(answer.status == 200)
        #expect(answer.json?.text == #"{"jsonrpc":"2.0","id":1,"result":{"accepted":true}}"#)
    }

    @Test("mistakes in what was given are told")
    func mistake() throws {
        let answer = try Self.kernel().endpoint().call("core.enter", Self.enter("mistake"))
        #expect(answer.code == -32004)
        #expect(answer.data?["fields"]?.elements.compactMap { $0["message"]?.string } == ["a is wrong"])
    }

    // MARK: How often, how much

    @Test("an address has its calls an hour at a gate, and waits; the gate is open for others")
    func addressLimit() throws {
        let kernel = try Self.kernel(ofAddress: 3)
        let nobody = try kernel.endpoint()
        for _ in 1...3 {
            #expect(try nobody.call("core.enter", Self.enter("create", text: "x")).status == 200)
        }
        let refused = try nobody.call("core.enter", Self.enter("create", text: "x"))
        #expect(refused.status == 429 && refused.code == -32007)
        #expect(refused.data?["retry_after"]?.int64 ?? 0 >= 60)
        #expect(try Self.texts(kernel).count == 3)
    }

    @Test("a gate has its calls an hour from everyone together")
    func gateLimit() throws {
        let kernel = try Self.kernel(hourly: 2)
        let wire = try WireClient(
            path: "\(kernel.folder)/endpoint.sock", role: .endpoint, programVersion: "1")
        let statuses = try (1...3).map { number in
            var form = FormCall(target: Self.key, isSent: true)
            form.body = Array("do=create&text=\(number)".utf8)
            return try wire.call(
                body: form.encode(), token: nil, requestID: "r", route: .form, peer: "192.0.2.\(number):4000"
            ).status
        }
        #expect(statuses == [303, 303, 429])
        #expect(try Self.texts(kernel) == ["1", "2"])
    }

    @Test("64 KiB of parameters are taken, a byte more is not")
    func size() throws {
        let kernel = try Self.kernel()
        let nobody = try kernel.endpoint()
        let rest = Self.enter("nothing").utf8.count
        let most = String(repeating: "x", count: GateMethod.parameterLimitBytes - rest)
        #expect(try nobody.call("core.enter", Self.enter("nothing", text: most)).status == 200)
        #expect(try nobody.call("core.enter", Self.enter("nothing", text: most + "x")).code == -32008)
    }

    @Test("a batch does not take it, for whoever sends the batch")
    func batch() throws {
        let answer = try Self.kernel().admin().call(
            "batch.execute", #"{"operations":[{"method":"core.enter","params":\#(Self.enter("create"))}]}"#)
        #expect(answer.code == -32602, "\(answer)")
    }

    // MARK: As a page

    struct Page: Sendable, CustomTestStringConvertible {
        let target: String
        let body: String?
        let status: UInt16
        let text: String
        let location: String

        init(_ target: String, _ status: UInt16, _ text: String) { self.init(target, nil, status, text) }

        init(_ target: String, _ body: String?, _ status: UInt16, _ text: String, location: String = "") {
            self.target = target
            self.body = body
            self.status = status
            self.text = text
            self.location = location
        }

        var testDescription: String { "\(target) \(body ?? "")" }
    }

    @Test(
        "a page is shown and taken by the same gate",
        arguments: [
            Page(key, 200, "fill_in||"), Page(key + "?text=a%20b", 200, "fill_in|a b|"),
            Page(closedKey, 404, "There is no form"),
            Page("unknown-a2mzq7x3t8b6c5d", 404, "There is no form"),
            Page(key + "?text=%zz", 400, "is no form"),
            Page(key, "do=create&text=x", 303, "sent||", location: "https://www.example.com/thanks"),
            Page(key, "do=half", 303, "sent||", location: "https://www.example.com/thanks"),
            Page(key, "do=mistake&text=typed", 422, "mistakes|typed|a is wrong"),
            Page(key, "do=%00", 400, "is no form"),
            Page(closedKey, "do=create", 200, "Thank you"),
            Page("unknown-a2mzq7x3t8b6c5d", "do=create", 200, "Thank you"),
        ])
    func pages(_ page: Page) throws {
        let kernel = try Self.kernel()
        let wire = try WireClient(
            path: "\(kernel.folder)/endpoint.sock", role: .endpoint, programVersion: "1")
        var form = FormCall(target: page.target, isSent: page.body != nil)
        form.body = Array((page.body ?? "").utf8)
        let reply = try wire.call(
            body: form.encode(), token: nil, requestID: "r", route: .form, peer: "192.0.2.1:4000")
        #expect(reply.status == page.status)
        #expect(reply.contentKind == .page)
        let (head, html) = try PageHead.split(reply.body[...])
        #expect(String(decoding: html, as: UTF8.self).contains(page.text))
        #expect(head.location == page.location)
    }

    @Test("who sent what was taken is thanked, even where the gate's own page cannot be shown")
    func thanks() throws {
        let kernel = try Self.kernel()
        let wire = try WireClient(
            path: "\(kernel.folder)/endpoint.sock", role: .endpoint, programVersion: "1")
        var form = FormCall(target: Self.key, isSent: true)
        form.body = Array("do=create&text=kept".utf8)
        // From there the page would lead where none may.
        let reply = try wire.call(
            body: form.encode(), token: nil, requestID: "r", route: .form, peer: "192.0.2.66:4000")
        #expect(reply.status == 200)
        #expect(String(decoding: reply.body, as: UTF8.self).contains("We have received what you sent."))
        let kept = try kernel.admin().call("record.count", #"{"entity":"sample"}"#)
        #expect(kept.result?["count"]?.int64 == 1)
    }

    @Test("an address that cannot stand in a head goes nowhere, and the link between the processes holds")
    func headInjection() throws {
        let kernel = try Self.kernel()
        let wire = try WireClient(
            path: "\(kernel.folder)/endpoint.sock", role: .endpoint, programVersion: "1")
        var form = FormCall(target: Self.key, isSent: true)
        form.body = Array("do=create".utf8)
        for (peer, status) in [("192.0.2.66:1", 200), ("192.0.2.1:1", 303)] as [(String, UInt16)] {
            let reply = try wire.call(
                body: form.encode(), token: nil, requestID: "r", route: .form, peer: peer)
            #expect(reply.status == status)
        }
    }

    @Test("an action of a gate is described as open to everyone")
    func discovery() throws {
        let document = try Self.kernel().endpoint().call("rpc.discover").result
        let method = document?["methods"]?.elements.first { $0["name"]?.string == "core.enter" }
        #expect(method?["tags"]?.elements.compactMap { $0["name"]?.string } == ["core", "open"])
        #expect(method?["description"]?.string?.contains("Through a sample_gate") == true)
    }
}

extension ReadConnection {
    fileprivate struct PublicCallEntry {
        let source: String
        let method: String
        let payload: String
        let isErased: Bool
    }

    fileprivate func publicCalls() throws(CRMError) -> [PublicCallEntry] {
        var entries: [PublicCallEntry] = []
        let statement = Statement(
            """
            SELECT c.source, c.method, p.payload FROM crm_change c LEFT JOIN crm_change_payload p ON p.seq = c.seq
            WHERE c.kind = 'public_call' ORDER BY c.seq
            """)
        try rows(statement) { row in
            entries.append(
                PublicCallEntry(
                    source: row.text(0), method: row.text(1),
                    payload: row.isNull(2) ? "" : String(decoding: row.bytes(2), as: UTF8.self),
                    isErased: row.isNull(2)))
            return .next
        }
        return entries
    }
}
