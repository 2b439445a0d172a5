import CRMSDK

/// The days of something that comes again: the n-th is the first plus n periods, counted from the first each time, so
/// that a month without a 31st shortens its own day only.
struct Recurrence: Sendable {
    let start: CalendarDate
    /// The last day that is permitted; nil is open.
    let end: CalendarDate?
    /// One of the two is above 0.
    let months, days: Int

    /// Nil where the order does not say how often.
    init?(_ order: RecordChange, _ frequency: PicklistValue?) {
        guard let start = order["start_period"].date, let frequency else { return nil }
        self.start = start
        end = order["end_period"].date
        months = frequency.attributes["months"].flatMap { Int($0) } ?? 0
        days = frequency.attributes["days"].flatMap { Int($0) } ?? 0
        guard months > 0 || days > 0 else { return nil }
    }

    /// The n-th day, from 0; nil beyond the calendar.
    func day(_ index: Int) -> CalendarDate? {
        months > 0 ? start.adding(months: index * months) : start.adding(days: Int64(index * days))
    }

    /// The first day after `last`, or the first of all; nil beyond the end.
    func next(after last: CalendarDate?) -> CalendarDate? {
        var index = last.map(firstIndex) ?? 0
        while let day = day(index), end.map({ day <= $0 }) ?? true {
            if last.map({ day > $0 }) ?? true { return day }
            index += 1
        }
        return nil
    }

    /// An index whose day is not after `last`, close before it.
    private func firstIndex(_ last: CalendarDate) -> Int {
        let passed = Int(last.daysSince1970 - start.daysSince1970)
        // A month has at most 31 days, so this many periods have passed at least.
        return max(0, passed / (months > 0 ? months * 31 : days))
    }
}
