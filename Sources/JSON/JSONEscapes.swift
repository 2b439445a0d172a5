/// The escapes of a JSON string (RFC 8259 §7): checking them while parsing, resolving them when asked.
enum JSONEscapes {
    /// The length of the escape whose backslash lies at `index`: 2, 6, or 12 for a surrogate pair.
    ///
    /// - Throws: `JSONError` for an unknown escape, bad hexadecimal digits, or half a surrogate pair.
    static func length(_ source: Span<UInt8>, at index: Int) throws(JSONError) -> Int {
        guard index + 1 < source.count else {
            throw JSONError(message: "string is not closed", offset: source.count)
        }
        switch source[index + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return 2
        case UInt8(ascii: "u"):
            guard let unit = codeUnit(source, at: index) else {
                throw JSONError(message: "\\u needs four hexadecimal digits", offset: index)
            }
            guard unit & 0xF800 == 0xD800 else { return 6 }
            guard unit < 0xDC00, let low = codeUnit(source, at: index + 6), low & 0xFC00 == 0xDC00 else {
                throw JSONError(message: "escape is half a surrogate pair", offset: index)
            }
            return 12
        default:
            throw JSONError(message: "unknown escape in string", offset: index)
        }
    }

    /// The text of a range between quotes, which the parser has checked.
    static func decode(_ source: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = source[index]
            guard byte == UInt8(ascii: "\\") else {
                decoded.append(byte)
                index += 1
                continue
            }
            let letter = source[index + 1]
            guard letter == UInt8(ascii: "u"), let unit = codeUnit(source, at: index) else {
                decoded.append(plain(letter))
                index += 2
                continue
            }
            var scalar = unit
            index += 6
            if unit & 0xFC00 == 0xD800, let low = codeUnit(source, at: index) {
                scalar = 0x10000 + (unit & 0x3FF) << 10 + (low & 0x3FF)
                index += 6
            }
            if let encoded = Unicode.Scalar(scalar).flatMap(UTF8.encode) {
                decoded.append(contentsOf: encoded)
            }
        }
        return decoded
    }

    private static func plain(_ letter: UInt8) -> UInt8 {
        switch letter {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "r"): 0x0D
        default: letter
        }
    }

    /// The UTF-16 code unit of a `\uXXXX` that begins at `index`; nil if there is none.
    private static func codeUnit(_ source: Span<UInt8>, at index: Int) -> UInt32? {
        guard index + 6 <= source.count, source[index] == UInt8(ascii: "\\"),
            source[index + 1] == UInt8(ascii: "u")
        else { return nil }
        var unit: UInt32 = 0
        for offset in 2..<6 {
            let digit: UInt8
            switch source[index + offset] {
            case let byte where (0x30...0x39).contains(byte): digit = byte - 0x30
            case let byte where (0x61...0x66).contains(byte | 0x20): digit = byte & 0x0F + 9
            default: return nil
            }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }
}
