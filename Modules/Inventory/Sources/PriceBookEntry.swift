import CRMSDK

/// The price of one product in one book, from a quantity on.
enum PriceBookEntry {
    static let definition = EntityDefinition(
        "price_book_entry", label: "Price", plural: "Prices",
        fields: [
            .reference("price_book", "Price book", to: "price_book").mandatory().indexed(),
            .reference("product", "Product", to: "product").mandatory().indexed(),
            .decimal("min_quantity", "From quantity", scale: 4).mandatory().defaulting(to: "0")
                .range("0", nil),
            .reference("currency", "Currency", to: "currency").readOnly(),
            .money("list_price", "List price", currencyField: "currency").mandatory().range("0", nil)
                .help("Before discount and tax, in the book's currency."),
        ]
    )
    .labelled(by: "price_book", "product")
    .sorted(by: "price_book", "product")
    .listing("price_book", "product", "min_quantity", "list_price")
    .index("product", "price_book", "min_quantity")
    .sharing(.notShareable)

    static let hooks = [
        Hook("check_price", on: "price_book_entry", [.beforeCreate, .beforeUpdate, .beforeRestore], check)
    ]

    /// A price is in its book's currency, and the only one of its product from its quantity on. Never taken for another
    /// currency than it was given in: an amount in the wrong one is refused.
    @Sendable
    private static func check(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError) {
        guard let book = change["price_book"].reference else { return }
        let known = try context.get("price_book", book)
        guard change["currency"] == known["currency"] else {
            throw CRMError.invalidRecord(
                change.entity,
                [
                    FieldProblem(
                        field: "list_price", code: "rule",
                        message: "List price is not in the currency of price book "
                            + "\"\(known["price_book_name"].text ?? "")\"")
                ], hint: "Give the amount with its currency.")
        }
        let filter = Filter.all([
            .where("price_book", .equal, .reference(book)), .where("product", .equal, change["product"]),
            .where("min_quantity", .equal, change["min_quantity"]),
            .where("id", .notEqual, .reference(change.id)),
        ])
        guard try context.count("price_book_entry", where: filter) == 0 else {
            throw CRMError(
                .duplicate, "the price book has a price of this product from this quantity on already",
                hint: "Change that one.")
        }
    }
}
