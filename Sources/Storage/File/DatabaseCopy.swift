package import CRMSDK
import Crypto
import Glibc
import SQLite

/// A database in a file that no kernel has open: a backup.
package struct DatabaseCopy {
    /// The end of the change log that is in it.
    package struct LogHead: Equatable, Sendable {
        package let sequence: Int64
        /// Hexadecimal.
        package let hash: String

        package init(sequence: Int64, hash: String) {
            self.sequence = sequence
            self.hash = hash
        }
    }

    package let path: String

    package init(path: String) { self.path = path }

    /// Looks through the whole file: pages, indexes, rows against their tables' rules.
    ///
    /// - Throws: `unavailable` when it is damaged or no database.
    package func check() throws(CRMError) -> LogHead {
        do throws(SQLiteError) {
            // Indexes over expressions are checked by our own functions, which a runner's connection has.
            let connection = try StatementRunner(path: path, role: .reader).connection
            let problems = try connection.texts("PRAGMA integrity_check(10)")
            guard problems == ["ok"] else {
                throw SQLiteError(code: .corrupt, message: problems.joined(separator: "; "))
            }
            return try Self.head(connection)
        } catch {
            throw CRMError(
                .unavailable, "the database in \"\(path)\" is damaged", hint: "Use another backup.",
                detail: error.description)
        }
    }

    /// Writes the state of one moment into a new file of mode 0600, in one piece without a log beside it, durable when
    /// this returns.
    fileprivate func write(from source: String) throws(CRMError) {
        let descriptor = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw CRMError(
                .unavailable, "\"\(path)\" could not be made: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        do throws(SQLiteError) {
            let reader = try Connection(path: source, access: .readOnly, cachedStatements: 0)
            let target = try Connection(path: path, access: .readWrite, cachedStatements: 0)
            try reader.execute("BEGIN")
            // The transaction takes its state of the database with its first read.
            _ = try reader.integer("SELECT count(*) FROM sqlite_schema")
            try reader.copy(over: target)
            try reader.execute("COMMIT")
            try target.execute("PRAGMA journal_mode=DELETE")
        } catch {
            throw CRMError(error)
        }
        guard fsync(descriptor) == 0 else {
            throw CRMError(
                .unavailable, "\"\(path)\" could not be stored: \(String(cString: strerror(errno)))")
        }
    }

    private static func head(_ connection: Connection) throws(SQLiteError) -> LogHead {
        let statement = try connection.checkOut("SELECT seq, hash FROM crm_change ORDER BY seq DESC LIMIT 1")
        defer { connection.checkIn(statement) }
        guard try statement.step() else { return LogHead(sequence: 0, hash: "") }
        return LogHead(sequence: statement.int64(0), hash: SHA256Digest(bytes: statement.bytes(1))?.hex ?? "")
    }
}

extension Database {
    /// Copies the database, as it is at one moment, into a new file, and looks through the copy. Readers and the writer
    /// go on meanwhile; the write-ahead log grows until the copy is done.
    package func copy(to path: String) throws(CRMError) -> DatabaseCopy.LogHead {
        let copy = DatabaseCopy(path: path)
        try copy.write(from: self.path)
        return try copy.check()
    }
}
