/// Base32 of RFC 4648 §6 without padding: how authenticator apps take a one-time password's secret.
package enum Base32 {
    private static let characters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    package static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 8 + 4) / 5)
        var bits: UInt32 = 0
        var bitCount: UInt32 = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            bitCount += 8
            while bitCount >= 5 {
                bitCount -= 5
                text.append(characters[Int(bits >> bitCount & 31)])
            }
            bits &= 1 << bitCount - 1
        }
        if bitCount > 0 { text.append(characters[Int(bits << (5 - bitCount) & 31)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// - Returns: nil if the text is not exactly what `encode` would give.
    package static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var bitCount: UInt32 = 0
        for character in text.utf8 {
            guard let value = characters.firstIndex(of: character) else { return nil }
            bits = bits << 5 | UInt32(value)
            bitCount += 5
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> bitCount))
            bits &= 1 << bitCount - 1
        }
        return bits == 0 && bitCount < 5 ? bytes : nil
    }
}
