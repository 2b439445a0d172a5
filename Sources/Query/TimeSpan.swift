package import CRMSDK

/// A span of days that people name relative to today: "this quarter", "last 30 days".
package struct TimeSpan: Hashable, Sendable {
    /// Both ends belong to the span.
    package let first: CalendarDate
    package let last: CalendarDate

    /// Reads `today`, `yesterday`, `tomorrow`, `this|last|next day|week|month|quarter|year`, and
    /// `last|next N days|weeks|months|quarters|years`; weeks begin on Monday (ISO 8601).
    ///
    /// "last 30 days" ends yesterday and "next 30 days" begins tomorrow, as "last month" ends with the month; nil for
    /// anything else.
    package init?(_ phrase: String, today: CalendarDate) {
        let words = phrase.lowercased().split(separator: " ")
        switch words.count {
        case 1:
            guard let offset = ["yesterday": Int64(-1), "today": 0, "tomorrow": 1][words[0]] else {
                return nil
            }
            self.init(today.adding(days: offset), today.adding(days: offset))
        case 2:
            guard let unit = Unit(rawValue: String(words[1])),
                let offset = ["last": -1, "this": 0, "next": 1][words[0]]
            else { return nil }
            guard let first = unit.start(of: today, offset: offset),
                let after = unit.start(of: today, offset: offset + 1)
            else { return nil }
            self.init(first, after.adding(days: -1))
        case 3:
            guard let count = Int(words[1]), (1...10_000).contains(count), words[2].hasSuffix("s"),
                let unit = Unit(rawValue: String(words[2].dropLast()))
            else { return nil }
            switch words[0] {
            case "last":
                guard let first = unit.start(of: today, offset: -count),
                    let after = unit.start(of: today, offset: 0)
                else { return nil }
                self.init(first, after.adding(days: -1))
            case "next":
                guard let first = unit.start(of: today, offset: 1),
                    let after = unit.start(of: today, offset: count + 1)
                else { return nil }
                self.init(first, after.adding(days: -1))
            default: return nil
            }
        default: return nil
        }
    }

    private init(_ first: CalendarDate, _ last: CalendarDate) {
        self.first = first
        self.last = last
    }

    private enum Unit: String {
        case day, week, month, quarter, year

        /// The first day of the unit that lies `offset` units from today's.
        func start(of today: CalendarDate, offset: Int) -> CalendarDate? {
            let (year, month, _) = today.components
            switch self {
            case .day: return today.adding(days: Int64(offset))
            case .week: return today.adding(days: Int64(1 - today.weekday + 7 * offset))
            case .month: return CalendarDate(year: year, month: month, day: 1)?.adding(months: offset)
            case .quarter:
                return CalendarDate(year: year, month: (month - 1) / 3 * 3 + 1, day: 1)?.adding(
                    months: 3 * offset)
            case .year: return CalendarDate(year: year + offset, month: 1, day: 1)
            }
        }
    }
}
