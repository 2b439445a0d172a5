import Foundation
import TestKit
import Testing

@testable import Wire

@Suite("Unix sockets")
struct UnixSocketTests {
    let folder: TemporaryFolder
    var path: String { folder.path + "/test.sock" }

    init() throws { folder = try TemporaryFolder() }

    @Test("the socket file has exactly the mode asked for", arguments: [0o600, 0o660, 0o666] as [UInt32])
    func mode(_ mode: UInt32) throws {
        let listener = try UnixListener(path: path, mode: mode)
        var status = stat()
        #expect(lstat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == mode)
        listener.close()
        #expect(lstat(path, &status) != 0)
    }

    @Test("a socket that nobody answers on is replaced, one that lives is not")
    func stale() throws {
        let dead = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(dead, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0)
        close(dead)

        let living = try UnixListener(path: path)
        #expect(throws: WireError.addressInUse(path: path)) { try UnixListener(path: path) }
        _ = try UnixStream.connect(path: path)
        living.close()
    }

    @Test("a file that is no socket stays where it is")
    func noSocket() throws {
        try Data("precious".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: WireError.self) { try UnixListener(path: path) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    }

    @Test("closing leaves a successor's file alone")
    func successor() throws {
        let first = try UnixListener(path: path)
        unlink(path)
        let second = try UnixListener(path: path)
        first.close()
        _ = try UnixStream.connect(path: path)
        second.close()
    }

    @Test("a path too long for a socket address is refused")
    func longPath() {
        let long = folder.path + "/" + String(repeating: "x", count: 108)
        #expect(throws: WireError.self) { try UnixListener(path: long) }
        #expect(throws: WireError.self) { try UnixStream.connect(path: long) }
    }

    @Test("connecting where nobody listens is refused at once")
    func nobody() {
        #expect(throws: WireError.system(operation: "connect to \"\(path)\"", code: ENOENT)) {
            try UnixStream.connect(path: path)
        }
    }

    @Test("the peer's process and user are known")
    func credentials() throws {
        let listener = try UnixListener(path: path)
        let client = try UnixStream.connect(path: path)
        let server = try #require(try listener.accept())
        let expected = PeerCredentials(processID: getpid(), userID: getuid(), groupID: getgid())
        #expect(try server.peerCredentials() == expected)
        #expect(try client.peerCredentials() == expected)
    }

    @Test("closing a listener wakes whoever waits in accept")
    func closeWakes() async throws {
        let listener = try UnixListener(path: path)
        let accepted = Background { try listener.accept() }
        listener.close()
        #expect(try await accepted.value == nil)
    }

    @Test("a read past its timeout, from a silent peer, ends")
    func readTimeout() throws {
        let (one, _other) = try UnixStream.pair()
        var bytes: [UInt8] = []
        #expect(throws: WireError.timedOut) { try one.read(into: &bytes, timeout: .milliseconds(20)) }
        _ = _other
    }

    @Test("a write to a peer that does not read ends, one to a peer that has gone is refused")
    func writeTimeout() throws {
        let (one, other) = try UnixStream.pair()
        let bytes = [UInt8](repeating: 1, count: 4 << 20)
        #expect(throws: WireError.timedOut) { try one.writeAll(bytes, timeout: .milliseconds(20)) }
        other.shutdown()
        #expect(throws: WireError.closed) { try one.writeAll(bytes, timeout: .seconds(5)) }
    }

    @Test("a stream that never waits says so")
    func wouldBlock() throws {
        let listener = try UnixListener(path: path, blocking: .never)
        #expect(try listener.accept(blocking: .never) == nil)
        let client = try UnixStream.connect(path: path, blocking: .never)
        var bytes: [UInt8] = []
        #expect(try client.read(into: &bytes) == .wouldBlock)
        let server = try #require(try listener.accept(blocking: .never))
        #expect(try server.write([1, 2, 3]) == .bytes(3))
        #expect(try client.read(into: &bytes) == .bytes(3))
        server.shutdown()
        #expect(try client.read(into: &bytes) == .closed)
        #expect(bytes == [1, 2, 3])
    }
}

@Suite("A client that waits")
struct WireClientTests {
    let folder: TemporaryFolder
    var path: String { folder.path + "/kernel.sock" }

    init() throws { folder = try TemporaryFolder() }

    /// Greets one connection and answers each of its calls with what `answer` makes of it.
    private static func serve(
        _ listener: UnixListener, answer: @escaping @Sendable (Frame) throws -> [Frame]
    ) -> Background<Void> {
        Background {
            guard let stream = try listener.accept() else { return }
            var bytes: [UInt8] = []
            Hello(role: .kernel, programVersion: "9.9").encode(into: &bytes)
            try stream.writeAll(bytes)
            var splitter = FrameSplitter()
            while try stream.read(into: &splitter) != .closed {
                while let frame = try splitter.next() {
                    guard frame.kind == .call else { continue }
                    var reply: [UInt8] = []
                    for frame in try answer(frame) { frame.encode(into: &reply) }
                    try stream.writeAll(reply)
                }
            }
        }
    }

    @Test("calls are answered, strangers' replies are passed over")
    func calls() async throws {
        let listener = try UnixListener(path: path)
        let server = Self.serve(listener) { frame in
            let call = try CallFrame(decoding: frame)
            var bytes: [UInt8] = []
            ReplyFrame(status: 200, body: call.body + (call.token ?? [])).encode(
                callID: frame.callID, into: &bytes)
            var splitter = FrameSplitter()
            splitter.append(bytes)
            let reply = try splitter.next()
            let stranger = Frame(kind: .reply, callID: frame.callID + 1_000, payload: [200, 0, 0, 0, 0])
            return [stranger] + [reply].compactMap { $0 }
        }
        let path = path
        let calls = Background {
            let client = try WireClient(path: path, role: .admin, programVersion: "1.0")
            #expect(client.peer == Hello(role: .kernel, programVersion: "9.9"))
            for number in 0..<3 {
                let body = Array("{\(number)}".utf8)
                let reply = try client.call(body: body, token: [65], requestID: "r\(number)")
                #expect(reply.body == body + [65])
            }
            client.close()
            #expect(throws: WireError.closed) { try client.call(body: [], requestID: "late") }
        }
        try await calls.value
        try await server.value
        listener.close()
    }

    @Test("a call over its time breaks the connection")
    func timeout() async throws {
        let listener = try UnixListener(path: path)
        let server = Self.serve(listener) { _ in [] }
        let path = path
        let calls = Background {
            let client = try WireClient(path: path, role: .admin, programVersion: "1.0")
            #expect(throws: WireError.timedOut) {
                try client.call(body: [], requestID: "r", timeout: .milliseconds(20))
            }
            #expect(throws: WireError.closed) { try client.call(body: [], requestID: "r") }
        }
        try await calls.value
        try await server.value
        listener.close()
    }
}
