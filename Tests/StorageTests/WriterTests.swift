import CRMSDK
import Dispatch
import Foundation
import Query
import Registry
import Storage
import Synchronization
import Testing

@Suite("Storage: the writer")
struct WriterTests {
    private let test: TestDatabase
    private var writer: StorageWriter { test.writer }

    init() throws {
        test = try TestDatabase()
        try test.makeTable()
    }

    private var values: [String] { get throws { try test.texts("SELECT v FROM t ORDER BY v") } }

    @Test("what a unit wrote is there when it is told so")
    func commit() throws {
        let id = try writer.perform { transaction throws(CRMError) in
            try transaction.insert("a")
            return try transaction.nextRecordID()
        }
        #expect(id == RecordID(1))
        #expect(try values == ["a"])
    }

    @Test("a unit that throws leaves nothing, not even its counters")
    func failure() throws {
        let error = #expect(throws: CRMError.self) {
            try writer.perform { transaction throws(CRMError) in
                try transaction.insert("a")
                _ = try transaction.nextRecordID()
                _ = try transaction.nextNumber(series: "invoice")
                try transaction.append(.sample(1))
                throw CRMError(.forbidden, "no")
            }
        }
        #expect(error?.kind == .forbidden)
        #expect(try values.isEmpty)
        let next = try writer.perform { transaction throws(CRMError) in
            (
                try transaction.nextRecordID(), try transaction.nextNumber(series: "invoice"),
                try transaction.append(.sample(1)), transaction.changeSet
            )
        }
        #expect(next == (RecordID(1), 1, 1, 1))
    }

    @Test("a dry run answers its result and leaves nothing")
    func dryRun() throws {
        let published = Mutex(false)
        let result = try writer.perform(mode: .rollBack) { transaction throws(CRMError) in
            try transaction.insert("a")
            let ids = [try transaction.nextRecordID(), try transaction.nextRecordID()]
            transaction.afterCommit { published.withLock { $0 = true } }
            try transaction.append(.sample(1))
            let rows = try transaction.first(Statement("SELECT count(*) FROM t")) { $0.int64(0) }
            return (ids, try transaction.nextNumber(series: "s"), rows, transaction.isDryRun)
        }
        #expect(result.0 == [RecordID(-1), RecordID(-2)])
        #expect(result.1 == 1 && result.2 == 1 && result.3)
        #expect(try values.isEmpty)
        #expect(published.withLock { $0 } == false)
        #expect(try test.integers("SELECT count(*) FROM crm_change") == [0])
        #expect(
            try writer.perform { transaction throws(CRMError) in try transaction.nextRecordID() }
                == RecordID(1))
        #expect(try writer.perform { t throws(CRMError) in try t.nextNumber(series: "s") } == 1)
    }

    @Test("bulk units share a COMMIT while nobody else waits, and neither lane keeps the other waiting")
    func lanes() throws {
        let (writer, started, go) = (writer, DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let order = Mutex<[String]>([])
        let all = DispatchGroup()
        func submit(_ name: String, _ lane: WriterLane) {
            all.enter()
            writer.submit(deadline: nil, lane: lane) { transaction throws(CRMError) in
                order.withLock { $0.append(name) }
                if name == "first" {
                    started.signal()
                    go.wait()
                }
                try transaction.insert(name)
            } completion: { result in
                #expect(throws: Never.self) { try result.get() }
                all.leave()
            }
        }
        submit("first", .ordinary)
        started.wait()
        let before = writer.counts.groups
        for number in 0..<4 { submit("bulk \(number)", .bulk) }
        for number in 0..<2 { submit("ordinary \(number)", .ordinary) }
        go.signal()
        all.wait()
        #expect(
            order.withLock { $0 } == [
                "first", "bulk 0", "ordinary 0", "ordinary 1", "bulk 1", "bulk 2", "bulk 3",
            ])
        // The first, one bulk unit, the ordinary ones together, the other bulk units together.
        #expect(writer.counts.groups - before == 4)
        #expect(try values.count == 7)
    }

    @Test("a series goes on where it stood: in a unit, after COMMIT, after a number from outside")
    func series() throws {
        func next(_ series: String) throws -> Int64 {
            try writer.perform { t throws(CRMError) in try t.nextNumber(series: series) }
        }
        let first = try writer.perform { transaction throws(CRMError) in
            [try transaction.nextNumber(series: "a"), try transaction.nextNumber(series: "a")]
        }
        #expect(first == [1, 2])
        #expect(try next("b") == 1)
        #expect(try next("a") == 3)
        try writer.perform { transaction throws(CRMError) in
            try transaction.raise(series: "a", to: 10)
            try transaction.raise(series: "a", to: 7)
            // What a savepoint gives and loses is given again.
            try? transaction.savepoint { () throws(CRMError) in
                _ = try transaction.nextNumber(series: "a")
                throw CRMError(.forbidden, "no")
            }
        }
        #expect(try next("a") == 11)
        #expect(
            try test.integers("SELECT last FROM crm_series WHERE name IN ('a', 'b') ORDER BY name") == [
                11, 1,
            ])
    }

    @Test("a savepoint is undone alone, with its counters and actions")
    func savepoint() throws {
        let published = Mutex<[String]>([])
        let numbers = try writer.perform { transaction throws(CRMError) in
            try transaction.insert("a")
            transaction.afterCommit { published.withLock { $0.append("a") } }
            let first = try transaction.nextRecordID()
            do throws(CRMError) {
                try transaction.savepoint { () throws(CRMError) in
                    try transaction.insert("b")
                    _ = try transaction.nextRecordID()
                    transaction.afterCommit { published.withLock { $0.append("b") } }
                    try transaction.savepoint { () throws(CRMError) in try transaction.insert("c") }
                    try transaction.insert("a")
                }
            } catch {
                guard error.kind == .duplicate else { throw error }
            }
            try transaction.savepoint { () throws(CRMError) in try transaction.insert("d") }
            return [first, try transaction.nextRecordID()]
        }
        #expect(numbers == [RecordID(1), RecordID(2)])
        #expect(try values == ["a", "d"])
        #expect(published.withLock { $0 } == ["a"])
    }

    @Test("a duplicate names the column and the index")
    func duplicate() throws {
        try writer.perform { transaction throws(CRMError) in try transaction.insert("a") }
        let error = #expect(throws: CRMError.self) {
            try writer.perform { transaction throws(CRMError) in try transaction.insert("a") }
        }
        #expect(error?.kind == .duplicate)
        #expect(error?.fields.map(\.field) == ["v"])
        #expect(error?.index == "t.v")
    }

    @Test("actions run after COMMIT and before the completion, in order")
    func order() throws {
        let events = Mutex<[String]>([])
        let done = DispatchSemaphore(value: 0)
        let note: @Sendable (String) -> Void = { event in events.withLock { $0.append(event) } }
        let test = test
        writer.afterGroup = {
            // The group that made the table may end only now.
            guard events.withLock({ !$0.isEmpty }) else { return }
            note("group")
            done.signal()
        }
        writer.submit(deadline: nil) { transaction throws(CRMError) in
            try transaction.insert("a")
            transaction.afterCommit { note("action sees \((try? test.texts("SELECT v FROM t")) ?? [])") }
        } completion: { _ in
            note("completion")
        }
        done.wait()
        #expect(events.withLock { $0 } == ["action sees [\"a\"]", "completion", "group"])
    }

    @Test("a unit whose time is over is not run; one whose time ends while it runs writes nothing")
    func deadlines() throws {
        let results = Mutex<[CRMError.Kind]>([])
        let done = DispatchSemaphore(value: 0)
        let finish: @Sendable (Result<Void, CRMError>) -> Void = { result in
            if case .failure(let error) = result { results.withLock { $0.append(error.kind) } }
            done.signal()
        }
        writer.submit(deadline: .now - .seconds(1)) { transaction throws(CRMError) in
            try transaction.insert("late")
        } completion: {
            finish($0)
        }
        let deadline = ContinuousClock.now + .milliseconds(20)
        writer.submit(deadline: deadline) { transaction throws(CRMError) in
            try transaction.insert("slow")
            while ContinuousClock.now <= deadline {}
            try transaction.insert("slower")
        } completion: {
            finish($0)
        }
        done.wait()
        done.wait()
        #expect(results.withLock { $0 } == [.unavailable, .unavailable])
        #expect(try values.isEmpty)
    }

    @Test("the queue takes as many units as it may and refuses the next")
    func queueLimit() throws {
        let test = try TestDatabase { $0.writerQueueLimit = 3 }
        let running = DispatchSemaphore(value: 0)
        let goOn = DispatchSemaphore(value: 0)
        let done = DispatchSemaphore(value: 0)
        let refused = Mutex<[CRMError]>([])
        let completion: @Sendable (Result<Void, CRMError>) -> Void = { result in
            if case .failure(let error) = result { refused.withLock { $0.append(error) } }
            done.signal()
        }
        test.writer.submit(
            deadline: nil,
            { _ throws(CRMError) in
                running.signal()
                goOn.wait()
            }, completion: completion)
        running.wait()
        for _ in 0..<4 {
            test.writer.submit(deadline: nil, { _ throws(CRMError) in }, completion: completion)
        }
        #expect(test.writer.queueDepth == 3)
        goOn.signal()
        for _ in 0..<5 { done.wait() }
        #expect(refused.withLock { $0.map(\.kind) } == [.unavailable])
        #expect(refused.withLock { $0.first?.retryAfterSeconds } == 1)
    }

    @Test("closing runs what waits and refuses what comes after")
    func closing() throws {
        let ended = Mutex(0)
        for number in 0..<50 {
            writer.submit(deadline: nil) { t throws(CRMError) in
                try t.insert("v\(number)")
            } completion: { _ in
                ended.withLock { $0 += 1 }
            }
        }
        test.database.close()
        #expect(ended.withLock { $0 } == 50)
        let error = #expect(throws: CRMError.self) { try writer.perform { _ throws(CRMError) in } }
        #expect(error?.kind == .unavailable)
    }

    @Test("many threads: every unit ends once, ids and log have no gaps, the log verifies")
    func manyThreads() throws {
        let (threads, each) = (8, 60)
        let outcomes = Mutex<[Bool]>([])
        let ids = Mutex<[Int64]>([])
        let writer = writer
        DispatchQueue.concurrentPerform(iterations: threads) { thread in
            for number in 0..<each {
                do {
                    let id = try writer.perform { transaction throws(CRMError) in
                        let id = try transaction.nextRecordID()
                        try transaction.insert("\(thread)-\(number)")
                        try transaction.append(.sample(id.rawValue))
                        if number % 7 == 3 { throw CRMError(.forbidden, "no") }
                        return id
                    }
                    ids.withLock { $0.append(id.rawValue) }
                    outcomes.withLock { $0.append(true) }
                } catch {
                    outcomes.withLock { $0.append(false) }
                }
            }
        }
        let good = outcomes.withLock { $0.filter { $0 }.count }
        #expect(outcomes.withLock { $0.count } == threads * each)
        #expect(good == threads * (0..<each).filter { $0 % 7 != 3 }.count)
        #expect(ids.withLock { $0.sorted() } == Array(1...Int64(good)))
        #expect(try test.integers("SELECT count(*) FROM t") == [Int64(good)])
        #expect(try test.integers("SELECT seq FROM crm_change ORDER BY seq") == Array(1...Int64(good)))
        let verification = try ChangeLog.verify(test.reader(), pageSize: 100)
        #expect(verification.firstBroken == nil)
        #expect(verification.entries == Int64(good))
    }

    @Test("a reader's transaction sees one state while the writer goes on")
    func snapshots() throws {
        let reader = try test.reader()
        let count = Statement("SELECT count(*) FROM t")
        try writer.perform { t throws(CRMError) in try t.insert("a") }
        let writer = writer
        let seen = try reader.transaction { () throws(CRMError) in
            let before = try reader.first(count) { $0.int64(0) }
            try writer.perform { t throws(CRMError) in try t.insert("b") }
            return [before, try reader.first(count) { $0.int64(0) }]
        }
        #expect(seen == [1, 1])
        #expect(try reader.first(count) { $0.int64(0) } == 2)
    }

    @Test("units of one moment share it, and a clock set back a little does not go back")
    func moments() throws {
        let times = Mutex<[Int64]>([5_000, 4_000, 1_000_000, 1_000])
        let test = try TestDatabase {
            $0.clock = { Instant(millisecondsSince1970: times.withLock { $0.removeFirst() }) }
        }
        let seen = try (0..<4).map { _ in
            try test.writer.perform { t throws(CRMError) in t.now.millisecondsSince1970 }
        }
        #expect(seen == [5_000, 5_000, 1_000_000, 1_000])
    }
}

@Suite("Storage: what is computed ahead")
struct DeferredTests {
    @Test("it is computed once, whoever asks and however often")
    func once() {
        let computed = Mutex<[Int]>([])
        let values = (0..<200).map { number in
            Deferred {
                computed.withLock { $0.append(number) }
                return number * 2
            }
        }
        Deferred.prepare(values)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for (number, value) in values.enumerated() { #expect(value.value == number * 2) }
        }
        #expect(computed.withLock { $0.sorted() } == Array(0..<200))
    }
}
