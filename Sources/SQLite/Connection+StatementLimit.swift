internal import CSQLite
import Glibc

/// Counts the time of one statement. The clock starts at the first call back, so short statements never read it.
final class StatementClock {
    var limitNanoseconds: UInt64 = 0
    var startedAt: UInt64 = 0
    /// True once nobody waits for the rows any more.
    var isUnwanted: (@Sendable () -> Bool)?

    fileprivate var isOver: Bool {
        if let isUnwanted, isUnwanted() { return true }
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let now = UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
        guard startedAt != 0 else {
            startedAt = now
            return false
        }
        return now - startedAt > limitNanoseconds
    }
}

extension Connection {
    /// Ends every statement that has run for longer with `interrupted`; 0 lets them run.
    ///
    /// An interrupted statement that writes loses its whole transaction: for connections that only read.
    package func limitStatements(milliseconds: Int) {
        statementClock.limitNanoseconds = UInt64(max(0, milliseconds)) * 1_000_000
        guard milliseconds > 0 else { return sqlite3_progress_handler(handle, 0, nil, nil) }
        // The clock lives as long as the connection, which takes the handler away before it goes.
        let clock = Unmanaged.passUnretained(statementClock).toOpaque()
        sqlite3_progress_handler(
            handle, 2_000,
            { clock in
                guard let clock else { return 0 }
                return Unmanaged<StatementClock>.fromOpaque(clock).takeUnretainedValue().isOver ? 1 : 0
            }, clock)
    }

    /// Ends the statement under way with `interrupted` as soon as the question is answered with true; it is asked along
    /// with the time, so only where there is a limit.
    package func stopStatements(when isUnwanted: (@Sendable () -> Bool)?) {
        statementClock.isUnwanted = isUnwanted
    }

    /// Starts the time of the statement that comes next.
    package func restartStatementClock() { statementClock.startedAt = 0 }
}
