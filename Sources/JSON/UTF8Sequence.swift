/// The well-formed byte sequences of UTF-8 (Unicode 16.0, table 3-7): no overlong forms, no surrogates, nothing
/// above U+10FFFF.
enum UTF8Sequence {
    /// The length, 1–4, of the sequence that begins at `index`; nil if it is not well formed.
    static func length(_ source: Span<UInt8>, at index: Int) -> Int? {
        let lead = source[index]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0x00...0x7F: return 1
        case 0xC2...0xDF: length = 2
        case 0xE0:
            length = 3
            second = 0xA0...0xBF
        case 0xED:
            length = 3
            second = 0x80...0x9F
        case 0xE1...0xEF: length = 3
        case 0xF0:
            length = 4
            second = 0x90...0xBF
        case 0xF4:
            length = 4
            second = 0x80...0x8F
        case 0xF1...0xF3: length = 4
        default: return nil
        }
        guard index + length <= source.count, second.contains(source[index + 1]) else { return nil }
        for offset in 2..<max(length, 2) where source[index + offset] & 0xC0 != 0x80 { return nil }
        return length
    }
}
