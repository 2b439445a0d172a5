import COpenSSL
import Glibc

/// TLS over one connected, non-blocking socket. Never waits: an operation says what it needs to go on.
///
/// Order: `handshake` until `done`, then `read` and `write` in any order, then `shutdown`. Used by one thread. It works
/// on the descriptor itself and not through memory buffers: ciphertext is copied once less each way, and a small
/// request costs one read(2) and its answer one write(2). The descriptor is the caller's, who closes it after this
/// object is gone, and who has SIGPIPE ignored, since OpenSSL writes with write(2).
package final class TLSConnection {
    /// What an operation came to.
    package enum Progress: Equatable, Sendable {
        /// So many bytes were read or written; zero for a handshake or shutdown that is complete.
        case done(Int)
        /// Try again when the socket can be read.
        case wantRead
        /// Try again when the socket can be written.
        case wantWrite
        /// The other side has closed.
        case closed
    }

    private let raw: OpaquePointer
    private let context: TLSContext

    /// - Parameter serverName: for a client, the host name or address that the server's certificate must be good for.
    package init(_ context: TLSContext, descriptor: Int32, serverName: String? = nil) throws(TLSError) {
        ErrorQueue.clear()
        guard let raw = SSL_new(context.raw) else { throw Self.failure(.connection) }
        self.raw = raw
        self.context = context
        guard SSL_set_fd(raw, descriptor) == 1 else { throw Self.failure(.connection) }
        switch context.side {
        case .server: SSL_set_accept_state(raw)
        case .client(let trust):
            SSL_set_connect_state(raw)
            if let serverName { try expect(serverName, trust) }
        }
    }

    deinit { SSL_free(raw) }

    /// An address is compared with the certificate's addresses and never sent as a server name (RFC 6066 §3).
    private func expect(_ serverName: String, _ trust: TLSContext.Trust) throws(TLSError) {
        let isAddress = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(raw), serverName) == 1
        ErrorQueue.clear()
        guard !isAddress else { return }
        guard copenssl_set_server_name(raw, serverName) == 1, SSL_set1_host(raw, serverName) == 1 else {
            throw TLSError(.connection, "\"\(serverName)\" is not a host name")
        }
    }

    /// Goes on with the handshake. On an error the alert has been written.
    package func handshake() throws(TLSError) -> Progress {
        ErrorQueue.clear()
        let result = SSL_do_handshake(raw)
        if result == 1 { return .done(0) }
        return try progress(after: result, failing: .handshake)
    }

    /// Reads plaintext over the beginning of `room`.
    package func read(into room: inout [UInt8]) throws(TLSError) -> Progress {
        ErrorQueue.clear()
        let result = room.withUnsafeMutableBytes { SSL_read(raw, $0.baseAddress, Int32(clamping: $0.count)) }
        if result > 0 { return .done(Int(result)) }
        return try progress(after: result, failing: .connection)
    }

    /// Writes what fits of the bytes from `offset` on, at most one record (16 KiB) at a time.
    ///
    /// After `wantRead` or `wantWrite` the next write must begin with the same bytes.
    package func write(_ bytes: [UInt8], from offset: Int = 0) throws(TLSError) -> Progress {
        guard offset < bytes.count else { return .done(0) }
        ErrorQueue.clear()
        let result = bytes.withUnsafeBytes {
            SSL_write(raw, $0.baseAddress.map { $0 + offset }, Int32(clamping: bytes.count - offset))
        }
        if result > 0 { return .done(Int(result)) }
        return try progress(after: result, failing: .connection)
    }

    /// Says that we close. One try, without waiting for the other side to say so too: `done` either way.
    package func shutdown() {
        ErrorQueue.clear()
        _ = SSL_shutdown(raw)
        ErrorQueue.clear()
    }

    /// Whether bytes that have already left the socket wait inside: then the socket may stay silent although there is
    /// something to read.
    package var hasPending: Bool { SSL_has_pending(raw) == 1 }

    /// "TLSv1.3" or "TLSv1.2", once the handshake is done.
    package var version: String { SSL_get_version(raw).map { String(cString: $0) } ?? "" }

    /// Whether the handshake took up an earlier session.
    package var isResumed: Bool { SSL_session_reused(raw) == 1 }

    /// "http/1.1" where the client asked for it; nil where it asked for nothing.
    package var negotiatedProtocol: String? {
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        SSL_get0_alpn_selected(raw, &name, &length)
        guard let name, length > 0 else { return nil }
        return String(decoding: UnsafeBufferPointer(start: name, count: Int(length)), as: UTF8.self)
    }

    /// The certificate that the other side has shown.
    package var peerCertificate: Certificate? {
        SSL_get1_peer_certificate(raw).map { Certificate(owning: $0) }
    }

    private func progress(after result: Int32, failing kind: TLSError.Kind) throws(TLSError) -> Progress {
        let code = errno
        switch SSL_get_error(raw, result) {
        case SSL_ERROR_WANT_READ: return .wantRead
        case SSL_ERROR_WANT_WRITE: return .wantWrite
        case SSL_ERROR_ZERO_RETURN: return .closed
        case SSL_ERROR_SYSCALL where ERR_peek_error() == 0: return try ended(code)
        case SSL_ERROR_SSL where ErrorQueue.newestIs(SSL_R_UNEXPECTED_EOF_WHILE_READING):
            ErrorQueue.clear()
            return try ended(0)
        default:
            let verdict = SSL_get_verify_result(raw)
            if case .client = context.side, kind == .handshake, verdict != Int(X509_V_OK) {
                ErrorQueue.clear()
                let reason = String(cString: X509_verify_cert_error_string(verdict))
                throw TLSError(.certificate, "the server's certificate is not accepted: \(reason)")
            }
            throw Self.failure(kind)
        }
    }

    /// The socket ended without TLS's own farewell. Every request and answer tells its length, so that a server loses
    /// nothing by taking it for a close; a client is told.
    private func ended(_ code: Int32) throws(TLSError) -> Progress {
        guard case .client = context.side else { return .closed }
        if code != 0, code != ECONNRESET {
            throw TLSError(.connection, "the connection is lost: \(String(cString: strerror(code)))")
        }
        throw TLSError(.truncated, "the server ended the connection without saying so")
    }

    private static func failure(_ kind: TLSError.Kind) -> TLSError {
        TLSError(kind, ErrorQueue.drain() ?? "the connection is lost")
    }
}
