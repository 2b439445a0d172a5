/// The characters that HTTP's grammar names (RFC 9110 §5.6, RFC 3986 §3).
enum ASCII {
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let tab: UInt8 = 0x09
    static let space: UInt8 = 0x20
    static let colon: UInt8 = 0x3A
    static let semicolon: UInt8 = 0x3B
    static let comma: UInt8 = 0x2C
    static let percent: UInt8 = 0x25
    static let slash: UInt8 = 0x2F
    static let question: UInt8 = 0x3F

    /// What a byte may be part of.
    struct Class: OptionSet {
        let rawValue: UInt8
        /// tchar: methods and field names.
        static let token = Class(rawValue: 1)
        /// Field values: visible characters, space, tab and the bytes from 0x80 on.
        static let value = Class(rawValue: 2)
        /// A request target in origin form: pchar, "/" and "?"; "%" only before two hexadecimal digits.
        static let target = Class(rawValue: 4)
        /// Host: a name, an address, brackets and a port.
        static let host = Class(rawValue: 8)
        static let digit = Class(rawValue: 16)
        static let hexadecimal = Class(rawValue: 32)
    }

    private static let classes: [Class] = (0...255).map { code in
        let byte = UInt8(code)
        let isDigit = (0x30...0x39).contains(byte)
        let isLetter = (0x41...0x5A).contains(byte & 0xDF) && byte < 0x80
        let isAlphanumeric = isDigit || isLetter
        var result: Class = []
        if isAlphanumeric || "!#$%&'*+-.^_`|~".utf8.contains(byte) { result.insert(.token) }
        if byte == tab || byte >= 0x20 && byte != 0x7F { result.insert(.value) }
        if isAlphanumeric || "-._~%!$&'()*+,;=:@/?".utf8.contains(byte) { result.insert(.target) }
        if isAlphanumeric || "-._~%!$&'()*+,;=:[]".utf8.contains(byte) { result.insert(.host) }
        if isDigit { result.insert(.digit) }
        if isDigit || (0x41...0x46).contains(byte & 0xDF) && byte < 0x80 { result.insert(.hexadecimal) }
        return result
    }

    /// Whether every one of the bytes is of the class; true for none.
    static func all(_ bytes: [UInt8], in range: Range<Int>, are wanted: Class) -> Bool {
        let classes = Self.classes
        for index in range where !classes[Int(bytes[index])].contains(wanted) { return false }
        return true
    }

    /// The value of a hexadecimal digit.
    static func hexadecimal(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte) - 0x30
        case 0x41...0x46: Int(byte) - 0x41 + 10
        case 0x61...0x66: Int(byte) - 0x61 + 10
        default: nil
        }
    }

    static func lowercase(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

    /// Whether the bytes are the text, letters compared without their case.
    static func equal(_ bytes: [UInt8], in range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        let expected = text.utf8Start
        for index in 0..<range.count
        where lowercase(bytes[range.lowerBound + index]) != lowercase(expected[index]) {
            return false
        }
        return true
    }

    /// The range without spaces and tabs at its ends.
    static func trimmed(_ bytes: [UInt8], _ range: Range<Int>) -> Range<Int> {
        var (lower, upper) = (range.lowerBound, range.upperBound)
        while lower < upper, bytes[lower] == space || bytes[lower] == tab { lower += 1 }
        while lower < upper, bytes[upper - 1] == space || bytes[upper - 1] == tab { upper -= 1 }
        return lower..<upper
    }
}
