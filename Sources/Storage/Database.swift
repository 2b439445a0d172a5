package import CRMSDK
package import Log
package import Query
import SQLite

/// The database: one file, one writer, any number of readers.
///
/// Opening checks the file and brings the kernel's own tables up to date. The caller holds the `DataFolderLock`
/// of the folder for as long as the database is open: one kernel per folder.
package final class Database: Sendable {
    package struct Options: Sendable {
        package var path: String
        /// Refuses to make a new database.
        package var mustExist: Bool
        /// Units that may wait for the writer.
        package var writerQueueLimit = 4_096
        /// The longest that one statement of a reader may run; 0 for no limit.
        package var statementLimitMilliseconds = 2_000
        package var clock: @Sendable () -> Instant = {
            Instant(millisecondsSince1970: UTCClock.millisecondsSince1970)
        }

        package init(path: String, mustExist: Bool = true) {
            self.path = path
            self.mustExist = mustExist
        }
    }

    package let writer: StorageWriter
    /// By which lists are planned; the writer keeps it up.
    package let counts: RecordCounts
    package let path: String
    /// The bytes of files, beside the database.
    package let files: FileStore
    private let checkpointer: Checkpointer
    private let statementLimitMilliseconds: Int
    private let log: Log

    /// - Throws: `unavailable`, naming the file, when it is missing, damaged, not ours, too new or too open.
    package init(options: Options, log: Log) throws(CRMError) {
        let log = log.child(room: "storage")
        let counts = try DatabaseFile(path: options.path, log: log).prepare(mustExist: options.mustExist)
        self.counts = counts
        let checkpointer = Checkpointer(path: options.path, log: log)
        path = options.path
        let files = FileStore(databasePath: options.path)
        files.clearIncoming()
        self.files = files
        statementLimitMilliseconds = options.statementLimitMilliseconds
        self.log = log
        self.checkpointer = checkpointer
        writer = StorageWriter(
            settings: WriterSettings(path: options.path, files: files, clock: options.clock, counts: counts) {
                pages in
                checkpointer.committed(walPages: pages)
            },
            queueLimit: options.writerQueueLimit, log: log)
    }

    /// A connection for one thread.
    package func makeReader() throws(CRMError) -> ReadConnection {
        try ReadConnection(path: path, statementLimitMilliseconds: statementLimitMilliseconds)
    }

    /// Runs the body while no file goes away: what a copy of the database names is there for as long as it is copied.
    package func keepingFiles<R>(_ body: () throws(CRMError) -> R) throws(CRMError) -> R {
        files.hold()
        defer { if files.release() { FileSweep.run(self, log: log) } }
        return try body()
    }

    /// Stores what waits, moves everything into the file and notes that the end was clean. Readers should be gone.
    package func close() {
        writer.close()
        checkpointer.close()
        do throws(CRMError) {
            try DatabaseFile(path: path, log: log).noteCleanEnd()
        } catch {
            log.error("the end could not be noted as clean", ["cause": error.detail ?? error.message])
        }
    }
}
