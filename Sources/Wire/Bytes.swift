/// Reads the fields of one payload in order; every read is checked against what is left.
struct ByteReader {
    private let bytes: [UInt8]
    private(set) var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func integer<T: FixedWidthInteger & UnsignedInteger>(
        _ type: T.Type, _ part: StaticString
    ) throws(WireError) -> T {
        let size = MemoryLayout<T>.size
        guard bytes.count - offset >= size else { throw .malformed("\(part) is cut short") }
        var value: T = 0
        for index in 0..<size { value |= T(truncatingIfNeeded: bytes[offset + index]) << T(8 * index) }
        offset += size
        return value
    }

    /// Bytes that follow their own `u16` length.
    mutating func counted(_ part: StaticString) throws(WireError) -> ArraySlice<UInt8> {
        let count = Int(try integer(UInt16.self, part))
        guard bytes.count - offset >= count else { throw .malformed("\(part) is cut short") }
        defer { offset += count }
        return bytes[offset..<offset + count]
    }

    /// UTF-8 text that follows its own `u16` length.
    mutating func text(_ part: StaticString) throws(WireError) -> String {
        guard let text = String(validating: try counted(part), as: UTF8.self) else {
            throw .malformed("\(part) is not UTF-8")
        }
        return text
    }

    /// Everything that has not been read yet.
    mutating func rest() -> [UInt8] {
        defer { offset = bytes.count }
        return Array(bytes[offset...])
    }
}

extension [UInt8] {
    /// Appends an unsigned integer, low byte first.
    mutating func append<T: FixedWidthInteger & UnsignedInteger>(littleEndian value: T) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    /// Appends bytes behind their `u16` length; what is over 65,535 bytes is left out.
    mutating func append(counted bytes: some Collection<UInt8>) {
        let count = Swift.min(bytes.count, Int(UInt16.max))
        append(littleEndian: UInt16(count))
        append(contentsOf: bytes.prefix(count))
    }
}
