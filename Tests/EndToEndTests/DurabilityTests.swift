import Foundation
import JSON
import SQLite
import Synchronization
import TestKit
import TestRandom
import Testing

@Suite("End to end: what was acknowledged is there")
struct DurabilityTests {
    /// What one client was told.
    private struct Told: Sendable {
        /// Name → the number it was given.
        var acknowledged: [String: String] = [:]
        var unavailable = 0
        var surprises: [String] = []
    }

    @Test("the kernel is killed under writers, again and again; each acknowledged record is there, once")
    func killedUnderWriters() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("kill -9 under writers: seed \(seed)")
        var random = SeededRandom(seed)
        let platform = try TestPlatform()
        let token = try #require(try platform.logIn().token)
        let writers = 4
        let told = Mutex(Told())
        let isOver = Mutex(false)
        let done = DispatchGroup()
        for writer in 0..<writers {
            done.enter()
            Thread.detachNewThread {
                defer { done.leave() }
                Self.write(platform, token, "writer \(writer)", told) { isOver.withLock { $0 } }
            }
        }
        for round in 1...3 {
            // In the middle of the work: some more records must have been acknowledged in this round.
            let goal = told.withLock { $0.acknowledged.count } + 20 + Int(random.next() % 40)
            try eventually(orThrow: { platform.failure("round \(round): nothing is stored any more") }) {
                told.withLock { $0.acknowledged.count } >= goal
            }
            try platform.waitForNewKernel(after: platform.killKernel())
        }
        isOver.withLock { $0 = true }
        done.wait()

        let admin = try platform.logIn()
        try expectKept(told.withLock { $0 }, admin)
        // And after an ordinary end as well.
        try platform.restart()
        try expectKept(told.withLock { $0 }, platform.logIn())
        #expect(platform.logs.contains("it is started again"))
    }

    private static func write(
        _ platform: TestPlatform, _ token: String, _ writer: String, _ told: borrowing Mutex<Told>,
        until isOver: () -> Bool
    ) {
        let caller = Caller(platform, token: token)
        var next = 0
        while !isOver() {
            let name = "\(writer), \(next)"
            next += 1
            do {
                let record = try caller.call(
                    "record.create", #"{"entity":"account","values":{"account_name":"\#(name)"}}"#)
                told.withLock { $0.acknowledged[name] = record["account_no"]?.string ?? "none" }
            } catch let refusal as Caller.Refusal where refusal.status == 503 && refusal.code == -32009 {
                // Not stored, or stored and not acknowledged: the name is not used again.
                told.withLock { $0.unavailable += 1 }
            } catch {
                told.withLock { $0.surprises.append("\(error)".prefix(300).description) }
                return
            }
        }
    }

    private func expectKept(_ told: Told, _ admin: Caller) throws {
        #expect(told.surprises == [])
        var stored: [String: String] = [:]
        var numbers: [String] = []
        var cursor = ""
        repeat {
            let page = try admin.call(
                "record.list",
                #"{"entity":"account","limit":1000,"fields":["account_name","account_no"]\#(cursor)}"#)
            for record in try page.array("records") {
                let number = try record.string("account_no")
                #expect(stored.updateValue(number, forKey: try record.string("account_name")) == nil)
                numbers.append(number)
            }
            cursor = page["next_cursor"]?.string.map { #","cursor":\#($0.jsonText)"# } ?? ""
        } while !cursor.isEmpty
        for (name, number) in told.acknowledged {
            #expect(stored[name] == number, "\(name) was acknowledged as \(number)")
        }
        #expect(Set(numbers).count == numbers.count, "a number was given twice")
        // Nothing but what was acknowledged, and at most what could not be told.
        #expect(stored.count <= told.acknowledged.count + told.unavailable)
        #expect(try admin.call("log.verify")["intact"]?.bool == true)
    }

    @Test(
        "while no kernel runs a call is answered 503 with -32009; the same connection serves again after it")
    func unavailableMeanwhile() throws {
        let platform = try TestPlatform()
        let admin = try platform.logIn()
        // A kernel that is stopped cannot be started again before it is gone: calls meanwhile find nobody.
        var refusals: [Caller.Refusal] = []
        var killed: Int32 = 0
        // Each kill makes the supervisor wait longer, up to more than the endpoint holds a call.
        for _ in 0..<4 where refusals.isEmpty {
            killed = try platform.killKernel()
            do { try admin.call("auth.whoami") } catch let refusal as Caller.Refusal {
                refusals.append(refusal)
            }
            try platform.waitForNewKernel(after: killed)
        }
        let refusal = try #require(refusals.first)
        #expect(refusal.status == 503 && refusal.code == -32009 && refusal.kind == "unavailable")
        #expect(try admin.call("auth.whoami")["by"]?.string == "session", "the session outlived the kernel")
        let status = try platform.run("crm", ["status"])
        #expect(status.code == 0 && status.output.contains("restarted"), "\(status)")
        #expect(status.output.contains("was ended by SIGKILL"), "\(status)")
    }

    @Test("after a clean stop nothing is left running, and a start finds everything as it was")
    func cleanStop() throws {
        let platform = try TestPlatform()
        let admin = try platform.logIn()
        let id = try admin.create("account", #"{"account_name":"Acme"}"#)
        let record = try admin.call("record.get", #"{"id":\#(id)}"#).text
        let processes = try ["crm-kernel", "crm-rpc"].map { try #require(try platform.processID(of: $0)) }
        let stopped = try platform.run("crm", ["stop"])
        #expect(stopped.code == 0, "\(stopped)")
        for process in processes { #expect(kill(process, 0) == -1 && errno == ESRCH) }
        #expect(platform.process.waitForEnd() == 0)
        #expect(try platform.run("crm", ["status"]).code == 3)
        try platform.start()
        #expect(try admin.call("record.get", #"{"id":\#(id)}"#).text == record, "the session outlived it too")
        #expect(!platform.logs.contains("the last end was not clean"))
    }

    @Test("log verify names the entry that somebody changed in the file")
    func tamperedLog() throws {
        let platform = try TestPlatform()
        let id = try platform.logIn().create("account", #"{"account_name":"Acme"}"#)
        #expect(try platform.admin("log", "verify").code == 0)
        try platform.stop()
        let sequence = try tamper(with: id, in: platform.databasePath)
        try platform.start()
        let verified = try platform.admin("log", "verify", "--json")
        #expect(verified.code == 1, "\(verified)")
        #expect(verified.errors.contains("the log is broken at entry \(sequence)"), "\(verified)")
        #expect(verified.output.contains(#""intact":false"#), "\(verified)")
        // The platform serves on: it is for people to judge.
        #expect(try platform.logIn().call("record.get", #"{"id":\#(id)}"#)["account_name"]?.string == "Acme")
    }

    /// Makes the entry of the record's creation tell another story.
    ///
    /// - Returns: its sequence number.
    private func tamper(with record: Int64, in database: String) throws -> Int64 {
        let connection = try Connection(path: database, access: .readWrite)
        let sequence = try #require(
            try connection.integer("SELECT seq FROM crm_change WHERE kind = 'create' AND record = \(record)"))
        try connection.execute(
            """
            UPDATE crm_change_payload SET payload = CAST(replace(CAST(payload AS TEXT), 'Acme', 'Bcme') AS BLOB)
            WHERE seq = \(sequence)
            """)
        return sequence
    }
}
