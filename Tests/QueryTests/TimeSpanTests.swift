import CRMSDK
import Query
import Testing

@Suite("Spans of time that people name")
struct TimeSpanTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let phrase: String
        let today: String
        let first: String
        let last: String
        var testDescription: String { "\(phrase) on \(today)" }
    }

    @Test(
        "a phrase is a span of days",
        arguments: [
            Case(phrase: "today", today: "2026-11-22", first: "2026-11-22", last: "2026-11-22"),
            Case(phrase: "yesterday", today: "2026-03-01", first: "2026-02-28", last: "2026-02-28"),
            Case(phrase: "tomorrow", today: "2024-02-28", first: "2024-02-29", last: "2024-02-29"),
            Case(phrase: "this week", today: "2026-11-22", first: "2026-11-16", last: "2026-11-22"),
            Case(phrase: "next week", today: "2026-11-22", first: "2026-11-23", last: "2026-11-29"),
            Case(phrase: "this month", today: "2026-02-10", first: "2026-02-01", last: "2026-02-28"),
            Case(phrase: "last month", today: "2026-01-31", first: "2025-12-01", last: "2025-12-31"),
            Case(phrase: "this quarter", today: "2026-11-22", first: "2026-10-01", last: "2026-12-31"),
            Case(phrase: "next quarter", today: "2026-11-22", first: "2027-01-01", last: "2027-03-31"),
            Case(phrase: "last year", today: "2026-11-22", first: "2025-01-01", last: "2025-12-31"),
            Case(phrase: "last 30 days", today: "2026-11-22", first: "2026-10-23", last: "2026-11-21"),
            Case(phrase: "next 2 weeks", today: "2026-11-22", first: "2026-11-23", last: "2026-12-06"),
            Case(phrase: "Last 3 Months", today: "2026-11-22", first: "2026-08-01", last: "2026-10-31"),
        ])
    func span(_ test: Case) throws {
        let today = try #require(CalendarDate(test.today))
        let span = try #require(TimeSpan(test.phrase, today: today))
        #expect(span.first.description == test.first)
        #expect(span.last.description == test.last)
    }

    @Test(
        "anything else is no span",
        arguments: [
            "", "soon", "this", "last 0 days", "last -1 days", "last 99999 days", "next 2 week",
            "this 2 days", "this fortnight",
        ])
    func refused(_ phrase: String) {
        #expect(TimeSpan(phrase, today: CalendarDate("2026-11-22")!) == nil)
    }

    @Test(
        "a day begins at midnight of the caller's zone, summer time included",
        arguments: [
            ("UTC", "2026-07-01", "2026-07-01T00:00:00.000Z"),
            ("Europe/Berlin", "2026-07-01", "2026-06-30T22:00:00.000Z"),
            ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00.000Z"),
            ("Europe/Berlin", "2026-03-30", "2026-03-29T22:00:00.000Z"),
            ("America/New_York", "2026-11-01", "2026-11-01T04:00:00.000Z"),
            // Where the clock skips midnight the day begins behind the gap; where it strikes twice, at the first.
            ("America/Santiago", "2026-09-06", "2026-09-06T04:00:00.000Z"),
            ("America/Santiago", "2026-09-07", "2026-09-07T03:00:00.000Z"),
            ("America/Havana", "2026-03-08", "2026-03-08T05:00:00.000Z"),
            ("America/Havana", "2026-11-01", "2026-11-01T04:00:00.000Z"),
            ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00:00.000Z"),
            ("Asia/Beirut", "2026-10-25", "2026-10-24T22:00:00.000Z"),
            ("Nowhere/Atlantis", "2026-07-01", "2026-07-01T00:00:00.000Z"),
        ])
    func startOfDay(_ zone: String, _ day: String, _ expected: String) {
        let clock = CallerClock(now: Instant("2026-11-22T12:00:00Z")!, timeZone: zone)
        #expect(clock.startOfDay(CalendarDate(day)!).description == expected)
    }
}
