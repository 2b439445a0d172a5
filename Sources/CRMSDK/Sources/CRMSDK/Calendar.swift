/// A day of the proleptic Gregorian calendar, without time or zone; years 0001–9999.
@frozen
public struct CalendarDate: Hashable, Comparable, Sendable, Codable {
    /// Days since 1970-01-01.
    public let daysSince1970: Int64

    public static let minimum = CalendarDate(daysSince1970: -719_162)
    public static let maximum = CalendarDate(daysSince1970: 2_932_896)

    @inlinable
    public init(daysSince1970: Int64) { self.daysSince1970 = daysSince1970 }

    /// Nil when there is no such day.
    public init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1,
            day <= Self.days(inMonth: month, year: year)
        else { return nil }
        // Counts from 0000-03-01, so that the leap day ends a year (Hinnant, "chrono-compatible low-level date
        // algorithms").
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        daysSince1970 = Int64(era * 146_097 + dayOfEra - 719_468)
    }

    /// Reads exactly `YYYY-MM-DD` (ISO 8601 extended); nil for anything else.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 10, bytes[4] == 0x2D, bytes[7] == 0x2D, let year = decimal(bytes[0..<4]),
            let month = decimal(bytes[5..<7]), let day = decimal(bytes[8..<10])
        else { return nil }
        self.init(year: year, month: month, day: day)
    }

    public static func days(inMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    public var components: (year: Int, month: Int, day: Int) {
        let days = Int(daysSince1970) + 719_468
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    /// The day `count` months later (earlier when negative), clamped to the end of that month; nil beyond the
    /// calendar's years.
    public func adding(months count: Int) -> CalendarDate? {
        let (year, month, day) = components
        let (months, overflow) = (year * 12 + month - 1).addingReportingOverflow(count)
        guard !overflow, months >= 12 else { return nil }
        let (newYear, newMonth) = (months / 12, months % 12 + 1)
        return CalendarDate(
            year: newYear, month: newMonth, day: min(day, Self.days(inMonth: newMonth, year: newYear)))
    }

    /// The day `count` days later (earlier when negative); the calendar's first or last day beyond its years.
    public func adding(days count: Int64) -> CalendarDate {
        let (days, overflow) = daysSince1970.addingReportingOverflow(count)
        guard !overflow else { return count < 0 ? .minimum : .maximum }
        return min(max(CalendarDate(daysSince1970: days), .minimum), .maximum)
    }

    /// 1 = Monday … 7 = Sunday (ISO 8601).
    public var weekday: Int { Int(((daysSince1970 + 3) % 7 + 7) % 7) + 1 }

    @inlinable
    public static func < (left: Self, right: Self) -> Bool { left.daysSince1970 < right.daysSince1970 }
}

extension CalendarDate: CustomStringConvertible {
    public var description: String {
        let (year, month, day) = components
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }
}

/// A time of day without date or zone, to the millisecond: 0 … 86,399,999.
@frozen
public struct TimeOfDay: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public let milliseconds: Int64

    @inlinable
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Reads `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fff`; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard [5, 8, 12].contains(bytes.count), bytes[2] == 0x3A, let hour = decimal(bytes[0..<2]), hour < 24,
            let minute = decimal(bytes[3..<5]), minute < 60
        else { return nil }
        var milliseconds = (hour * 60 + minute) * 60_000
        if bytes.count >= 8 {
            guard bytes[5] == 0x3A, let second = decimal(bytes[6..<8]), second < 60 else { return nil }
            milliseconds += second * 1000
        }
        if bytes.count == 12 {
            guard bytes[8] == 0x2E, let fraction = decimal(bytes[9..<12]) else { return nil }
            milliseconds += fraction
        }
        self.milliseconds = Int64(milliseconds)
    }

    @inlinable
    public static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }

    /// `15:24:20`, with `.123` only when there are milliseconds.
    public var description: String {
        let all = Int(milliseconds)
        let clock =
            "\(padded(all / 3_600_000, 2)):\(padded(all / 60_000 % 60, 2)):\(padded(all / 1000 % 60, 2))"
        return all % 1000 == 0 ? clock : "\(clock).\(padded(all % 1000, 3))"
    }
}

/// A moment in time, UTC, to the millisecond; years 0001–9999.
@frozen
public struct Instant: Hashable, Comparable, Sendable, Codable {
    public let millisecondsSince1970: Int64

    @inlinable
    public init(millisecondsSince1970: Int64) { self.millisecondsSince1970 = millisecondsSince1970 }

    /// Reads RFC 3339: `2026-11-22T15:24:20Z`, with 1–9 fraction digits (cut to milliseconds) and `Z` or `±HH:MM`.
    ///
    /// Nil for anything else, a leap second and an instant without zone included.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.count <= 35, bytes[10] == 0x54 || bytes[10] == 0x74,
            let date = CalendarDate(String(decoding: bytes[0..<10], as: UTF8.self)),
            let clock = TimeOfDay(String(decoding: bytes[11..<19], as: UTF8.self))
        else { return nil }
        var index = 19
        var fraction = 0
        if bytes[index] == 0x2E {
            var digits = 0
            index += 1
            while index < bytes.count, (0x30...0x39).contains(bytes[index]) {
                if digits < 3 { fraction = fraction * 10 + Int(bytes[index] - 0x30) }
                digits += 1
                index += 1
            }
            guard (1...9).contains(digits) else { return nil }
            for _ in min(digits, 3)..<3 { fraction *= 10 }
        }
        guard index < bytes.count, let offset = Self.zoneOffset(bytes[index...]) else { return nil }
        let local = date.daysSince1970 * 86_400_000 + clock.milliseconds + Int64(fraction)
        let value = local - Int64(offset) * 60_000
        guard value >= CalendarDate.minimum.daysSince1970 * 86_400_000,
            value < (CalendarDate.maximum.daysSince1970 + 1) * 86_400_000
        else { return nil }
        millisecondsSince1970 = value
    }

    /// Minutes east of UTC.
    private static func zoneOffset(_ bytes: ArraySlice<UInt8>) -> Int? {
        let zone = Array(bytes)
        if zone == [0x5A] || zone == [0x7A] { return 0 }
        guard zone.count == 6, zone[0] == 0x2B || zone[0] == 0x2D, zone[3] == 0x3A,
            let hours = decimal(zone[1..<3]),
            hours < 24, let minutes = decimal(zone[4..<6]), minutes < 60
        else { return nil }
        return (hours * 60 + minutes) * (zone[0] == 0x2D ? -1 : 1)
    }

    /// The day that this moment is in, in UTC.
    public var dateInUTC: CalendarDate {
        let (quotient, remainder) = millisecondsSince1970.quotientAndRemainder(dividingBy: 86_400_000)
        return CalendarDate(daysSince1970: remainder < 0 ? quotient - 1 : quotient)
    }

    @inlinable
    public static func < (left: Self, right: Self) -> Bool {
        left.millisecondsSince1970 < right.millisecondsSince1970
    }
}

extension Instant: CustomStringConvertible {
    /// `2026-11-22T15:24:20.123Z`, always with three fraction digits.
    public var description: String {
        let date = dateInUTC
        let rest = Int(millisecondsSince1970 - date.daysSince1970 * 86_400_000)
        return "\(date)T\(padded(rest / 3_600_000, 2)):\(padded(rest / 60_000 % 60, 2)):"
            + "\(padded(rest / 1000 % 60, 2)).\(padded(rest % 1000, 3))Z"
    }
}

/// The number that ASCII digits spell; nil if one is not a digit.
private func decimal(_ digits: ArraySlice<UInt8>) -> Int? {
    var result = 0
    for byte in digits {
        guard (0x30...0x39).contains(byte) else { return nil }
        result = result * 10 + Int(byte - 0x30)
    }
    return result
}

private func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
