import Foundation
import HTTP
import Log
import TLS
import TestKit
import Testing
import Wire

@testable import Gateway

@Suite("Gateway: when something is missing, slow or too much")
struct GatewayFailureTests {
    @Test("the kernel's death answers what is in flight with 503, its return is noticed")
    func kernelDeath() throws {
        let gateway = try TestGateway { $0.kernelAbsence = .milliseconds(50) }
        let first = try TestKernel(path: gateway.kernelPath) {
            $0.route == .rpc ? nil : GatewayCallTests.echo($0)
        }
        try gateway.waitUntilReady()
        let client = try gateway.connect()
        try client.send(TestClient.rpc("1"))
        _ = try first.nextCall()
        first.die()
        let answer = try #require(try client.receive())
        #expect(
            answer.status == 503 && answer.errorCode == -32009 && answer.fields.text("retry-after") == "1")
        #expect(try client.ask("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n").status == 503)
        #expect(try client.ask("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n").status == 200)
        let metrics = try client.ask("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(metrics.status == 200 && metrics.text.contains("crm_gateway_kernel_links 0\n"))
        let second = try TestKernel(path: gateway.kernelPath, answer: GatewayCallTests.echo)
        try gateway.waitUntilReady()
        #expect(try client.ask(TestClient.rpc("again")).text == "again")
        second.die()
    }

    @Test("a call made while the kernel restarts is held for it")
    func heldCall() throws {
        let gateway = try TestGateway { $0.kernelAbsence = .seconds(15) }
        let client = try gateway.connect()
        try client.send(TestClient.rpc("held"))
        // The gateway has taken the call when it has answered what came after it on another connection.
        #expect(try gateway.connect().ask("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n").status == 200)
        let kernel = try TestKernel(path: gateway.kernelPath, answer: GatewayCallTests.echo)
        #expect(try client.receive()?.text == "held")
        kernel.die()
    }

    @Test("a call over its time is answered with 503 and cancelled")
    func callTimeout() throws {
        let gateway = try TestGateway { $0.request = .milliseconds(20) }
        let kernel = try TestKernel(path: gateway.kernelPath) {
            $0.route == .rpc ? nil : GatewayCallTests.echo($0)
        }
        try gateway.waitUntilReady()
        let client = try gateway.connect()
        let answer = try client.ask(TestClient.rpc("1"))
        #expect(answer.status == 503 && answer.errorCode == -32009)
        let call = try kernel.nextCall()
        #expect(call.frame.deadlineMilliseconds == 20)
        #expect(try eventually { kernel.cancels.first } == call.id)
        kernel.die()
    }

    struct Slowness: Sendable, CustomTestStringConvertible {
        let name: String
        let sent: String
        let status: UInt16?
        var testDescription: String { name }
    }

    @Test(
        "patience has an end",
        arguments: [
            Slowness(name: "nothing at all", sent: "", status: nil),
            Slowness(name: "half a head", sent: "GET / HTTP/1.1\r\nHo", status: 408),
            Slowness(
                name: "half a body", sent: "POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{",
                status: 408),
            Slowness(
                name: "half a chunk",
                sent: "POST /rpc HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{", status: 408
            ),
            Slowness(name: "no second request", sent: "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n", status: 200),
        ])
    func slowClient(_ slowness: Slowness) throws {
        let gateway = try TestGateway { limits in
            limits.head = .milliseconds(60)
            limits.bodyGrace = .milliseconds(60)
            limits.idle = .milliseconds(60)
        }
        let client = try gateway.connect()
        try client.send(slowness.sent)
        if let status = slowness.status {
            let answer = try #require(try client.receive())
            #expect(answer.status == status && answer.keepsAlive == (status == 200))
        }
        // Without a first request the close is bare: TLS calls that cut off.
        #expect((try? client.receive()) == nil)
    }

    @Test("a connection that never greets is closed")
    func noHandshake() throws {
        let gateway = try TestGateway { $0.handshake = .milliseconds(60) }
        let address = try #require(SocketAddress(gateway.gateway.address))
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        #expect(address.withSystemAddress { connect(descriptor, $0, $1) } == 0)
        var byte: UInt8 = 0
        #expect(read(descriptor, &byte, 1) == 0)
    }

    @Test("a client that does not read stops being read, and is closed in the end")
    func writeStall() throws {
        let gateway = try TestGateway { limits in
            limits.writeStall = .milliseconds(100)
            limits.outputBytes = 64 << 10
        }
        let large = [UInt8](repeating: 0x61, count: 8 << 20)
        let kernel = try TestKernel(path: gateway.kernelPath) { call in
            ReplyFrame(status: 200, body: call.route == .rpc ? large : [])
        }
        try gateway.waitUntilReady()
        let client = try gateway.connect()
        try client.send(TestClient.rpc("1"))
        let _: Bool = try eventually {
            let metrics = try gateway.connect().ask("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").text
            return metrics.contains("crm_gateway_timeouts_total 1\n") ? true : nil
        }
        #expect(throws: (any Error).self) { try client.receive() }
        kernel.die()
    }

    @Test(
        "connections of one source are counted: so many are served, one more is closed, one less lets it in")
    func connectionLimit() throws {
        let gateway = try TestGateway { $0.connectionsPerSource = 2 }
        let ask = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
        var clients = [try gateway.connect(), try gateway.connect()]
        for client in clients { #expect(try client.ask(ask).status == 200) }
        #expect(throws: TLSError.self) { try gateway.connect() }
        clients.removeFirst().vanish()
        let next = try eventually { try? gateway.connect() }
        #expect(try next.ask(ask).status == 200)
    }

    @Test("a certificate loaded again is shown to new connections; old ones go on; a bad one changes nothing")
    func reload() throws {
        let gateway = try TestGateway()
        let ask = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
        let old = try gateway.connect()
        #expect(try old.ask(ask).status == 200)
        let before = old.tls.peerCertificate?.fingerprint
        try SelfSignedCertificate.make(certificatePath: gateway.certificate, keyPath: gateway.key)
        try gateway.gateway.reloadCertificate()
        let new = try eventually { () -> TestClient? in
            guard let client = try? gateway.connect() else { return nil }
            return client.tls.peerCertificate?.fingerprint != before ? client : nil
        }
        #expect(try new.ask(ask).status == 200)
        #expect(try old.ask(ask).status == 200)
        #expect(chmod(gateway.key, 0o644) == 0)
        #expect(throws: TLSError.self) { try gateway.gateway.reloadCertificate() }
        #expect(try gateway.connect().ask(ask).status == 200)
    }

    @Test("a stop finishes what is in flight, says close, and takes nothing new")
    func stop() async throws {
        let gateway = try TestGateway()
        let kernel = try TestKernel(path: gateway.kernelPath) {
            $0.route == .rpc ? nil : GatewayCallTests.echo($0)
        }
        try gateway.waitUntilReady()
        let idle = try gateway.connect()
        #expect(try idle.ask("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n").status == 200)
        let busy = try gateway.connect()
        try busy.send(TestClient.rpc("1"))
        let call = try kernel.nextCall()
        let running = gateway.gateway
        let stopped = Background { running.stop() }
        #expect(try idle.receive() == nil)
        try kernel.reply(to: call, ReplyFrame(status: 200, body: Array("done".utf8)))
        let answer = try #require(try busy.receive())
        #expect(answer.text == "done" && !answer.keepsAlive)
        busy.vanish()
        idle.vanish()
        try await stopped.value
        kernel.die()
    }

    @Test("two gateways cannot have one port, and the second is told what to do")
    func portInUse() throws {
        let gateway = try TestGateway()
        let settings = GatewaySettings(
            listen: gateway.gateway.address, certificatePath: gateway.certificate, keyPath: gateway.key,
            kernelSocketPath: gateway.kernelPath, loops: 1, programVersion: "test")
        #expect { try Gateway(settings, log: .init(room: "gateway", level: .error)) } throws: {
            ($0 as? GatewayError)?.hint?.contains("Another program uses this port") == true
        }
    }

    @Test("a self-made certificate is for this machine only")
    func selfMadeAbroad() throws {
        let gateway = try TestGateway()
        let settings = GatewaySettings(
            listen: "0.0.0.0:0", certificatePath: gateway.certificate, keyPath: gateway.key,
            kernelSocketPath: gateway.kernelPath, loops: 1, programVersion: "test")
        #expect(throws: GatewayError.self) {
            try Gateway(settings, log: .init(room: "gateway", level: .error))
        }
    }
}
