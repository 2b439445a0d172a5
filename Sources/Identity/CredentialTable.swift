import CRMSDK

/// All credentials and what is counted against guessing: asked at log-ins only.
struct CredentialTable: Sendable {
    var credentials: [RecordID: Credential] = [:]
    /// Failures in a row, of users who have a credential only: unknown names take no memory.
    var failures: [RecordID: FailureRecord] = [:]
    var addresses = AddressBudget()

    /// Whether a password may be looked at now.
    enum Attempt: Sendable {
        case allowed(Credential)
        /// Nil when only an administrator can help.
        case waiting(seconds: Int64?)
        case withoutCredential
    }

    /// Counts the attempt as failed beforehand, so that many at once are no more than one after the other;
    /// success takes it back.
    mutating func beginAttempt(_ user: RecordID, at now: Instant, _ schedule: LoginSchedule) -> Attempt {
        guard let credential = credentials[user] else { return .withoutCredential }
        var record = failures[user] ?? FailureRecord(count: 0, lastFailure: now)
        guard schedule.allowsAttempt(record, at: now) else {
            guard let wait = schedule.waitSeconds(afterFailures: record.count) else {
                return .waiting(seconds: nil)
            }
            let left =
                record.lastFailure.adding(seconds: wait).millisecondsSince1970 - now.millisecondsSince1970
            return .waiting(seconds: (left + 999) / 1_000)
        }
        record.count += 1
        record.lastFailure = now
        failures[user] = record
        return .allowed(credential)
    }

    /// The attempt neither failed nor succeeded.
    mutating func withdrawAttempt(_ user: RecordID) {
        guard let count = failures[user]?.count else { return }
        failures[user]?.count = max(count - 1, 0)
    }
}
