internal import CSQLite

extension Connection {
    /// Copies the whole database, as it is at one moment, over the one behind another connection.
    ///
    /// Others may write meanwhile: the copy is of the state in which this connection's transaction began, so begin one
    /// before (sqlite.org/backup.html).
    package func copy(over target: Connection) throws(SQLiteError) {
        guard let copying = sqlite3_backup_init(target.handle, "main", handle, "main") else {
            throw SQLiteError(of: target.handle, result: sqlite3_errcode(target.handle))
        }
        let result = sqlite3_backup_step(copying, -1)
        let end = sqlite3_backup_finish(copying)
        guard result == SQLITE_DONE, end == SQLITE_OK else {
            throw SQLiteError(of: target.handle, result: end == SQLITE_OK ? result : end)
        }
    }
}
