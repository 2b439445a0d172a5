import CRMSDK
import Crypto
import Dispatch
import Log
import Synchronization

/// The writer's thread: takes the units that wait, runs them as one transaction, tells each how it ended.
///
/// Three things can go wrong, and each has one answer. A unit fails: its savepoint is undone and the others go on.
/// SQLite drops the whole transaction: the units run again one by one, each in a transaction of its own. COMMIT
/// fails: every unit is told `unavailable`, and the connection is closed and opened anew, since nobody can know
/// what of it reached the disk.
final class WriterLoop {
    private let settings: WriterSettings
    private let queue: WriterQueue
    private let shared: WriterShared
    private let log: Log
    private var open: WriteTransaction?
    private var notedHead: Int64 = 0

    /// Entries of the change log between two notes of its head in the system log.
    private static let headInterval: Int64 = 1_000

    init(settings: WriterSettings, queue: WriterQueue, shared: WriterShared, log: Log) {
        self.settings = settings
        self.queue = queue
        self.shared = shared
        self.log = log
    }

    func run() {
        while var units = queue.take(atMost: settings.unitsPerGroup) {
            let settled = runGroup(units[...])
            if settled < units.count { queue.putBack(units[settled...]) }
            Self.letGo(units)
            units = []
            shared.afterGroup.withLock { $0 }?()
        }
        noteHead(always: true)
        open = nil
    }

    /// Frees units on another thread: to free what thousands of rows were read into takes as long as to write some of
    /// them.
    private static func letGo(_ units: consuming [any WaitingUnit]) {
        guard units.contains(where: { $0.lane == .bulk }) else { return }
        DispatchQueue.global(qos: .utility).async { [units] in withExtendedLifetime(units) {} }
    }

    /// One unit's end: its error, or what it wants done after COMMIT.
    private struct Outcome {
        let unit: any WaitingUnit
        let error: CRMError?
        let actions: [@Sendable () -> Void]
    }

    /// - Returns: how many of the units have been told their end; the rest is for the next group.
    private func runGroup(_ units: ArraySlice<any WaitingUnit>) -> Int {
        let start = ContinuousClock.now
        let transaction: WriteTransaction
        do throws(CRMError) {
            transaction = try begin()
        } catch {
            refuse(units, error)
            return units.count
        }
        var outcomes: [Outcome] = []
        for unit in units {
            outcomes.append(attempt(unit, in: transaction))
            if transaction.isLost { return runAgain(units.prefix(outcomes.count), outcomes.last?.error) }
            // What is published after COMMIT, a schema or rights, is there for the next unit only in a next group.
            if outcomes.last?.actions.isEmpty == false { break }
            let limit = unit.lane == .bulk ? settings.bulkGroupLimit : settings.groupLimit
            if start.duration(to: .now) > limit { break }
            if unit.lane == .bulk, queue.hasOrdinary { break }
        }
        commit(transaction, outcomes)
        return outcomes.count
    }

    /// After SQLite dropped the transaction of a group: each unit in its own.
    private func runAgain(_ units: ArraySlice<any WaitingUnit>, _ cause: CRMError?) -> Int {
        rollBack()
        guard units.count > 1 else {
            refuse(units, cause ?? .databaseGone)
            return units.count
        }
        shared.counts.withLock { $0.rerunGroups += 1 }
        log.warning(
            "a transaction was dropped; its units run again one by one", ["units": units.count])
        var settled = 0
        while settled < units.count {
            let next = units.dropFirst(settled).prefix(1)
            settled += runGroup(next)
        }
        return settled
    }

    /// Runs one unit in its savepoint, which is released or undone.
    private func attempt(_ unit: any WaitingUnit, in transaction: WriteTransaction) -> Outcome {
        if let deadline = unit.deadline, deadline < .now {
            return Outcome(unit: unit, error: .deadlinePassed, actions: [])
        }
        do throws(CRMError) {
            let actions = try transaction.runUnit(unit)
            return Outcome(unit: unit, error: nil, actions: actions)
        } catch {
            return Outcome(unit: unit, error: error, actions: [])
        }
    }

    private func begin() throws(CRMError) -> WriteTransaction {
        let transaction: WriteTransaction
        if let open {
            transaction = open
        } else {
            transaction = try WriteTransaction(
                path: settings.path, files: settings.files, clock: settings.clock, counts: settings.counts,
                faults: { [shared] in shared.faults.withLock { $0 } })
            open = transaction
            notedHead = transaction.committed.lastSequence
        }
        do throws(CRMError) {
            try transaction.begin()
        } catch {
            log.error("a transaction could not begin", ["cause": error.detail ?? error.message])
            discard()
            throw error
        }
        return transaction
    }

    private func commit(_ transaction: WriteTransaction, _ outcomes: [Outcome]) {
        do throws(CRMError) {
            try transaction.commit()
        } catch {
            log.error(
                "COMMIT did not succeed; the connection is opened anew",
                ["units": outcomes.count, "cause": error.detail ?? error.message])
            shared.counts.withLock { $0.failedCommits += 1 }
            rollBack()
            discard()
            // A full disk is told as such: nothing of the group has been committed then.
            var answer = error.message == CRMError.diskFull.message ? error : CRMError.databaseGone
            answer.detail = error.detail ?? error.message
            for outcome in outcomes { outcome.unit.finish(answer) }
            return
        }
        for outcome in outcomes { for action in outcome.actions { action() } }
        let pages = transaction.walPages
        shared.counts.withLock { counts in
            counts.groups += 1
            counts.units += outcomes.count
            counts.walPages = pages
        }
        for outcome in outcomes { outcome.unit.finish(outcome.error) }
        settings.afterCommit(pages)
        noteHead(always: false)
    }

    private func refuse(_ units: ArraySlice<any WaitingUnit>, _ error: CRMError) {
        for unit in units { unit.finish(error) }
    }

    private func rollBack() {
        guard let open, !open.rollBack() else { return }
        discard()
    }

    /// The next group opens a new connection and reads the counters from what is committed.
    private func discard() { open = nil }

    private func noteHead(always: Bool) {
        guard let committed = open?.committed else { return }
        let isDue = committed.lastSequence / Self.headInterval != notedHead / Self.headInterval
        guard isDue || (always && committed.lastSequence != notedHead) else { return }
        notedHead = committed.lastSequence
        log.info("head of the change log", ["seq": committed.lastSequence, "hash": committed.head.hex])
    }
}

extension CRMError {
    static let deadlinePassed: CRMError = {
        var error = CRMError(
            .unavailable, "the call's time was over before its change could be stored",
            hint: "Nothing was stored; try again.")
        error.retryAfterSeconds = 1
        return error
    }()
}
