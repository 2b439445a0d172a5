import COpenSSL

/// HMAC with SHA-256 (RFC 2104, RFC 4231): proof that whoever made a message knew the key.
package enum HMACSHA256 {
    /// The 32 bytes of authentication for `message` under `key`, of any length, best 32 bytes.
    package static func authenticate(message: [UInt8], key: [UInt8]) -> SHA256Digest {
        let bytes = HMAC.authenticate(message: message, key: key, hash: EVP_sha256(), byteCount: 32)
        guard let digest = SHA256Digest(bytes: bytes) else { preconditionFailure("HMAC is 32 bytes") }
        return digest
    }

    /// Whether `code` is the authentication of `message`; takes the same time whatever differs.
    package static func isValid(_ code: [UInt8], for message: [UInt8], key: [UInt8]) -> Bool {
        constantTimeEquals(authenticate(message: message, key: key).bytes, code)
    }
}

/// HMAC over whichever hash the library is given.
enum HMAC {
    static func authenticate(
        message: [UInt8], key: [UInt8], hash: OpaquePointer?, byteCount: Int
    ) -> [UInt8] {
        // An empty array may have no address, which HMAC(3) reads as "reuse the last key".
        let key = key.isEmpty ? [0] : key
        var code = [UInt8](repeating: 0, count: byteCount)
        let result = code.withUnsafeMutableBufferPointer { code in
            COpenSSL.HMAC(hash, key, Int32(key.count), message, message.count, code.baseAddress, nil)
        }
        precondition(result != nil, "the library has no HMAC")
        return code
    }
}

/// Whether two byte strings are equal, in time that depends on their lengths only.
package func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return CRYPTO_memcmp(left, right, left.count) == 0
}
