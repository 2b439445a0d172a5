import Testing
import Text

@Suite("Text: words of a record")
struct WordListTests {
    private func words(_ texts: [String]) -> [String] {
        var list = WordList()
        for text in texts { list.addTokens(of: text) }
        return list.text.split(separator: " ").map(String.init)
    }

    /// What the list must be: the tokens of all texts, each once, the first first.
    private func expected(_ texts: [String]) -> [String] {
        var seen: Set<String> = []
        return texts.flatMap(TextFolding.searchTokens).filter { seen.insert($0).inserted }
    }

    @Test(
        "the tokens of each text, once, in order",
        arguments: [
            [], [""], ["  ,;"], ["Acme"], ["Acme", "ACME acme"], ["a", "b a", "c"], [" x ", "", "-y-"],
            ["O’Brien", "Łódź, LODZ", "straße"], ["東京都", "東京 x"], ["+44 20 7946 0018", "0018"],
            [String(repeating: "w", count: 65), String(repeating: "w", count: 64)],
            [String(repeating: "w", count: 200) + " after"], ["tab\tline\nnul\u{0}end\r\nx"],
        ])
    func cuts(_ texts: [String]) {
        #expect(words(texts) == expected(texts))
    }

    @Test("a word is taken as it stands")
    func marks() {
        var list = WordList()
        for word in ["\u{E001}12", "\u{E001}12", "", "x", "\u{E003}x"] { list.add(word) }
        list.addTokens(of: "X y")
        #expect(list.text == "\u{E001}12 x \u{E003}x y")
    }

    @Test(
        "a word is held only whole",
        arguments: [
            ("ann lee", "ann", true), ("ann lee", "lee", true), ("ann lee", "le", false),
            ("ann lee", "n", false),
            ("ann lee", "nn lee", false), ("ann", "ann", true), ("", "ann", false),
            ("ann lee", "leeds", false),
            ("aab ab", "ab", true), ("łódź", "łódź", true), ("łódź", "łód", false),
        ])
    func holds(_ text: String, _ word: String, _ isHeld: Bool) {
        #expect(WordList.holds(word, in: text) == isHeld)
    }

    @Test("more words than the table begins with")
    func many() {
        let texts = (0..<2_000).map { "w\($0 % 1_500) and W\($0 % 7)" }
        #expect(words(texts) == expected(texts))
    }

    @Test("any texts: as the tokens say")
    func random() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("aAbB019 .-+@_\t\n\u{0}éŁß東京ガั").map(String.init)
        for _ in 0..<500 {
            let texts = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                (0..<Int.random(in: 0...90, using: &generator)).map { _ in
                    // Long stretches of ASCII are common, so most characters come from its half.
                    alphabet[Int.random(in: 0..<(Bool.random() ? 12 : alphabet.count), using: &generator)]
                }.joined()
            }
            #expect(words(texts) == expected(texts), "\(texts.debugDescription)")
        }
    }
}
