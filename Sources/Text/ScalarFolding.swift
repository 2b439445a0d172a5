import Foundation

/// The folding of one scalar. Foundation knows the decompositions but is slow to ask, so what European, Hebrew,
/// Arabic and Indic text uses is computed once, on first need.
enum ScalarFolding {
    /// Up to and with Greek Extended; some 25 ms to fill, 70 KB.
    private static let cachedBelow: UInt32 = 0x2000
    private static let cache = Cache(below: cachedBelow)

    /// Calls `body` with each scalar of the folding, in order; allocates nothing for what is cached.
    static func fold(_ scalar: Unicode.Scalar, _ body: (Unicode.Scalar) -> Void) {
        if scalar.value < cachedBelow {
            cache.forEach(scalar, body)
        } else if standsForItself(scalar.value) {
            body(scalar)
        } else {
            compute(scalar).forEach(body)
        }
    }

    /// The foldings of the first scalars, laid end to end.
    private struct Cache {
        private var scalars: [Unicode.Scalar] = []
        /// Where each folding begins, and the next one with it ends.
        private var starts: [Int32] = [0]

        init(below limit: UInt32) {
            for value in 0..<limit {
                if let scalar = Unicode.Scalar(value) { scalars += compute(scalar) }
                starts.append(Int32(scalars.count))
            }
        }

        func forEach(_ scalar: Unicode.Scalar, _ body: (Unicode.Scalar) -> Void) {
            let index = Int(scalar.value)
            for position in starts[index]..<starts[index + 1] { body(scalars[Int(position)]) }
        }
    }

    /// Ideographs, kana and Hangul syllables, in bulk.
    private static func standsForItself(_ value: UInt32) -> Bool {
        switch value {
        case 0x3041...0x3096, 0x30A1...0x30FA, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xAC00...0xD7A3,
            0x20000...0x2A6DF:
            true
        default: false
        }
    }

    /// Decomposes, folds case and looks letters up until nothing changes; then drops what accents.
    private static func compute(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        var scalars = [scalar]
        for _ in 0..<4 {
            let next = scalars.flatMap(step)
            if next == scalars { break }
            scalars = next
        }
        return scalars.filter { !isDropped($0) }
    }

    private static func step(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        if standsForItself(scalar.value) { return [scalar] }
        return decompose(String(scalar)).flatMap { decomposed -> [Unicode.Scalar] in
            if let letters = FoldingTable.letters[decomposed] { return Array(letters.unicodeScalars) }
            if let digit = decimalDigit(decomposed) { return [digit] }
            if decomposed.properties.generalCategory == .control { return [" "] }
            // Upper case first: it is what unites ß with SS, ς with σ and dotless ı with i.
            return decomposed.properties.uppercaseMapping.unicodeScalars.flatMap {
                decompose($0.properties.lowercaseMapping)
            }
        }
    }

    private static func decompose(_ text: String) -> [Unicode.Scalar] {
        Array(text.decomposedStringWithCompatibilityMapping.unicodeScalars)
    }

    private static func decimalDigit(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        guard scalar.properties.generalCategory == .decimalNumber,
            let value = scalar.properties.numericValue
        else { return nil }
        return Unicode.Scalar(0x30 + UInt8(value))
    }

    /// Accents and points, told from marks that spell by their combining class, and what is not meant to be seen.
    private static func isDropped(_ scalar: Unicode.Scalar) -> Bool {
        let properties = scalar.properties
        if properties.isDefaultIgnorableCodePoint { return true }
        switch properties.generalCategory {
        case .format, .enclosingMark: return true
        case .nonspacingMark:
            let combiningClass = properties.canonicalCombiningClass.rawValue
            // 1: overlays; 10–36: Hebrew, Arabic and Syriac points; from 200: placed around the letter.
            return combiningClass == 1 || (10...36).contains(combiningClass) || combiningClass >= 200
        default: return false
        }
    }
}
