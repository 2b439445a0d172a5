package import CRMSDK

/// How long a user name has to wait after wrong passwords: a pure table of counts and times
/// (NIST SP 800-63B §5.2.2, ASVS 5.0 6.3.1).
///
/// The first five failures in a row cost nothing. After the fifth the name waits 1 s (a setting), and twice
/// as long after each further one, up to 15 minutes. After the hundredth its password no longer works until an
/// administrator sets another. Attempts during a wait are refused unseen and do not count, so that nobody can prolong
/// it by trying.
package struct LoginSchedule: Hashable, Sendable {
    package var freeFailures = 5
    package var firstWaitSeconds: Int64 = 1
    package var longestWaitSeconds: Int64 = 900
    package var failureLimit = 100

    package init() {}

    /// Seconds from the last failure, or nil for "until the password is set again".
    package func waitSeconds(afterFailures count: Int) -> Int64? {
        guard count < failureLimit else { return nil }
        guard count >= freeFailures else { return 0 }
        let doublings = min(count - freeFailures, 40)
        return min(firstWaitSeconds << Int64(doublings), longestWaitSeconds)
    }

    package func allowsAttempt(_ record: FailureRecord, at now: Instant) -> Bool {
        guard let wait = waitSeconds(afterFailures: record.count) else { return false }
        return record.count < freeFailures || now >= record.lastFailure.adding(seconds: wait)
    }
}

/// Failures in a row of one user; survives a restart.
package struct FailureRecord: Hashable, Sendable {
    package var count: Int
    package var lastFailure: Instant

    package init(count: Int, lastFailure: Instant) {
        self.count = count
        self.lastFailure = lastFailure
    }
}
