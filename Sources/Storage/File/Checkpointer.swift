import Dispatch
import Foundation
import Log
import SQLite
import Synchronization

/// Moves the write-ahead log into the database file, on a thread of its own, so that no commit pays for it.
///
/// Woken after commits that left the log long. First it takes what no reader needs and waits for nobody. Where the log
/// grows on nevertheless, because writer or readers never pause, it takes the little that is left and shortens the log
/// to nothing: that waits for readers and holds up the writer, for 50 ms at most, beyond the ceiling for a second.
final class Checkpointer: Sendable {
    private enum Wish { case idle, wanted, close }

    /// Pages after which a checkpoint is worth its fsync: 4 MiB.
    static let thresholdPages = 1_024
    /// Pages beyond which the log slows readers down: 16 MiB.
    static let comfortPages = 4_096
    /// Pages beyond which the log must be shortened: 64 MiB.
    static let ceilingPages = 16_384

    private let state = Mutex((wish: Wish.idle, pages: 0))
    private let wake = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    init(path: String, log: Log) {
        let thread = Thread { [self] in
            run(path, log)
            ended.signal()
        }
        thread.name = "storage-checkpoint"
        thread.start()
    }

    /// Called by the writer after each commit; costs nothing while the log is short.
    func committed(walPages: Int) {
        guard walPages >= Self.thresholdPages else { return }
        let mustWake = state.withLock { state in
            state.pages = walPages
            guard state.wish == .idle else { return false }
            state.wish = .wanted
            return true
        }
        if mustWake { wake.signal() }
    }

    func close() {
        state.withLock { $0.wish = .close }
        wake.signal()
        ended.wait()
        // So that closing twice does not wait for ever.
        ended.signal()
    }

    private func run(_ path: String, _ log: Log) {
        var connection: Connection?
        while true {
            wake.wait()
            let (wish, pages) = state.withLock { state in
                defer { if state.wish == .wanted { state.wish = .idle } }
                return state
            }
            if wish == .close { return }
            do throws(SQLiteError) {
                if connection == nil { connection = try Self.open(path) }
                try connection?.checkpoint(.passive)
                guard pages > Self.comfortPages else { continue }
                connection?.waitForLocks(milliseconds: pages > Self.ceilingPages ? 1_000 : 50)
                try connection?.checkpoint(.truncate)
            } catch {
                // A reader held on; the next commit asks again.
                if error.code.primary == .busy {
                    log.debug("a checkpoint found the database busy", ["wal_pages": pages])
                } else {
                    log.error("a checkpoint did not succeed", ["cause": error.description])
                    connection = nil
                }
            }
        }
    }

    private static func open(_ path: String) throws(SQLiteError) -> Connection {
        let connection = try Connection(path: path, access: .readWrite)
        try connection.execute("PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0")
        return connection
    }
}
