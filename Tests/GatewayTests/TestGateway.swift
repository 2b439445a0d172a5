import Foundation
import HTTP
import Log
import TLS
import Testing

@testable import Gateway

/// A gateway on a port of its own with a certificate and a place for a kernel; stopped and gone at the end.
final class TestGateway {
    let folder = NSTemporaryDirectory() + "gw-" + UUID().uuidString.prefix(8)
    let gateway: Gateway
    var kernelPath: String { folder + "/endpoint.sock" }
    var certificate: String { folder + "/certificate.pem" }
    var key: String { folder + "/key.pem" }

    init(loops: Int = 1, _ change: (inout GatewayLimits) -> Void = { _ in }) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var limits = GatewayLimits()
        limits.drain = .seconds(2)
        change(&limits)
        let (certificate, key) = (folder + "/certificate.pem", folder + "/key.pem")
        try SelfSignedCertificate.make(certificatePath: certificate, keyPath: key)
        let settings = GatewaySettings(
            listen: "127.0.0.1:0", certificatePath: certificate, keyPath: key,
            kernelSocketPath: folder + "/endpoint.sock", loops: loops, limits: limits, programVersion: "test")
        gateway = try Gateway(settings, log: Log(room: "gateway", level: .error))
        gateway.start()
    }

    deinit {
        gateway.stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    func connect() throws -> TestClient {
        try TestClient(address: gateway.address, TLSContext(trust: .file(path: certificate)))
    }

    /// Waits until calls would be answered.
    func waitUntilReady() throws {
        let _: Bool = try eventually {
            let client = try connect()
            return try client.ask("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n").status == 200 ? true : nil
        }
    }
}

/// One TLS connection of a client that waits for what it asks.
final class TestClient {
    private let descriptor: Int32
    let tls: TLSConnection
    private var reader = HTTPResponseReader()
    private var room = [UInt8](repeating: 0, count: 64 << 10)

    init(address text: String, _ context: TLSContext) throws {
        let address = try #require(SocketAddress(text))
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        tls = try TLSConnection(context, descriptor: descriptor, serverName: "127.0.0.1")
        let result = address.withSystemAddress { Glibc.connect(descriptor, $0, $1) }
        guard result == 0, try tls.handshake() == .done(0) else {
            throw TLSError(.connection, "no connection")
        }
    }

    deinit { close(descriptor) }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            guard case .done(let count) = try tls.write(bytes, from: offset) else { throw GaveUp() }
            offset += count
        }
    }

    /// The next response; nil where the server has closed instead.
    func receive(_ asked: HTTPResponseReader.Asked = .withBody) throws -> HTTPResponse? {
        while true {
            switch reader.next(asked) {
            case .response(let response): return response
            case .refused(let refusal): throw refusal
            case .needsMore: break
            }
            switch try tls.read(into: &room) {
            case .done(let count): reader.append(room[..<count])
            case .closed: return nil
            default: throw GaveUp()
            }
        }
    }

    func ask(_ text: String, _ asked: HTTPResponseReader.Asked = .withBody) throws -> HTTPResponse {
        try send(text)
        return try #require(try receive(asked))
    }

    /// As a client that crashes does.
    func vanish() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    static func rpc(_ body: String, fields: String = "") -> String {
        "POST /rpc HTTP/1.1\r\nHost: crm\r\nContent-Type: application/json\r\n\(fields)"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
}

extension HTTPResponse {
    var text: String { String(decoding: body, as: UTF8.self) }

    /// The code of a JSON-RPC error body, read by another JSON reader than ours.
    var errorCode: Int? {
        let object = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
        return (object?["error"] as? [String: Any])?["code"] as? Int
    }
}
