package import CRMSDK
package import Query
import Registry
package import Storage

/// Aggregates as values, for modules.
extension RecordService {
    func groups(
        _ call: CallContext, _ snapshot: KernelSnapshot, on source: some RowSource,
        _ request: AggregateRequest
    ) throws(CRMError) -> [AggregateGroup] {
        let groups = request.groupBy.enumerated().map { index, grouping in
            AggregateQuery.Group(
                path: grouping.field,
                interval: grouping.span.flatMap { AggregateQuery.Interval(rawValue: $0.name) },
                name: "g\(index)")
        }
        var measures: [AggregateQuery.Measure] = []
        for (index, measure) in request.measures.enumerated() {
            guard let operation = AggregateQuery.Operation(rawValue: measure.operation) else {
                throw CRMError(.invalidParameters, "there is no measure \"\(measure.operation)\"")
            }
            measures.append(.init(operation: operation, path: measure.field, name: "m\(index)"))
        }
        let plan = try planAggregate(
            call, snapshot, entity: request.entity, filter: request.filter, groups: groups, measures: measures
        )
        var result: [AggregateGroup] = []
        try aggregate(plan, on: source) { row throws(CRMError) in
            var values: [Value] = []
            for member in plan.members { values.append(try plan.value(member, row, snapshot)) }
            result.append(
                AggregateGroup(
                    keys: Array(values.prefix(groups.count)), figures: Array(values.dropFirst(groups.count))))
        }
        return result
    }
}

extension AggregatePlan {
    /// A member of a group's row.
    ///
    /// - Throws: `invalidParameters` for a figure over several currencies, `limitExceeded` for one beyond 64 bits.
    package func value(
        _ member: Member, _ row: borrowing Row, _ snapshot: KernelSnapshot
    ) throws(CRMError) -> Value {
        switch member.column {
        case .interval(let index): return row.isNull(index) ? .null : .text(row.text(index))
        case .integer(let index): return row.isNull(index) ? .null : .integer(row.int64(index))
        case .field(let column):
            guard let index = column.form.valueColumn, !row.isNull(index) else { return .null }
            return column.field.kind.value(
                row.value(index), column.field.type, currency: snapshot.currencies.base.code)
        case .decimal(let index, let scale):
            guard !row.isNull(index) else { return .null }
            let units = try units(row, index, member)
            return scale == 0 ? .integer(units) : .decimal(FixedDecimal(units: units, scale: scale))
        case .money(let index, let lowest, let highest):
            guard !row.isNull(index) else { return .null }
            let currency = try currency(row, lowest, highest, member, snapshot)
            return .money(Money(tenThousandths: try units(row, index, member), currency: currency))
        case .average(let sum, let count, let scale):
            guard row.int64(count) > 0 else { return .null }
            return .decimal(
                FixedDecimal(
                    units: try average(row, sum, count, extraDigits: max(0, 2 - scale)), scale: max(2, scale))
            )
        case .moneyAverage(let sum, let count, let lowest, let highest):
            guard row.int64(count) > 0 else { return .null }
            let currency = try currency(row, lowest, highest, member, snapshot)
            return .money(
                Money(tenThousandths: try average(row, sum, count, extraDigits: 0), currency: currency))
        }
    }

    /// A sum, which is text where it has left 64 bits.
    private func exact(_ row: borrowing Row, _ index: Int) -> Int128 {
        if case .text(let text) = row.value(index) { return Int128(text) ?? 0 }
        return Int128(row.int64(index))
    }

    private func units(_ row: borrowing Row, _ index: Int, _ member: Member) throws(CRMError) -> Int64 {
        guard let units = Int64(exactly: exact(row, index)) else {
            throw CRMError(
                .limitExceeded, "the sum \"\(member.name)\" is larger than 64 bits hold",
                hint: "Filter, or group further.")
        }
        return units
    }

    private func average(
        _ row: borrowing Row, _ sum: Int, _ count: Int, extraDigits: Int
    ) throws(CRMError) -> Int64 {
        let dividend = exact(row, sum) * Int128(FixedDecimal.powerOfTen(extraDigits))
        return Int64(RoundingRule.halfUp.quotient(dividend, by: Int128(row.int64(count))))
    }

    private func currency(
        _ row: borrowing Row, _ lowest: Int?, _ highest: Int?, _ member: Member, _ snapshot: KernelSnapshot
    ) throws(CRMError) -> CurrencyCode {
        guard let lowest, let highest, !row.isNull(lowest) else { return snapshot.currencies.base.code }
        let codes = [row.int64(lowest), row.int64(highest)].map { snapshot.currencies[RecordID($0)]?.code }
        guard row.int64(lowest) == row.int64(highest), let code = codes[0] else {
            let names = codes.map { $0?.description ?? "an unknown currency" }.joined(separator: " and ")
            throw CRMError(
                .invalidParameters, "\"\(member.name)\" would mix \(names)",
                hint: "Group by the currency, or filter for one.")
        }
        return code
    }
}

extension OutputForm {
    /// The column with the value itself.
    package var valueColumn: Int? {
        switch self {
        case .plain(let index), .person(let index), .lines(let index, _): index
        case .money(let amount, _): amount
        case .reference(let id, _, _, _): id
        }
    }
}
