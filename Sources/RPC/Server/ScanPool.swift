import CRMSDK
import Dispatch
import Storage
import Synchronization

/// The second lane: long reads on threads and connections of their own, so that they never stand before a short one.
///
/// Fair: principals take turns, each in the order of its calls. Bounded: a full queue refuses at once.
final class ScanPool: Sendable {
    typealias Job = @Sendable (ReadConnection) -> Void

    private struct State {
        /// Waiting jobs by principal; none is empty.
        var waiting: [Int64: [Job]] = [:]
        /// Principals with waiting jobs, next first.
        var turns: [Int64] = []
        var count = 0
        var isStopped = false
    }

    let queueLimit: Int
    /// What one principal may have waiting.
    let shareLimit: Int
    private let state = Mutex(State())
    private let available = DispatchSemaphore(value: 0)
    private let threadCount: Int

    init(database: Database, threads: Int = 2, queueLimit: Int = 256, shareLimit: Int = 32) throws(CRMError) {
        self.queueLimit = queueLimit
        self.shareLimit = shareLimit
        threadCount = threads
        for _ in 0..<threads {
            // Made here, so that a database that cannot be opened is refused at start; used on one thread only.
            let reader = Handover(try database.makeReader())
            WorkThread.start("scan") { [self] in run(reader) }
        }
    }

    /// Moves a connection to the thread that will be its only user.
    private struct Handover: @unchecked Sendable {
        // Ground: the maker keeps no reference, so exactly one thread can reach the connection.
        let reader: ReadConnection
        init(_ reader: ReadConnection) { self.reader = reader }
    }

    var depth: Int { state.withLock { $0.count } }

    /// - Throws: `unavailable` where the queue or the principal's share of it is full.
    func submit(for principal: RecordID, _ job: @escaping Job) throws(CRMError) {
        let taken = state.withLock { state in
            let share = state.waiting[principal.rawValue]?.count ?? 0
            guard !state.isStopped, state.count < queueLimit, share < shareLimit else { return false }
            if share == 0 { state.turns.append(principal.rawValue) }
            state.waiting[principal.rawValue, default: []].append(job)
            state.count += 1
            return true
        }
        guard taken else {
            var error = CRMError(
                .unavailable, "too many long reads are waiting", hint: "Ask again in a moment, or for less.")
            error.retryAfterSeconds = 1
            throw error
        }
        available.signal()
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        for _ in 0..<threadCount { available.signal() }
    }

    private func run(_ handover: Handover) {
        while true {
            available.wait()
            guard let job = next() else { return }
            job(handover.reader)
        }
    }

    /// Nil once the pool is stopped and empty.
    private func next() -> Job? {
        state.withLock { state in
            guard let principal = state.turns.first, var jobs = state.waiting[principal] else { return nil }
            state.turns.removeFirst()
            let job = jobs.removeFirst()
            state.count -= 1
            if jobs.isEmpty {
                state.waiting[principal] = nil
            } else {
                state.waiting[principal] = jobs
                state.turns.append(principal)
            }
            return job
        }
    }
}
