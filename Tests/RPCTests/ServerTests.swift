import CRMSDK
import Foundation
import JSON
import Storage
import Testing
import Wire

@testable import RPC

/// A connection whose frames the test sends and reads one by one.
final class RawConnection {
    private let kernel: TestKernel
    private let stream: UnixStream
    private var splitter = FrameSplitter()

    init(_ kernel: TestKernel, _ socket: String = "admin.sock") throws {
        self.kernel = kernel
        stream = try UnixStream.connect(path: "\(kernel.folder)/\(socket)")
        var bytes: [UInt8] = []
        Hello(role: .admin, programVersion: "1").encode(into: &bytes)
        try stream.writeAll(bytes)
        _ = try Hello(decoding: next())
    }

    /// Several calls in one write, with the ids 1, 2, 3 …
    func send(_ calls: [String], from first: UInt64 = 1) throws {
        var bytes: [UInt8] = []
        for (offset, body) in calls.enumerated() {
            CallFrame(requestID: "r", peer: "local", body: Array(body.utf8))
                .encode(callID: first + UInt64(offset), into: &bytes)
        }
        try stream.writeAll(bytes)
    }

    func send(_ frame: Frame) throws {
        var bytes: [UInt8] = []
        frame.encode(into: &bytes)
        try stream.writeAll(bytes)
    }

    func send(bytes: [UInt8]) throws { try stream.writeAll(bytes) }

    func next() throws -> Frame {
        while true {
            if let frame = try splitter.next() { return frame }
            if try stream.read(into: &splitter, timeout: .seconds(30)) == .closed { throw WireError.closed }
        }
    }

    func reply() throws -> (callID: UInt64, answer: Answer) {
        let frame = try next()
        return (frame.callID, try Answer(ReplyFrame(decoding: frame)))
    }
}

private func call(_ method: String, _ parameters: String = "{}", id: Int = 1) -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(parameters)}"#
}

private func account(_ name: String) -> String {
    #"{"entity":"account","values":{"account_name":"\#(name)"}}"#
}

@Suite("Server: one connection, two lanes, one writer")
struct ServerTests {
    @Test("pipelined calls are answered, each under its id, short reads in order")
    func pipelined() throws {
        let kernel = try TestKernel()
        let connection = try RawConnection(kernel)
        try connection.send((1...50).map { call("auth.whoami", id: $0) })
        for number in 1...50 {
            let (callID, answer) = try connection.reply()
            #expect(callID == UInt64(number))
            #expect(answer.json?["id"]?.int64 == Int64(number))
        }
    }

    @Test("a long read does not stand before a short one")
    func lanes() throws {
        let kernel = try TestKernel()
        let connection = try RawConnection(kernel)
        // Both threads of the scan lane, and one call that waits for them.
        try connection.send([call("core.block"), call("core.block"), call("core.block"), call("auth.whoami")])
        kernel.gate.waitForEntry()
        kernel.gate.waitForEntry()
        #expect(try connection.reply().callID == 4)
        kernel.gate.release(3)
        var rest: Set<UInt64> = []
        for _ in 0..<3 { rest.insert(try connection.reply().callID) }
        #expect(rest == [1, 2, 3])
    }

    @Test("writes that wait share one commit, and their replies come")
    func grouped() throws {
        let kernel = try TestKernel()
        let connection = try RawConnection(kernel)
        try connection.send([call("core.hold")])
        kernel.gate.waitForEntry()
        let before = kernel.database.writer.counts
        try connection.send((2...41).map { call("record.create", account("Account \($0)")) }, from: 2)
        // A call that is answered in place comes behind them all: they are queued when its answer is here.
        try connection.send([call("auth.whoami")], from: 100)
        #expect(try connection.reply().callID == 100)
        #expect(kernel.database.writer.queueDepth == 40)
        kernel.gate.release()
        var answered: Set<UInt64> = []
        for _ in 0..<41 {
            let (callID, answer) = try connection.reply()
            #expect(answer.result != nil, "\(answer.message ?? "")")
            answered.insert(callID)
        }
        #expect(answered == Set(1...41))
        let after = kernel.database.writer.counts
        #expect(after.units - before.units == 41)
        // How many fit a group is a matter of time; that they share at all is not.
        #expect(after.groups - before.groups < 41)
    }

    @Test("a cancelled write that has not begun does not happen, and is not answered")
    func cancelled() throws {
        let kernel = try TestKernel()
        let connection = try RawConnection(kernel)
        try connection.send([call("core.hold")])
        kernel.gate.waitForEntry()
        try connection.send(
            [call("record.create", account("Gone")), call("record.create", account("Here"))], from: 2)
        try connection.send(Frame(kind: .cancel, callID: 2))
        try connection.send([call("auth.whoami")], from: 4)
        #expect(try connection.reply().callID == 4)
        kernel.gate.release()
        #expect(try Set([connection.reply().callID, connection.reply().callID]) == [1, 3])
        let names = try kernel.admin().call("record.list", #"{"entity":"account","fields":["account_name"]}"#)
        #expect(names.result?["records"]?.elements.compactMap { $0["account_name"]?.string } == ["Here"])
    }

    @Test("a batch is answered in its order, each call on its own")
    func batch() throws {
        let kernel = try TestKernel()
        let calls = [
            call("record.create", account("A"), id: 1), "7",
            call("record.count", #"{"entity":"currency"}"#, id: 2),
            #"{"jsonrpc":"2.0","method":"record.create","params":\#(account("B"))}"#,
            call("record.create", #"{"entity":"account","values":{}}"#, id: 3), call("none", id: 4),
        ]
        let client = try kernel.admin()
        let answer = try client.send("[\(calls.joined(separator: ","))]")
        let parts = answer.json.map { Array($0.elements) } ?? []
        #expect(answer.status == 200)
        #expect(parts.map { $0["id"]?.text } == ["1", "null", "2", "3", "4"])
        #expect(parts.map { $0["error"]?["code"]?.int64 } == [nil, -32600, nil, -32004, -32601])
        #expect(try client.call("record.count", #"{"entity":"account"}"#).result?["count"]?.int64 == 2)
    }

    @Test("notifications are carried out and not answered", arguments: ["record.create", "none"])
    func notification(method: String) throws {
        let kernel = try TestKernel()
        let client = try kernel.admin()
        let answer = try client.send(#"{"jsonrpc":"2.0","method":"\#(method)","params":\#(account("N"))}"#)
        #expect(answer.status == 204)
        #expect(answer.json == nil)
        let count = try client.call("record.count", #"{"entity":"account"}"#).result?["count"]?.int64
        #expect(count == (method == "none" ? 0 : 1))
    }

    struct Status: Sendable, CustomTestStringConvertible {
        let name: String
        let body: String
        let token: String?
        let status: UInt16
        let code: Int64?
        var testDescription: String { name }
        init(_ name: String, _ body: String, token: String? = nil, _ status: UInt16, _ code: Int64?) {
            self.name = name
            self.body = body
            self.token = token
            self.status = status
            self.code = code
        }
    }

    static let statuses = [
        Status("not JSON", "{", 400, -32700), Status("no call", "{}", 200, -32600),
        Status("no token where one is needed", call("auth.whoami"), 401, -32001),
        Status("a bad token where one is needed", call("auth.whoami"), token: "x", 401, -32001),
        Status("a bad token where none is needed", call("rpc.discover"), token: "x", 200, nil),
        Status("an unknown method without a token", call("none"), 200, -32601),
        Status("a notification without a token", #"{"jsonrpc":"2.0","method":"auth.whoami"}"#, 401, -32001),
        Status("a batch that needs a token", "[\(call("auth.whoami")),\(call("record.list"))]", 401, -32001),
        Status(
            "a batch of which one part needs a token", "[\(call("auth.whoami")),\(call("none"))]", 200, -32001
        ),
        Status("a wrong password", call("auth.login", #"{"username":"admin","password":"no"}"#), 200, -32001),
    ]

    @Test("the request as a whole has an HTTP status", arguments: statuses)
    func status(_ test: Status) throws {
        let answer = try TestKernel().endpoint().send(test.body, token: test.token)
        #expect(answer.status == test.status)
        let first = answer.json?.kind == .array ? answer.json?.elements.first { _ in true } : answer.json
        #expect(first?["error"]?["code"]?.int64 == test.code)
    }

    @Test("a session from log-in to log-out")
    func session() throws {
        let kernel = try TestKernel()
        let client = try kernel.endpoint()
        let login = try client.call(
            "auth.login", #"{"username":"admin","password":"\#(TestKernel.password)"}"#)
        let token = try #require(login.result?["token"]?.string)
        #expect(try client.call("auth.whoami", token: token).result?["by"]?.string == "session")
        let key = try client.call("api_key.create", #"{"name":"test","scopes":["core:view"]}"#, token: token)
        let keyToken = try #require(key.result?["token"]?.string)
        #expect(try client.call("record.count", #"{"entity":"account"}"#, token: keyToken).result != nil)
        let refused = try client.call("record.create", account("K"), token: keyToken)
        #expect(refused.code == -32002)
        #expect(refused.data?["rule"]?.string == "api_key_scope")
        #expect(try client.call("module.list", token: keyToken).code == -32002)
        #expect(try client.call("auth.logout", token: token).result != nil)
        #expect(try client.call("auth.whoami", token: token).status == 401)
        #expect(try client.call("auth.whoami", token: keyToken).status == 200)
    }

    @Test(
        "whoever breaks the protocol is put out, and nobody else",
        arguments: ["garbage", "too large", "unexpected"])
    func broken(how: String) throws {
        let kernel = try TestKernel()
        let other = try kernel.admin()
        let connection = try RawConnection(kernel)
        switch how {
        case "garbage": try connection.send(bytes: [12, 0, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        case "too large": try connection.send(bytes: [0xFF, 0xFF, 0xFF, 0x7F])
        default: try connection.send(Frame(kind: .reply, callID: 1))
        }
        #expect(throws: WireError.self) { while true { _ = try connection.next() } }
        #expect(try other.call("auth.whoami").status == 200)
    }

    @Test("hostile bodies get an error each, and the process lives")
    func hostile() throws {
        let client = try TestKernel().admin()
        let deep = String(repeating: "[", count: 5_000)
        let bodies = [
            deep,
            #"{"jsonrpc":"2.0","id":1,"method":"record.get","params":{"id":\#(String(repeating: "9", count: 400))}}"#,
            call("record.list", #"{"entity":"account","cursor":"AAAA"}"#),
            call("record.list", #"{"entity":"account'; DROP TABLE e_account; --"}"#),
            call("record.list", #"{"entity":"account","sort":["id; DROP TABLE e_account"]}"#),
            call("record.list", #"{"entity":"account","limit":1000000}"#),
            call("record.get", #"{"id":-9223372036854775808}"#),
            call("record.update", #"{"id":9007199254740991,"values":{}}"#),
            call("record.create", #"{"entity":"user","values":{"id":5,"version":7}}"#),
            call("record.aggregate", #"{"entity":"account","group_by":[{"by":"month"}]}"#),
            call(
                "import.rows", #"{"entity":"account","rows":[{"values":{"parent_account":{"$lookup":1}}}]}"#),
        ]
        for body in bodies {
            let answer = try client.send(body)
            let refused = answer.code != nil || answer.result?["rows"] != nil
            #expect(refused, "\(body.prefix(80))")
            #expect(answer.code != -32603, "\(body.prefix(80))")
        }
        #expect(try client.call("auth.whoami").status == 200)
    }

    @Test("metrics count calls by method and outcome, and name no user")
    func metrics() throws {
        let client = try TestKernel().admin()
        try client.call("auth.whoami")
        try client.call("record.get", #"{"id":99999}"#)
        let text = String(decoding: try client.reply(.metrics).body, as: UTF8.self)
        #expect(text.contains(#"crm_calls_total{method="auth.whoami",outcome="ok"} 1"#))
        #expect(text.contains(#"crm_calls_total{method="record.get",outcome="not_found"} 1"#))
        #expect(text.contains("crm_call_seconds_count{lane=\"bounded\"} 1"))
        #expect(!text.contains("admin"))
        let refused = try client.reply(.metrics, token: String(repeating: "x", count: 43))
        #expect(refused.status == 401 && !String(decoding: refused.body, as: UTF8.self).contains("crm_"))
    }
}
