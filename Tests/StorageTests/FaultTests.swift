import CRMSDK
import Dispatch
import Query
import Registry
import Storage
import Synchronization
import TestRandom
import Testing

@Suite("Storage: when the disk fails")
struct FaultTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let fault: Fault
        let point: FaultPoint
        var testDescription: String { "\(fault) at \(point)" }
    }

    static let cases = [Fault.refuse, .dropTransaction, .inputOutput].flatMap { fault in
        [FaultPoint.begin, .statement, .commit].map { Case(fault: fault, point: $0) }
    }

    /// Fails the Nth arrival at a point once, for N = 1, 2, 3 … until a run passes without getting there.
    @Test("whatever fails first: what was acknowledged is there, nothing else is", arguments: cases)
    func everyPoint(_ sample: Case) throws {
        var number = 1
        while true {
            let test = try TestDatabase()
            try test.makeTable()
            let arrivals = Mutex(0)
            let target = number
            test.writer.faults = { point in
                guard point == sample.point else { return nil }
                return arrivals.withLock { count in
                    count += 1
                    return count == target ? sample.fault : nil
                }
            }
            let acknowledged = runUnits(test.writer, count: 6)
            let reached = arrivals.withLock { $0 } >= target
            test.writer.faults = nil
            try check(test, acknowledged, "\(sample.testDescription), arrival \(number)")
            guard reached else { break }
            number += 1
        }
        #expect(number > 1)
    }

    /// Submits all units while the writer is held, so that they form one group; answers those told of success.
    private func runUnits(_ writer: StorageWriter, count: Int) -> Set<Int64> {
        let (held, goOn, done) = (
            DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)
        )
        let acknowledged = Mutex<Set<Int64>>([])
        let runs = Counter()
        writer.submit(deadline: nil) { _ throws(CRMError) in
            // A fault may make this unit run again; it is held once only.
            guard runs.next() == 1 else { return }
            held.signal()
            goOn.wait()
        } completion: { _ in
            held.signal()
            done.signal()
        }
        held.wait()
        for number in 1...Int64(count) {
            writer.submit(deadline: nil) { transaction throws(CRMError) in
                _ = try transaction.nextRecordID()
                try transaction.execute(Statement("INSERT INTO t (n) VALUES (?1)", [.integer(number)]))
                try transaction.append(.sample(number))
                try transaction.execute(
                    Statement("UPDATE t SET v = 'v' || n WHERE n = ?1", [.integer(number)]))
            } completion: { result in
                if case .success = result { acknowledged.withLock { _ = $0.insert(number) } }
                done.signal()
            }
        }
        goOn.signal()
        for _ in 0...count { done.wait() }
        return acknowledged.withLock { $0 }
    }

    private func check(_ test: TestDatabase, _ acknowledged: Set<Int64>, _ what: String) throws {
        let rows = try test.integers("SELECT n FROM t ORDER BY n")
        #expect(Set(rows) == acknowledged, "\(what)")
        #expect(rows.count == acknowledged.count, "\(what)")
        let logged = try test.integers("SELECT version FROM crm_change ORDER BY version")
        #expect(logged == rows, "\(what)")
        #expect(try ChangeLog.verify(test.reader()).firstBroken == nil, "\(what)")
        // The writer goes on, and its counters are those of what is stored.
        let (id, seq) = try test.writer.perform { transaction throws(CRMError) in
            (try transaction.nextRecordID(), try transaction.append(.sample(100)))
        }
        #expect(id.rawValue == Int64(rows.count) + 1, "\(what)")
        #expect(seq == Int64(rows.count) + 1, "\(what)")
    }

    @Test("a failed COMMIT tells every unit that nothing was stored, and the next ones are stored")
    func failedCommit() throws {
        let test = try TestDatabase()
        try test.makeTable()
        let failures = Mutex(1)
        test.writer.faults = { point in
            guard point == .commit else { return nil }
            return failures.withLock { left in
                left -= 1
                return left >= 0 ? .inputOutput : nil
            }
        }
        let error = #expect(throws: CRMError.self) {
            try test.writer.perform { t throws(CRMError) in try t.insert("lost") }
        }
        #expect(error?.kind == .unavailable)
        try test.writer.perform { t throws(CRMError) in try t.insert("kept") }
        #expect(try test.texts("SELECT v FROM t") == ["kept"])
        #expect(test.writer.counts.failedCommits == 1)
    }

    @Test(
        "a unit that swallows the loss of its transaction is not told of success, and writes nothing outside")
    func swallowed() throws {
        let test = try TestDatabase()
        try test.makeTable()
        // The savepoint, the first insert, then the one that fails; the same again when the unit runs alone.
        test.writer.faults = { [arrivals = Counter()] point in
            point == .statement && arrivals.next() % 3 == 0 ? .dropTransaction : nil
        }
        let error = #expect(throws: CRMError.self) {
            try test.writer.perform { transaction throws(CRMError) in
                try transaction.insert("a")
                do throws(CRMError) { try transaction.insert("b") } catch {}
                do throws(CRMError) { try transaction.insert("c") } catch {}
            }
        }
        test.writer.faults = nil
        #expect(error?.kind == .unavailable)
        #expect(try test.texts("SELECT v FROM t") == [])
    }

    @Test("a disk that is really full refuses the big unit and takes the small one beside it")
    func fullDisk() throws {
        let test = try TestDatabase()
        try test.makeTable()
        let pages = try test.integers("PRAGMA page_count")[0]
        try test.writer.perform { t throws(CRMError) in
            try t.rows(Statement("PRAGMA max_page_count=\(pages + 20)")) { _ in .next }
        }
        let error = #expect(throws: CRMError.self) {
            try test.writer.perform { t throws(CRMError) in
                try t.insert(String(repeating: "x", count: 1_000_000))
            }
        }
        #expect(error?.kind == .unavailable)
        #expect(error?.message == "the disk with the data is full")
        try test.writer.perform { t throws(CRMError) in try t.insert("small") }
        #expect(try test.texts("SELECT v FROM t") == ["small"])
    }

    @Test("random units with random failures leave exactly what the committed ones wrote")
    func randomUnits() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed)
        let test = try TestDatabase()
        try test.makeTable()
        let faultRandom = Mutex(SeededRandom(seed ^ 1))
        test.writer.faults = { point in
            faultRandom.withLock { random in
                let odds: UInt64 = point == .statement ? 40 : 15
                guard random.next() % odds == 0 else { return nil }
                return [Fault.refuse, .dropTransaction, .inputOutput][Int(random.next() % 3)]
            }
        }
        let expected = Mutex<Set<Int64>>([])
        let done = DispatchSemaphore(value: 0)
        let count = 300
        for unit in 0..<Int64(count) {
            let (writes, fails, dry) = (random.next() % 4 + 1, random.next() % 6 == 0, random.next() % 8 == 0)
            let numbers = (0..<Int64(writes)).map { unit * 10 + $0 }
            test.writer.submit(deadline: nil, mode: dry ? .rollBack : .commit) {
                transaction throws(CRMError) in
                for number in numbers {
                    try transaction.execute(Statement("INSERT INTO t (n) VALUES (?1)", [.integer(number)]))
                    try transaction.append(.sample(number))
                }
                if fails { throw CRMError(.forbidden, "no") }
            } completion: { result in
                if case .success = result, !dry { expected.withLock { $0.formUnion(numbers) } }
                done.signal()
            }
        }
        for _ in 0..<count { done.wait() }
        test.writer.faults = nil
        let rows = Set(try test.integers("SELECT n FROM t"))
        #expect(rows == expected.withLock { $0 }, "seed \(seed)")
        #expect(Set(try test.integers("SELECT version FROM crm_change")) == rows, "seed \(seed)")
        #expect(try ChangeLog.verify(test.reader()).firstBroken == nil, "seed \(seed)")
    }
}

/// Counts from 1.
private final class Counter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock {
            $0 += 1
            return $0
        }
    }
}
