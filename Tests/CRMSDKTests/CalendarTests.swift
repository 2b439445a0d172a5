import CRMSDK
import TestRandom
import Testing

@Suite("CalendarDate")
struct CalendarDateTests {
    @Test(
        "reads exactly a day that exists",
        arguments: [
            ("1970-01-01", 0), ("1969-12-31", -1), ("2000-02-29", 11_016), ("2026-11-22", 20_779),
            ("0001-01-01", -719_162), ("9999-12-31", 2_932_896), ("1900-02-29", nil), ("2100-02-29", nil),
            ("2023-02-29", nil), ("2024-02-30", nil), ("2026-04-31", nil), ("2026-13-01", nil),
            ("2026-00-10", nil), ("2026-01-00", nil), ("0000-01-01", nil), ("2026-1-1", nil),
            ("2026/01/01", nil), ("20260101", nil), ("2026-01-01 ", nil), ("-026-01-01", nil), ("", nil),
            ("२०२६-01-01", nil), ("2026-01-0a", nil),
        ] as [(String, Int64?)])
    func parse(_ text: String, _ days: Int64?) {
        let date = CalendarDate(text)
        #expect(date?.daysSince1970 == days)
        #expect(date.map(\.description) == (days == nil ? nil : text))
    }

    @Test("every day of eight centuries prints, reads back and follows the day before")
    func everyDay() throws {
        let first = try #require(CalendarDate("1600-01-01"))
        let last = try #require(CalendarDate("2400-12-31"))
        var before = first.adding(days: -1)
        for days in first.daysSince1970...last.daysSince1970 {
            let date = CalendarDate(daysSince1970: days)
            let (year, month, day) = date.components
            let isNext =
                day == before.components.day + 1 || (day == 1 && month == before.components.month % 12 + 1)
            guard isNext, CalendarDate(year: year, month: month, day: day) == date,
                date.weekday == before.weekday % 7 + 1
            else {
                Issue.record("\(date) after \(before)")
                return
            }
            before = date
        }
    }

    @Test("what is printed reads back, over all years")
    func roundTrip() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed)
        for _ in 0..<5000 {
            let range = CalendarDate.minimum.daysSince1970...CalendarDate.maximum.daysSince1970
            let date = CalendarDate(daysSince1970: Int64.random(in: range, using: &random))
            #expect(CalendarDate(date.description) == date, "seed \(seed)")
        }
    }

    @Test(
        "months are added from the given day, clamped to the month's end",
        arguments: [
            ("2025-01-31", 1, "2025-02-28"), ("2025-01-31", 2, "2025-03-31"), ("2024-01-31", 1, "2024-02-29"),
            ("2024-02-29", 12, "2025-02-28"), ("2024-02-29", 48, "2028-02-29"),
            ("2025-03-31", -1, "2025-02-28"),
            ("2025-01-15", -1, "2024-12-15"), ("2025-12-15", 1, "2026-01-15"), ("9999-12-31", 1, nil),
            ("0001-01-31", -1, nil), ("2025-01-31", Int.max, nil), ("2025-01-31", Int.min, nil),
        ] as [(String, Int, String?)])
    func months(_ from: String, _ count: Int, _ to: String?) {
        #expect(CalendarDate(from)?.adding(months: count)?.description == to)
    }

    @Test("adding days stops at the calendar's ends")
    func days() {
        #expect(CalendarDate("2024-02-28")?.adding(days: 2).description == "2024-03-01")
        #expect(CalendarDate.maximum.adding(days: 1) == .maximum)
        #expect(CalendarDate.minimum.adding(days: .min) == .minimum)
        #expect(CalendarDate.minimum.adding(days: .max) == .maximum)
    }

    @Test(
        "weekdays are ISO 8601's",
        arguments: [("2026-11-22", 7), ("2026-11-23", 1), ("1969-12-29", 1), ("1970-01-01", 4)])
    func weekday(_ text: String, _ weekday: Int) {
        #expect(CalendarDate(text)?.weekday == weekday)
    }
}

@Suite("TimeOfDay and Instant")
struct InstantTests {
    @Test(
        "a time of day is read to the millisecond",
        arguments: [
            ("00:00", 0), ("23:59:59.999", 86_399_999), ("15:24:20", 55_460_000), ("15:24:20.1", nil),
            ("24:00", nil), ("12:60", nil), ("12:00:60", nil), ("1:00", nil), ("12:00:00.12a", nil),
            ("", nil),
            ("12-00", nil), ("12:00-00", nil),
        ] as [(String, Int64?)])
    func time(_ text: String, _ milliseconds: Int64?) {
        #expect(TimeOfDay(text)?.milliseconds == milliseconds)
    }

    @Test(
        "an instant is read as RFC 3339 and printed in UTC with milliseconds",
        arguments: [
            ("2026-11-22T15:24:20Z", "2026-11-22T15:24:20.000Z"),
            ("2026-11-22t15:24:20.5z", "2026-11-22T15:24:20.500Z"),
            ("2026-11-22T15:24:20.123456789+05:30", "2026-11-22T09:54:20.123Z"),
            ("2026-11-22T00:30:00-01:00", "2026-11-22T01:30:00.000Z"),
            ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
            ("0001-01-01T00:00:00+00:01", nil), ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
            ("9999-12-31T23:59:59-00:01", nil), ("2026-11-22T15:24:20", nil), ("2026-11-22 15:24:20Z", nil),
            ("2026-11-22T15:24:60Z", nil), ("2026-11-22T24:00:00Z", nil), ("2026-11-22T15:24:20.Z", nil),
            ("2026-11-22T15:24:20.1234567890Z", nil), ("2026-11-22T15:24:20+24:00", nil),
            ("2026-11-22T15:24:20+0530", nil), ("2026-11-22T15:24:20+05:60", nil),
            ("2026-11-22T15:24:20ZZ", nil),
            ("2026-02-29T00:00:00Z", nil), ("", nil),
        ] as [(String, String?)])
    func instant(_ text: String, _ printed: String?) {
        #expect(Instant(text)?.description == printed)
    }

    @Test("what is printed reads back as the same moment")
    func roundTrip() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed)
        for _ in 0..<5000 {
            let instant = Instant(
                millisecondsSince1970: Int64.random(
                    in: -62_135_596_800_000...253_402_300_799_999, using: &random))
            #expect(Instant(instant.description) == instant, "seed \(seed)")
            let time = TimeOfDay(milliseconds: Int64.random(in: 0..<86_400_000, using: &random))
            #expect(TimeOfDay(time.description) == time, "seed \(seed)")
        }
    }

    @Test("random text is read or refused, never trapped on")
    func hostile() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed)
        let alphabet = Array("0123456789-:.TZtz+ é\u{0}")
        for _ in 0..<5000 {
            let text = String(
                (0..<Int.random(in: 0...40, using: &random)).compactMap { _ in
                    alphabet.randomElement(using: &random)
                })
            if let instant = Instant(text) {
                #expect(Instant(instant.description) == instant, "seed \(seed)")
            }
            if let date = CalendarDate(text) { #expect(date.description == text, "seed \(seed)") }
            _ = TimeOfDay(text)
            _ = try? FixedDecimal(parsing: text, scale: 4)
            _ = SemanticVersion(text)
        }
    }
}
