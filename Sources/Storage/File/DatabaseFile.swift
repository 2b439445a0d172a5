import CRMSDK
import Crypto
import Glibc
import Log
import Query
import Registry
import SQLite

/// Brings the database file into the state in which readers and the writer may use it.
///
/// In this order: the library is new enough, the file is there with a mode of its owner's alone, it is one of ours
/// and whole, its tables are of this kernel's version. Each refusal names the file and says what to do.
struct DatabaseFile {
    let path: String
    let log: Log

    /// "CRM1": the mark in the file's header by which we know our own.
    private static let applicationID: Int64 = 0x4352_4D31
    private static let oldestLibrary = 3_037_000
    static let pageSizeBytes = 4_096

    private func refusal(_ message: String, hint: String?, detail: String? = nil) -> CRMError {
        CRMError(.unavailable, "database file \"\(path)\" \(message)", hint: hint, detail: detail)
    }

    /// - Parameter mustExist: refuses to make a new database.
    /// - Returns: how many records each owner has.
    func prepare(mustExist: Bool) throws(CRMError) -> RecordCounts {
        guard Connection.libraryVersion >= Self.oldestLibrary else {
            throw CRMError(
                .unavailable, "the SQLite library is too old: \(Connection.libraryVersion)",
                hint: "Install 3.37 or later.")
        }
        try placeFile(mustExist: mustExist)
        let runner = try openRunner()
        do throws(SQLiteError) { try claim(runner.connection) } catch { throw refused(error) }
        try migrate(runner)
        try check(runner)
        let counts = RecordCounts()
        try counts.load(runner)
        return counts
    }

    private func refused(_ error: SQLiteError) -> CRMError {
        switch error.code.primary {
        case .notADatabase:
            return refusal("is not a database", hint: "Name another data folder.", detail: error.description)
        case .corrupt: return damaged(error.description)
        default: return refusal("could not be opened", hint: nil, detail: error.description)
        }
    }

    private func damaged(_ detail: String) -> CRMError {
        refusal(
            "is damaged", hint: "Restore the last backup; keep this file for a look at it.", detail: detail)
    }

    // MARK: The file

    private func placeFile(mustExist: Bool) throws(CRMError) {
        var facts = stat()
        if stat(path, &facts) == 0 {
            guard facts.st_mode & 0o077 == 0 else {
                throw refusal("can be read by other users", hint: "Run chmod 600 on it.")
            }
            return
        }
        guard !mustExist else { throw refusal("does not exist", hint: "Run crm init.") }
        let descriptor = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw refusal("could not be made: \(String(cString: strerror(errno)))", hint: nil)
        }
        close(descriptor)
    }

    /// Makes an empty file ours, or sees that it is.
    private func claim(_ connection: Connection) throws(SQLiteError) {
        let tables = try connection.integer("SELECT count(*) FROM sqlite_master") ?? 0
        if tables == 0 {
            try connection.execute("PRAGMA page_size=\(Self.pageSizeBytes)")
            try connection.execute("PRAGMA application_id=\(Self.applicationID)")
        }
        guard try connection.integer("PRAGMA application_id") == Self.applicationID else {
            throw SQLiteError(code: .notADatabase, message: "application_id is another program's")
        }
        guard try connection.texts("PRAGMA journal_mode=WAL") == ["wal"] else {
            throw SQLiteError(
                code: .cannotOpen, message: "the file system does not support a write-ahead log")
        }
    }

    // MARK: The kernel's tables

    private func migrate(_ runner: StatementRunner) throws(CRMError) {
        try command(
            runner,
            "CREATE TABLE IF NOT EXISTS crm_meta (key TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID")
        var version = try meta("schema_version", runner) ?? 0
        guard version <= KernelMigrations.latest else {
            throw refusal(
                "was written by a newer version of this program",
                hint: "Start that version; this one knows tables up to \(KernelMigrations.latest), "
                    + "the file has \(version).")
        }
        for step in KernelMigrations.all where step.number > version {
            try command(runner, "BEGIN IMMEDIATE")
            try command(runner, step.script)
            if step.number == 1 { try bear(runner) }
            if step.number == KernelMigrations.ownerCounts { try RecordCounts.count(runner) }
            try setMeta("schema_version", .integer(step.number), runner)
            try command(runner, "COMMIT")
            log.info("kernel tables", ["version": step.number, "step": step.summary])
            version = step.number
        }
    }

    /// What a new database has from its first moment.
    private func bear(_ runner: StatementRunner) throws(CRMError) {
        try setMeta("installation", .blob(SecureRandom.bytes(16)), runner)
        try setMeta("last_record_id", .integer(0), runner)
        try setMeta("schema_generation", .integer(0), runner)
        try setMeta("clean_end", .integer(1), runner)
    }

    // MARK: Whether it is whole

    /// Looks through the whole file after an end that was not clean; then notes that it is in use.
    private func check(_ runner: StatementRunner) throws(CRMError) {
        if try meta("clean_end", runner) != 1 {
            log.warning("the last end was not clean; the database is being checked")
            let problems: [String]
            do throws(SQLiteError) {
                problems = try runner.connection.texts("PRAGMA quick_check(10)")
            } catch {
                throw damaged(error.description)
            }
            guard problems == ["ok"] else { throw damaged(problems.joined(separator: "; ")) }
        }
        try setMeta("clean_end", .integer(0), runner)
    }

    /// Notes that everything is in the file and nobody writes any more.
    func noteCleanEnd() throws(CRMError) {
        let runner = try openRunner()
        try setMeta("clean_end", .integer(1), runner)
        do throws(SQLiteError) { try runner.connection.checkpoint(.truncate) } catch { throw refused(error) }
    }

    private func openRunner() throws(CRMError) -> StatementRunner {
        do throws(SQLiteError) {
            return try StatementRunner(path: path, role: .writer)
        } catch {
            throw refused(error)
        }
    }

    private func command(_ runner: StatementRunner, _ sql: String) throws(CRMError) {
        do throws(CRMError) {
            try runner.command(sql)
        } catch {
            throw refusal("could not be brought up to date", hint: nil, detail: error.detail)
        }
    }

    private func meta(_ key: String, _ runner: StatementRunner) throws(CRMError) -> Int64? {
        var value: Int64?
        try runner.rows(Statement("SELECT value FROM crm_meta WHERE key = ?1", [.text(key)])) { row in
            value = row.int64(0)
            return .stop
        }
        return value
    }

    private func setMeta(_ key: String, _ value: StoredValue, _ runner: StatementRunner) throws(CRMError) {
        _ = try runner.execute(
            Statement("INSERT OR REPLACE INTO crm_meta (key, value) VALUES (?1, ?2)", [.text(key), value]))
    }
}
