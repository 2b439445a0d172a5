import Testing
import Text

@Suite("What a misspelt name was meant to be")
struct SpellingTests {
    @Test(
        "names within two slips, or of which it is a part, nearest first",
        arguments: [
            ("acount", ["account"]), ("acuont", ["account"]), ("entty", ["entity"]), ("cont", ["contact"]),
            ("rloe", ["role"]), ("rol", ["role"]), ("name", ["account_name", "last_name"]),
            ("record.lst", ["record.list", "record.get"]),
            // Half of it would have to be another letter: that is another name.
            ("nope", []), ("xx", []), ("", []), (String(repeating: "a", count: 81), []),
        ] as [(String, [String])])
    func nearest(_ name: String, _ expected: [String]) {
        let known = [
            "account", "account_name", "contact", "entity", "last_name", "record.get", "record.list", "role",
        ]
        #expect(Spelling.nearest(to: name, among: known) == expected)
    }
}
