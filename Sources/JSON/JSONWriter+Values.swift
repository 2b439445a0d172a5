extension JSONWriter {
    @inlinable package mutating func null() { literal("null") }
    @inlinable package mutating func bool(_ value: Bool) { literal(value ? "true" : "false") }

    @inlinable mutating func literal(_ text: StaticString) {
        separate()
        text.withUTF8Buffer { buffer.append(contentsOf: $0) }
        needsComma = true
    }

    @inlinable package mutating func int(_ value: Int64) {
        separate()
        if value < 0 { buffer.append(UInt8(ascii: "-")) }
        digits(value.magnitude)
        needsComma = true
    }

    @inlinable package mutating func int(_ value: Int) { int(Int64(value)) }

    /// A number that is already valid JSON, such as `JSONNode.numberText`.
    package mutating func number(text: String) {
        separate()
        buffer.append(contentsOf: text.utf8)
        needsComma = true
    }

    /// A complete value that is already JSON.
    @inlinable package mutating func raw(_ encoded: [UInt8]) {
        separate()
        buffer.append(contentsOf: encoded)
        needsComma = true
    }

    /// A complete value that is already JSON.
    @inlinable package mutating func raw(_ encoded: ArraySlice<UInt8>) {
        separate()
        buffer.append(contentsOf: encoded)
        needsComma = true
    }

    /// A parsed value, byte for byte as it was in its source.
    package mutating func raw(_ node: JSONNode) {
        raw(node.storage.bytes[node.storage.tape[node.index].range])
    }

    package mutating func string(_ text: String) {
        separate()
        quote(text.utf8Span.span, isValid: true)
        needsComma = true
    }

    /// Text from a place that does not promise UTF-8, such as a column of a database: what is not well formed
    /// becomes U+FFFD, byte by byte.
    package mutating func string(utf8 text: Span<UInt8>) {
        separate()
        quote(text, isValid: false)
        needsComma = true
    }

    /// Copies runs that need no change; escapes what RFC 8259 §7 requires and nothing else.
    private mutating func quote(_ text: Span<UInt8>, isValid: Bool) {
        buffer.append(UInt8(ascii: "\""))
        var runStart = 0
        var index = 0
        while index < text.count {
            let byte = text[index]
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x00...0x1F:
                append(text, runStart..<index)
                escape(byte)
                index += 1
                runStart = index
            case 0x80... where !isValid:
                if let length = UTF8Sequence.length(text, at: index) {
                    index += length
                } else {
                    append(text, runStart..<index)
                    buffer.append(contentsOf: [0xEF, 0xBF, 0xBD])
                    index += 1
                    runStart = index
                }
            default:
                index += 1
            }
        }
        append(text, runStart..<index)
        buffer.append(UInt8(ascii: "\""))
    }

    private mutating func append(_ text: Span<UInt8>, _ range: Range<Int>) {
        guard !range.isEmpty else { return }
        text.extracting(range).withUnsafeBufferPointer { buffer.append(contentsOf: $0) }
    }

    private mutating func escape(_ byte: UInt8) {
        buffer.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): buffer.append(byte)
        case 0x08: buffer.append(UInt8(ascii: "b"))
        case 0x09: buffer.append(UInt8(ascii: "t"))
        case 0x0A: buffer.append(UInt8(ascii: "n"))
        case 0x0C: buffer.append(UInt8(ascii: "f"))
        case 0x0D: buffer.append(UInt8(ascii: "r"))
        default:
            let low = byte & 0x0F
            buffer.append(contentsOf: [0x75, 0x30, 0x30, 0x30 + byte >> 4])
            buffer.append(low < 10 ? 0x30 + low : 0x61 + low - 10)
        }
    }

    /// The decimal digits of a number, at least `minimum` of them.
    @inlinable mutating func digits(_ value: UInt64, minimum: Int = 1) {
        let start = buffer.count
        var rest = value
        var written = 0
        while rest > 0 || written < minimum {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            buffer.append(0x30 + UInt8(truncatingIfNeeded: digit))
            rest = quotient
            written += 1
        }
        var low = start
        var high = buffer.count - 1
        while low < high {
            buffer.swapAt(low, high)
            low += 1
            high -= 1
        }
    }
}
