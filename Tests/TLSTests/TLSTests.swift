import Crypto
import Foundation
import Testing

@testable import TLS

/// A folder of its own with a certificate in it, gone afterwards.
final class CertificateFolder {
    let path = NSTemporaryDirectory() + "tls-" + UUID().uuidString.prefix(8)
    var certificate: String { path + "/certificate.pem" }
    var key: String { path + "/key.pem" }

    init(dnsNames: [String] = ["localhost"], days: Int = 30) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try SelfSignedCertificate.make(
            dnsNames: dnsNames, days: days, certificatePath: certificate, keyPath: key)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func server() throws -> TLSContext { try TLSContext(certificatePath: certificate, keyPath: key) }
    func client() throws -> TLSContext { try TLSContext(trust: .file(path: certificate)) }
}

/// Two ends of a socket pair, moved along in turns by one thread.
final class Pair {
    let client: TLSConnection
    let server: TLSConnection
    let clientDescriptor: Int32
    let serverDescriptor: Int32

    init(_ server: TLSContext, _ client: TLSContext, serverName: String? = "localhost") throws {
        signal(SIGPIPE, SIG_IGN)
        var descriptors: [Int32] = [-1, -1]
        let flags = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        #expect(socketpair(AF_UNIX, flags, 0, &descriptors) == 0)
        (clientDescriptor, serverDescriptor) = (descriptors[0], descriptors[1])
        self.client = try TLSConnection(client, descriptor: clientDescriptor, serverName: serverName)
        self.server = try TLSConnection(server, descriptor: serverDescriptor)
    }

    deinit {
        close(clientDescriptor)
        close(serverDescriptor)
    }

    /// Both sides in turns until both are done.
    func handshake() throws {
        for _ in 0..<10 {
            let one = try client.handshake()
            let other = try server.handshake()
            if one == .done(0), other == .done(0) { return }
        }
        Issue.record("the handshake does not end")
    }
}

@Suite("TLS connections")
struct TLSConnectionTests {
    let folder: CertificateFolder

    init() throws { folder = try CertificateFolder() }

    @Test(
        "what one side writes the other reads; would-block is a result",
        arguments: ["localhost", "127.0.0.1", "::1"])
    func exchange(_ name: String) throws {
        let pair = try Pair(try folder.server(), try folder.client(), serverName: name)
        #expect(try pair.server.handshake() == .wantRead)
        try pair.handshake()
        #expect(pair.server.version == "TLSv1.3")
        #expect(pair.server.negotiatedProtocol == "http/1.1")
        var room = [UInt8](repeating: 0, count: 100)
        #expect(try pair.server.read(into: &room) == .wantRead)
        #expect(try pair.client.write(Array("xhello".utf8), from: 1) == .done(5))
        #expect(try pair.server.read(into: &room) == .done(5))
        #expect(Array(room[..<5]) == Array("hello".utf8))
    }

    @Test("a small room is filled again from what is pending inside")
    func pending() throws {
        let pair = try Pair(try folder.server(), try folder.client())
        try pair.handshake()
        #expect(try pair.client.write([UInt8](repeating: 5, count: 250)) == .done(250))
        var room = [UInt8](repeating: 0, count: 100)
        #expect(!pair.server.hasPending)
        #expect(try pair.server.read(into: &room) == .done(100))
        #expect(pair.server.hasPending)
        #expect(try pair.server.read(into: &room) == .done(100))
        #expect(try pair.server.read(into: &room) == .done(50))
        #expect(!pair.server.hasPending)
    }

    @Test("a peer that does not read is waited for, and everything arrives")
    func slowReader() throws {
        let pair = try Pair(try folder.server(), try folder.client())
        try pair.handshake()
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<2_000_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        var sent = 0
        var received: [UInt8] = []
        var waits = 0
        var room = [UInt8](repeating: 0, count: 64 << 10)
        while received.count < bytes.count {
            writing: while sent < bytes.count {
                switch try pair.server.write(bytes, from: sent) {
                case .done(let count): sent += count
                default:
                    waits += 1
                    break writing
                }
            }
            while case .done(let count) = try pair.client.read(into: &room) { received += room[..<count] }
        }
        #expect(received == bytes)
        #expect(waits > 0)
    }

    @Test("a shutdown is a close to the other side; a bare end is one to a server and an error to a client")
    func ends() throws {
        let server = try folder.server()
        let client = try folder.client()
        var room = [UInt8](repeating: 0, count: 10)
        let polite = try Pair(server, client)
        try polite.handshake()
        polite.client.shutdown()
        #expect(try polite.server.read(into: &room) == .closed)

        let abrupt = try Pair(server, client)
        try abrupt.handshake()
        shutdown(abrupt.clientDescriptor, Int32(SHUT_RDWR))
        #expect(try abrupt.server.read(into: &room) == .closed)

        let lost = try Pair(server, client)
        try lost.handshake()
        // The ticket that the server has sent comes first.
        #expect(try lost.client.read(into: &room) == .wantRead)
        shutdown(lost.serverDescriptor, Int32(SHUT_RDWR))
        #expect { try lost.client.read(into: &room) } throws: { ($0 as? TLSError)?.kind == .truncated }
    }

    @Test("a client refuses a certificate that it has no reason to believe, and one for another name")
    func distrust() throws {
        let other = try CertificateFolder()
        let server = try folder.server()
        let doubts: [(TLSContext, String)] = [
            (try other.client(), "localhost"), (try TLSContext(trust: .system), "localhost"),
            (try folder.client(), "example.com"), (try folder.client(), "127.0.0.2"),
        ]
        for (client, name) in doubts {
            let pair = try Pair(server, client, serverName: name)
            #expect { try pair.handshake() } throws: { ($0 as? TLSError)?.kind == .certificate }
            #expect(throws: TLSError.self, "the client's alert reaches the server") {
                try pair.server.handshake()
            }
        }
        try Pair(server, try TLSContext(trust: .nobodyChecked), serverName: "example.com").handshake()
    }

    @Test("plain text is refused as no TLS")
    func plainText() throws {
        let pair = try Pair(try folder.server(), try folder.client())
        let text = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        #expect(write(pair.clientDescriptor, text, text.count) == text.count)
        #expect { try pair.server.handshake() } throws: { ($0 as? TLSError)?.kind == .handshake }
    }

    @Test("a handshake that cannot go on ends with an alert that has left the process")
    func alertIsFlushed() throws {
        let pair = try Pair(try folder.server(), try folder.client())
        // A record with a handshake message that no client sends: an empty server hello.
        let record: [UInt8] = [22, 3, 1, 0, 4, 2, 0, 0, 0]
        #expect(write(pair.clientDescriptor, record, record.count) == record.count)
        #expect { try pair.server.handshake() } throws: { ($0 as? TLSError)?.kind == .handshake }
        var alert = [UInt8](repeating: 0, count: 7)
        #expect(read(pair.clientDescriptor, &alert, 7) == 7)
        #expect(alert[0] == 21 && alert[5] == 2, "a record of type alert, and fatal")
    }

    @Test("a certificate loaded again is shown to new connections, while old ones go on")
    func reload() throws {
        let old = try folder.server()
        let pair = try Pair(old, try folder.client())
        try pair.handshake()
        try SelfSignedCertificate.make(certificatePath: folder.certificate, keyPath: folder.key)
        let new = try folder.server()
        #expect(new.certificate?.fingerprint != old.certificate?.fingerprint)
        let other = try Pair(new, try folder.client())
        try other.handshake()
        #expect(other.client.peerCertificate?.fingerprint == new.certificate?.fingerprint)
        var room = [UInt8](repeating: 0, count: 10)
        #expect(try pair.client.write([1]) == .done(1))
        #expect(try pair.server.read(into: &room) == .done(1))
    }

    @Test("fresh ticket keys keep the certificate")
    func freshTickets() throws {
        let context = try folder.server()
        let fresh = try context.withFreshTicketKeys()
        #expect(fresh.certificate?.fingerprint == context.certificate?.fingerprint)
        try Pair(fresh, try folder.client()).handshake()
    }
}

@Suite("Certificates and keys")
struct CertificateTests {
    @Test("a self-made certificate has its names, its time and its modes")
    func made() throws {
        let folder = try CertificateFolder(dnsNames: ["localhost", "crm.example"], days: 30)
        let certificate = try Certificate(path: folder.certificate)
        #expect(certificate.isSelfSigned)
        for host in ["localhost", "crm.example", "127.0.0.1", "::1"] {
            #expect(certificate.matches(host: host), "\(host)")
        }
        for host in ["example", "crm.example.org", "127.0.0.2", ""] {
            #expect(!certificate.matches(host: host), "\(host)")
        }
        let days = (certificate.notAfterSeconds - Int64(Date().timeIntervalSince1970)) / 86_400
        #expect((29...30).contains(days))
        let pattern = certificate.fingerprint.split(separator: ":")
        #expect(pattern.count == 32 && pattern.allSatisfy { $0.count == 2 })
        var status = stat()
        #expect(stat(folder.key, &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(stat(folder.certificate, &status) == 0 && status.st_mode & 0o777 == 0o644)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2,
            "nothing is left over")
    }

    @Test(
        "names that would say more than a name are refused",
        arguments: [["a,IP:10.0.0.1"], ["a b"], [""], ["ä.example"], ["a\nb"]])
    func badNames(_ names: [String]) {
        #expect(throws: TLSError.self) { try CertificateFolder(dnsNames: names) }
    }

    @Test(
        "a key that others may read is refused, with the way out",
        arguments: [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o660, false)]
            as [(mode_t, Bool)])
    func keyMode(_ mode: mode_t, _ isTaken: Bool) throws {
        let folder = try CertificateFolder()
        #expect(chmod(folder.key, mode) == 0)
        do {
            _ = try folder.server()
            #expect(isTaken)
        } catch let error as TLSError {
            #expect(!isTaken)
            #expect(error.kind == .file && error.hint == "Run: chmod 600 \(folder.key)")
        }
    }

    @Test("a key behind a link, a folder, garbage, another certificate's key: each is refused")
    func badFiles() throws {
        let folder = try CertificateFolder()
        let other = try CertificateFolder()
        let link = folder.path + "/link.pem"
        #expect(symlink(folder.key, link) == 0)
        let garbage = folder.path + "/garbage.pem"
        #expect(FileManager.default.createFile(atPath: garbage, contents: Data("no key".utf8)))
        #expect(chmod(garbage, 0o600) == 0)
        for key in [link, folder.path, garbage, other.key, folder.path + "/missing.pem", folder.certificate] {
            #expect { try TLSContext(certificatePath: folder.certificate, keyPath: key) } throws: {
                ($0 as? TLSError)?.kind == .file
            }
        }
        for certificate in [garbage, folder.path + "/missing.pem", folder.key] {
            #expect(throws: TLSError.self) {
                try TLSContext(certificatePath: certificate, keyPath: folder.key)
            }
        }
    }
}

@Suite("TLS: what is agreed on", .serialized)
struct TLSNegotiationTests {
    /// Offers with `openssl s_client`, which can be told to be old-fashioned; one server answers on a thread.
    private static func offer(_ arguments: [String]) async throws -> String {
        let folder = try CertificateFolder()
        let context = try folder.server()
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                #expect(bind(listener, $0, length) == 0 && listen(listener, 1) == 0)
                #expect(getsockname(listener, $0, &length) == 0)
            }
        }
        let port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread {
            let descriptor = accept(listener, nil, nil)
            guard let connection = try? TLSConnection(context, descriptor: descriptor) else { return }
            // The socket waits, so that one call is the whole handshake.
            _ = try? connection.handshake()
            connection.shutdown()
            shutdown(descriptor, Int32(SHUT_WR))
            close(descriptor)
            close(listener)
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = ["s_client", "-connect", "127.0.0.1:\(port)", "-ign_eof"] + arguments
        let output = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: text, as: UTF8.self)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let expected: String
        var testDescription: String { "\(arguments.joined(separator: " ")) → \(expected)" }
    }

    @Test(
        "new offers are taken, old ones refused with an alert",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")),
        arguments: [
            Row(arguments: ["-tls1_3"], expected: "New, TLSv1.3"),
            Row(arguments: ["-tls1_2"], expected: "New, TLSv1.2"),
            Row(arguments: ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], expected: "alert protocol version"),
            Row(
                arguments: ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"],
                expected: "alert handshake failure"),
            Row(arguments: ["-alpn", "h2,http/1.1"], expected: "ALPN protocol: http/1.1"),
            Row(arguments: ["-alpn", "h2"], expected: "alert number 120"),
            Row(arguments: ["-groups", "P-384"], expected: "Server Temp Key: ECDH, secp384r1"),
            Row(arguments: ["-groups", "P-521"], expected: "alert handshake failure"),
        ])
    func offers(_ row: Row) async throws {
        let text = try await Self.offer(row.arguments)
        #expect(text.contains(row.expected), "\(text)")
    }
}
