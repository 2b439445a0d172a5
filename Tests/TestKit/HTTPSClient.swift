import Glibc
package import HTTP
package import TLS
import Wire

/// A client of the endpoint that waits: one connection, one request at a time, over real TLS.
package final class HTTPSClient {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private let stream: UnixStream
    private let connection: TLSConnection
    /// `127.0.0.1:8443`, for a Host field.
    package let host: String
    private var reader = HTTPResponseReader()
    /// Whether the endpoint will read another request on this connection.
    package private(set) var isOpen = true

    /// Connects and shakes hands.
    ///
    /// - Parameters:
    ///   - address: `127.0.0.1:8443`.
    ///   - trust: the certificate of the platform under test, as a client would be given it.
    package init(address: String, trust: TLSContext.Trust) throws {
        host = address
        let parts = address.split(separator: ":")
        guard parts.count == 2, let port = UInt16(parts[1]) else {
            throw Failure(description: "\"\(address)\" is not address and port")
        }
        // An IPv4 socket serves as well as a Unix one for closing and waiting.
        stream = UnixStream(owning: try Self.connect(String(parts[0]), port))
        connection = try TLSConnection(
            try TLSContext(trust: trust), descriptor: stream.descriptor, serverName: String(parts[0]))
        while true {
            let progress = try connection.handshake()
            if case .done = progress { break }
            try wait(for: progress)
        }
    }

    deinit { connection.shutdown() }

    /// Sends one request and waits for the whole answer.
    package func send(
        _ method: String, _ target: String, fields: [(String, String)] = [], body: [UInt8] = []
    ) throws -> HTTPResponse {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n"
        for (name, value) in fields { head += "\(name): \(value)\r\n" }
        if !body.isEmpty || method == "POST" || method == "PUT" {
            head += "Content-Length: \(body.count)\r\n"
        }
        do {
            try write(Array((head + "\r\n").utf8) + body)
        } catch {
            isOpen = false
            throw error
        }
        return try response(method == "HEAD" ? .headOnly : .withBody)
    }

    /// Sends bytes as they are: a part of a request, or several.
    package func write(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            let progress = try connection.write(bytes, from: offset)
            if case .done(let count) = progress { offset += count } else { try wait(for: progress) }
        }
    }

    /// Waits for the next whole answer.
    package func response(_ asked: HTTPResponseReader.Asked = .withBody) throws -> HTTPResponse {
        var room = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            switch reader.next(asked) {
            case .response(let response):
                isOpen = response.keepsAlive
                return response
            case .refused(let refusal):
                isOpen = false
                throw Failure(description: "the answer is not HTTP: \(refusal)")
            case .needsMore: break
            }
            switch try connection.read(into: &room) {
            case .done(let count): reader.append(room[..<count])
            case .closed: reader.end()
            case let progress: try wait(for: progress)
            }
        }
    }

    private func wait(for progress: TLSConnection.Progress) throws {
        let events = progress == .wantWrite ? POLLOUT : POLLIN
        var entry = pollfd(fd: stream.descriptor, events: Int16(events), revents: 0)
        guard progress != .closed, poll(&entry, 1, 30_000) > 0 else {
            throw Failure(description: "the endpoint does not answer")
        }
    }

    private static func connect(_ address: String, _ port: UInt16) throws -> Int32 {
        // OpenSSL writes with write(2).
        signal(SIGPIPE, SIG_IGN)
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.bigEndian
        guard inet_pton(AF_INET, address, &place.sin_addr) == 1 else {
            throw Failure(description: "\"\(address)\" is not an IPv4 address")
        }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let result = withUnsafePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard descriptor >= 0, result == 0, fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else {
            if descriptor >= 0 { close(descriptor) }
            throw Failure(
                description: "could not connect to \(address):\(port): \(String(cString: strerror(errno)))")
        }
        return descriptor
    }
}
