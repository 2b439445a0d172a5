public import CRMSDK

/// A clock that stands still until a test moves it.
public final class TestClock {
    public private(set) var now: Instant

    /// - Parameter now: RFC 3339, such as `2026-11-22T15:24:20Z`.
    public init(_ now: String = "2026-01-15T09:00:00Z") {
        guard let now = Instant(now) else { preconditionFailure("not an instant: \(now)") }
        self.now = now
    }

    public func advance(seconds: Int64) {
        now = Instant(millisecondsSince1970: now.millisecondsSince1970 + seconds * 1000)
    }

    public func advance(days: Int64) { advance(seconds: days * 86_400) }
}
