/// What two texts must share to be found by one search and sorted side by side: case, accents and spelling
/// variants are folded away.
///
/// `fold` is the one definition; `sortKey`, `equalityKey` and `searchTokens` build on it, so they always agree.
/// Folding is idempotent, needs no locale, and costs one pass; pure ASCII is folded byte by byte. Keys are stored
/// in columns and compared as bytes: whoever changes what any function here returns raises `keyVersion`, and a
/// job rebuilds what was stored under the old one.
package enum TextFolding {
    /// The version of every stored key and token.
    package static let keyVersion = 1

    /// The longest key, in bytes.
    package static let keyLimitBytes = 512

    /// Compatibility decomposition without accents, full case folding, letters that do not decompose by table
    /// (`FoldingTable`), decimal digits of every script as 0–9, control characters as spaces.
    ///
    /// Kana keeps its voicing marks and Hangul its syllables, in composed form. Marks that spell rather than
    /// accent, such as Indic vowel signs and Thai tones, stay.
    package static func fold(_ text: String) -> String {
        let bytes = text.utf8
        if let ascii = bytes.withContiguousStorageIfAvailable({ foldASCII($0) }) ?? nil { return ascii }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            guard scalar.value >= 0x80 else {
                scalars.append(Unicode.Scalar(foldASCII(UInt8(scalar.value))))
                continue
            }
            ScalarFolding.fold(scalar) { Composition.append($0, to: &scalars) }
        }
        return String(scalars)
    }

    /// Folds in place of copying scalars; nil if any byte is not ASCII.
    private static func foldASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        guard bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
        return String(unsafeUninitializedCapacity: bytes.count) { buffer in
            for index in bytes.indices { buffer[index] = foldASCII(bytes[index]) }
            return bytes.count
        }
    }

    package static func foldASCII(_ byte: UInt8) -> UInt8 {
        switch byte {
        case 0x41...0x5A: byte | 0x20
        case 0x00...0x1F, 0x7F: 0x20
        default: byte
        }
    }
}
