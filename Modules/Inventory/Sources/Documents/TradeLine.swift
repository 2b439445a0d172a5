import CRMSDK

/// A line of a document: an item, how many, at which price; and what the server computes of it.
///
/// The item's name and code are copied when the line is written: a document says what was agreed that day.
enum TradeLine {
    static let field = "lines"
    static let taxField = "tax_sums"

    /// The fields of a document that hold lines: its items, and what is due of each tax.
    static func fields(_ document: String) -> [FieldDefinition] {
        [
            .lines(field, "Lines", of: "\(document)_line"),
            .lines(taxField, "Taxes due", of: "\(document)_tax").readOnly()
                .help("Base and amount of each tax by name and percentage."),
        ]
    }

    static func definitions(_ kind: DocumentKind) -> [EntityDefinition] {
        [
            .line(
                "\(kind.entity)_line", of: kind.entity, label: "Line", plural: "Lines",
                fields: item + price + figures + (kind.takers.isEmpty ? [] : taken(kind))),
            .line(
                "\(kind.entity)_tax", of: kind.entity, label: "Tax due", plural: "Taxes due", fields: taxSum),
        ]
    }

    private static let item: [FieldDefinition] = [
        .reference("item", "Item", to: "product").mandatory().indexed(),
        .text("item_name", "Item name").readOnly().help("As it was when the line was written."),
        .text("item_code", "Item code", maximumLength: 100).readOnly(),
        .decimal("quantity", "Quantity", scale: 4).mandatory().range("0.0001", Quantity.maximumPieces),
        .longtext("parts", "Parts").readOnly()
            .help("Of a bundle, when the line was written: each part's id and how many are in one."),
        .longtext("comment", "Comment"),
        .longtext("description", "Description"),
        .integer("source_line", "Taken from line").indexed()
            .help("The line of the earlier document that this one takes its quantity from."),
    ]

    private static let price: [FieldDefinition] = [
        .decimal("list_price", "List price", scale: 6).range("0", nil)
            .help(
                "In the document's currency, before discount and tax; found by the price rules if left out."),
        .reference("price_book", "Price book", to: "price_book"),
        .picklist("price_source", "Price from", PriceSource.values).readOnly(),
        .picklist("discount_kind", "Discount", TradeDocument.discountKinds).mandatory().defaulting(
            to: "none"),
        .percent("discount_percent", "Discount percent", scale: 4),
        .money("discount_amount", "Discount amount", currencyField: "currency").range("0", nil),
        .text("taxes", "Taxes")
            .help("With taxes by line: \"VAT 21%; Retention -15%\"; the item's usual ones if left out."),
    ]

    private static let figures: [FieldDefinition] = [
        ("gross", "Gross"), ("discount", "Discount taken"), ("net", "Net"), ("tax", "Tax"),
        ("total", "Total"),
    ].map { .money($0.0, $0.1, currencyField: "currency").help("Computed; one that is sent is compared.") }

    /// What later documents have taken of a line.
    private static func taken(_ kind: DocumentKind) -> [FieldDefinition] {
        let bought = FieldDefinition.decimal("bought_quantity", "Bought", scale: 4).readOnly()
            .defaulting(to: "0").help("What purchase orders were made for.")
        return [
            .decimal("taken_quantity", "Taken", scale: 4).readOnly().defaulting(to: "0")
                .help("What later documents have taken over."),
            .decimal("remaining_quantity", "Remaining", scale: 4).readOnly(),
            .money("taken_discount", "Discount taken over", currencyField: "currency").readOnly(),
        ] + (kind.takers.contains("purchase_order") ? [bought] : [])
    }

    /// Fields of a line that the module keeps while its document is locked.
    static let kept: Set = ["taken_quantity", "remaining_quantity", "taken_discount", "bought_quantity"]

    private static let taxSum: [FieldDefinition] = [
        .text("tax_name", "Tax", maximumLength: 100),
        .percent("percent", "Percent", scale: 4).range("-100", "100"),
        .picklist(
            "applied_to", "On", [PicklistValue("Items").system(), PicklistValue("Shipping").system()]),
        .money("base", "Base", currencyField: "currency"),
        .money("amount", "Amount", currencyField: "currency"),
    ]
}
