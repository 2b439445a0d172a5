import TestKit
import Testing

@Suite("Golden files")
struct GoldenFileTests {
    static let text = """
        # what a sum is
        1 + 1
        ----
        2

        nothing
        ----

        two
        lines
        ----
        ----
        first

        third
        ----
        ----

        last
        ----
        end

        """

    @Test("input, expected output and comment are told apart")
    func parse() {
        let cases = GoldenFile.parse(Self.text)
        #expect(cases.map(\.input) == ["1 + 1", "nothing", "two\nlines", "last"])
        #expect(cases.map(\.expected) == ["2", "", "first\n\nthird", "end"])
        #expect(cases.map(\.comment) == ["# what a sum is", "", "", ""])
        #expect(cases.map(\.line) == [2, 6, 9, 19])
    }

    @Test("what is written is what was read")
    func roundTrip() {
        #expect(GoldenFile.text(of: GoldenFile.parse(Self.text)) == Self.text)
    }

    @Test("a difference names its place; agreement is no difference")
    func differences() throws {
        let folder = try TemporaryFolder()
        try folder.write(Self.text, to: "sums.golden")
        var file = try GoldenFile(path: folder.path("sums.golden"))
        let answers = ["1 + 1": "3", "nothing": "", "two\nlines": "first\n\nthird", "last": "end"]
        let found = try file.differences { answers[$0] ?? "unexpected input" }
        #expect(found.map(\.place) == ["\(folder.path("sums.golden")):2"])
        #expect(found.map(\.actual) == ["3"])
    }

    @Test("no cases in an empty file", arguments: ["", "\n\n"])
    func empty(_ text: String) { #expect(GoldenFile.parse(text).isEmpty) }
}
