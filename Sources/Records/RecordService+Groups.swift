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
            let index = column.form.valueColumn
            guard !row.isNull(index) else { return .null }
            return column.field.kind.value(
                row.value(index), column.field.type, currency: snapshot.currencies.base.code)
        case .decimal(let index, let scale):
            guard !row.isNull(index) else { return .null }
            let units = try units(row, index, member)
            return scale == 0 ? .integer(units) : .decimal(FixedDecimal(units: units, scale: scale))
        case .money(let index, let lowest, let highest):
            guard !row.isNull(index) else { return .null }
            let currency = try Self.currency(row, lowest, highest, of: member.name, snapshot.currencies)
            return .money(Money(tenThousandths: try units(row, index, member), currency: currency.code))
        case .average, .moneyAverage:
            throw CRMError(
                .invalidParameters, "an average is divided by who asks: take the sum and the count")
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

    /// The currency of a figure of amounts between the lowest and the highest currency that they have; the base
    /// currency where there are none.
    ///
    /// - Throws: `invalidParameters`: amounts of different currencies have no sum.
    package static func currency(
        _ row: borrowing Row, _ lowest: Int?, _ highest: Int?, of name: String,
        _ currencies: CurrencyDirectory
    ) throws(CRMError) -> CurrencyDirectory.Entry {
        guard let lowest, let highest, !row.isNull(lowest) else { return currencies.base }
        let (first, last) = (RecordID(row.int64(lowest)), RecordID(row.int64(highest)))
        guard first == last else {
            let names = [first, last].map { currencies[$0]?.code.description ?? "an unknown currency" }
            throw CRMError(
                .invalidParameters, "\"\(name)\" would mix \(names.joined(separator: " and "))",
                hint:
                    "Group by the currency as well, filter by it, or take the amount in the base currency, such as amount_base."
            )
        }
        return currencies[first] ?? currencies.base
    }
}

extension OutputForm {
    /// The column with the value itself, which is null where the field is empty.
    package var valueColumn: Int {
        switch self {
        case .plain(let index), .person(let index), .lines(let index, _): index
        case .money(let amount, _): amount
        case .reference(let id, _, _, _): id
        }
    }
}
