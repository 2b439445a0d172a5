internal import CSQLite

/// One connection to a database file. Belongs to one thread at a time: it is opened without SQLite's own mutexes.
///
/// It is hardened before its first statement (see `Connection+Hardening`). Statements are prepared once and kept:
/// `checkOut` gives one, `checkIn` takes it back. Closing waits for nothing: what is still checked out keeps the
/// file open until it is let go (sqlite.org/c3ref/close.html).
package final class Connection {
    package enum Access: Sendable {
        case readOnly
        case readWrite
        /// Makes the file when it is not there; its mode follows the process's umask.
        case create
    }

    /// The library's version, 3.37.2 as 3_037_002.
    package static var libraryVersion: Int { Int(sqlite3_libversion_number()) }

    /// The statistics take one lock of the whole process around every allocation; nobody reads them. Once the library
    /// is in use it keeps them, which only costs time.
    private static let preparation = csqlite_disable_memory_statistics()

    let handle: OpaquePointer
    var cache: StatementCache
    let statementClock = StatementClock()
    let walLength = WALLength()

    /// - Parameter busyTimeoutMilliseconds: how long a statement waits for another connection's lock.
    package init(
        path: String, access: Access, busyTimeoutMilliseconds: Int = 5_000, cachedStatements: Int = 256
    ) throws(SQLiteError) {
        _ = Self.preparation
        let mode =
            switch access {
            case .readOnly: SQLITE_OPEN_READONLY
            case .readWrite: SQLITE_OPEN_READWRITE
            case .create: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            }
        var opened: OpaquePointer?
        let flags = mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let result = sqlite3_open_v2(path, &opened, flags, nil)
        guard result == SQLITE_OK, let opened else {
            let error = SQLiteError(of: opened, result: result)
            sqlite3_close_v2(opened)
            throw error
        }
        handle = opened
        cache = StatementCache(limit: cachedStatements)
        waitForLocks(milliseconds: busyTimeoutMilliseconds)
        // From here on the object is whole: should this throw, its deinit closes the file.
        try harden()
    }

    deinit {
        cache.removeAll()
        sqlite3_progress_handler(handle, 0, nil, nil)
        sqlite3_wal_hook(handle, nil, nil)
        sqlite3_close_v2(handle)
    }

    /// How long statements from now on wait for another connection's lock.
    package func waitForLocks(milliseconds: Int) {
        sqlite3_busy_timeout(handle, Int32(clamping: milliseconds))
    }

    /// Whether a transaction is open. SQLite may end one by itself after an error.
    package var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Rows that the last INSERT, UPDATE or DELETE touched.
    package var changes: Int { Int(sqlite3_changes64(handle)) }

    /// Rows that all statements of this connection have touched so far.
    package var totalChanges: Int { Int(sqlite3_total_changes64(handle)) }

    /// Runs statements that bind and answer nothing: definitions, settings, BEGIN.
    package func execute(_ script: String) throws(SQLiteError) {
        let result = sqlite3_exec(handle, script, nil, nil, nil)
        guard result == SQLITE_OK else { throw SQLiteError(of: handle, result: result, sql: script) }
    }

    /// The first column of the first row; nil when there is no row or it is null.
    package func integer(_ sql: String) throws(SQLiteError) -> Int64? {
        let statement = try checkOut(sql)
        defer { checkIn(statement) }
        return try statement.step() && !statement.isNull(0) ? statement.int64(0) : nil
    }

    /// The first column of every row, as text.
    package func texts(_ sql: String) throws(SQLiteError) -> [String] {
        let statement = try checkOut(sql)
        defer { checkIn(statement) }
        var texts: [String] = []
        while try statement.step() { texts.append(statement.text(0)) }
        return texts
    }

    /// A statement ready to be bound. Must be given back with `checkIn`; nested use of one text is safe.
    package func checkOut(_ sql: String) throws(SQLiteError) -> PreparedStatement {
        if let known = cache.take(sql) { return known }
        let statement = try PreparedStatement(sql, on: handle, isKept: cache.limit > 0)
        cache.add(statement)
        return statement
    }

    package func checkIn(_ statement: PreparedStatement) { statement.release() }

    /// Forgets all kept statements; those in use end with their user.
    package func forgetStatements() { cache.removeAll() }
}
