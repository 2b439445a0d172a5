import Admin
import TestRandom
import Testing

@Suite("Line editor")
struct LineEditorTests {
    struct Typed: Sendable, CustomTestStringConvertible {
        let name: String
        let keys: [LineEditor.Key]
        /// With | where the cursor is.
        let line: String
        var testDescription: String { name }

        init(_ name: String, _ keys: [LineEditor.Key], _ line: String) {
            self.name = name
            self.keys = keys
            self.line = line
        }
    }

    private static func text(_ text: String) -> [LineEditor.Key] { text.map { .character($0) } }

    private static func shown(_ editor: LineEditor) -> String {
        var line = editor.characters
        line.insert("|", at: editor.cursor)
        return String(line)
    }

    static let typed = [
        Typed("typing", text("ab"), "ab|"),
        Typed(
            "ctrl-a and ctrl-e",
            text("ab") + [.control("a"), .character("x"), .control("e"), .character("y")], "xaby|"),
        Typed("arrows", text("ab") + [.left, .left, .left, .right, .character("-")], "a-|b"),
        Typed("backspace", text("abc") + [.left, .backspace], "a|c"),
        Typed("backspace at the start", [.backspace], "|"),
        Typed("delete", text("abc") + [.home, .delete], "|bc"),
        Typed("ctrl-d within a line deletes", text("abc") + [.home, .control("d")], "|bc"),
        Typed(
            "ctrl-w takes the word and the space behind it", text("list account ") + [.control("w")], "list |"
        ),
        Typed("ctrl-w keeps what is behind the cursor", text("one two") + [.left, .control("w")], "one |o"),
        Typed("ctrl-u", text("one two") + [.left, .control("u")], "|o"),
        Typed("ctrl-k", text("one two") + [.home, .right, .control("k")], "o|"),
        Typed("ctrl-y puts back", text("one two") + [.control("w"), .home, .control("y")], "two|one "),
        Typed("a combining mark joins", text("e") + [.character("\u{301}")], "é|"),
        Typed("up and down", [.up], "second|"),
        Typed("up twice", [.up, .up], "first|"),
        Typed("up stops at the oldest", [.up, .up, .up], "first|"),
        Typed("down brings the draft back", text("draft") + [.up, .up, .down, .down], "draft|"),
        Typed("ctrl-r finds", [.control("r")] + text("fi") + [.right], "first|"),
        Typed("ctrl-r again finds older", [.control("r")] + text("s") + [.control("r"), .end], "first|"),
        Typed("ctrl-g leaves the search empty", [.control("r")] + text("fi") + [.control("g")], "|"),
    ]

    @Test("keys make the line", arguments: typed)
    func keys(_ typed: Typed) {
        var editor = LineEditor(history: ["first", "second"])
        for key in typed.keys { _ = editor.handle(key) }
        #expect(Self.shown(editor) == typed.line)
    }

    @Test("what ends a line")
    func ends() {
        var editor = LineEditor()
        #expect(editor.handle(.control("d")) == .endOfInput)
        #expect(editor.handle(.character("a")) == .redraw)
        #expect(editor.handle(.control("c")) == .cancel)
        #expect(editor.handle(.tab) == .complete)
        #expect(editor.handle(.control("l")) == .clearScreen)
        #expect(editor.handle(.escape) == .nothing)
        #expect(editor.handle(.enter) == .submit("a"))
    }

    @Test("random keys keep the cursor within the line", arguments: 0..<30)
    func random(_ seed: UInt64) {
        var generator = SeededRandom(seed)
        let keys: [LineEditor.Key] =
            [
                .up, .down, .left, .right, .home, .end, .backspace, .delete, .tab, .escape,
                .character("x"), .character(" "), .character("\u{301}"), .character("東"),
            ] + "abdefkwuyrgn".map { .control($0) }
        var editor = LineEditor(history: ["one two", "", "三"])
        for _ in 0..<300 {
            _ = editor.handle(keys.randomElement(using: &generator) ?? .tab)
            #expect((0...editor.characters.count).contains(editor.cursor), "seed \(seed)")
        }
    }

    @Test(
        "bytes make keys",
        arguments: [
            ([0x61], [.character("a")]), ([0xC5, 0x82], [.character("ł")]),
            ([0xF0, 0x9F, 0x98, 0x80], [.character("😀")]),
            ([0x0D], [.enter]), ([0x09], [.tab]), ([0x7F], [.backspace]), ([0x01], [.control("a")]),
            ([0x1B, 0x5B, 0x41], [.up]), ([0x1B, 0x4F, 0x42], [.down]),
            ([0x1B, 0x5B, 0x33, 0x7E], [.delete]),
            ([0x1B, 0x5B, 0x39, 0x39, 0x7E, 0x61], [.character("a")]), ([0xFF, 0x61], [.character("a")]),
            ([0xC3, 0x28, 0x61], [.character("a")]),
        ] as [([UInt8], [LineEditor.Key])])
    func bytes(_ bytes: [UInt8], _ keys: [LineEditor.Key]) {
        var reader = KeyReader()
        #expect(bytes.compactMap { reader.append($0) } == keys)
        #expect(!reader.isWithinKey)
    }

    @Test("an escape that nothing follows is the key")
    func escape() {
        var reader = KeyReader()
        #expect(reader.append(0x1B) == nil)
        #expect(reader.isWithinKey)
        #expect(reader.flush() == .escape)
        #expect(reader.append(0x61) == .character("a"))
    }

    @Test(
        "lines with secrets are not kept",
        arguments: [
            ("record list account", true), ("user set-password anna", false),
            ("call auth.login '{\"Password\":1}'", false),
            ("call api_key.create '{}'", false), (" record list", false), ("", false), ("   ", false),
        ])
    func history(_ line: String, _ isKept: Bool) { #expect(History.isWorthKeeping(line) == isKept) }

    @Test(
        "completion follows the command table",
        arguments: [
            ("rec", ["record"]),
            (
                "record ",
                [
                    "list", "get", "create", "update", "delete", "restore", "count", "aggregate", "history",
                    "export", "link", "unlink", "related", "merge", "purge",
                ]
            ),
            ("record l", ["list", "link"]), ("record list ", ["account", "contact"]),
            ("record list a", ["account"]),
            ("record list account --lim", ["--limit"]),
            ("record list account --sort ", ["account_name", "industry"]),
            ("record create account ind", ["industry="]),
            ("record create account industry=r", ["industry=retail"]),
            ("user disable a", ["anna"]), ("\\", ["\\q", "\\?", "\\d", "\\x"]), ("\\d c", ["contact"]),
            ("record zzz ", []),
        ])
    func completion(_ text: String, _ expected: [String]) {
        var names = Completion.Names()
        names.entities = { ["account", "contact"] }
        names.fields = { $0 == "account" ? ["account_name", "industry"] : [] }
        names.values = { _, field in field == "industry" ? ["retail", "finance"] : [] }
        names.users = { ["anna", "boris"] }
        #expect(Completion(names).candidates(for: text).candidates == expected)
    }
}
