internal import CSQLite

/// The length of the write-ahead log after the connection's last commit.
final class WALLength {
    var pages = 0
}

extension Connection {
    package enum Checkpoint: Sendable {
        /// Moves what no reader needs any more; waits for nobody.
        case passive
        /// Moves everything and shortens the log to nothing; waits for readers and the writer.
        case truncate
    }

    /// Moves pages from the write-ahead log into the database file.
    ///
    /// - Returns: the log's pages, and how many of them are in the file now; both 0 after a full `truncate`.
    @discardableResult
    package func checkpoint(_ mode: Checkpoint) throws(SQLiteError) -> (logged: Int, moved: Int) {
        // A connection that has read nothing yet does not know that there is a log, and would do nothing.
        _ = try integer("PRAGMA schema_version")
        var logged: Int32 = 0
        var moved: Int32 = 0
        let result = sqlite3_wal_checkpoint_v2(
            handle, nil, mode == .passive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE, &logged,
            &moved)
        guard result == SQLITE_OK else { throw SQLiteError(of: handle, result: result) }
        return (Int(logged), Int(moved))
    }

    /// From now on commits on this connection never checkpoint by themselves; `walPages` says how long the log is.
    package func leaveCheckpointsToOthers() {
        // The object lives as long as the connection, which takes the hook away before it goes.
        let length = Unmanaged.passUnretained(walLength).toOpaque()
        sqlite3_wal_hook(
            handle,
            { length, _, _, pages in
                if let length {
                    Unmanaged<WALLength>.fromOpaque(length).takeUnretainedValue().pages = Int(pages)
                }
                return SQLITE_OK
            }, length)
    }

    /// The pages in the write-ahead log after this connection's last commit.
    package var walPages: Int { walLength.pages }
}
