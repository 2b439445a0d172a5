/// Percent-encoded bytes as text (RFC 3986 §2.1), read strictly: two hexadecimal digits behind every `%`, and UTF-8.
enum PercentCoding {
    /// Whether `+` stands for a space, as in what a form sends.
    enum Plus {
        case itself, space
    }

    /// - Returns: nil for what is not percent-encoded UTF-8.
    static func decode(_ bytes: some Collection<UInt8>, plus: Plus) -> String? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var rest = bytes.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "+") where plus == .space: decoded.append(0x20)
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit) else {
                    return nil
                }
                decoded.append(high << 4 | low)
            default: decoded.append(byte)
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
