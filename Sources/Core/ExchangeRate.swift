import CRMSDK

/// What one unit of the base currency is worth in another from a day on, until that currency's next rate.
enum ExchangeRate {
    static let definition = EntityDefinition(
        "exchange_rate", label: "Exchange rate", plural: "Exchange rates",
        fields: [
            .reference("currency", "Currency", to: "currency").mandatory(),
            .date("valid_from", "Valid from").mandatory().indexed()
                .help("The first day on which the rate counts."),
            .decimal("rate", "Rate", scale: 6).mandatory().range("0.000001", nil)
                .help("Units of this currency for one unit of the base currency."),
        ]
    )
    .labelled(by: "valid_from", "rate")
    .sorted(by: "-valid_from")
    .listing("currency", "valid_from", "rate")
    .administrative()

    static let hooks = [
        Hook(
            "one rate per currency and day", on: "exchange_rate",
            [.beforeCreate, .beforeUpdate, .beforeRestore]
        ) {
            change, context throws(CRMError) in
            guard let currency = change["currency"].reference, let day = change["valid_from"].date else {
                return
            }
            let record = try context.get("currency", currency)
            guard record["is_base"].bool != true else {
                throw problem(
                    "currency", "rule",
                    "\(record["code"].text ?? "") is the base currency: its rate is always 1")
            }
            let same = try context.list(
                ListRequest(
                    "exchange_rate",
                    where: .all([
                        .where("currency", .equal, .reference(currency)),
                        .where("valid_from", .equal, .date(day)),
                    ]), limit: 2))
            guard same.allSatisfy({ $0.id == change.id }) else {
                throw problem(
                    "valid_from", "duplicate",
                    "\(record["code"].text ?? "") has a rate from \(day) already; change that one")
            }
        }
    ]

    private static func problem(_ field: String, _ code: String, _ message: String) -> CRMError {
        .invalidRecord("exchange_rate", [FieldProblem(field: field, code: code, message: message)])
    }
}
