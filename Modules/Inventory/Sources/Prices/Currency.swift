import CRMSDK

/// What this module reads of the kernel's currencies.
enum Currency {
    static func named(_ code: CurrencyCode, _ context: any ModuleContext) throws(CRMError) -> Record? {
        let filter = Filter.where("code", .equal, .text(code.description))
        return try context.list(ListRequest("currency", where: filter, limit: 1)).first
    }

    static func base(_ context: any ModuleContext) throws(CRMError) -> Record? {
        try context.list(ListRequest("currency", where: .where("is_base", .equal, true), limit: 1)).first
    }

    /// How its amounts are written.
    static func denomination(
        _ currency: Record, rounding: RoundingRule
    ) throws(CRMError) -> Denomination {
        guard let code = CurrencyCode(currency["code"].text ?? "") else {
            throw CRMError(.invalidRecord, "currency \(currency.id) has no ISO 4217 code")
        }
        let decimals = Int(currency["decimals"].integer ?? 2)
        return Denomination(code: code, decimals: min(max(decimals, 0), 4), rounding: rounding)
    }
}
