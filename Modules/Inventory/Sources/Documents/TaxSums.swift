import CRMSDK

/// What is due of each tax of a document, by name and percentage: the rows that a tax report sums.
enum TaxSums {
    /// - Parameter old: The rows that are stored: one that stays keeps its id.
    static func lines(
        _ sums: [DocumentFigures.TaxSum], _ currency: Denomination, keeping old: [Line]
    ) -> [Line] {
        sums.map { sum in
            let values: [String: Value] = [
                "tax_name": sum.rate.name.isEmpty ? .null : .text(sum.rate.name),
                "percent": .decimal(sum.rate.percent), "applied_to": sum.isShipping ? "shipping" : "items",
                "base": sum.base.money(currency.code).map { .money($0) } ?? .null,
                "amount": sum.amount.money(currency.code).map { .money($0) } ?? .null,
            ]
            let known = old.first { line in
                ["tax_name", "percent", "applied_to"].allSatisfy { line[$0] == values[$0] ?? .null }
            }
            return Line(id: known?.id, values)
        }
    }
}
