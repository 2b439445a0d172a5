import CRMSDK

/// What a document's figures need of the company: its currencies, its taxes, its way of rounding. Read once for a
/// document and with the module's rights, since the same figures are due whoever writes it.
struct DocumentRates {
    let settings: TradeSettings.Values
    let denomination: Denomination
    /// How amounts of the company's own currency are written.
    let base: Denomination
    /// The active taxes on items and on shipping, by name.
    let itemTaxes, shippingTaxes: [TaxRate]
    private let percents: [String: FixedDecimal]

    init(currency: RecordID, _ context: any ModuleContext) throws(CRMError) {
        self = try context.elevated(reason: "taxes and currencies") { (context) throws(CRMError) in
            try DocumentRates(reading: currency, context)
        }
    }

    private init(reading currency: RecordID, _ context: any ModuleContext) throws(CRMError) {
        settings = try TradeSettings.values(context)
        let record = try context.get("currency", currency)
        denomination = try Currency.denomination(record, rounding: settings.rounding)
        base = try Currency.denomination(try Currency.base(context) ?? record, rounding: settings.rounding)
        let filter = Filter.where("active", .equal, true)
        let taxes = try context.list(ListRequest("tax", where: filter, sort: ["name"], limit: 1000))
        func rates(_ where: [Value]) -> [TaxRate] {
            taxes.filter { `where`.contains($0["applies_to"]) && $0["kind"] == "normal" }.compactMap { tax in
                tax["percent"].decimal.map { TaxRate(name: tax["name"].text ?? "", percent: $0) }
            }
        }
        itemTaxes = rates(["item", "both"])
        shippingTaxes = rates(["shipping", "both"])
        percents = Dictionary(
            taxes.compactMap { tax in tax["percent"].decimal.map { (tax["name"].text ?? "", $0) } }
        ) { first, _ in first }
    }

    /// The percentage of an active tax by its name.
    func percent(_ name: String) -> FixedDecimal? { percents[name] }

    func rates(_ text: String) throws(CRMError) -> Result<[TaxRate], TaxNotationProblem> {
        try TaxNotation.rates(text) { (name) throws(CRMError) in percent(name) }
    }
}
