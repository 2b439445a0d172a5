import CRMSDK
import ModuleLoader
import TestKit
import Testing

@Suite("Quarantine")
struct QuarantineTests {
    private static let start: Int64 = 1_790_000_000_000

    private func crash(
        _ module: String, _ seconds: Int64, _ phase: Quarantine.Phase = .running
    ) -> Quarantine.Crash {
        Quarantine.Crash(
            module: module, at: Instant(millisecondsSince1970: Self.start + seconds * 1000), phase: phase,
            reason: "signal 4 in set_probability")
    }

    struct Story: Sendable, CustomTestStringConvertible {
        let seconds: [Int64]
        let isQuarantined: Bool
        let reads: String
        var testDescription: String { reads }
    }

    @Test(
        "three crashes in ten minutes disable a running module",
        arguments: [
            Story(seconds: [], isQuarantined: false, reads: "none"),
            Story(seconds: [0, 1], isQuarantined: false, reads: "two at once"),
            Story(seconds: [0, 300, 600], isQuarantined: true, reads: "three in exactly ten minutes"),
            Story(seconds: [0, 300, 601], isQuarantined: false, reads: "three in a second more"),
            Story(seconds: [0, 601, 900, 1201], isQuarantined: true, reads: "the last three of four"),
            Story(
                seconds: [0, 500, 1000, 1500], isQuarantined: false, reads: "four, never three in ten minutes"
            ),
            Story(seconds: [600, 0, 300], isQuarantined: true, reads: "three, noted out of order"),
        ])
    func running(_ story: Story) {
        var ledger = Quarantine()
        for second in story.seconds { ledger.record(crash("sales", second)) }
        #expect(ledger.isQuarantined("sales") == story.isQuarantined)
    }

    @Test("one crash while loading is enough")
    func loading() {
        var ledger = Quarantine()
        ledger.record(crash("sales", 0, .loading))
        #expect(ledger.isQuarantined("sales"))
        #expect(ledger.reason(for: "sales")?.hasPrefix("crashed while loading at 2026-") == true)
    }

    @Test("modules are judged apart, and an administrator clears one of them")
    func clear() {
        var ledger = Quarantine()
        for second in [0, 1, 2] as [Int64] {
            ledger.record(crash("sales", second))
            ledger.record(crash("support", second))
        }
        ledger.record(crash("marketing", 3))
        ledger.clear("sales")
        #expect(!ledger.isQuarantined("sales"))
        #expect(ledger.isQuarantined("support"))
        #expect(!ledger.isQuarantined("marketing"))
    }

    @Test("twenty crashes of a module are kept, the oldest goes")
    func bounded() {
        var ledger = Quarantine()
        for second in 0..<21 { ledger.record(crash("sales", Int64(second) * 1000)) }
        #expect(ledger.crashes.count == Quarantine.keptPerModule)
        #expect(ledger.crashes.first == crash("sales", 1000))
    }

    @Test("the ledger's file reads back as it was written; none is an empty one")
    func file() throws {
        let folder = try TemporaryFolder()
        let file = QuarantineFile(path: folder.path + "/quarantine")
        #expect(try file.read() == Quarantine())
        var ledger = Quarantine()
        for second in 0..<5 { ledger.record(crash("sales", Int64(second))) }
        try file.write(ledger)
        try file.write(ledger)
        #expect(try file.read() == ledger)
    }

    @Test("a damaged line is dropped, a reason of several lines stays one")
    func damaged() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/quarantine"
        let file = QuarantineFile(path: path)
        var ledger = Quarantine()
        ledger.record(
            Quarantine.Crash(
                module: "sales", at: Instant(millisecondsSince1970: Self.start), phase: .loading,
                reason: "first\nsecond\u{1B}[31m"))
        try file.write(ledger)
        let line = readFile(path)
        writeFile(line + Array("2026-13-01 loading sales x\nrubbish\n".utf8) + [0xFF, 0x0A], path)
        #expect(try file.read().crashes.map(\.reason) == ["first second [31m"])
    }
}
