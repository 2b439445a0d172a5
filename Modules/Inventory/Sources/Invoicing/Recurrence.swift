import CRMSDK

/// The days of something that comes again: the n-th is the first plus n periods, counted from the first each time, so that
/// a month without a 31st shortens its own day only.
struct Recurrence: Sendable {
    let start: CalendarDate
    /// The last day that is permitted; nil is open.
    let end: CalendarDate?
    /// One of the two is above 0.
    let months, days: Int

    /// Nil where the order does not say how often.
    init?(_ order: Record, _ frequency: PicklistValue?) {
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

    /// The days after `last` up to `today`, in order, `limit` of them at most.
    func due(after last: CalendarDate?, until today: CalendarDate, limit: Int) -> [CalendarDate] {
        let bound = end.map { min($0, today) } ?? today
        var due: [CalendarDate] = []
        var index = 0
        while due.count < limit, let day = day(index), day <= bound {
            if last.map({ day > $0 }) ?? true { due.append(day) }
            index += 1
        }
        return due
    }
}
