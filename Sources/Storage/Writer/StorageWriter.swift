package import CRMSDK
import Dispatch
import Foundation
import Log
import Query
import Synchronization

/// The one writer. Units of work that wait run one after the other as savepoints of one transaction, and one fsync
/// pays for all of them.
///
/// A unit is told that it succeeded only after COMMIT returned. It may run more than once (when SQLite drops a
/// transaction, its units run again one by one), so it must have no effects outside its `WriteTransaction`. Its
/// statements are never interrupted; its deadline is looked at before it and between its statements.
package final class StorageWriter: Sendable {
    private let queue: WriterQueue
    private let shared: WriterShared

    /// - Parameter queueLimit: units that may wait; one more is refused with `unavailable`.
    init(settings: WriterSettings, queueLimit: Int, log: Log) {
        let queue = WriterQueue(limit: queueLimit)
        let shared = WriterShared()
        self.queue = queue
        self.shared = shared
        let thread = Thread {
            WriterLoop(settings: settings, queue: queue, shared: shared, log: log).run()
            shared.ended.signal()
        }
        thread.name = "storage-writer"
        // Hooks of modules run here.
        thread.stackSize = 8 << 20
        thread.start()
    }

    deinit { queue.close() }

    /// Queues a unit.
    ///
    /// - Parameter completion: called once, on the writer's thread, after COMMIT returned or with the unit's error.
    ///   It must be quick.
    package func submit<R: Sendable>(
        deadline: ContinuousClock.Instant?, mode: UnitMode = .commit, lane: WriterLane = .ordinary,
        _ unit: @escaping @Sendable (WriteTransaction) throws(CRMError) -> R,
        completion: @escaping @Sendable (Result<R, CRMError>) -> Void
    ) {
        do throws(CRMError) {
            try queue.add(TypedUnit(deadline: deadline, mode: mode, lane: lane, unit, completion: completion))
        } catch {
            completion(.failure(error))
        }
    }

    /// Runs a unit and waits for its end. Never from the writer's own thread.
    @discardableResult
    package func perform<R: Sendable>(
        mode: UnitMode = .commit, _ unit: @escaping @Sendable (WriteTransaction) throws(CRMError) -> R
    ) throws(CRMError) -> R {
        let done = DispatchSemaphore(value: 0)
        let outcome = PerformedUnit<R>()
        submit(deadline: nil, mode: mode, unit) { result in
            outcome.result.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        guard let result = outcome.result.withLock({ $0 }) else { throw .databaseGone }
        return try result.get()
    }

    /// Called on the writer's thread after the completions of each group; for sending its replies in one write.
    package var afterGroup: (@Sendable () -> Void)? {
        get { shared.afterGroup.withLock { $0 } }
        set { shared.afterGroup.withLock { $0 = newValue } }
    }

    /// Units that wait now.
    package var queueDepth: Int { queue.depth }

    /// The groups committed and the units in them so far.
    package var counts: WriterCounts { shared.counts.withLock { $0 } }

    /// Asked at every fault point; answers the fault to make there. For tests.
    package var faults: (@Sendable (FaultPoint) -> Fault?)? {
        get { shared.faults.withLock { $0 } }
        set { shared.faults.withLock { $0 = newValue } }
    }

    /// Runs what waits, then ends the writer's thread.
    func close() {
        queue.close()
        shared.ended.wait()
        // So that closing twice does not wait for ever.
        shared.ended.signal()
    }
}

/// What the writer has done since it started.
package struct WriterCounts: Sendable {
    package var groups = 0
    package var units = 0
    /// Groups that had to be run again unit by unit.
    package var rerunGroups = 0
    package var failedCommits = 0
    /// Pages in the write-ahead log after the last commit.
    package var walPages = 0
}

private final class PerformedUnit<R: Sendable>: Sendable {
    let result = Mutex<Result<R, CRMError>?>(nil)
}

/// What the writer's thread and the others both see.
final class WriterShared: Sendable {
    let afterGroup = Mutex<(@Sendable () -> Void)?>(nil)
    let faults = Mutex<(@Sendable (FaultPoint) -> Fault?)?>(nil)
    let counts = Mutex(WriterCounts())
    let ended = DispatchSemaphore(value: 0)
}

/// What the writer needs to know to open its connection and run.
struct WriterSettings: Sendable {
    let path: String
    let files: FileStore
    let clock: @Sendable () -> Instant
    /// Told of every commit.
    let counts: RecordCounts
    /// Called after each commit with the pages in the write-ahead log.
    let afterCommit: @Sendable (_ walPages: Int) -> Void
    var unitsPerGroup = 256
    var groupLimit = Duration.milliseconds(50)
    /// Of units of the bulk lane, while nobody else waits: each page of an index that many rows touch is written once.
    var bulkGroupLimit = Duration.seconds(2)
}
