import CRMSDK

/// `inventory.find_price`: what an item costs an account today, and why.
enum FindPrice {
    static let action = Action(
        "find_price", .reads,
        summary:
            "The list price of an item for a quantity, day, currency and account, and where it comes from.",
        description: """
            Asked in this order: the given price book, else the account's, else the default one of the currency, with \
            up to 5 parents; the item's own price in the currency; its unit price converted. Books that are inactive \
            or in another currency are passed over. Null where only a person can say a price.
            """,
        parameters: [
            Parameter("item", .id(of: "product"), "What is sold.", required: true),
            Parameter("currency", .id(of: "currency"), "In which currency.", required: true),
            Parameter("quantity", .field(.decimal(scale: 4)), "How many; 1 unless given."),
            Parameter("account", .id(of: "account"), "Who buys."),
            Parameter("price_book", .id(of: "price_book"), "The book chosen by hand."),
            Parameter("date", .date, "On which day; today unless given."),
        ],
        result: .object([
            Parameter("list_price", .field(.decimal(scale: 6)), "In the currency asked for, or null."),
            Parameter("price_source", .text, "As a line keeps it, or null."),
            Parameter("price_book", .id(of: "price_book"), "The book that gave it, or null."),
            Parameter("explanation", .text, "The rule in words."),
        ]),
        requires: AccessRight(.view, "product"), run)

    @Sendable
    private static func run(
        _ parameters: StructuredValue, _ context: any ModuleContext
    ) throws(CRMError) -> StructuredValue {
        guard let item = parameters["item"]?.value.reference,
            let currencyID = parameters["currency"]?.value.reference
        else { throw CRMError(.invalidParameters, "a price needs an item and a currency") }
        let currency = try context.get("currency", currencyID)
        let rounding = try TradeSettings.read(context).rounding
        let day = parameters["date"]?.value.date ?? context.today
        guard let rate = try context.exchangeRate(of: currencyID, on: day) else {
            throw CRMError(
                .invalidParameters, "there is no exchange rate for \(currency["code"].text ?? "") on \(day)",
                hint: "Add an exchange_rate that is valid from that day or before.")
        }
        var facts = PriceFacts(
            .init(
                currency: currencyID,
                denomination: try Currency.denomination(currency, rounding: rounding),
                rate: rate,
                account: parameters["account"]?.value.reference,
                day: day),
            items: [item])
        let found = try facts.find(
            try context.get("product", item),
            quantity: parameters["quantity"]?.value.decimal ?? FixedDecimal(units: 10_000, scale: 4),
            given: nil, book: parameters["price_book"]?.value.reference, context)
        return .object([
            "list_price": .value(found.map { .decimal($0.price) } ?? .null),
            "price_source": .value(found.map { .text($0.source.rawValue) } ?? .null),
            "price_book": .value(found?.book.map { .reference($0) } ?? .null),
            "explanation": .value(.text(found?.explanation ?? "no price is known")),
        ])
    }
}

extension ModuleContext {
    /// The caller's day.
    var today: CalendarDate {
        let local = now.millisecondsSince1970 + Int64(secondsFromUTC(at: now)) * 1000
        return CalendarDate(daysSince1970: (local >= 0 ? local : local - 86_399_999) / 86_400_000)
    }
}
