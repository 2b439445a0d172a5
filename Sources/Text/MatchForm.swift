import Foundation

/// How a value is made alike, so that what means the same is found to be the same: the forms that rules for duplicates
/// compare.
///
/// Pure; one pass over the text. Whoever changes what `key` answers raises `version`, and stored keys are made anew.
package enum MatchForm: String, CaseIterable, Sendable {
    /// The stored value, unchanged: of a picklist, a reference, a date, a number.
    case exact
    /// Case, accents and runs of spaces do not count.
    case text
    /// As `text`, and neither do punctuation and the legal forms of companies: see `LegalForms`.
    case name
    /// Case does not count.
    case email
    /// The last nine digits: with or without a country's prefix it is one number.
    case phone
    /// Of an address on the web the host, without `www`.
    case host

    package static let version = 1

    /// - Returns: what equal values have in common; nil where the text has nothing to compare.
    package func key(_ text: String) -> String? {
        let key =
            switch self {
            case .exact: text
            case .text: Self.spaced(TextFolding.fold(text))
            case .name: Self.name(text)
            case .email: Self.spaced(Self.lowered(text))
            case .phone: Self.phone(text)
            case .host: Self.host(text)
            }
        return key.isEmpty ? nil : key
    }

    // MARK: Forms

    // Most texts are ASCII without blanks, and each record that is written asks.

    private static func spaced(_ text: String) -> String {
        if text.utf8.allSatisfy({ (0x21..<0x80).contains($0) }) { return text }
        return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// In composed form (NFC) and small letters.
    private static func lowered(_ text: String) -> String {
        let isASCII = text.utf8.allSatisfy { $0 < 0x80 }
        return (isASCII ? text : text.precomposedStringWithCanonicalMapping).lowercased()
    }

    private static let phoneDigits = 9
    /// Behind so many digits a letter begins an extension: `030 1234567 ext. 12`.
    private static let wholeNumberDigits = 7

    private static func phone(_ text: String) -> String {
        var digits = ""
        for scalar in TextFolding.fold(text).unicodeScalars {
            if ("0"..."9").contains(scalar) {
                digits.unicodeScalars.append(scalar)
            } else if digits.utf8.count >= wholeNumberDigits, scalar == "#" || scalar == ";" || isWord(scalar)
            {
                break
            }
        }
        return String(digits.suffix(phoneDigits))
    }

    private static func host(_ text: String) -> String {
        var rest = Substring(spaced(lowered(text)))
        if let scheme = rest.range(of: "//") { rest = rest[scheme.upperBound...] }
        rest = rest.prefix { !"/?#\\ ".contains($0) }
        if let at = rest.lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
        if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") { return String(rest[...end]) }
        rest = rest.prefix { $0 != ":" }
        while rest.hasSuffix(".") { rest.removeLast() }
        if rest.hasPrefix("www."), rest.utf8.count > 4 { rest = rest.dropFirst(4) }
        return String(rest)
    }

    /// Words without what stands between them. Dots and apostrophes join (`S.A.`, `O'Brien`), all else parts.
    private static func name(_ text: String) -> String {
        let folded = TextFolding.fold(text)
        var words = [""]
        for scalar in folded.unicodeScalars {
            if isWord(scalar) {
                words[words.count - 1].unicodeScalars.append(scalar)
            } else if !joiners.contains(scalar), words.last?.isEmpty == false {
                words.append("")
            }
        }
        words.removeAll(where: \.isEmpty)
        // A name of signs alone is compared as it stands.
        guard !words.isEmpty else { return spaced(folded) }
        return LegalForms.dropped(from: words).joined(separator: " ")
    }

    private static let joiners: Set<Unicode.Scalar> = [".", "'", "\"", "\u{05F3}", "\u{05F4}", "・"]

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .decimalNumber, .letterNumber, .otherNumber, .nonspacingMark, .spacingMark, .enclosingMark:
            true
        default: false
        }
    }
}
