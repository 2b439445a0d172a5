import CRMSDK

/// Amounts of other currencies in the base currency, at the rate that the currency has now.
enum BaseCurrency {
    /// - Parameter currency: the record of the amount's currency; nil is the base currency.
    /// - Throws: `limitExceeded` beyond the range of money.
    static func amount(
        _ amount: Money, in currency: RecordID?, _ context: any ModuleContext
    ) throws(CRMError) -> Money {
        guard let currency else { return amount }
        let record = try context.get("currency", currency)
        guard record["is_base"] != true else { return amount }
        guard let rate = try context.exchangeRate(of: currency, on: context.now.dateInUTC), rate.units > 0
        else {
            throw CRMError(
                .invalidRecord, "there is no exchange rate for \(amount.currency) today",
                hint: "Add an exchange_rate that is valid from today or before.")
        }
        let base = try context.list(ListRequest("currency", where: .where("is_base", .equal, true), limit: 1))
        guard let code = base.first?["code"].text.flatMap({ CurrencyCode($0) }) else {
            throw CRMError(.unavailable, "there is no base currency to convert \(amount.currency) to")
        }
        return try converted(
            amount, rate: rate, to: code, decimals: Int(base.first?["decimals"].integer ?? 2))
    }

    /// The amount ÷ rate, rounded half up once to the base currency's decimals.
    ///
    /// - Parameter rate: Units of the amount's currency for one of the base currency; greater than 0.
    static func converted(
        _ amount: Money, rate: FixedDecimal, to code: CurrencyCode, decimals: Int
    ) throws(CRMError) -> Money {
        let step = Int128(FixedDecimal.powerOfTen(4 - min(max(decimals, 0), 4)))
        let dividend = Int128(amount.tenThousandths) * Int128(FixedDecimal.powerOfTen(rate.scale))
        let rounded = RoundingRule.halfUp.quotient(dividend, by: Int128(rate.units) * step) * step
        guard let units = Int64(exactly: rounded) else {
            throw CRMError(.limitExceeded, "\(amount) is out of the range of money in \(code)")
        }
        return Money(tenThousandths: units, currency: code)
    }
}
