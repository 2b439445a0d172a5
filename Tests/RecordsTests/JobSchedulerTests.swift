import CRMSDK
import Core
import Installation
import Jobs
import Log
import Records
import Storage
import Synchronization
import Testing

/// Jobs on a real database, run by hand at the times that the test says.
@Suite("Jobs on many records")
struct JobSchedulerTests {
    /// What the job shall refuse, and the time.
    final class World: Sendable {
        let refused = Mutex<Set<String>>([])
        let now = Mutex(Instant("2026-11-22T12:00:00Z")!)
    }

    let world = World()
    let office: Office
    let scheduler: JobScheduler

    init() throws {
        let world = world
        var core = CoreModule().manifest
        core.jobs = [
            Job("retire", everySeconds: 60) { context throws(CRMError) in
                try context.list(
                    ListRequest(
                        "account", where: .where("industry", .equal, "energy"), sort: ["account_name"],
                        limit: 2)
                ).map(\.id)
            } step: { id, context throws(CRMError) in
                let account = try context.update("account", id, ["industry": "retail"])
                guard let name = account["account_name"].text,
                    !world.refused.withLock({ $0.contains(name) })
                else { throw CRMError(.invalidRecord, "not this one") }
            }
        ]
        office = try Office(core: core)
        scheduler = JobScheduler(
            office.records, office.database.writer, administrator: FirstRecords.administrator,
            log: Log(room: "test", level: .error, sink: MemorySink()),
            clock: { world.now.withLock { $0 } })
        for name in ["A", "B", "C", "D", "E"] {
            _ = try office.create("account", ["account_name": .text(name), "industry": "energy"])
        }
    }

    private func names(_ industry: String) throws -> [String] {
        try office.ids("account", where: .where("industry", .equal, .text(industry))).map {
            try office.get($0)["account_name"].text ?? ""
        }.sorted()
    }

    private func facts() throws -> JobFacts {
        try #require(try JobScheduler.jobs(office.database.makeReader()).first { $0.name == "core.retire" })
    }

    @Test("one that fails is undone and named, holds up no other, and is tried again the next time")
    func oneFails() throws {
        world.refused.withLock { $0 = ["B"] }
        scheduler.runDue()
        #expect(try names("energy") == ["B"])
        #expect(try names("retail") == ["A", "C", "D", "E"])
        let failed = try facts()
        let b = try #require(try office.ids("account", where: .where("account_name", .equal, "B")).first)
        #expect(failed.failures == 1 && failed.runs == 0)
        #expect(failed.lastError == "record \(b.rawValue): not this one")

        world.refused.withLock { $0 = [] }
        scheduler.runDue()
        #expect(try names("energy") == ["B"], "not before its time")
        world.now.withLock { $0 = Instant("2026-11-22T12:01:00Z")! }
        scheduler.runDue()
        #expect(try names("energy") == [])
        #expect(try facts().runs == 1)
        #expect(try facts().lastError == nil)
    }

    @Test("where all of a page fail, the run ends, says how many, and has changed nothing")
    func allFail() throws {
        world.refused.withLock { $0 = ["A", "B", "C", "D", "E"] }
        scheduler.runDue()
        #expect(try names("energy").count == 5)
        #expect(try facts().lastError?.hasSuffix("and 1 more: not this one") == true)
    }

    @Test("each is a change set of its own")
    func changeSets() throws {
        scheduler.runDue()
        let updates = try ChangeLog.entries(office.database.makeReader(), limit: 1_000).filter {
            $0.entry.kind == .update
        }
        #expect(updates.count == 5)
        #expect(Set(updates.map(\.changeSet)).count == 5)
        #expect(updates.allSatisfy { $0.entry.method == "core.retire" })
    }
}
