package import CRMSDK
import Foundation
package import Log
package import Records
import Registry
import Security
package import Storage

/// A job as `job.list` shows it.
package struct JobFacts: Sendable {
    /// `sales.close_stale`.
    package let name: String
    package let dueAt: Instant
    package let lastRunAt: Instant?
    package let runs: Int64
    package let failures: Int64
    /// Why the last run failed; nil when it did not.
    package let lastError: String?
}

/// Work of the kernel itself, beside the modules': has no unit of work and keeps no ledger.
package struct HouseJob: Sendable {
    package let name: String
    package let everySeconds: Int
    package let body: @Sendable () -> Void

    package init(_ name: String, everySeconds: Int, _ body: @escaping @Sendable () -> Void) {
        self.name = name
        self.everySeconds = everySeconds
        self.body = body
    }
}

/// Runs modules' jobs at their times, each run one unit of work, and the kernel's own housekeeping.
///
/// A job on many records is a unit of work for each of them. One thread, one job at a time. The next due time is stored
/// in the same transaction as what the job did: after a kill a job has either run and moved on, or neither. A job that
/// fails is noted and tried again at its next time.
package final class JobScheduler: Sendable {
    private let records: RecordService
    private let writer: StorageWriter
    private let administrator: RecordID
    private let house: [HouseJob]
    private let log: Log
    private let clock: @Sendable () -> Instant
    private let wakeUp = WakeUp()

    /// How long a job on many records works before the others have their turn.
    private static let turn = Duration.seconds(5)

    /// - Parameter administrator: The user under whose name jobs write.
    package init(
        _ records: RecordService, _ writer: StorageWriter, administrator: RecordID, house: [HouseJob] = [],
        log: Log,
        clock: @escaping @Sendable () -> Instant = Instant.current
    ) {
        self.records = records
        self.writer = writer
        self.administrator = administrator
        self.house = house
        self.log = log.child(room: "jobs")
        self.clock = clock
    }

    package func start() {
        let thread = Thread { [self] in
            var houseDue = house.map { _ in clock() }
            while !wakeUp.isStopped {
                runDue()
                for (index, job) in house.enumerated() where houseDue[index] <= clock() {
                    job.body()
                    houseDue[index] = JobTimes.next(
                        after: clock(), due: houseDue[index], everySeconds: job.everySeconds)
                }
                wakeUp.wait(seconds: 1)
            }
            wakeUp.noteEnd()
        }
        thread.name = "jobs"
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Ends after the run under way, which it waits for.
    package func stop() { wakeUp.stop() }

    /// Runs every job that is due now, once. What `start` does each second; for tests also by hand.
    package func runDue() {
        for registered in records.snapshots.current.registry.jobs where !wakeUp.isStopped {
            let name = "\(registered.module).\(registered.job.name)"
            do throws(CRMError) {
                try run(registered, name)
            } catch {
                log.error("job failed", ["job": name, "reason": error.message, "detail": error.detail ?? ""])
                noteFailure(registered.job, name, error)
            }
        }
    }

    private func run(_ registered: RegisteredJob, _ name: String) throws(CRMError) {
        if let work = registered.job.records {
            try run(work, registered, name)
            return
        }
        let (records, now, call) = (records, clock(), call(name))
        try writer.perform { (transaction) throws(CRMError) in
            guard try Self.due(name, transaction) ?? now <= now else { return }
            try records.unit(transaction, call) { (unit) throws(CRMError) in
                try unit.run(registered.job, of: registered.module)
            }
            try Self.noteSuccess(registered.job, name, now, transaction)
        }
    }

    /// A unit of work for each record, then one that notes the run. What takes longer than `turn` goes on the next
    /// second, so that other jobs have theirs.
    private func run(
        _ work: Job.RecordWork, _ registered: RegisteredJob, _ name: String
    ) throws(CRMError) {
        let (records, module, now) = (records, registered.module, clock())
        let isDue = try writer.perform(mode: .rollBack) { (transaction) throws(CRMError) in
            try Self.due(name, transaction) ?? now <= now
        }
        guard isDue else { return }
        let end = ContinuousClock.now.advanced(by: Self.turn)
        var failed: [RecordID: CRMError] = [:]
        var firstFailed: RecordID?
        while true {
            let finding = call(name)
            let found = try writer.perform(mode: .rollBack) { (transaction) throws(CRMError) in
                try records.unit(transaction, finding) { (unit) throws(CRMError) in
                    try unit.find(work, of: module)
                }
            }
            let open = found.filter { failed[$0] == nil }
            if open.isEmpty { break }
            for record in open {
                guard !wakeUp.isStopped, ContinuousClock.now < end else { return }
                do throws(CRMError) {
                    let step = call(name)
                    try writer.perform { (transaction) throws(CRMError) in
                        try records.unit(transaction, step) { (unit) throws(CRMError) in
                            try unit.run(work, on: record, of: module)
                        }
                    }
                } catch {
                    failed[record] = error
                    firstFailed = firstFailed ?? record
                }
            }
        }
        if let record = firstFailed, let error = failed[record] {
            throw CRMError(
                error.kind,
                "record \(record.rawValue)\(failed.count > 1 ? " and \(failed.count - 1) more" : ""): \(error.message)",
                detail: error.detail)
        }
        try writer.perform { (transaction) throws(CRMError) in
            try Self.noteSuccess(registered.job, name, now, transaction)
        }
    }

    private func call(_ name: String) -> CallContext {
        CallContext(
            principal: .kernel(for: administrator), source: .job(name), method: name,
            requestID: "job-\(name)",
            deadline: .now.advanced(by: .seconds(60)))
    }

    private static func noteSuccess(
        _ job: Job, _ name: String, _ now: Instant, _ transaction: WriteTransaction
    ) throws(CRMError) {
        let next = JobTimes.next(
            after: now, due: try due(name, transaction) ?? now, everySeconds: job.everySeconds)
        try transaction.execute(JobStatements.succeeded(name, at: now, due: next))
    }

    private func noteFailure(_ job: Job, _ name: String, _ error: CRMError) {
        let now = clock()
        do throws(CRMError) {
            try writer.perform { (transaction) throws(CRMError) in
                let next = JobTimes.next(
                    after: now, due: try Self.due(name, transaction) ?? now, everySeconds: job.everySeconds)
                try transaction.execute(JobStatements.failed(name, at: now, due: next, error.message))
            }
        } catch {
            log.error("a job's failure could not be noted", ["job": name, "reason": error.message])
        }
    }

    private static func due(_ name: String, _ source: some RowSource) throws(CRMError) -> Instant? {
        var due: Instant?
        try source.rows(JobStatements.due(name)) { row throws(CRMError) in
            due = Instant(millisecondsSince1970: row.int64(0))
            return .stop
        }
        return due
    }

    /// The ledger, by name.
    package static func jobs(_ source: some RowSource) throws(CRMError) -> [JobFacts] {
        var jobs: [JobFacts] = []
        try source.rows(JobStatements.all) { row throws(CRMError) in
            jobs.append(
                JobFacts(
                    name: row.text(0), dueAt: Instant(millisecondsSince1970: row.int64(1)),
                    lastRunAt: row.isNull(2) ? nil : Instant(millisecondsSince1970: row.int64(2)),
                    runs: row.int64(3), failures: row.int64(4), lastError: row.isNull(5) ? nil : row.text(5)))
            return .next
        }
        return jobs
    }
}

/// Lets the scheduler's thread sleep until the next look, or until it is to end.
private final class WakeUp: Sendable {
    private let condition = NSCondition()
    // Guarded by the condition's own lock, in every access below.
    nonisolated(unsafe) private var stopped = false
    nonisolated(unsafe) private var ended = false
    nonisolated(unsafe) private var started = false

    var isStopped: Bool { condition.withLock { stopped } }

    func wait(seconds: Double) {
        condition.withLock {
            started = true
            guard !stopped else { return }
            _ = condition.wait(until: Date(timeIntervalSinceNow: seconds))
        }
    }

    func stop() {
        condition.withLock {
            stopped = true
            condition.broadcast()
            while started, !ended { condition.wait() }
        }
    }

    func noteEnd() {
        condition.withLock {
            ended = true
            condition.broadcast()
        }
    }
}
