/// Stored values as bytes that only these values have: what a digest is made of, and what a cursor carries.
///
/// A tag byte each; integers 8 bytes, texts and blobs with a 4-byte length, all least significant byte first.
extension [UInt8] {
    package mutating func append(_ value: StoredValue) {
        switch value {
        case .null: append(0)
        case .integer(let number):
            append(1)
            append(littleEndian: UInt64(bitPattern: number), count: 8)
        case .text(let text):
            append(2)
            append(littleEndian: UInt64(text.utf8.count), count: 4)
            self += text.utf8
        case .blob(let blob):
            append(3)
            append(littleEndian: UInt64(blob.count), count: 4)
            self += blob
        }
    }

    private mutating func append(littleEndian number: UInt64, count: Int) {
        for byte in 0..<count { append(UInt8(truncatingIfNeeded: number >> UInt64(8 * byte))) }
    }
}
