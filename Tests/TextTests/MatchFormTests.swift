import Testing
import Text

@Suite("Forms in which duplicates are compared")
struct MatchFormTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let form: MatchForm, text: String, key: String?
        init(_ form: MatchForm, _ text: String, _ key: String?) {
            (self.form, self.text, self.key) = (form, text, key)
        }
        var testDescription: String { "\(form): \(text) → \(key ?? "nothing")" }
    }

    private static let emails = [
        Case(.email, "Ada@Acme.Example", "ada@acme.example"),
        Case(.email, "  ada@acme.example ", "ada@acme.example"),
        // An accent is part of the address: these are two people.
        Case(.email, "JOSÉ@example.com", "josé@example.com"),
        Case(.email, "jose\u{301}@example.com", "josé@example.com"),
        Case(.email, "jose@example.com", "jose@example.com"),
        Case(.email, " ", nil),
    ]

    private static let phones = [
        Case(.phone, "+49 30 1234567", "301234567"), Case(.phone, "0049 (30) 123-45-67", "301234567"),
        Case(.phone, "030/1234567", "301234567"), Case(.phone, "030 1234567 ext. 12", "301234567"),
        Case(.phone, "030 1234567 x12", "301234567"), Case(.phone, "+49301234567;ext=12", "301234567"),
        Case(.phone, "tel:+49 30 1234567", "301234567"), Case(.phone, "110", "110"),
        Case(.phone, "٠٣٠١٢٣٤٥٦٧", "301234567"), Case(.phone, "０３０１２３４５６７", "301234567"),
        Case(.phone, "unknown", nil), Case(.phone, "", nil),
    ]

    private static let hosts = [
        Case(.host, "https://www.Acme.example/de/?q=1#top", "acme.example"),
        Case(.host, "acme.example", "acme.example"), Case(.host, "www.acme.example.", "acme.example"),
        Case(.host, "http://user:secret@acme.example:8443/", "acme.example"),
        Case(.host, "//acme.example/a@b", "acme.example"),
        Case(.host, "shop.acme.example", "shop.acme.example"),
        Case(.host, "https://[::1]:8443/", "[::1]"),
        Case(.host, "HTTPS://STRASSE.example", "strasse.example"),
        Case(.host, "https://例え.jp/", "例え.jp"), Case(.host, "www.", "www"), Case(.host, "https://", nil),
    ]

    private static let texts = [
        Case(.text, "  A-1\t b ", "a-1 b"), Case(.text, "straße", "strasse"), Case(.text, "Łódź", "lodz"),
        Case(.text, "A-1", "a-1"), Case(.text, "\n", nil), Case(.exact, "in_stock", "in_stock"),
    ]

    private static let names = [
        Case(.name, "Acme Ltd.", "acme"), Case(.name, "ACME, Inc", "acme"), Case(.name, "Acme S.A.", "acme"),
        Case(.name, "acme s. a.", "acme"), Case(.name, "Acme GmbH & Co. KG", "acme"),
        Case(.name, "Acme G.m.b.H.", "acme"), Case(.name, "Acme Pty Ltd", "acme"),
        Case(.name, "Łódzkie Młyny Sp. z o.o.", "lodzkie mlyny"), Case(.name, "Łódź S.A.", "lodz"),
        Case(.name, "Straße AG", "strasse"), Case(.name, "STRASSE", "strasse"),
        Case(.name, "O’Brien Limited", "obrien"), Case(.name, "O'Brien", "obrien"),
        Case(.name, "Coca-Cola Company", "coca cola"), Case(.name, "Coca Cola", "coca cola"),
        Case(.name, "東京都", "東京都"), Case(.name, "株式会社東京都", "東京都"), Case(.name, "東京都株式会社", "東京都"),
        Case(.name, "東京都 有限会社", "東京都"), Case(.name, "ＡＣＭＥ　ＫＫ", "acme"),
        Case(.name, "שָׁלוֹם בע\"מ", "שלום"), Case(.name, "שלום בע״מ", "שלום"), Case(.name, "שלום", "שלום"),
        Case(.name, "ООО Ромашка", "ромашка"), Case(.name, "PT Acme Tbk", "acme"),
        Case(.name, "Grupo Acme, S. de R.L. de C.V.", "grupo acme"), Case(.name, "Acme Sdn. Bhd.", "acme"),
        // Nothing but a legal form, and nothing but signs, still name something.
        Case(.name, "SA", "sa"), Case(.name, "Limited Company", "limited"), Case(.name, "株式会社", "株式会社"),
        Case(.name, "!?", "!?"), Case(.name, "3M Company", "3m"), Case(.name, " . ", "."),
        Case(.name, "  ", nil),
        // A word in the middle is part of the name.
        Case(.name, "Limited Edition Prints", "limited edition prints"), Case(.name, "Saab AB", "saab"),
    ]

    @Test("what means the same has one key", arguments: emails + phones + hosts + texts + names)
    func key(_ example: Case) {
        #expect(example.form.key(example.text) == example.key)
    }

    @Test("a key is its own key, for every form and any text")
    func idempotent() {
        let pieces = [
            "Acme", "GmbH", " ", "Łódź", "www.", "https://", "x", "12345", "@", "株式会社", "東京", ".", "-", "ß",
            "e\u{301}", "S.A.", "Co", ",", "\u{5D0}\u{5B7}", "+49", "\t", "&",
        ]
        var generator = SystemRandomNumberGenerator()
        let seed = UInt64.random(in: 0 ... .max, using: &generator)
        var state = seed
        for _ in 0..<3_000 {
            var text = ""
            for _ in 0..<6 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += pieces[Int(state >> 33) % pieces.count]
            }
            for form in [MatchForm.text, .email, .phone] {
                guard let key = form.key(text) else { continue }
                #expect(form.key(key) == key, "\(form) of \(text), seed \(seed)")
            }
            // Case and accents never tell names apart.
            let name = MatchForm.name.key(text)
            #expect(MatchForm.name.key(text.lowercased()) == name, "\(text), seed \(seed)")
        }
    }
}
