import CRMSDK

/// A campaign's return: revenue less cost, and that in percent of the cost.
///
/// Stored, so that a report adds up what people see on the campaigns. Nothing is made of a figure that is not there:
/// without revenue and cost there is no return, and without a cost no percentage.
enum CampaignReturn {
    /// Writes the four figures from the four that they come from. Every write: they are a function of the record.
    @Sendable
    static func set(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError) {
        for (revenue, cost, target) in [
            ("expected_revenue", "budget_cost", "expected_roi"),
            ("actual_revenue", "actual_cost", "actual_roi"),
        ] {
            let (gain, percent) = try figures(revenue: change[revenue].money, cost: change[cost].money)
            change[target] = gain.map { .money($0) } ?? .null
            change["\(target)_percent"] = percent.map { .decimal($0) } ?? .null
        }
    }

    /// - Returns: revenue − cost, nil where both are missing; and that ÷ cost × 100, rounded half up to two decimals,
    ///   nil where there is no cost.
    /// - Throws: `limitExceeded` beyond the range of money or of a percentage.
    static func figures(revenue: Money?, cost: Money?) throws(CRMError) -> (Money?, FixedDecimal?) {
        guard let currency = (revenue ?? cost)?.currency else { return (nil, nil) }
        let spent = cost?.tenThousandths ?? 0
        let (units, overflow) = (revenue?.tenThousandths ?? 0).subtractingReportingOverflow(spent)
        guard !overflow else { throw CRMError(.limitExceeded, "the return is out of the range of money") }
        let gain = Money(tenThousandths: units, currency: currency)
        guard spent > 0 else { return (gain, nil) }
        // Hundredths of a percent: ratio × 100 × 100.
        let hundredths = RoundingRule.halfUp.quotient(Int128(units) * 10_000, by: Int128(spent))
        guard let hundredths = Int64(exactly: hundredths) else {
            throw CRMError(.limitExceeded, "the return in percent is out of range")
        }
        return (gain, FixedDecimal(units: hundredths, scale: 2))
    }
}
