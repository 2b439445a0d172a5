import Crypto

/// Salts of change log entries, each used once: drawn many at a time, since each draw has a price of its own.
struct SaltSource {
    private static let drawn = 256
    private var bytes: [UInt8] = []
    private var place = 0

    mutating func next() -> [UInt8] {
        let count = ChangeEnvelope.saltByteCount
        if place == bytes.count {
            bytes = SecureRandom.bytes(Self.drawn * count)
            place = 0
        }
        defer { place += count }
        return Array(bytes[place..<place + count])
    }
}
