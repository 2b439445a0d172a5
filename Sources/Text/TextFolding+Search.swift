/// Cuts text into what the search index stores and what a query asks for: both sides call the same function.
extension TextFolding {
    /// The longest token, in characters; what is longer is no word, and is cut.
    package static let tokenLimitCharacters = 64

    /// The folded words in order, repeats included: runs of letters and digits.
    ///
    /// Scripts written without spaces (Han, kana, Thai and its neighbours) and Hangul, whose particles cling to
    /// words, give overlapping pairs of characters instead: 東京都 is 東京 and 京都. A lone character is a token.
    package static func searchTokens(_ text: String) -> [String] {
        let folded = fold(text)
        if folded.utf8.allSatisfy({ $0 < 0x80 }) { return asciiTokens(folded) }
        var tokens: [String] = []
        var run = TokenRun()
        for scalar in folded.unicodeScalars {
            let kind = ScalarClass(scalar)
            if kind == .mark, run.kind != .separator {
                run.extend(with: scalar)
                continue
            }
            if kind != run.kind {
                run.finish(into: &tokens)
                run.kind = kind
            }
            if kind != .separator { run.append(scalar) }
        }
        run.finish(into: &tokens)
        return tokens
    }

    /// The same rule where a character is a byte.
    private static func asciiTokens(_ folded: String) -> [String] {
        var folded = folded
        return folded.withUTF8 { bytes in
            var tokens: [String] = []
            var start: Int?
            func end(_ place: Int) {
                guard let begun = start else { return }
                start = nil
                let token = begun..<min(place, begun + tokenLimitCharacters)
                tokens.append(String(decoding: UnsafeBufferPointer(rebasing: bytes[token]), as: UTF8.self))
            }
            for (place, byte) in bytes.enumerated() {
                if !isWord(byte) { end(place) } else if start == nil { start = place }
            }
            end(bytes.count)
            return tokens
        }
    }

    /// Whether a folded ASCII character is part of a word.
    static func isWord(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) }

    /// The overlapping pairs of characters of one run, each with its marks; the run itself if it is one character.
    package static func bigrams(_ run: String) -> [String] {
        bigrams(
            of: run.unicodeScalars.reduce(into: []) { units, scalar in
                if ScalarClass(scalar) == .mark, !units.isEmpty {
                    units[units.count - 1].unicodeScalars.append(scalar)
                } else {
                    units.append(String(scalar))
                }
            })
    }

    fileprivate static func bigrams(of units: [String]) -> [String] {
        guard units.count > 1 else { return units }
        return zip(units, units.dropFirst()).map { $0 + $1 }
    }
}

/// A run of scalars of one class, as characters with their marks.
private struct TokenRun {
    var kind = ScalarClass.separator
    private var units: [String] = []

    mutating func append(_ scalar: Unicode.Scalar) { units.append(String(scalar)) }

    mutating func extend(with mark: Unicode.Scalar) {
        guard !units.isEmpty else { return append(mark) }
        units[units.count - 1].unicodeScalars.append(mark)
    }

    mutating func finish(into tokens: inout [String]) {
        switch kind {
        case .unspaced: tokens += TextFolding.bigrams(of: units)
        case .word where !units.isEmpty:
            tokens.append(units.prefix(TextFolding.tokenLimitCharacters).joined())
        case .word, .mark, .separator: break
        }
        units.removeAll(keepingCapacity: true)
        kind = .separator
    }
}

/// What a folded scalar means for cutting words.
private enum ScalarClass {
    case word, unspaced, mark, separator

    init(_ scalar: Unicode.Scalar) {
        switch scalar.value {
        case 0x30...0x39, 0x61...0x7A: self = .word
        case 0..<0x80: self = .separator
        default: self = ScalarClass.beyondASCII(scalar)
        }
    }

    private static func beyondASCII(_ scalar: Unicode.Scalar) -> ScalarClass {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .letterNumber, .decimalNumber, .otherNumber:
            isUnspaced(scalar.value) ? .unspaced : .word
        case .nonspacingMark, .spacingMark, .enclosingMark: .mark
        default: .separator
        }
    }

    private static func isUnspaced(_ value: UInt32) -> Bool {
        switch value {
        case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF: true  // Thai, Lao; Myanmar; Khmer
        case 0x1100...0x11FF, 0xA960...0xA97F, 0xAC00...0xD7FF: true  // Hangul
        case 0x3005...0x3007, 0x3021...0x3029, 0x3038...0x303C: true  // ideographic marks and numerals
        case 0x3040...0x30FF, 0x31F0...0x31FF, 0x1B000...0x1B16F: true  // kana
        case 0x3100...0x312F, 0x31A0...0x31BF: true  // bopomofo
        case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x3FFFD: true  // Han
        default: false
        }
    }
}
