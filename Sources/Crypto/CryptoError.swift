import COpenSSL

/// What the cryptographic library would not do; the only error that leaves this room.
package struct CryptoError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Kind: Sendable {
        /// The parameters are outside what we accept or the library supports.
        case parameters
        /// A text that should be an encoded hash or key is none.
        case encoding
        /// The library itself did not answer, for instance for want of memory.
        case library
    }

    package let kind: Kind
    /// One line, lower case, no full stop; never holds a secret.
    package let message: String

    package var description: String { message }

    /// Takes the library's own reason off this thread's error queue.
    static func library(_ what: String) -> CryptoError {
        let code = ERR_get_error()
        ERR_clear_error()
        let reason = ERR_reason_error_string(code).map { ": " + String(cString: $0) } ?? ""
        return CryptoError(kind: .library, message: "\(what)\(reason)")
    }
}
