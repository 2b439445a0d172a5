/// How many log lines a loop may write about its clients: so many a second, so that nobody can fill the disk from
/// outside. What was left out is told with the next line.
struct LineBudget {
    private static let linesPerSecond = 20
    private var second: Milliseconds = -1
    private var used = 0
    private var suppressed = 0

    /// Nil if this line must not be written, else how many were left out before it.
    mutating func take(now: Milliseconds) -> Int? {
        if now / 1_000 != second {
            second = now / 1_000
            used = 0
        }
        guard used < Self.linesPerSecond else {
            suppressed += 1
            return nil
        }
        used += 1
        defer { suppressed = 0 }
        return suppressed
    }
}
