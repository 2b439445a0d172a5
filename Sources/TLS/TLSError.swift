import COpenSSL
import Glibc

/// What can go wrong with certificates and TLS connections. Would-block is a result of the calls, never one of these.
///
/// After one from a connection, that connection is of no more use; its alert, if any, has been written.
package struct TLSError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Kind: Sendable {
        /// A certificate or key file cannot be read, parsed or trusted with its mode.
        case file
        /// The other side and we have no common version, cipher or protocol, or its messages are not TLS.
        case handshake
        /// The other side's certificate is not accepted (clients only).
        case certificate
        /// The connection ended without the other side saying so (clients only; a server sees `closed`).
        case truncated
        /// The connection cannot go on: a broken record, a reset.
        case connection
    }

    package let kind: Kind
    /// One line for the log: lower case, no full stop.
    package let message: String
    /// One sentence of advice; nil where there is none.
    package let hint: String?

    package init(_ kind: Kind, _ message: String, hint: String? = nil) {
        self.kind = kind
        self.message = message
        self.hint = hint
    }

    package var description: String { message }
}

/// OpenSSL's error queue of this thread: cleared before a call, read at once after it.
enum ErrorQueue {
    static func clear() { ERR_clear_error() }

    /// The first error's text, which is the cause; the queue is empty afterwards.
    static func drain() -> String? {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else { return nil }
        if let reason = ERR_reason_error_string(code) { return String(cString: reason) }
        return "error \(code)"
    }

    /// Whether the newest error is this one of the TLS library.
    static func newestIs(_ reason: Int32) -> Bool {
        let code = ERR_peek_last_error()
        return code != 0 && Int32(truncatingIfNeeded: code & 0x7FFFFF) == reason
    }
}
