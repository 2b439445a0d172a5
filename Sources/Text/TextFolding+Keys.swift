/// Keys for BLOB columns, compared as bytes (`memcmp`), at most `keyLimitBytes` long.
extension TextFolding {
    /// Of a sort key, what the folded text may take; the rest is for the tie breaker.
    private static let primaryLimitBytes = 384

    /// Sorts by folded text, then, where two fold alike, by the text as written, one that is its own folding
    /// before all others.
    ///
    /// Layout: the folded text in UTF-8, then, unless the text is its own folding, 0x00 and the text as written,
    /// cut at a character. Folded text holds no 0x00, so a text sorts directly after what it extends; and since
    /// the folded text comes first, "starts with" is the range from `fold(prefix)` up to its successor.
    package static func sortKey(_ text: String) -> [UInt8] {
        let folded = fold(text)
        var key = Array(folded.utf8)
        key.cut(toBytes: primaryLimitBytes)
        guard !folded.utf8.elementsEqual(text.utf8) else { return key }
        key.append(0)
        var written = Array(text.utf8.prefix(keyLimitBytes - key.count + 4))
        written.cut(toBytes: keyLimitBytes - key.count)
        key += written
        return key
    }

    /// Equal exactly where the folded texts are equal, for unique indexes and "=".
    ///
    /// The folded text in UTF-8; of a text that is too long, its beginning, 0x00, and 128 bits of FNV-1a over the
    /// whole, so that two long texts with one beginning stay apart.
    package static func equalityKey(_ text: String) -> [UInt8] {
        var key = Array(fold(text).utf8)
        guard key.count > keyLimitBytes else { return key }
        let digest = fnv1a(key)
        key.cut(toBytes: keyLimitBytes - 17)
        key.append(0)
        for shift in stride(from: 120, through: 0, by: -8) {
            key.append(UInt8(truncatingIfNeeded: digest >> UInt128(shift)))
        }
        return key
    }

    /// FNV-1a, 128 bits (RFC 9923 §5): not proof against an adversary, who could only make two texts of his own
    /// count as equal.
    private static func fnv1a(_ bytes: [UInt8]) -> UInt128 {
        let prime: UInt128 = 1 << 88 + 0x13B
        var hash: UInt128 = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D
        for byte in bytes { hash = (hash ^ UInt128(byte)) &* prime }
        return hash
    }
}

extension [UInt8] {
    /// Shortens valid UTF-8 to at most `limit` bytes without splitting a character's sequence.
    fileprivate mutating func cut(toBytes limit: Int) {
        guard count > limit else { return }
        var end = limit
        while end > 0, self[end] & 0xC0 == 0x80 { end -= 1 }
        removeLast(count - end)
    }
}
