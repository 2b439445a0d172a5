import CRMSDK

/// A currency that amounts may be in. Exactly one is the base currency: its rate is 1.
enum Currency {
    static let definition = EntityDefinition(
        "currency", label: "Currency", plural: "Currencies",
        fields: [
            .text("name", "Name", maximumLength: 100).mandatory(),
            .text("code", "Code", maximumLength: 3).mandatory().unique().help(
                "ISO 4217: three capital letters."),
            .text("symbol", "Symbol", maximumLength: 8),
            .integer("decimals", "Decimals").mandatory().defaulting(to: "2").range("0", "4")
                .help("Decimals of an amount on paper, as in ISO 4217 unless given: 0 JPY, 2 EUR, 3 KWD."),
            .decimal("rate", "Rate", scale: 6).mandatory().range("0.000001", nil)
                .help("Units for one of the base currency while it has no exchange_rate records with dates."),
            .boolean("is_base", "Base Currency"),
            .boolean("active", "Active").defaulting(to: "true"),
        ]
    )
    .labelled(by: "code")
    .sorted(by: "code")
    .listing("code", "name", "symbol", "decimals", "rate", "is_base", "active")
    .administrative()

    static let hooks = [
        Hook("a valid currency", on: "currency", [.beforeCreate, .beforeUpdate]) {
            change, context throws(CRMError) in
            if change.changes("code") {
                guard let code = change["code"].text, CurrencyCode(code) != nil else {
                    throw problem(
                        "code", "format", "Code \"\(change["code"].text ?? "")\" is not three capital letters"
                    )
                }
                guard change.isNew else {
                    throw problem("code", "read_only", "the code of a currency cannot be changed")
                }
                if !change.given.contains("decimals") {
                    change["decimals"] = .integer(Int64(minorUnits[code] ?? 2))
                }
            }
            if change["is_base"].bool == true {
                if change["rate"].isNull {
                    change["rate"] = .decimal(FixedDecimal(units: 1_000_000, scale: 6))
                }
                guard change["rate"].decimal == FixedDecimal(units: 1_000_000, scale: 6) else {
                    throw problem("rate", "rule", "the rate of the base currency is 1")
                }
                guard change["active"].bool == true else {
                    throw problem("active", "rule", "the base currency is active")
                }
                let bases = try context.list(
                    ListRequest("currency", where: .where("is_base", .equal, true), limit: 2))
                guard bases.allSatisfy({ $0.id == change.id }) else {
                    throw problem(
                        "is_base", "rule", "there is a base currency already: \(bases[0]["code"].text ?? "")")
                }
            } else if change.old?["is_base"].bool == true {
                throw problem("is_base", "rule", "there must be a base currency")
            }
        },
        Hook("currencies are not deleted", on: "currency", [.beforeDelete]) { change, _ throws(CRMError) in
            throw CRMError(
                .invalidRecord, "currency \(change.old?["code"].text ?? "") cannot be deleted",
                hint: "Make it inactive; old amounts stay in it.")
        },
    ]

    /// The decimals of currencies that have not two (ISO 4217 list one, column "minor units").
    private static let minorUnits: [String: Int] = {
        let codes = [
            0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
            3: "BHD IQD JOD KWD LYD OMR TND", 4: "CLF UYW",
        ]
        return Dictionary(
            codes.flatMap { decimals, codes in codes.split(separator: " ").map { (String($0), decimals) } }
        ) { first, _ in first }
    }()

    private static func problem(_ field: String, _ code: String, _ message: String) -> CRMError {
        .invalidRecord("currency", [FieldProblem(field: field, code: code, message: message)])
    }
}
