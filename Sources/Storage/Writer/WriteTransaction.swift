package import CRMSDK
import Crypto
package import Query
import Registry
import SQLite

/// What a unit of work may do to the database. Lives on the writer's thread and must not leave the unit.
///
/// Everything is undone together when the unit throws. After an error that made SQLite drop the transaction every
/// further call throws, so that no statement can run outside it, even when the unit swallows the error.
package final class WriteTransaction {
    /// The unit's moment: the same for all that it writes.
    package private(set) var now = Instant(millisecondsSince1970: 0)
    package private(set) var isDryRun = false

    let runner: StatementRunner
    let counts: RecordCounts
    let files: FileStore
    /// Counters as of the last COMMIT.
    private(set) var committed: WriterCounters
    /// Counters as the open transaction has moved them.
    var counters: WriterCounters
    var salts = SaltSource()
    /// Whether SQLite has ended the transaction by itself.
    private(set) var isLost = false

    private let clock: @Sendable () -> Instant
    private let faults: () -> (@Sendable (FaultPoint) -> Fault?)?
    private var actions: [@Sendable () -> Void] = []
    private var deadline: ContinuousClock.Instant?
    private var depth = 0
    private var placeholder: Int64 = 0
    /// Numbers of series given, undone ones included.
    var givenNumbers = 0
    private var unitChangeSet: Int64?
    /// What the group's units want the search index to hold, in order; written before COMMIT.
    private var searchChanges: [SearchChange] = []
    /// Words that nobody has been asked to compute ahead of time.
    private var unpreparedWords: [Deferred<String>] = []
    /// So many are worth another thread.
    private static let preparedWords = 64

    init(
        path: String, files: FileStore, clock: @escaping @Sendable () -> Instant, counts: RecordCounts,
        faults: @escaping () -> (@Sendable (FaultPoint) -> Fault?)?
    ) throws(CRMError) {
        do throws(SQLiteError) {
            runner = try StatementRunner(path: path, role: .writer)
        } catch {
            throw CRMError(error)
        }
        committed = try WriterCounters.load(runner)
        counters = committed
        self.clock = clock
        self.counts = counts
        self.files = files
        self.faults = faults
    }

    // MARK: Statements

    package func rows(
        _ statement: Statement, _ body: (borrowing Row) throws(CRMError) -> RowStep
    ) throws(CRMError) {
        try guarded { () throws(CRMError) in try runner.rows(statement, body) }
    }

    /// - Returns: the rows that the statement changed.
    /// - Throws: `duplicate` for a unique index, with its column in `fields` and its name in `index`;
    ///   `unavailable` when the disk is full.
    @discardableResult
    package func execute(_ statement: Statement) throws(CRMError) -> Int {
        try guarded { () throws(CRMError) in try runner.execute(statement) }
    }

    /// Rows written and numbers given so far, those undone since included: equal at two moments, nothing was written
    /// between them.
    package var writtenRows: Int { runner.connection.totalChanges + givenNumbers }

    /// The same connection for what only reads: it sees what this unit has written. Must not leave the unit.
    package var reader: ReadConnection { ReadConnection(within: runner) }

    /// Runs a definition; for `Storage` itself.
    func command(_ sql: String) throws(CRMError) {
        try guarded { () throws(CRMError) in try runner.command(sql) }
    }

    /// Runs the body so that what it did is undone alone when it throws; the unit goes on if it catches the error.
    package func savepoint<R>(_ body: () throws(CRMError) -> R) throws(CRMError) -> R {
        try savepoint(.commit, body)
    }

    private func savepoint<R>(_ mode: UnitMode, _ body: () throws(CRMError) -> R) throws(CRMError) -> R {
        depth += 1
        defer { depth -= 1 }
        let name = "s\(depth)"
        let (before, actionsBefore, searchBefore) = (counters, actions.count, searchChanges.count)
        try execute(Statement("SAVEPOINT \(name)"))
        do throws(CRMError) {
            let result = try body()
            switch mode {
            case .commit: try execute(Statement("RELEASE \(name)"))
            case .rollBack: undo(name, before, actionsBefore, searchBefore)
            }
            return result
        } catch {
            undo(name, before, actionsBefore, searchBefore)
            throw error
        }
    }

    /// Goes past deadline and faults: a savepoint that cannot be undone means that the transaction is lost.
    private func undo(
        _ name: String, _ before: WriterCounters, _ actionsBefore: Int, _ searchBefore: Int
    ) {
        counters = before
        // A number that was taken in here is free again: whoever comes next takes it.
        if let number = unitChangeSet, number > before.lastChangeSet { unitChangeSet = nil }
        searchChanges.removeSubrange(searchBefore...)
        actions.removeSubrange(actionsBefore...)
        guard !isLost else { return }
        do throws(CRMError) { try runner.command("ROLLBACK TO \(name); RELEASE \(name)") } catch {
            isLost = true
        }
    }

    /// Queues what is to happen after COMMIT, on the writer's thread, before the unit's completion; dropped when
    /// the unit fails or is a dry run. For publishing snapshots.
    package func afterCommit(_ action: @escaping @Sendable () -> Void) { actions.append(action) }

    /// The number that the unit's entries in the change log share.
    package var changeSet: Int64 {
        if let unitChangeSet { return unitChangeSet }
        counters.lastChangeSet += 1
        unitChangeSet = counters.lastChangeSet
        return counters.lastChangeSet
    }

    /// The next id of a record; a negative placeholder in a dry run.
    package func nextRecordID() throws(CRMError) -> RecordID {
        guard !isDryRun else {
            placeholder -= 1
            return RecordID(placeholder)
        }
        guard counters.lastRecordID < RecordID.maximum.rawValue else {
            throw CRMError(.limitExceeded, "there are no more record ids")
        }
        counters.lastRecordID += 1
        return RecordID(counters.lastRecordID)
    }

    /// Has the search index hold these words for a record when the transaction ends; nil takes the record out of it.
    /// Nothing is run before: a savepoint after a change of the index would make SQLite write out a piece of it.
    package func index(_ id: RecordID, words: SearchWords?, isNew: Bool) {
        searchChanges.append(SearchChange(id: id, words: words, isNew: isNew))
        guard case .later(let words) = words else { return }
        unpreparedWords.append(words)
        guard unpreparedWords.count == Self.preparedWords else { return }
        Deferred.prepare(unpreparedWords)
        unpreparedWords.removeAll(keepingCapacity: true)
    }

    private func guarded<R>(_ body: () throws(CRMError) -> R) throws(CRMError) -> R {
        guard !isLost else { throw .databaseGone }
        if let deadline, deadline < .now { throw .deadlinePassed }
        do throws(CRMError) {
            try fault(at: .statement)
            return try body()
        } catch {
            if !runner.connection.isInTransaction { isLost = true }
            throw error
        }
    }

    // MARK: The transaction, for the writer's loop

    func begin() throws(CRMError) {
        isLost = false
        counters = committed
        searchChanges.removeAll(keepingCapacity: true)
        unpreparedWords.removeAll(keepingCapacity: true)
        try fault(at: .begin)
        try runner.command("BEGIN IMMEDIATE")
    }

    /// - Returns: what the unit wants done after COMMIT.
    func runUnit(_ unit: any WaitingUnit) throws(CRMError) -> [@Sendable () -> Void] {
        now = moment(after: now)
        isDryRun = unit.mode == .rollBack
        deadline = unit.deadline
        actions = []
        placeholder = 0
        unitChangeSet = nil
        defer { deadline = nil }
        try savepoint(unit.mode) { () throws(CRMError) in try unit.run(self) }
        // A unit may have swallowed the error that ended the transaction.
        if isLost { throw .databaseGone }
        return actions
    }

    func commit() throws(CRMError) {
        try SearchIndexWriter(runner).write(searchChanges)
        if counters.lastRecordID != committed.lastRecordID {
            _ = try runner.execute(
                Statement(
                    "UPDATE crm_meta SET value = ?1 WHERE key = 'last_record_id'",
                    [.integer(counters.lastRecordID)]))
        }
        try writeOwnerCounts()
        try writeSeries()
        try fault(at: .commit)
        try runner.command("COMMIT")
        counts.add(counters.ownerChanges)
        counters.ownerChanges = [:]
        counters.series = [:]
        committed = counters
    }

    /// - Returns: whether the connection is fit for a new transaction.
    func rollBack() -> Bool {
        counters = committed
        guard runner.connection.isInTransaction else { return true }
        do throws(CRMError) { try runner.command("ROLLBACK") } catch { return false }
        return true
    }

    var walPages: Int { runner.connection.walPages }

    /// The clock's time; the last unit's while the clock is set back by less than a minute.
    private func moment(after last: Instant) -> Instant {
        let time = clock()
        let isStepBack = time < last && last.millisecondsSince1970 - time.millisecondsSince1970 < 60_000
        return isStepBack ? last : time
    }

    private func fault(at point: FaultPoint) throws(CRMError) {
        guard let fault = faults()?(point) else { return }
        switch fault {
        case .refuse: throw CRMError(SQLiteError(code: .full, message: "asked for by a test"))
        case .inputOutput: throw CRMError(SQLiteError(code: .inputOutput, message: "asked for by a test"))
        case .dropTransaction:
            if runner.connection.isInTransaction { try runner.command("ROLLBACK") }
            throw CRMError(SQLiteError(code: .full, message: "asked for by a test"))
        }
    }
}

extension WriteTransaction {
    /// The first row as the body reads it; nil when there is none.
    package func first<R>(
        _ statement: Statement, _ body: (borrowing Row) throws(CRMError) -> R
    ) throws(CRMError) -> R? {
        var result: R?
        try rows(statement) { row throws(CRMError) in
            result = try body(row)
            return .stop
        }
        return result
    }
}
