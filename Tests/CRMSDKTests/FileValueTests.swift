import CRMSDK
import Testing

@Suite("What is known of a file")
struct FileValueTests {
    static let hash = String(repeating: "0a", count: 32)

    @Test("it comes back from its text, spaces in the name and all")
    func encoding() throws {
        let file = try #require(
            FileValue(name: "two words.pdf", mediaType: "application/pdf", byteCount: 7, sha256: Self.hash))
        #expect(FileValue(encoded: file.encoded) == file)
        #expect(Value.file(file).file == file)
        #expect(Value.text(file.encoded).file == nil)
    }

    @Test(
        "what is none is none",
        arguments: [
            "", "x", "\(hash) 7 text/plain", "\(hash) -1 text/plain a", "\(hash) 7 textplain a",
            "\(hash) 7 text/plain a/b",
            "\(hash.uppercased()) 7 text/plain a", "\(hash)0 7 text/plain a", "\(hash) 7 Text/Plain a",
        ])
    func refused(_ text: String) { #expect(FileValue(encoded: text) == nil) }
}
