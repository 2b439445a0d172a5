import CRMSDK

/// Groups and figures in memory.
enum TestAggregate {
    static func groups(
        _ records: [Record], _ request: AggregateRequest
    ) throws(CRMError) -> [AggregateGroup] {
        let byKeys = Dictionary(grouping: records) { record in
            request.groupBy.map { key($0, of: record) }
        }
        var groups: [AggregateGroup] = []
        for (keys, members) in byKeys {
            var figures: [Value] = []
            for measure in request.measures { figures.append(try figure(measure, members)) }
            groups.append(AggregateGroup(keys: keys, figures: figures))
        }
        if groups.isEmpty, request.groupBy.isEmpty {
            groups = [
                AggregateGroup(
                    keys: [], figures: request.measures.map { $0.operation == "count" ? 0 : .null })
            ]
        }
        return groups.sorted { left, right in
            for (first, second) in zip(left.keys, right.keys) where first != second {
                return TestFilter.precedes(first, second)
            }
            return false
        }
    }

    private static func key(_ grouping: AggregateRequest.Grouping, of record: Record) -> Value {
        let value = record[grouping.field]
        guard let span = grouping.span, let date = value.date ?? value.instant?.dateInUTC else {
            return value
        }
        let (year, month, _) = date.components
        let text = date.description
        return switch span {
        case .day: .text(text)
        case .week: .text(week(of: date))
        case .month: .text(String(text.prefix(7)))
        case .quarter: .text("\(text.prefix(4))-Q\((month + 2) / 3)")
        default: .text(String(String(year + 10_000).dropFirst()))
        }
    }

    /// The ISO 8601 week: that of the week's Thursday.
    private static func week(of date: CalendarDate) -> String {
        let thursday = date.adding(days: Int64(4 - date.weekday))
        let year = thursday.components.year
        let first = CalendarDate(year: year, month: 1, day: 1) ?? thursday
        let number = (thursday.daysSince1970 - first.daysSince1970) / 7 + 1
        return "\(thursday.description.prefix(4))-W\(number < 10 ? "0" : "")\(number)"
    }

    private static func figure(_ measure: AggregateRequest.Measure, _ records: [Record]) throws(CRMError)
        -> Value
    {
        guard let field = measure.field else { return .integer(Int64(records.count)) }
        let values = records.map { $0[field] }.filter { !$0.isNull }
        switch measure.operation {
        case "min": return values.min(by: TestFilter.precedes) ?? .null
        case "max": return values.max(by: TestFilter.precedes) ?? .null
        default:
            var sum = Value.null
            for value in values { sum = try adding(sum, value) }
            return sum
        }
    }

    private static func adding(_ sum: Value, _ value: Value) throws(CRMError) -> Value {
        switch (sum, value) {
        case (.null, _): return value
        case (.integer(let left), .integer(let right)): return .integer(left + right)
        case (.money(let left), .money(let right)): return .money(try left.adding(right))
        case (.decimal(let left), .decimal(let right)):
            return .decimal(FixedDecimal(units: left.units + right.units, scale: left.scale))
        default: throw CRMError(.invalidParameters, "these values cannot be summed")
        }
    }
}
