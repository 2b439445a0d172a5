import CRMSDK

/// An item's own price in a further currency, beside its unit price: taken as it is, never converted.
enum ProductPrice {
    static let definition = EntityDefinition(
        "product_price", label: "Own price", plural: "Own prices",
        fields: [
            .reference("product", "Product", to: "product").mandatory().indexed(),
            .reference("currency", "Currency", to: "currency").mandatory(),
            .money("unit_price", "Unit price", currencyField: "currency").mandatory().range("0", nil),
        ]
    )
    .labelled(by: "product", "currency")
    .sorted(by: "product", "currency")
    .listing("product", "currency", "unit_price")
    .index("product", "currency")
    .sharing(.notShareable)

    static let hooks = [
        Hook("check_own_price", on: "product_price", [.beforeCreate, .beforeUpdate, .beforeRestore]) {
            change, context throws(CRMError) in
            let filter = Filter.all([
                .where("product", .equal, change["product"]), .where("currency", .equal, change["currency"]),
                .where("id", .notEqual, .reference(change.id)),
            ])
            guard try context.count("product_price", where: filter) == 0 else {
                throw CRMError(
                    .duplicate, "the product has an own price in this currency already",
                    hint: "Change that one.")
            }
        }
    ]
}
