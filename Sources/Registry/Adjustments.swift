package import CRMSDK

/// What administrators have made of a definition, beside what it says now.
package struct Adjustments: Hashable, Sendable {
    /// What an administrator has set, by its name in the methods' parameters: a later version of the module leaves it.
    package var edited: Set<String> = []
    /// Labels in other languages than English that administrators have given.
    package var labels = Labels()
    /// The names that the field had, the latest last; whoever uses one is told the present one.
    package var formerNames: [String] = []
    /// Where the field's values lay before its type changed, the latest last.
    package var formerColumns: [FormerColumn] = []

    package init() {}
}

/// A column that a field left when its type changed: what the change log has of it is of that type.
package struct FormerColumn: Hashable, Sendable {
    package let column: String
    package let type: FieldType

    package init(column: String, type: FieldType) {
        self.column = column
        self.type = type
    }
}

/// Texts that people read, by language and by what they name: `label`, `plural_label`, `help`, `value.<key>`,
/// `section.<key>`.
package struct Labels: Hashable, Sendable {
    /// Language → what is named → text. Languages are BCP 47 in lower case.
    package var texts: [String: [String: String]] = [:]

    package init() {}

    package var isEmpty: Bool { texts.isEmpty }

    /// The text in the language or the one that it is a variety of: `de-at` finds `de`.
    package subscript(part: String, language: String) -> String? {
        Self.first(of: language) { texts[$0]?[part] }
    }

    /// - Parameter text: nil takes it away.
    package mutating func set(_ part: String, _ text: String?, in language: String) {
        texts[language, default: [:]][part] = text
        if texts[language]?.isEmpty == true { texts[language] = nil }
    }

    /// Takes away what names a value or a section that is gone.
    package mutating func remove(_ part: String) {
        for language in texts.keys { set(part, nil, in: language) }
    }

    /// What is found for a language, else for the one that it is a variety of.
    package static func first<Found>(of language: String, _ find: (String) -> Found?) -> Found? {
        guard !language.isEmpty, language != "en" else { return nil }
        var tag = Substring(language.lowercased())
        while true {
            if let found = find(String(tag)) { return found }
            guard let dash = tag.lastIndex(of: "-") else { return nil }
            tag = tag[..<dash]
        }
    }

    /// A language as it is stored and looked up: letters, digits and `-` in lower case, 2–35; nil for anything else.
    package static func language(_ tag: String) -> String? {
        let tag = tag.lowercased()
        let isTag = tag.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
        }
        guard isTag, (2...35).contains(tag.utf8.count), !tag.hasPrefix("-"), !tag.hasSuffix("-") else {
            return nil
        }
        return tag
    }
}
