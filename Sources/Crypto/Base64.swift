/// Base64 of RFC 4648 §4, with padding: as PEM, data URLs and HTTP want it.
///
/// Decoding is strict: the exact alphabet, exact padding, and no stray bits in the last character, so that a
/// byte string has exactly one text.
package enum Base64 {
    package static func encode(_ bytes: [UInt8]) -> String {
        Base64Alphabet.standard.encode(bytes, padding: .required)
    }

    /// - Returns: nil if the text is not exactly what `encode` would give.
    package static func decode(_ text: String) -> [UInt8]? {
        Base64Alphabet.standard.decode(text, padding: .required)
    }

    /// Without `=` at the end, as encoded password hashes have it.
    package static func encodeUnpadded(_ bytes: [UInt8]) -> String {
        Base64Alphabet.standard.encode(bytes, padding: .none)
    }

    package static func decodeUnpadded(_ text: String) -> [UInt8]? {
        Base64Alphabet.standard.decode(text, padding: .none)
    }
}

/// Base64url of RFC 4648 §5, without padding: safe in URLs, file names, tokens and cursors. As strict as `Base64`.
package enum Base64URL {
    package static func encode(_ bytes: [UInt8]) -> String {
        Base64Alphabet.url.encode(bytes, padding: .none)
    }

    /// - Returns: nil if the text is not exactly what `encode` would give.
    package static func decode(_ text: String) -> [UInt8]? {
        Base64Alphabet.url.decode(text, padding: .none)
    }
}

/// The 64 characters, and the grouping of 3 bytes into 4 of them that both forms share.
struct Base64Alphabet: Sendable {
    enum Padding: Sendable { case required, none }

    static let standard = Base64Alphabet(last: "+/")
    static let url = Base64Alphabet(last: "-_")

    private let characters: [UInt8]
    /// The value of each ASCII byte; 255 where it is no character of the alphabet.
    private let values: [UInt8]

    private init(last: String) {
        characters = Array(("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + last).utf8)
        var values = [UInt8](repeating: 255, count: 256)
        for (value, character) in characters.enumerated() { values[Int(character)] = UInt8(value) }
        self.values = values
    }

    func encode(_ bytes: [UInt8], padding: Padding) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits: UInt32 = 0
            for byte in group { bits = bits << 8 | UInt32(byte) }
            bits <<= UInt32(8 * (3 - group.count))
            for position in 0...group.count {
                text.append(characters[Int(bits >> UInt32(18 - 6 * position) & 63)])
            }
            if padding == .required {
                text.append(contentsOf: repeatElement(UInt8(ascii: "="), count: 3 - group.count))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    func decode(_ text: String, padding: Padding) -> [UInt8]? {
        var digits = Array(text.utf8)[...]
        if padding == .required {
            guard digits.count % 4 == 0 else { return nil }
            for _ in 0..<2 where digits.last == UInt8(ascii: "=") { digits.removeLast() }
        }
        guard digits.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count * 3 / 4)
        var bits: UInt32 = 0
        var bitCount: UInt32 = 0
        for digit in digits {
            let value = values[Int(digit)]
            guard value < 64 else { return nil }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> bitCount))
            bits &= 1 << bitCount - 1
        }
        return bits == 0 ? bytes : nil
    }
}

/// Two hexadecimal digits per byte.
package enum Hexadecimal {
    package static func encode(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// - Returns: nil unless the text is pairs of hexadecimal digits, of either case.
    package static func decode(_ text: String) -> [UInt8]? {
        let digits = text.utf8.map { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index], let low = digits[index + 1] else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}
