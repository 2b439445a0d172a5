import Glibc

/// Names requests that did not bring a name of their own: 8 random characters that a loop keeps, then a count.
///
/// 15 characters, so that the text needs no memory of its own. Not a secret.
struct RequestIDSource {
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    private let prefix: UInt64
    private var count: UInt64 = 0

    init() {
        var generator = SystemRandomNumberGenerator()
        prefix = generator.next() & 0xFF_FFFF_FFFF
    }

    mutating func next() -> String {
        count &+= 1
        let (prefix, count) = (prefix, count)
        return String(unsafeUninitializedCapacity: 15) { text in
            for index in 0..<8 { text[index] = Self.alphabet[Int(prefix >> UInt64(35 - 5 * index) & 31)] }
            for index in 0..<7 { text[8 + index] = Self.alphabet[Int(count >> UInt64(30 - 5 * index) & 31)] }
            return 15
        }
    }

    /// The client's own name for its request, if it may be one: 1 to 128 visible ASCII characters.
    static func accepted(_ bytes: ArraySlice<UInt8>) -> String? {
        guard (1...128).contains(bytes.count), bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
