import Foundation
import HTTP
import TLS
import TestKit
import Testing
import Wire

@testable import Gateway

@Suite("Gateway: calls")
struct GatewayCallTests {
    /// Answers with the body it was given.
    static let echo: @Sendable (CallFrame) -> ReplyFrame? = { call in
        ReplyFrame(status: 200, body: call.route == .ready ? Array("{}".utf8) : call.body)
    }

    @Test("a kept connection carries one call after the other; the kernel gets token, peer, id and time")
    func keepAlive() throws {
        let gateway = try TestGateway()
        let kernel = try TestKernel(path: gateway.kernelPath) { call in
            guard call.route == .rpc else { return ReplyFrame(status: 200, body: []) }
            let token = call.token.map { String(decoding: $0, as: UTF8.self) } ?? "none"
            let known = call.peer.hasPrefix("127.0.0.1:") && call.deadlineMilliseconds == 10_000
            return ReplyFrame(
                status: 200, body: Array("\(call.requestID) \(token) \(known)".utf8) + call.body)
        }
        try gateway.waitUntilReady()
        let client = try gateway.connect()
        let named = try client.ask(
            TestClient.rpc(
                "{1}",
                // There is no trusted proxy: who somebody says to be for others counts for nothing.
                fields:
                    "X-Request-Id: mine-7\r\nAuthorization: bearer abc.def\r\nX-Forwarded-For: 10.9.8.7\r\n"
                    + "Forwarded: for=10.9.8.7\r\nX-Real-IP: 10.9.8.7\r\nX-User-Id: 3\r\n"))
        #expect(named.text == "mine-7 abc.def true{1}")
        #expect(named.fields.text("x-request-id") == "mine-7")
        #expect(named.fields.text("content-type") == "application/json")
        let unnamed = try client.ask(TestClient.rpc("{2}", fields: "X-Request-Id: not a name\r\n"))
        let id = try #require(unnamed.fields.text("x-request-id"))
        #expect(id.utf8.count == 15 && unnamed.text == "\(id) none true{2}")
        kernel.die()
    }

    @Test("pipelined calls are answered in order, whatever the order of the replies")
    func pipelined() throws {
        let gateway = try TestGateway()
        let kernel = try TestKernel(path: gateway.kernelPath) { $0.route == .rpc ? nil : Self.echo($0) }
        try gateway.waitUntilReady()
        let client = try gateway.connect()
        try client.send(
            TestClient.rpc("1") + TestClient.rpc("2") + "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
                + TestClient.rpc("3"))
        let calls = try (0..<3).map { _ in try kernel.nextCall() }
        for call in calls.reversed() {
            try kernel.reply(to: call, ReplyFrame(status: 200, body: call.frame.body))
        }
        let answers = try (0..<4).map { _ in try client.receive()?.text }
        #expect(answers == ["1", "2", "alive\n", "3"])
        kernel.die()
    }

    @Test("the calls of one wake-up leave in one write")
    func batched() throws {
        let gateway = try TestGateway()
        let kernel = try TestKernel(path: gateway.kernelPath, answer: Self.echo)
        try gateway.waitUntilReady()
        let client = try gateway.connect()
        try client.send((0..<8).map { TestClient.rpc("\($0)") }.joined())
        for number in 0..<8 { #expect(try client.receive()?.text == "\(number)") }
        #expect(kernel.mostFramesInOneRead == 8)
        kernel.die()
    }

    @Test("so many calls of one connection are under way, the next waits unread", arguments: [1, 3])
    func outstanding(_ limit: Int) throws {
        let gateway = try TestGateway { $0.outstandingRequests = limit }
        let kernel = try TestKernel(path: gateway.kernelPath) { $0.route == .rpc ? nil : Self.echo($0) }
        try gateway.waitUntilReady()
        let client = try gateway.connect()
        try client.send((0..<6).map { TestClient.rpc("\($0)") }.joined())
        var calls = try (0..<limit).map { _ in try kernel.nextCall() }
        // Another client's call comes after whatever this one's loop would have sent.
        #expect(try gateway.connect().ask("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n").status == 200)
        #expect(kernel.waitingCalls == 0)
        for number in 0..<6 {
            let call = calls.removeFirst()
            try kernel.reply(to: call, ReplyFrame(status: 200, body: call.frame.body))
            #expect(try client.receive()?.text == "\(number)")
            if number + limit < 6 { calls.append(try kernel.nextCall()) }
        }
        kernel.die()
    }

    @Test("status, Retry-After and kind of a reply become the response's")
    func replies() throws {
        let gateway = try TestGateway()
        let kernel = try TestKernel(path: gateway.kernelPath) { call in
            switch (call.route, String(decoding: call.body, as: UTF8.self)) {
            case (.rpc, "none"): ReplyFrame(status: 204, contentKind: .none, body: [])
            case (.rpc, "slow"): ReplyFrame(status: 429, retryAfterSeconds: 7, body: Array("{}".utf8))
            case (.docs, _): ReplyFrame(status: 200, contentKind: .html, body: Array("<p>".utf8))
            case (.metrics, _):
                ReplyFrame(status: 200, contentKind: .text, body: Array("crm_kernel_x 1\n".utf8))
            default: ReplyFrame(status: 200, body: Array("{}".utf8))
            }
        }
        try gateway.waitUntilReady()
        let client = try gateway.connect()
        let nothing = try client.ask(TestClient.rpc("none"))
        #expect(
            nothing.status == 204 && nothing.fields.count(of: "content-type") == 0 && nothing.body.isEmpty)
        let slow = try client.ask(TestClient.rpc("slow"))
        #expect(slow.status == 429 && slow.fields.text("retry-after") == "7")
        let page = try client.ask("GET /docs HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(page.fields.text("content-type") == "text/html; charset=utf-8")
        #expect(page.fields.text("content-security-policy")?.contains("frame-ancestors 'none'") == true)
        let metrics = try client.ask("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        for line in ["crm_kernel_x 1\n", "crm_gateway_kernel_links 1\n", "crm_tls_cert_not_after_seconds 1"] {
            #expect(metrics.text.contains(line), "\(line)")
        }
        let head = try client.ask("HEAD /livez HTTP/1.1\r\nHost: a\r\n\r\n", .headOnly)
        #expect(head.status == 200 && head.fields.text("content-length") == "6")
        #expect(try client.ask("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n").text == "alive\n")
        kernel.die()
    }

    @Test(
        "chunked bodies and the largest body arrive whole; one byte more is 413, told to a client that still sends"
    )
    func bodies() throws {
        let gateway = try TestGateway()
        let kernel = try TestKernel(path: gateway.kernelPath) { call in
            ReplyFrame(status: 200, body: Array("\(call.body.count)".utf8))
        }
        try gateway.waitUntilReady()
        let client = try gateway.connect()
        let head = "POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Type: application/json; charset=utf-8\r\n"
        let chunked = head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        #expect(try client.ask(chunked).text == "5")
        let largest = 8 << 20
        try client.send(head + "Content-Length: \(largest)\r\n\r\n")
        try client.send([UInt8](repeating: 0x20, count: largest))
        #expect(try client.receive()?.text == "\(largest)")
        try client.send(head + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        try client.send("{}")
        #expect(try client.receive()?.text == "2")
        try client.send(head + "Content-Length: \(largest + 1)\r\n\r\n")
        try client.send([UInt8](repeating: 0x20, count: 300_000))
        let refused = try #require(try client.receive())
        #expect(refused.status == 413 && refused.errorCode == -32008 && !refused.keepsAlive)
        #expect(try client.receive() == nil)
        kernel.die()
    }

    @Test("a client that has gone cancels its call")
    func cancelled() throws {
        let gateway = try TestGateway()
        let kernel = try TestKernel(path: gateway.kernelPath) { $0.route == .rpc ? nil : Self.echo($0) }
        try gateway.waitUntilReady()
        let client = try gateway.connect()
        try client.send(TestClient.rpc("1"))
        let call = try kernel.nextCall()
        client.vanish()
        #expect(try eventually { kernel.cancels.first } == call.id)
        // A reply that comes too late is nobody's.
        try kernel.reply(to: call, ReplyFrame(status: 200, body: []))
        try gateway.waitUntilReady()
        kernel.die()
    }

    @Test("two loops serve, and each has its own way to the kernel")
    func loops() throws {
        let gateway = try TestGateway(loops: 2)
        let kernel = try TestKernel(path: gateway.kernelPath, answer: Self.echo)
        try gateway.waitUntilReady()
        let clients = try (0..<6).map { _ in try gateway.connect() }
        for (number, client) in clients.enumerated() {
            #expect(try client.ask(TestClient.rpc("\(number)")).text == "\(number)")
        }
        kernel.die()
    }

    @Test("ready is who serves every client: not while one of the loops has no kernel")
    func readiness() async throws {
        let gateway = try TestGateway(loops: 2)
        let kernel = try TestKernel(path: gateway.kernelPath, greetings: 1, answer: Self.echo)
        let calls = try (0..<2).map { number in
            // Used by the background alone from here on.
            nonisolated(unsafe) let client = try gateway.connect()
            return Background { try client.ask(TestClient.rpc("\(number)")).status }
        }
        // Of the two loops one has its kernel now; the call of the other is held.
        let _: Bool = try eventually { calls.contains { $0.valueSoFar == 200 } ? true : nil }
        for _ in 0..<4 {
            #expect(try gateway.connect().ask("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n").status == 503)
        }
        kernel.greetOthers()
        try gateway.waitUntilReady()
        for call in calls { _ = try await call.value }
        kernel.die()
    }
}
