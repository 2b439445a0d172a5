import CRMSDK
package import Registry
import Text

/// The words under which a record is found: what the index stores, and what a hit is held against.
///
/// Words are `TextFolding.searchTokens` of every searchable field, separated by spaces, each once. Beside them stand
/// words that nobody can type, since they begin with a character for private use: the entity's number, the owner's id,
/// and the first characters of the label's words.
package enum SearchText {
    /// Whoever changes what `words` answers raises this: all records are then indexed anew.
    package static let version = 1

    static let entityMark = "\u{E001}"
    static let ownerMark = "\u{E002}"
    static let initialMark = "\u{E003}"

    /// With which fields an entity's records are indexed; when it changes, they are indexed anew.
    package static func signature(of entity: Entity) -> String {
        let labels = entity.labelFields.map { String($0.number) }.joined(separator: ",")
        let fields = entity.searchable.map { String($0.number) }.sorted().joined(separator: ",")
        return "\(version).\(TextFolding.keyVersion) \(labels) \(fields)"
    }

    /// - Parameter text: the stored text of a field; nil where it is empty.
    package static func words(
        of entity: Entity, owner: Int64?, _ text: (Field) -> String?
    ) -> String {
        var words = WordList()
        words.add(entityMark + String(entity.number))
        if let owner { words.add(ownerMark + String(owner)) }
        for field in entity.searchable {
            guard let text = text(field), !text.isEmpty else { continue }
            words.addTokens(of: text)
            if field.searchForm == .phone { for form in phoneForms(text) { words.add(form) } }
            guard entity.labelFields.contains(where: { $0 === field }) else { continue }
            let isASCII = words.addInitials(ofASCII: text, mark: initialMark)
            guard !isASCII else { continue }
            for token in TextFolding.searchTokens(text) {
                for initial in initials(of: token) { words.add(initialMark + String(initial)) }
            }
        }
        return words.text
    }

    /// The same with numbers that were given since, which are no part of the label: they come last.
    package static func adding(_ numbers: [String], to words: String) -> String {
        var words = words
        for token in numbers.lazy.flatMap(TextFolding.searchTokens) where !WordList.holds(token, in: words) {
            words += words.isEmpty ? token : " " + token
        }
        return words
    }

    /// The characters by which one character finds a word: the first; in scripts written without spaces, whose words
    /// are pairs of characters, every one.
    static func initials(of token: String) -> some Collection<Character> {
        token.prefix(isUnspaced(token) ? 2 : 1)
    }

    /// Whether a token of two characters is a pair cut out of a run.
    private static func isUnspaced(_ token: String) -> Bool {
        guard token.count <= 2, let first = token.unicodeScalars.first else { return false }
        return first.value >= 0x0E00 && TextFolding.searchTokens(token + token).count > 1
    }

    /// The digits of a phone number as they may be dialled: without zeros in front, and without one, two or three
    /// digits that may be a country's.
    static func phoneForms(_ text: String) -> [String] {
        let digits = dialled(text)
        guard digits.utf8.count >= 5 else { return [] }
        return [digits] + (1...3).map { String(digits.dropFirst($0)) }.filter { $0.utf8.count >= 5 }
    }

    /// The digits of a text, without zeros in front.
    static func dialled(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) {
            let digits = text.utf8.filter { (0x30...0x39).contains($0) }
            return String(decoding: digits.drop { $0 == 0x30 }.prefix(32), as: UTF8.self)
        }
        return String(
            TextFolding.fold(text).filter { $0.isASCII && $0.isNumber }.drop { $0 == "0" }.prefix(32))
    }
}
