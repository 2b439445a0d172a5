package import CRMSDK
package import Registry
import Text

/// What somebody searches for: parts that must all be found, each within one field of the record.
///
/// A word is cut like the text it is looked for in, so that one with a point or an @ in it, or a run of Chinese, is
/// several tokens that stand side by side; so does what stands in quotes. The last word is a beginning. Digits that may
/// be a phone number are also looked for as one number.
package struct SearchQuery: Sendable {
    package static let maximumLength = 200
    package static let maximumWords = 16

    let parts: [Part]
    /// The whole text folded: a record whose label it is comes first.
    private let folded: String
    /// Of each run its first token in UTF-8: a text of ASCII that has none of them holds no run.
    private let needles: [[UInt8]]
    private let hasPhone: Bool

    enum Part: Hashable, Sendable {
        /// Tokens side by side.
        case run([String], isPrefix: Bool)
        /// One character: the beginning of a word in a label.
        case initial(Character)
        /// The digits of a phone number, or the parts it was written in.
        case phone(String, isPrefix: Bool, orElse: [Part])
    }

    /// - Throws: `invalidParameters` for a text without a word in it; `limitExceeded` for one with too many.
    package init(_ text: String) throws(CRMError) {
        guard text.unicodeScalars.count <= Self.maximumLength else {
            throw CRMError(
                .limitExceeded, "a search takes at most \(Self.maximumLength) characters")
        }
        let words = Self.words(of: text)
        guard words.count <= Self.maximumWords else {
            throw CRMError(.limitExceeded, "a search takes at most \(Self.maximumWords) words")
        }
        var parts: [Part] = []
        var numbers: [Word] = []
        for (place, word) in words.enumerated() {
            let isLast = place == words.count - 1
            if word.isNumber { numbers.append(word) }
            if !numbers.isEmpty, isLast || !word.isNumber {
                parts.append(contentsOf: Self.numbers(numbers, isLast: isLast && word.isNumber))
                numbers = []
            }
            if !word.isNumber { parts += Self.part(word, isLast: isLast) }
        }
        guard !parts.isEmpty else {
            throw CRMError(
                .invalidParameters, "there is no word in the search \"\(text.prefix(60))\"",
                hint: "Give letters or digits; a phrase stands in \"quotes\".")
        }
        self.parts = parts
        needles = parts.flatMap(Self.needles).filter { $0.allSatisfy { $0 < 0x80 } }
        hasPhone = parts.contains { if case .phone = $0 { true } else { false } }
        folded = TextFolding.searchTokens(text).joined(separator: " ")
    }

    // MARK: Reading

    private struct Word {
        let text: Substring
        let isQuoted: Bool

        /// Whether it may be a part of a phone number.
        var isNumber: Bool {
            !isQuoted && text.contains(where: \.isNumber)
                && text.allSatisfy { $0.isNumber || "+-()/.".contains($0) }
        }
    }

    /// A quote that is not closed goes to the end.
    private static func words(of text: String) -> [Word] {
        var words: [Word] = []
        for (place, piece) in text.split(separator: "\"", omittingEmptySubsequences: false).enumerated() {
            if place % 2 == 1 {
                words.append(Word(text: piece, isQuoted: true))
            } else {
                words += piece.split(whereSeparator: \.isWhitespace).map { Word(text: $0, isQuoted: false) }
            }
        }
        return words.filter { !TextFolding.searchTokens(String($0.text)).isEmpty }
    }

    private static func part(_ word: Word, isLast: Bool) -> [Part] {
        let tokens = TextFolding.searchTokens(String(word.text))
        if tokens.count == 1, let only = tokens.first, only.count == 1, let character = only.first,
            isLast || !only.utf8.allSatisfy({ $0 < 0x80 })
        {
            return [.initial(character)]
        }
        return [.run(tokens, isPrefix: isLast && !word.isQuoted)]
    }

    private static func numbers(_ words: [Word], isLast: Bool) -> [Part] {
        let plain = words.enumerated().flatMap { place, word in
            part(word, isLast: isLast && place == words.count - 1)
        }
        let digits = SearchText.dialled(words.map(\.text).joined())
        guard digits.utf8.count >= 5 else { return plain }
        return [.phone(digits, isPrefix: isLast, orElse: plain)]
    }

    // MARK: The index

    /// The expression that the index is asked with: all records that hold the tokens, whether side by side or not.
    var expression: String { parts.map(Self.expression).joined(separator: " AND ") }

    private static func expression(_ part: Part) -> String {
        switch part {
        case .run(let tokens, let isPrefix):
            return tokens.enumerated().map { place, token in
                quoted(token) + (isPrefix && place == tokens.count - 1 ? " *" : "")
            }.joined(separator: " AND ")
        case .initial(let character): return quoted(SearchText.initialMark + String(character))
        case .phone(let digits, let isPrefix, let plain):
            let number = quoted(digits) + (isPrefix ? " *" : "")
            return "(\(number) OR (\(plain.map(expression).joined(separator: " AND "))))"
        }
    }

    /// Tokens hold letters, digits and marks only, so no quote has to be escaped.
    private static func quoted(_ token: String) -> String { "\"\(token)\"" }
}

// MARK: What a hit is held against

/// One field of a record, as search sees it.
package struct SearchedField {
    package let field: Field
    package let text: String
    let isLabel: Bool
    let tokens: [String]
    let phones: [String]

    package init(_ field: Field, _ text: String, isLabel: Bool) {
        self.field = field
        self.text = text
        self.isLabel = isLabel
        tokens = TextFolding.searchTokens(text)
        phones = field.searchForm == .phone ? SearchText.phoneForms(text) : []
    }
}

/// How a record was found.
package struct SearchMatch {
    /// Higher comes first: the label is what was searched for, holds it all, or does not.
    package let rank: Int
    /// The fields in which a part was found, in their order.
    package let fields: [SearchedField]
}

extension SearchQuery {
    private static func needles(_ part: Part) -> [[UInt8]] {
        switch part {
        case .run(let tokens, _): tokens.prefix(1).map { Array($0.utf8) }
        // A word in a label, whose fields are always cut.
        case .initial: []
        case .phone(_, _, let plain): plain.flatMap(needles)
        }
    }

    /// Whether a field could hold a part of this search; false only where it surely holds none. Of the many fields of a
    /// record few hold anything, and to cut all of them into words costs more than to find the record.
    package func mayBe(in text: Span<UInt8>, of field: Field) -> Bool {
        if hasPhone, field.searchForm == .phone { return !text.isEmpty }
        for place in text.indices where text[place] >= 0x80 { return true }
        return needles.contains { Self.holds(text, $0) }
    }

    /// - Parameters:
    ///   - text: In ASCII.
    ///   - needle: Folded.
    private static func holds(_ text: Span<UInt8>, _ needle: [UInt8]) -> Bool {
        guard let first = needle.first, text.count >= needle.count else { return false }
        for start in 0...(text.count - needle.count) where TextFolding.foldASCII(text[start]) == first {
            var length = 1
            while length < needle.count, TextFolding.foldASCII(text[start + length]) == needle[length] {
                length += 1
            }
            if length == needle.count { return true }
        }
        return false
    }

    /// How these fields match; nil where a part is in none of them. Fields that the caller may not see are not given.
    package func match(_ fields: [SearchedField]) -> SearchMatch? {
        guard parts.allSatisfy({ part in fields.contains { Self.holds($0, part) } }) else { return nil }
        let labels = fields.filter(\.isLabel)
        var rank = 0
        if parts.allSatisfy({ part in labels.contains { Self.holds($0, part) } }) { rank = 1 }
        if labels.flatMap(\.tokens).joined(separator: " ") == folded { rank = 2 }
        return SearchMatch(
            rank: rank, fields: fields.filter { field in parts.contains { Self.holds(field, $0) } })
    }

    private static func holds(_ field: SearchedField, _ part: Part) -> Bool {
        switch part {
        case .run(let tokens, let isPrefix): return holds(field.tokens, tokens, isPrefix: isPrefix)
        case .initial(let character):
            return field.isLabel && field.tokens.contains { SearchText.initials(of: $0).contains(character) }
        case .phone(let digits, let isPrefix, let plain):
            return field.phones.contains { isPrefix ? $0.hasPrefix(digits) : $0 == digits }
                || plain.allSatisfy { holds(field, $0) }
        }
    }

    private static func holds(_ text: [String], _ run: [String], isPrefix: Bool) -> Bool {
        guard text.count >= run.count, let last = run.last else { return false }
        return (0...(text.count - run.count)).contains { start in
            let place = start + run.count - 1
            guard isPrefix ? text[place].utf8.starts(with: last.utf8) : text[place] == last else {
                return false
            }
            return text[start..<place].elementsEqual(run.dropLast())
        }
    }

    /// What of a text to show: about 160 characters around the first place where a part begins.
    package func excerpt(of field: SearchedField) -> String {
        let text = field.text
        guard text.count > 160 else { return text }
        let wanted = parts.flatMap(Self.firstTokens)
        let words = text.split(whereSeparator: \.isWhitespace)
        let hit = words.first { word in
            TextFolding.searchTokens(String(word)).contains { token in wanted.contains { token.hasPrefix($0) }
            }
        }
        let place = hit?.startIndex ?? text.startIndex
        let start = text.index(place, offsetBy: -40, limitedBy: text.startIndex) ?? text.startIndex
        let end = text.index(start, offsetBy: 160, limitedBy: text.endIndex) ?? text.endIndex
        return (start > text.startIndex ? "…" : "") + text[start..<end] + (end < text.endIndex ? "…" : "")
    }

    private static func firstTokens(_ part: Part) -> [String] {
        switch part {
        case .run(let tokens, _): Array(tokens.prefix(1))
        case .initial(let character): [String(character)]
        case .phone(let digits, _, let plain): [digits] + plain.flatMap(firstTokens)
        }
    }
}
