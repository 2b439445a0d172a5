import TestKit
import Testing

@Suite("End to end: what README.md shows")
struct ReadmeConsoleTests {
    @Test("two sales teams and a support desk: every command prints what is printed there")
    func rights() throws {
        let session = try ConsoleSession("README.md")
        #expect(session.count > 20)
        try session.check(try TestPlatform())
    }
}
