import COpenSSL
import Glibc

/// What the connections of one side have in common: certificate and key, versions, ciphers, ticket keys.
///
/// TLS 1.2 and 1.3, forward-secret AEAD ciphers, no renegotiation, no compression, no early data; ALPN is http/1.1 or
/// nothing. A context never changes: to load another certificate or to change the ticket keys, make another
/// context and use it for the connections to come; the old one lives as long as its connections.
// @unchecked: the pointer is set once and SSL_CTX counts references and locks by itself (openssl-threads(7)); after
// init it is only given to SSL_new and to getters.
package final class TLSContext: @unchecked Sendable {
    /// Whom a client believes.
    package enum Trust: Sendable {
        /// The certificates that the system trusts.
        case system
        /// Only what the certificates of this PEM file vouch for.
        case file(path: String)
        /// Anyone: whoever stands between can read and change everything.
        case nobodyChecked
    }

    package enum Side: Sendable {
        case server
        case client(Trust)
    }

    package let side: Side
    let raw: OpaquePointer

    /// A server's context, from a PEM file with the certificate and then its chain, and one with the key.
    ///
    /// - Throws: `file` where a file cannot be used: missing, not PEM, a key that others may read or that does not fit.
    package convenience init(certificatePath: String, keyPath: String) throws(TLSError) {
        let chain = try PEMFile.read(certificatePath, secrecy: .anyone)
        let key = try PEMFile.read(keyPath, secrecy: .ownerOnly)
        try self.init(.server)
        try useChain(chain, path: certificatePath)
        try useKey(key, path: keyPath, certificatePath: certificatePath)
    }

    /// A client's context.
    package convenience init(trust: Trust) throws(TLSError) {
        try self.init(.client(trust))
        switch trust {
        case .system:
            guard SSL_CTX_set_default_verify_paths(raw) == 1 else {
                throw Self.failure("load the system's certificates")
            }
        case .file(let path):
            guard SSL_CTX_load_verify_locations(raw, path, nil) == 1 else {
                throw Self.failure("load the certificates of \"\(path)\"")
            }
        case .nobodyChecked: break
        }
        if case .nobodyChecked = trust { return }
        SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nil)
    }

    private init(_ side: Side) throws(TLSError) {
        ErrorQueue.clear()
        let method = if case .server = side { TLS_server_method() } else { TLS_client_method() }
        guard let raw = SSL_CTX_new(method) else { throw Self.failure("set up TLS") }
        self.side = side
        self.raw = raw
        copenssl_set_versions(raw)
        let isHybridKnown = OpenSSL_version_num() >= 0x3050_0000
        let groups = isHybridKnown ? "X25519MLKEM768:X25519:P-256:P-384" : "X25519:P-256:P-384"
        guard SSL_CTX_set_cipher_list(raw, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1,
            copenssl_set_groups(raw, groups) == 1
        else { throw Self.failure("set up TLS") }
        SSL_CTX_set_options(raw, Self.options)
        copenssl_set_mode(raw, Self.modes)
        // One read(2) takes all that has come, where OpenSSL would ask for a record's header and body apart.
        copenssl_set_read_ahead(raw)
        // Sessions live in tickets that the client keeps; nothing of them stays here.
        copenssl_set_session_cache_off(raw)
        if case .server = side {
            SSL_CTX_set_max_early_data(raw, 0)
            SSL_CTX_set_num_tickets(raw, 1)
            SSL_CTX_set_timeout(raw, 3_600)
            SSL_CTX_set_alpn_select_cb(raw, chooseProtocol, nil)
        } else {
            // Answers 0 where it worked, unlike the rest.
            guard SSL_CTX_set_alpn_protos(raw, alpn, UInt32(alpn.count)) == 0 else {
                throw Self.failure("set up TLS")
            }
        }
    }

    deinit { SSL_CTX_free(raw) }

    private static let options =
        UInt64(1 << 30)  // SSL_OP_NO_RENEGOTIATION
        | UInt64(1 << 17)  // SSL_OP_NO_COMPRESSION
    private static let modes =
        0x1  // SSL_MODE_ENABLE_PARTIAL_WRITE: what fits is written, the rest is ours to keep
        | 0x2  // SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER: an array may have moved before the next try
        | 0x10  // SSL_MODE_RELEASE_BUFFERS: an idle connection gives its 34 KiB back

    /// The same certificate with fresh ticket keys: tickets given out before lead to a full handshake.
    ///
    /// To be called at least once a day, so that a stolen ticket key opens no more than that.
    package func withFreshTicketKeys() throws(TLSError) -> TLSContext {
        let fresh = try TLSContext(side)
        guard SSL_CTX_use_certificate(fresh.raw, SSL_CTX_get0_certificate(raw)) == 1,
            copenssl_copy_chain(raw, fresh.raw) == 1,
            SSL_CTX_use_PrivateKey(fresh.raw, SSL_CTX_get0_privatekey(raw)) == 1
        else { throw Self.failure("change the ticket keys") }
        return fresh
    }

    /// The certificate that this server shows; nil for a client.
    package var certificate: Certificate? {
        guard let certificate = SSL_CTX_get0_certificate(raw) else { return nil }
        X509_up_ref(certificate)
        return Certificate(owning: certificate)
    }

    private func useChain(_ bytes: [UInt8], path: String) throws(TLSError) {
        try OpaquePointer.withReader(of: bytes) { reader throws(TLSError) in
            guard let first = PEM_read_bio_X509_AUX(reader, nil, nil, nil) else {
                ErrorQueue.clear()
                throw TLSError(.file, "\"\(path)\" has no certificate in PEM form")
            }
            let certificate = Certificate(owning: first)
            guard SSL_CTX_use_certificate(raw, certificate.raw) == 1 else {
                throw Self.failure("use \"\(path)\"")
            }
            while let next = PEM_read_bio_X509(reader, nil, nil, nil) {
                guard copenssl_add_chain_certificate(raw, next) == 1 else {
                    X509_free(next)
                    throw Self.failure("use the chain of \"\(path)\"")
                }
            }
            // The end of the file is an error to PEM_read_bio.
            ErrorQueue.clear()
        }
    }

    private func useKey(_ bytes: [UInt8], path: String, certificatePath: String) throws(TLSError) {
        try OpaquePointer.withReader(of: bytes) { reader throws(TLSError) in
            // Without a callback OpenSSL would ask the terminal for a passphrase.
            guard let key = PEM_read_bio_PrivateKey(reader, nil, { _, _, _, _ in 0 }, nil) else {
                ErrorQueue.clear()
                throw TLSError(.file, "\"\(path)\" has no unencrypted private key in PEM form")
            }
            defer { EVP_PKEY_free(key) }
            guard SSL_CTX_use_PrivateKey(raw, key) == 1, SSL_CTX_check_private_key(raw) == 1 else {
                ErrorQueue.clear()
                throw TLSError(
                    .file, "the key \"\(path)\" does not belong to the certificate \"\(certificatePath)\"")
            }
        }
    }

    private static func failure(_ operation: String) -> TLSError {
        TLSError(.file, "could not \(operation): \(ErrorQueue.drain() ?? "no reason given")")
    }
}

/// Length-prefixed, as ALPN lists it (RFC 7301 §3.1).
private let alpn: [UInt8] = [8] + Array("http/1.1".utf8)

/// Picks http/1.1 from what the client offers, else ends the handshake with alert 120, no_application_protocol.
private let chooseProtocol:
    @convention(c) (
        OpaquePointer?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, UnsafeMutablePointer<UInt8>?,
        UnsafePointer<UInt8>?, UInt32, UnsafeMutableRawPointer?
    ) -> Int32 = { _, chosen, chosenLength, offered, offeredLength, _ in
        guard let chosen, let chosenLength, let offered else { return SSL_TLSEXT_ERR_ALERT_FATAL }
        let list = UnsafeBufferPointer(start: offered, count: Int(offeredLength))
        var index = 0
        while index < list.count {
            let end = index + 1 + Int(list[index])
            guard end <= list.count else { break }
            if list[index..<end].elementsEqual(alpn) {
                chosen.pointee = offered + index + 1
                chosenLength.pointee = list[index]
                return SSL_TLSEXT_ERR_OK
            }
            index = end
        }
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }
