/// How long to wait before a process that ended is started again: doubling from 0.2 s to 30 s, and from the
/// beginning again once the process has served for a minute.
struct RestartDelay: Equatable, Sendable {
    static let first = Duration.milliseconds(200)
    static let longest = Duration.seconds(30)
    /// A process that served this long was healthy: what ended it is no continuation of earlier ends.
    static let healthyAfter = Duration.seconds(60)

    /// Ends in a row, none of them after a healthy time.
    private(set) var endsInARow = 0

    /// Counts one end, and answers the wait before the next start.
    ///
    /// - Parameter served: from readiness to the end; nil if the process never became ready.
    mutating func afterEnd(served: Duration?) -> Duration {
        if let served, served >= Self.healthyAfter { endsInARow = 0 }
        endsInARow += 1
        return Self.delay(beforeStart: endsInARow)
    }

    /// The wait before the n-th start in a row, n from 1.
    private static func delay(beforeStart number: Int) -> Duration {
        var delay = first
        for _ in 1..<number {
            delay *= 2
            if delay >= longest { return longest }
        }
        return delay
    }
}
