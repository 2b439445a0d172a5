import Glibc
import HTTP
package import JSON
package import TLS

/// Calls a remote `crm-rpc` by `POST /rpc` over TLS, with a bearer token.
///
/// One connection, kept for all calls and made anew once where the server has closed it between two. A call is answered
/// while it is sent: over HTTP/1.1 nothing is gained by sending the next one early.
package final class HTTPSClient: RPCClient {
    package var place: String { address.authority }
    let address: EndpointAddress
    private let context: TLSContext
    let token: [UInt8]?
    let patience: Duration
    var connection: Connection?
    private var nextCall: UInt64 = 1
    private var answers: [UInt64: [UInt8]] = [:]

    struct Connection {
        // Declared in this order: TLS works on the socket's descriptor and must go first.
        let tls: TLSConnection
        let socket: TCPSocket
        var reader = HTTPResponseReader()
    }

    /// - Parameters:
    ///   - trust: whose certificates are believed.
    ///   - token: printable ASCII; nil calls as nobody.
    package init(
        _ address: EndpointAddress, trust: TLSContext.Trust, token: [UInt8]?,
        patience: Duration = .seconds(120)
    ) throws(AdminError) {
        if let token, token.isEmpty || !token.allSatisfy({ (0x21...0x7E).contains($0) }) {
            throw .usage("the token is not one: it has a space, a control character or nothing at all")
        }
        self.address = address
        self.token = token
        self.patience = patience
        do throws(TLSError) {
            context = try TLSContext(trust: trust)
        } catch {
            throw AdminError(error.message, hint: error.hint, exit: .usage)
        }
        // OpenSSL writes with write(2); a peer that has gone is an error, not a signal.
        signal(SIGPIPE, SIG_IGN)
    }

    package func send(_ method: String, _ params: [UInt8]) throws(AdminError) -> CallTicket {
        let number = nextCall
        nextCall += 1
        answers[number] = try exchange(Conversation.request(number, method, params))
        return CallTicket(number)
    }

    package func answer(to ticket: CallTicket) throws(AdminError) -> JSONNode {
        guard let body = answers.removeValue(forKey: ticket.number) else {
            throw AdminError("the answer was fetched already")
        }
        return try Conversation.result(of: body)
    }

    private func exchange(_ body: [UInt8]) throws(AdminError) -> [UInt8] {
        let deadline = ContinuousClock.now + patience
        let request = head(of: body) + body
        let isReused = connection != nil
        do {
            return try exchange(request, until: deadline)
        } catch {
            connection = nil
            // A kept connection may have been closed before the request came; then nothing was done with it.
            guard isReused, error == Self.closedBeforeAnswer else { throw error }
            return try exchange(request, until: deadline)
        }
    }

    private func exchange(
        _ request: [UInt8], until deadline: ContinuousClock.Instant
    ) throws(AdminError) -> [UInt8] {
        if connection == nil { connection = try connect(until: deadline) }
        guard var open = connection else { throw Self.closedBeforeAnswer }
        try write(request, to: open, until: deadline)
        var hasBegun = false
        while true {
            switch open.reader.next() {
            case .response(let response):
                connection = response.keepsAlive ? open : nil
                return try body(of: response)
            case .refused(let refusal):
                throw AdminError("the answer of \(place) is not HTTP: \(refusal.reason)")
            case .needsMore: break
            }
            guard let bytes = try read(from: open, until: deadline) else {
                guard hasBegun else { throw Self.closedBeforeAnswer }
                open.reader.end()
                continue
            }
            hasBegun = true
            open.reader.append(bytes[...])
        }
    }

    private func body(of response: HTTPResponse) throws(AdminError) -> [UInt8] {
        if response.body.isEmpty || response.status == 404 && JSONNode.parsing(text(response.body)) == nil {
            throw AdminError(
                "\(place) answered with status \(response.status)", hint: "Is \(address.path) the right path?"
            )
        }
        return response.body
    }

    func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    static let closedBeforeAnswer = AdminError(
        "the endpoint closed the connection without an answer",
        hint: "What was asked may have been done or not; look before you repeat it.")

    private func head(of body: [UInt8]) -> [UInt8] {
        var head = "POST \(address.path) HTTP/1.1\r\nHost: \(address.authority)\r\n"
        head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n"
        head += "Accept: application/json\r\n"
        return Array((head + authorization + "\r\n").utf8)
    }

    /// The field that says who calls; empty where nobody does.
    var authorization: String { token.map { "Authorization: Bearer \(text($0))\r\n" } ?? "" }

    // MARK: TLS over a socket that never blocks

    func connect(until deadline: ContinuousClock.Instant) throws(AdminError) -> Connection {
        let socket = try TCPSocket.connect(to: address, until: deadline)
        do throws(TLSError) {
            let tls = try TLSConnection(context, descriptor: socket.descriptor, serverName: address.host)
            while true {
                let progress = try tls.handshake()
                if case .done = progress { return Connection(tls: tls, socket: socket) }
                guard progress != .closed, wait(progress, on: socket, until: deadline) else {
                    throw TLSError(.connection, "the TLS handshake did not end in time")
                }
            }
        } catch {
            var hint = error.hint
            if error.kind == .certificate { hint = "Name the certificate to believe with --ca-file." }
            throw AdminError("could not speak TLS with \(place): \(error.message)", hint: hint)
        }
    }

    func write(
        _ bytes: [UInt8], to open: Connection, until deadline: ContinuousClock.Instant
    ) throws(AdminError) {
        var offset = 0
        while offset < bytes.count {
            do throws(TLSError) {
                let progress = try open.tls.write(bytes, from: offset)
                if case .done(let count) = progress {
                    offset += count
                } else if progress == .closed {
                    throw Self.closedBeforeAnswer.asTLS
                } else if !wait(progress, on: open.socket, until: deadline) {
                    throw TLSError(.connection, "it did not take the call in time")
                }
            } catch {
                guard error.kind != .truncated else { throw Self.closedBeforeAnswer }
                throw AdminError("could not call \(place): \(error.message)")
            }
        }
    }

    /// - Returns: nil at the end of the connection.
    func read(
        from open: Connection, until deadline: ContinuousClock.Instant
    ) throws(AdminError) -> [UInt8]? {
        var room = [UInt8](repeating: 0, count: 32 << 10)
        do throws(TLSError) {
            while true {
                let progress = try open.tls.read(into: &room)
                if case .done(let count) = progress { return Array(room[..<count]) }
                if progress == .closed { return nil }
                guard wait(progress, on: open.socket, until: deadline) else {
                    throw TLSError(.connection, "it did not answer in time")
                }
            }
        } catch {
            if error.kind == .truncated { return nil }
            throw AdminError("no answer from \(place): \(error.message)")
        }
    }

    private func wait(
        _ progress: TLSConnection.Progress, on socket: TCPSocket, until deadline: ContinuousClock.Instant
    ) -> Bool {
        socket.wait(for: progress == .wantWrite ? .writable : .readable, until: deadline)
    }
}

extension AdminError {
    /// Carries "the other side has closed" through a function that throws TLS errors.
    fileprivate var asTLS: TLSError { TLSError(.truncated, message) }
}
