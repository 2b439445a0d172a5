package import CRMSDK
package import JSON
package import Query
package import Records
import Registry
package import Storage

/// Writes one group of an aggregate: the groups' values, then the measures, under their names.
///
/// Sums are exact: where one left 64 bits it comes as decimal text and is written so. An average is divided once, in
/// 128 bits, and rounded half up.
package struct AggregateJSON {
    private let records: RecordJSON
    private let currencies: CurrencyDirectory

    package init(_ snapshot: KernelSnapshot) {
        records = RecordJSON(snapshot)
        currencies = snapshot.currencies
    }

    package func write(
        _ row: borrowing Row, _ members: [AggregatePlan.Member], to writer: inout JSONWriter
    ) throws(CRMError) {
        writer.beginObject()
        for member in members {
            writer.key(member.name)
            try write(row, member, to: &writer)
        }
        writer.endObject()
    }

    private func write(
        _ row: borrowing Row, _ member: AggregatePlan.Member, to writer: inout JSONWriter
    ) throws(CRMError) {
        switch member.column {
        case .field(let column): records.write(row, column, to: &writer)
        case .interval(let index): RecordJSON.write(row, index, .string, to: &writer)
        case .integer(let index): RecordJSON.write(row, index, .integer, to: &writer)
        case .decimal(let index, let scale):
            guard let units = units(row, index) else { return writer.null() }
            // A sum of whole numbers is one, as the field itself reads; decimals are text.
            guard scale > 0 else { return writer.number(text: String(units)) }
            writer.string(Self.text(units, scale: scale, minimumDecimals: scale))
        case .average(let sum, let count, let scale):
            guard let average = average(row, sum, count, scale: scale, answer: max(scale, 2)) else {
                return writer.null()
            }
            writer.string(Self.text(average, scale: max(scale, 2), minimumDecimals: max(scale, 2)))
        case .money(let index, let lowest, let highest):
            let currency = try AggregatePlan.currency(row, lowest, highest, of: member.name, currencies)
            guard let units = units(row, index) else { return writer.null() }
            write(units, currency, to: &writer)
        case .moneyAverage(let sum, let count, let lowest, let highest):
            let currency = try AggregatePlan.currency(row, lowest, highest, of: member.name, currencies)
            guard let average = average(row, sum, count, scale: 4, answer: 4) else { return writer.null() }
            write(average, currency, to: &writer)
        }
    }

    private func write(_ units: Int128, _ currency: CurrencyDirectory.Entry, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("amount")
        writer.string(Self.text(units, scale: 4, minimumDecimals: currency.decimals))
        writer.key("currency")
        writer.string(currency.code.description)
        writer.endObject()
    }

    private func units(_ row: borrowing Row, _ index: Int) -> Int128? {
        switch row.value(index) {
        case .integer(let number): return Int128(number)
        case .text(let text): return Int128(text)
        case .null, .blob: return nil
        }
    }

    private func average(
        _ row: borrowing Row, _ sum: Int, _ count: Int, scale: Int, answer: Int
    ) -> Int128? {
        guard let total = units(row, sum), row.int64(count) > 0 else { return nil }
        let (shifted, overflow) = total.multipliedReportingOverflow(
            by: Int128(FixedDecimal.powerOfTen(answer - scale)))
        guard !overflow else { return nil }
        return RoundingRule.halfUp.quotient(shifted, by: Int128(row.int64(count)))
    }

    /// `units` / 10^`scale` without needless zeros.
    static func text(_ units: Int128, scale: Int, minimumDecimals: Int) -> String {
        var digits = String(units.magnitude)
        if digits.count <= scale { digits = String(repeating: "0", count: scale + 1 - digits.count) + digits }
        let whole = digits.dropLast(scale)
        var fraction = digits.suffix(scale)
        while fraction.count > minimumDecimals, fraction.last == "0" { fraction.removeLast() }
        return (units < 0 ? "-" : "") + whole + (fraction.isEmpty ? "" : "." + fraction)
    }
}
