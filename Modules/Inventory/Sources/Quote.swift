import CRMSDK

/// An offer to an account, good until a day. Becomes an order or an invoice when it is accepted.
enum Quote {
    static let definition = EntityDefinition(
        "quote", label: "Quote", plural: "Quotes",
        fields: TradeDocument.fields(
            .quote, number: ("quote_no", "Quote number", "QUO00000"),
            status: .picklist("quote_stage", "Stage", stages).mandatory().defaulting(to: "created"),
            party: [
                TradeDocument.account, .reference("potential", "Potential", to: "potential").indexed(),
            ],
            extra: [
                .date("valid_until", "Valid until"),
                .text("shipping_method", "Shipping method"),
                .reference("inventory_manager", "Inventory manager", to: "user"),
            ])
    )
    .labelled(by: "quote_no", "subject")
    .sorted(by: "-created_at")
    .listing("quote_no", "subject", "account", "quote_stage", "valid_until", "owner")
    .index("quote_stage", "created_at")
    .index("owner", "quote_stage", "created_at")

    static let hooks = TradeDocument.hooks(.quote)

    private static let stages = [
        PicklistValue("Created").stateClass("open").next("delivered", "reviewed", "accepted", "rejected")
            .system(),
        PicklistValue("Delivered").stateClass("open").next("created", "reviewed", "accepted", "rejected"),
        PicklistValue("Reviewed").stateClass("open").next("created", "delivered", "accepted", "rejected"),
        PicklistValue("Accepted").stateClass("won").next("created").locked().system(),
        PicklistValue("Rejected").stateClass("lost").next("created").locked().system(),
    ]
}
