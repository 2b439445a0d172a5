import Testing
import Text

@Suite("Text: keys")
struct KeyTests {
    private func sorted(_ texts: [String]) -> [String] {
        texts.sorted { TextFolding.sortKey($0).lexicographicallyPrecedes(TextFolding.sortKey($1)) }
    }

    @Test("names sort by their folding, then as written")
    func order() {
        let expected = ["", "a", "A", "Ab", "abc", "Ångström", "Łódź", "lodz b", "Zebra", "東京", "東京都"]
        #expect(sorted(expected.reversed()) == expected)
        #expect(
            sorted(["résumé", "RESUME", "resume", "Resume"]) == ["resume", "RESUME", "Resume", "résumé"])
    }

    @Test("a text that is its own folding needs no tie breaker")
    func layout() {
        #expect(TextFolding.sortKey("acme 42") == Array("acme 42".utf8))
        #expect(TextFolding.sortKey("Acme") == Array("acme\u{0}Acme".utf8))
        #expect(TextFolding.sortKey("").isEmpty)
        #expect(TextFolding.sortKey("a\u{0}b") == Array("a b\u{0}a\u{0}b".utf8))
    }

    @Test("whatever begins with a prefix lies in the prefix's range", arguments: ["łó", "STR", "東"])
    func prefixRange(_ prefix: String) {
        let lower = Array(TextFolding.fold(prefix).utf8)
        for rest in ["", "x", "É", "ßz"] {
            #expect(TextFolding.sortKey(prefix + rest).starts(with: lower))
        }
    }

    @Test("a key stays within its limit and ends with a whole character", arguments: 0..<5)
    func limits(_ shift: Int) throws {
        let filler = String(repeating: "x", count: shift)
        for letter in ["y", "Y", "é", "É", "東", "😀"] {
            for length in [100, 180, 380, 512, 513, 3_000] {
                let text = filler + String(repeating: letter, count: length)
                let key = TextFolding.sortKey(text)
                #expect(key.count <= TextFolding.keyLimitBytes)
                #expect(String(validating: key, as: UTF8.self) != nil)
                #expect(TextFolding.equalityKey(text).count <= TextFolding.keyLimitBytes)
            }
        }
    }

    @Test("equality sees what folding sees, no more and no less")
    func equality() {
        #expect(TextFolding.equalityKey("Straße") == TextFolding.equalityKey("STRASSE"))
        #expect(TextFolding.equalityKey("Łódź") == TextFolding.equalityKey("lodz"))
        #expect(TextFolding.equalityKey("a b") != TextFolding.equalityKey("ab"))
        #expect(TextFolding.equalityKey("かき") != TextFolding.equalityKey("がき"))
    }

    @Test("long texts are equal only as a whole", arguments: [511, 512, 513, 5_000])
    func longEquality(_ length: Int) {
        let text = String(repeating: "a", count: length)
        #expect(TextFolding.equalityKey(text) == TextFolding.equalityKey(text.uppercased()))
        #expect(TextFolding.equalityKey(text) != TextFolding.equalityKey(text + "a"))
        #expect(TextFolding.equalityKey(text + "b") != TextFolding.equalityKey(text + "c"))
        #expect((TextFolding.equalityKey(text) == Array(text.utf8)) == (length <= 512))
    }
}

@Suite("Text: search tokens")
struct SearchTokenTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let text: String, tokens: [String]
        init(_ text: String, _ tokens: [String]) { (self.text, self.tokens) = (text, tokens) }
        var testDescription: String { text }
    }

    @Test(
        "cuts",
        arguments: [
            Example("", []), Example(" .,- ", []), Example("Acme, Inc.", ["acme", "inc"]),
            Example("Müller & Söhne GmbH", ["muller", "sohne", "gmbh"]), Example("O'Brien", ["o", "brien"]),
            Example("jane.doe@example.com", ["jane", "doe", "example", "com"]),
            Example("INV-2026/0042", ["inv", "2026", "0042"]),
            Example("東京都", ["東京", "京都"]), Example("東", ["東"]), Example("東京tower", ["東京", "tower"]),
            Example("ガンバ", ["ガン", "ンバ"]), Example("서울시", ["서울", "울시"]),
            Example("สวัสดี", ["สวั", "วัส", "สดี"]), Example("קפה בר", ["קפה", "בר"]),
            Example("कुमार सिंह", ["कुमार", "सिंह"]), Example("📞 call", ["call"]), Example("x2 x2", ["x2", "x2"]),
        ])
    func cuts(_ example: Example) {
        #expect(TextFolding.searchTokens(example.text) == example.tokens)
    }

    @Test("a query finds what it is part of: its tokens are among the text's")
    func containment() {
        let text = Set(TextFolding.searchTokens("株式会社東京エレクトロン Łódź"))
        for query in ["東京", "会社", "エレクトロン", "LODZ", "łódź"] {
            #expect(text.isSuperset(of: TextFolding.searchTokens(query)), "\(query)")
        }
        #expect(!text.isSuperset(of: TextFolding.searchTokens("京東")))
    }

    @Test("a word is cut at 64 characters")
    func longWord() {
        let word = String(repeating: "w", count: 64)
        #expect(TextFolding.searchTokens(word) == [word])
        #expect(TextFolding.searchTokens(word + "w") == [word])
        #expect(TextFolding.searchTokens(word + "w é") == [word, "e"])
        #expect(TextFolding.searchTokens(word + "w 東") == [word, "東"])
    }

    @Test("pairs of characters overlap and keep their marks")
    func bigrams() {
        #expect(TextFolding.bigrams("") == [])
        #expect(TextFolding.bigrams("a") == ["a"])
        #expect(TextFolding.bigrams("abc") == ["ab", "bc"])
        #expect(TextFolding.bigrams("สดี") == ["สดี"])
    }
}

@Suite("Text: cells of a terminal")
struct DisplayWidthTests {
    @Test(
        "counts",
        arguments: [
            ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("東京", 4), ("ｶ", 1), ("Ａ", 2), ("한", 2),
            ("\u{1112}\u{1161}\u{11AB}", 2), ("😀", 2), ("👩‍👩‍👧", 2), ("🇩🇪", 2), ("❤", 1), ("❤️", 2),
            ("\u{200B}", 0),
            ("\u{7}", 0), ("שָׁ", 1), ("ดี", 1), ("€", 1), ("…", 1),
        ])
    func counts(_ text: String, _ cells: Int) {
        #expect(displayWidth(text) == cells)
    }
}
