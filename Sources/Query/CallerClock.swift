package import CRMSDK
import Foundation

/// What day it is for the caller, and when a day of theirs begins. Costs nothing until it is asked.
package struct CallerClock: Sendable {
    package let now: Instant
    /// IANA name; an unknown one counts as UTC.
    package let timeZone: String

    package init(now: Instant, timeZone: String) {
        self.now = now
        self.timeZone = timeZone
    }

    package var today: CalendarDate { day(at: now) }

    /// The moment at which a day begins. Where the clock skips midnight, the first moment after the gap.
    package func startOfDay(_ date: CalendarDate) -> Instant {
        let midnight = Instant(millisecondsSince1970: date.daysSince1970 * 86_400_000)
        guard timeZone != "UTC" else { return midnight }
        // The offset at the day's beginning is not known before the beginning is: two steps settle it.
        var start = midnight
        for _ in 0..<2 {
            start = Instant(millisecondsSince1970: midnight.millisecondsSince1970 - offset(at: start))
        }
        // West of UTC the second step, which looks from behind a skipped midnight, leads before the gap.
        guard day(at: start) < date else { return start }
        return Instant(millisecondsSince1970: midnight.millisecondsSince1970 - offset(at: start))
    }

    private func day(at instant: Instant) -> CalendarDate {
        guard timeZone != "UTC" else { return instant.dateInUTC }
        return Instant(millisecondsSince1970: instant.millisecondsSince1970 + offset(at: instant)).dateInUTC
    }

    /// Milliseconds east of UTC.
    private func offset(at instant: Instant) -> Int64 { Int64(secondsFromUTC(at: instant)) * 1000 }

    /// Seconds east of UTC.
    package func secondsFromUTC(at instant: Instant) -> Int {
        guard timeZone != "UTC" else { return 0 }
        let zone = TimeZone(identifier: timeZone) ?? .gmt
        let date = Date(timeIntervalSince1970: Double(instant.millisecondsSince1970) / 1000)
        return zone.secondsFromGMT(for: date)
    }
}
