import CRMSDK
import Foundation
import ModuleLoader
import TestKit
import Testing

@testable import Supervisor

/// A page as the kernel's room ModuleLoader writes it, byte by byte.
private struct Page {
    var bytes = [UInt8](repeating: 0, count: 4096 + 64 * 64 + 1024 * 128)

    init() { put(Array("CRMCALLS".utf8) + [1], at: 0) }

    mutating func put(_ part: [UInt8], at offset: Int) {
        bytes.replaceSubrange(offset..<offset + part.count, with: part)
    }

    mutating func name(_ site: Int, _ text: String) { put(Array(text.utf8), at: 4096 + 64 * 64 + site * 128) }

    mutating func enter(slot: Int, site: UInt64, since: UInt64) {
        for (index, word) in [site, since].enumerated() {
            put((0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }, at: 4096 + slot * 64 + index * 8)
        }
    }
}

@Suite("Supervisor: which module code the kernel is in")
struct ModuleCallsTests {
    private let folder: TemporaryFolder
    private let calls: ModuleCalls

    init() throws {
        folder = try TemporaryFolder()
        calls = ModuleCalls(path: folder.path("calls"))
    }

    private func write(_ page: Page) throws {
        try Data(page.bytes).write(to: URL(fileURLWithPath: calls.path))
    }

    @Test("no page, no calls")
    func missing() {
        #expect(calls.standing().isEmpty)
        #expect(calls.silent() == nil)
    }

    @Test("the longest call comes first, and is silent after ten seconds, not before")
    func silent() throws {
        var page = Page()
        page.name(1, "sales\u{0}set_probability")
        page.name(1023, "inventory\u{0}stock")
        page.enter(slot: 63, site: 1, since: 5_000)
        page.enter(slot: 0, site: 1023, since: 6_000)
        try write(page)
        #expect(
            calls.standing().map(\.description) == [
                "set_probability of module sales", "stock of module inventory",
            ])
        #expect(calls.silent(at: 14_999) == nil)
        #expect(calls.silent(at: 15_000)?.hook == "set_probability")
        #expect(calls.silent(at: 4_000) == nil)
        calls.discard()
        #expect(calls.standing().isEmpty)
    }

    @Test("a damaged page blames nobody")
    func damaged() throws {
        var page = Page()
        page.name(1, "sales\u{0}x")
        page.enter(slot: 0, site: 1, since: 1)
        page.enter(slot: 1, site: 1024, since: 1)
        page.enter(slot: 2, site: .max, since: 1)
        page.enter(slot: 3, site: 2, since: 1)
        try write(page)
        #expect(calls.standing().count == 1)
        page.put([0xFF], at: 8)
        try write(page)
        #expect(calls.standing().isEmpty)
        page.bytes.removeLast(page.bytes.count - 5000)
        try write(page)
        #expect(calls.standing().isEmpty)
    }

    @Test("names are shown without what a terminal would act on")
    func printable() throws {
        var page = Page()
        page.name(1, "sa\u{1B}les\u{0}x y\n")
        page.enter(slot: 0, site: 1, since: 1)
        try write(page)
        #expect(calls.standing().map(\.description) == ["x?y? of module sa?les"])
    }

    @Test("a crash is a line of the ledger; loading is told from running")
    func ledger() throws {
        let ledger = CrashLedger(path: folder.path("quarantine"))
        let call = ModuleCalls.Call(module: "sales", hook: "set_probability", sinceMilliseconds: 0)
        let load = ModuleCalls.Call(module: "sales", hook: "(loading)", sinceMilliseconds: 0)
        #expect(ledger.note(call, reason: "was ended by SIGILL in set_probability", at: 0))
        #expect(ledger.note(load, reason: "was ended by SIGSEGV in (loading)", at: 1_700_000_000_123))
        let text = try String(contentsOfFile: ledger.path, encoding: .utf8)
        #expect(
            text == """
                1970-01-01T00:00:00.000Z running sales was ended by SIGILL in set_probability
                2023-11-14T22:13:20.123Z loading sales was ended by SIGSEGV in (loading)

                """)
    }
}

/// The supervisor may not import ModuleLoader, so each has its side of the page and of the ledger; here they meet.
@Suite("Supervision: the kernel's own page and ledger")
struct ModuleLoaderAgreementTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("a call that the kernel notes is read while it stands, and gone when it has returned")
    func page() throws {
        let sites = try CallSites(path: folder.path("calls"))
        let reader = ModuleCalls(path: folder.path("calls"))
        let slot = try #require(sites.claimSlot())
        let outer = try sites.site(module: "sales", hook: "set_probability")
        let inner = try sites.site(module: "inventory", hook: "reserve_stock")
        let before = ModuleCalls.nowMilliseconds()
        try sites.call(outer, in: slot) { () throws(CRMError) in
            #expect(reader.standing().map(\.description) == ["set_probability of module sales"])
            try sites.call(inner, in: slot) { () throws(CRMError) in
                #expect(reader.standing().map(\.description) == ["reserve_stock of module inventory"])
            }
            let call = reader.standing().first
            #expect(
                call.map { (before...ModuleCalls.nowMilliseconds()).contains($0.sinceMilliseconds) } == true)
        }
        #expect(reader.standing().isEmpty)
    }

    @Test("the kernel reads the crashes that the supervisor notes, and decides by them")
    func ledger() throws {
        let path = folder.path("quarantine")
        let noted = CrashLedger(path: path)
        #expect(CrashLedger.loadingHook == CallSites.loading)
        let now: Int64 = 1_700_000_000_000
        let load = ModuleCalls.Call(module: "sales", hook: CrashLedger.loadingHook, sinceMilliseconds: 0)
        let run = ModuleCalls.Call(module: "inventory", hook: "reserve_stock", sinceMilliseconds: 0)
        #expect(noted.note(load, reason: "was ended by SIGILL in (loading)", at: now))
        for number in 0..<3 as Range<Int64> {
            #expect(try !QuarantineFile(path: path).read().isQuarantined("inventory"))
            #expect(noted.note(run, reason: "was ended by SIGILL in reserve_stock", at: now + number * 1_000))
        }
        let read = try QuarantineFile(path: path).read()
        #expect(read.isQuarantined("sales"))
        #expect(read.isQuarantined("inventory"))
        #expect(!read.isQuarantined("support"))
        #expect(read.crashes.map(\.reason).first == "was ended by SIGILL in (loading)")
    }
}
