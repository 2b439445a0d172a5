import CRMSDK
import CRMSDKTesting
import Glibc
import ModuleLoader
import TestKit
import TestRandom
import Testing

@Suite("Call sites: which module each thread is in")
struct CallSitesTests {
    private let folder: TemporaryFolder
    private var path: String { folder.path + "/calls" }

    init() throws { folder = try TemporaryFolder() }

    private func standing() throws -> [String] {
        try CallSiteReader(path: path).calls().map { "\($0.module).\($0.hook)" }
    }

    @Test("a call stands while it runs, nested ones in turn, and is gone afterwards, thrown or not")
    func nested() throws {
        let sites = try CallSites(path: path)
        let slot = try #require(sites.claimSlot())
        let outer = try sites.site(module: "sales", hook: "set_probability")
        let inner = try sites.site(module: "support", hook: "count_tickets")
        #expect(try standing() == [])
        try sites.call(outer, in: slot) { () throws(CRMError) in
            #expect((try? standing()) == ["sales.set_probability"])
            try sites.call(inner, in: slot) { () throws(CRMError) in
                #expect((try? standing()) == ["support.count_tickets"])
            }
            #expect((try? standing()) == ["sales.set_probability"])
        }
        #expect(try standing() == [])
        #expect(throws: CRMError.self) {
            try sites.call(outer, in: slot) { () throws(CRMError) in throw CRMError(.forbidden, "no") }
        }
        #expect(try standing() == [])
    }

    @Test("threads stand beside each other, the longest call first, on the clock of the machine")
    func threads() throws {
        let sites = try CallSites(path: path)
        let (first, second) = (try #require(sites.claimSlot()), try #require(sites.claimSlot()))
        let (a, b) = (try sites.site(module: "m", hook: "a"), try sites.site(module: "m", hook: "b"))
        let before = CallSiteReader.nowMilliseconds()
        try sites.call(a, in: first) { () throws(CRMError) in
            try sites.call(b, in: second) { () throws(CRMError) in
                let calls = (try? CallSiteReader(path: path).calls()) ?? []
                #expect(Set(calls.map(\.hook)) == ["a", "b"])
                #expect((try? CallSiteReader(path: path).hanging(longerThan: .seconds(86_400)).count) == 0)
                #expect((try? CallSiteReader(path: path).hanging(longerThan: .milliseconds(-1)).count) == 2)
                for call in calls {
                    #expect((before...CallSiteReader.nowMilliseconds()).contains(call.sinceMilliseconds))
                    #expect(call.duration(at: call.sinceMilliseconds + 10_000) == .seconds(10))
                }
            }
        }
    }

    @Test("a manifest's bodies note themselves, on a slot of their thread that ends with it")
    func manifest() throws {
        let sites = try CallSites(path: path)
        let reader = CallSiteReader(path: path)
        var manifest = ModuleManifest("parts", version: "1.0.0", label: "Parts", summary: "Parts.")
        manifest.hooks = [
            Hook("count", on: "part", [.beforeCreate]) { (change, _) throws(CRMError) in
                change["seen"] = .text(
                    try reader.calls().map { "\($0.module).\($0.hook)" }.joined(separator: ","))
            }
        ]
        manifest.jobs = [
            Job("tidy", everySeconds: 5) { (_) throws(CRMError) in throw CRMError(.forbidden, "no") }
        ]
        manifest.actions = [
            Action("sum", .reads, summary: "Sums.") { (_, _) throws(CRMError) in
                .value(.text(try reader.calls().first?.hook ?? ""))
            }
        ]
        let noted = try manifest.noted(in: sites)
        let context = TestModuleContext(manifests: [])
        for _ in 0..<70 {
            let thread = OneThread {
                var change = RecordChange(entity: "part", id: RecordID(1), old: nil, given: [], values: [:])
                try? noted.hooks[0].body(&change, TestModuleContext(manifests: []))
                return change["seen"].text ?? ""
            }
            #expect(thread.result() == "parts.count")
        }
        #expect(try noted.actions[0].body(.object([]), context).value == "sum")
        #expect(throws: CRMError.self) { try noted.jobs[0].body(context) }
        #expect(try standing() == [])
    }

    @Test("a crash is booked as loading only where the module was being loaded")
    func phase() throws {
        let sites = try CallSites(path: path)
        for (hook, phase) in [(CallSites.loading, Quarantine.Phase.loading), ("count", .running)] {
            let site = try sites.site(module: "parts", hook: hook)
            try sites.call(site) { () throws(CRMError) in
                #expect((try? CallSiteReader(path: path).calls().map(\.phase)) == [phase])
            }
        }
    }

    @Test("64 threads have a slot, a 65th has none until one ends")
    func slots() throws {
        let sites = try CallSites(path: path)
        let slots = (0..<64).compactMap { _ in sites.claimSlot() }
        #expect(slots.count == 64)
        #expect(sites.claimSlot() == nil)
        sites.release(slots[7])
        #expect(sites.claimSlot() == slots[7])
    }

    @Test("1,023 sites have a number, naming one again gives the same, a 1,024th is refused")
    func siteLimit() throws {
        let sites = try CallSites(path: path)
        let all = try (0..<1023).map { try sites.site(module: "m", hook: "hook_\($0)") }
        #expect(Set(all).count == 1023)
        #expect(try sites.site(module: "m", hook: "hook_5") == all[5])
        let error = #expect(throws: CRMError.self) { try sites.site(module: "m", hook: "one_more") }
        #expect(error?.kind == .limitExceeded)
    }

    @Test("long names are cut, not spilled")
    func longNames() throws {
        let sites = try CallSites(path: path)
        let slot = try #require(sites.claimSlot())
        let long = try sites.site(module: "m", hook: String(repeating: "h", count: 500))
        let next = try sites.site(module: "n", hook: "next")
        for site in [long, next] {
            try sites.call(site, in: slot) { () throws(CRMError) in
                let name = (try? standing())?.first
                #expect(name == (site == next ? "n.next" : "m." + String(repeating: "h", count: 125)))
            }
        }
    }

    @Test("no page means no calls; a damaged one is refused, random bytes never trapped on")
    func damaged() throws {
        #expect(try CallSiteReader(path: path).calls() == [])
        writeFile([1, 2, 3], path)
        #expect(throws: CRMError.self) { try CallSiteReader(path: path).calls() }

        _ = try CallSites(path: path)
        var page = readFile(path)
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed)
        for _ in 0..<50 {
            for _ in 0..<400 {
                page[Int.random(in: 16..<page.count, using: &random)] = UInt8.random(
                    in: .min ... .max, using: &random)
            }
            for slot in 0..<64 { page[4096 + slot * 64] = UInt8.random(in: 0...3, using: &random) }
            writeFile(page, path)
            #expect(throws: Never.self, "seed \(seed)") { try CallSiteReader(path: path).calls() }
        }
    }
}

/// A thread that runs one body and ends: `result` waits for its end, thread-local destructors included.
private final class OneThread {
    private final class Work {
        let body: @Sendable () -> String
        var result = ""

        init(_ body: @escaping @Sendable () -> String) { self.body = body }
    }

    private let work: Work
    private var thread = pthread_t()

    init(_ body: @escaping @Sendable () -> String) {
        work = Work(body)
        pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let work = Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
                work.result = work.body()
                return nil
            }, Unmanaged.passRetained(work).toOpaque())
    }

    func result() -> String {
        pthread_join(thread, nil)
        return work.result
    }
}
