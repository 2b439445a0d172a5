import Crypto

/// The secret that a caller shows: 32 random bytes in base64url, 43 characters; an API key's has `crmk_` in front,
/// so that a leaked one is recognised for what it is, by scanners of source code too.
///
/// It exists here only while it is handed out. What is stored, and what a token is looked up by, is its SHA-256:
/// the token has 256 bits of chance, so its digest needs neither salt nor cost. The look-up is by hash table and
/// not in constant time, and need not be: what an attacker can vary is a token, never its digest, and how far two
/// digests agree says nothing about the tokens.
enum BearerToken {
    static let byteCount = 32
    static let keyPrefix = "crmk_"
    /// The length of a session's token, in bytes.
    static let sessionLength = 43

    static func makeSession() -> String { Base64URL.encode(SecureRandom.bytes(byteCount)) }
    static func makeKey() -> String { keyPrefix + makeSession() }

    static func digest(_ token: String) -> SHA256Digest { SHA256.hash(Array(token.utf8)) }

    /// What a token is by its form; nil if it can be none, which costs no hash.
    static func kind(of token: [UInt8]) -> Kind? {
        switch token.count {
        case sessionLength: .session
        case sessionLength + keyPrefix.utf8.count where token.starts(with: keyPrefix.utf8): .key
        default: nil
        }
    }

    enum Kind { case session, key }
}
