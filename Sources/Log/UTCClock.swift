import Glibc

/// The system's wall clock, and its instants as ISO 8601 text in UTC.
package enum UTCClock {
    package static var millisecondsSince1970: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// `2026-11-22T15:24:20.123Z`.
    package static func format(millisecondsSince1970 milliseconds: Int64) -> String {
        let ofSecond = ((milliseconds % 1_000) + 1_000) % 1_000
        var seconds = time_t((milliseconds - ofSecond) / 1_000)
        var fields = tm()
        gmtime_r(&seconds, &fields)
        let date = [padded(fields.tm_year + 1900, 4), padded(fields.tm_mon + 1), padded(fields.tm_mday)]
        let time = [padded(fields.tm_hour), padded(fields.tm_min), padded(fields.tm_sec)]
        return date.joined(separator: "-") + "T" + time.joined(separator: ":")
            + "." + padded(Int32(ofSecond), 3) + "Z"
    }

    private static func padded(_ number: Int32, _ width: Int = 2) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
