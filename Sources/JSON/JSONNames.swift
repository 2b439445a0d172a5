/// Refuses an object that names a member twice: two readers of such a text may disagree on what it says, which
/// is how checks are walked around (RFC 8259 §4 leaves it open; we do not).
///
/// Names are compared as decoded bytes. Small objects are compared pairwise; larger ones through a table keyed
/// by the process's seeded hash, so that no chosen names make the check quadratic.
enum JSONNames {
    private static let pairwiseLimit = 8

    static func refuseDuplicates(
        _ source: Span<UInt8>, _ tape: Span<JSONToken>, object: Int
    ) throws(JSONError) {
        let count = tape[object].count
        guard count > 1 else { return }
        let duplicate =
            count <= pairwiseLimit
            ? pairwise(source, tape, first: object + 1, count: count)
            : hashed(source, tape, first: object + 1, count: count)
        guard let duplicate else { return }
        let token = tape[duplicate]
        throw JSONError(message: "duplicate name \(quoted(source, token))", offset: Int(token.start))
    }

    private static func pairwise(
        _ source: Span<UInt8>, _ tape: Span<JSONToken>, first: Int, count: Int
    ) -> Int? {
        var later = Int(tape[first + 1].next)
        for position in 1..<count {
            var earlier = first
            for _ in 0..<position {
                if equal(source, tape[earlier], tape[later]) { return later }
                earlier = Int(tape[earlier + 1].next)
            }
            later = Int(tape[later + 1].next)
        }
        return nil
    }

    private static func hashed(
        _ source: Span<UInt8>, _ tape: Span<JSONToken>, first: Int, count: Int
    ) -> Int? {
        let mask = (count * 2).nextPowerOfTwo - 1
        /// Tape indexes by hash, linear probing; 0 is free, since index 0 is never a name.
        var slots = [Int](repeating: 0, count: mask + 1)
        var name = first
        for _ in 0..<count {
            var slot = hash(source, tape[name]) & mask
            while slots[slot] != 0 {
                if equal(source, tape[slots[slot]], tape[name]) { return name }
                slot = (slot + 1) & mask
            }
            slots[slot] = name
            name = Int(tape[name + 1].next)
        }
        return nil
    }

    private static func equal(_ source: Span<UInt8>, _ left: JSONToken, _ right: JSONToken) -> Bool {
        guard left.hasEscapes || right.hasEscapes else {
            return bytesEqual(source, left.contentRange, source.extracting(right.contentRange))
        }
        return decoded(source, left) == decoded(source, right)
    }

    private static func hash(_ source: Span<UInt8>, _ token: JSONToken) -> Int {
        var hasher = Hasher()
        if token.hasEscapes {
            decoded(source, token).withUnsafeBytes { hasher.combine(bytes: $0) }
        } else {
            source.extracting(token.contentRange).withUnsafeBytes { hasher.combine(bytes: $0) }
        }
        return hasher.finalize()
    }

    private static func decoded(_ source: Span<UInt8>, _ token: JSONToken) -> [UInt8] {
        JSONEscapes.decode(source, token.contentRange)
    }

    /// The name as a JSON string of at most 40 characters, so that a message stays one short line.
    private static func quoted(_ source: Span<UInt8>, _ token: JSONToken) -> String {
        let name = String(decoding: decoded(source, token), as: UTF8.self)
        var writer = JSONWriter(reservingCapacity: 64)
        writer.string(name.count <= 40 ? name : "\(name.prefix(39))…")
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

extension Int {
    fileprivate var nextPowerOfTwo: Int { 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount) }
}
