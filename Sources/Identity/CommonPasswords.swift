/// The passwords that are tried first by whoever guesses; all in lower case (ASVS 5.0 6.2.4).
///
/// Looking one up costs a hash of the text; the set is made at the first use.
enum CommonPasswords {
    static func contains(_ folded: Substring) -> Bool { entries.contains(folded) }

    static var count: Int { entries.count }

    private static let entries = Set(words.split(whereSeparator: { $0 == " " || $0 == "\n" }))
}
