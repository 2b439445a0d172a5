import COpenSSL

/// Counter-based one-time passwords (RFC 4226), HMAC-SHA-1 as every authenticator app expects.
package enum HOTP {
    /// - Parameter digits: 6–8.
    /// - Returns: `digits` decimal digits, zeros in front kept.
    package static func code(secret: [UInt8], counter: UInt64, digits: Int = 6) -> String {
        precondition((6...8).contains(digits), "a one-time password has 6 to 8 digits")
        let message = stride(from: UInt64(56), through: 0, by: -8).map {
            UInt8(truncatingIfNeeded: counter >> $0)
        }
        let mac = HMAC.authenticate(message: message, key: secret, hash: EVP_sha1(), byteCount: 20)
        let offset = Int(mac[19] & 15)
        var truncated: UInt32 = 0
        for byte in mac[offset..<offset + 4] { truncated = truncated << 8 | UInt32(byte) }
        truncated &= 0x7FFF_FFFF
        var modulus: UInt32 = 1
        for _ in 0..<digits { modulus *= 10 }
        let number = String(truncated % modulus)
        return String(repeating: "0", count: digits - number.utf8.count) + number
    }
}

/// Time-based one-time passwords (RFC 6238): HOTP over the number of 30-second steps since 1970.
package enum TOTP {
    package static let stepSeconds: Int64 = 30
    /// 160 bits, as RFC 4226 §4 recommends.
    package static let secretByteCount = 20

    package static func code(secret: [UInt8], secondsSince1970: Int64, digits: Int = 6) -> String {
        HOTP.code(secret: secret, counter: step(at: secondsSince1970), digits: digits)
    }

    /// The step whose code `code` is: the present one, or one of `drift` before and after, for clocks that are
    /// off. Nil if it is none of them, or not after `lastStep`: a code works once (RFC 6238 §5.2), so the caller
    /// stores the step that is returned.
    package static func verify(
        _ code: String, secret: [UInt8], secondsSince1970: Int64, drift: UInt64 = 1,
        after lastStep: UInt64? = nil
    ) -> UInt64? {
        guard (6...8).contains(code.utf8.count) else { return nil }
        let present = step(at: secondsSince1970)
        var accepted: UInt64?
        for step in (present - min(drift, present))...(present + drift) {
            let expected = HOTP.code(secret: secret, counter: step, digits: code.utf8.count)
            if constantTimeEquals(Array(expected.utf8), Array(code.utf8)) { accepted = step }
        }
        guard let accepted, lastStep.map({ accepted > $0 }) ?? true else { return nil }
        return accepted
    }

    private static func step(at secondsSince1970: Int64) -> UInt64 {
        UInt64(max(secondsSince1970, 0) / stepSeconds)
    }
}
