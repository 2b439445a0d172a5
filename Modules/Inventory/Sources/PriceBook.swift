import CRMSDK

/// A named list of selling prices in one currency; at most one per product and smallest quantity.
///
/// Has no owners' sharing: who may read the entity reads all of it.
enum PriceBook {
    static let definition = EntityDefinition(
        "price_book", label: "Price book", plural: "Price books",
        fields: [
            .text("price_book_name", "Price book name").mandatory().indexed(),
            .autonumber("price_book_no", "Price book number", "PB00000"),
            .boolean("active", "Active").defaulting(to: "true").help("Inactive ones are not offered."),
            .reference("currency", "Currency", to: "currency").mandatory(),
            .boolean("is_default", "Default").help(
                "Asked where neither the line nor the account names a book; one for each currency."),
            .date("valid_from", "Valid from").help("First day, inclusive; empty means always."),
            .date("valid_to", "Valid to").help("Last day, inclusive; empty means for ever."),
            .reference("parent_price_book", "Parent price book", to: "price_book")
                .help("Asked where this book has no price."),
            .longtext("description", "Description"),
        ]
    )
    .labelled(by: "price_book_name")
    .sorted(by: "price_book_name")
    .listing("price_book_no", "price_book_name", "currency", "active", "valid_from", "valid_to")
    .sharing(.notShareable)

    /// The book that an account buys by.
    static let accountFields = EntityExtension(
        "account", fields: [.reference("inventory_price_book", "Price book", to: "price_book").indexed()])

    /// Books above a book, its own parent the first.
    static let chainLimit = 5

    static let hooks = [
        Hook("check_price_book", on: "price_book", [.beforeCreate, .beforeUpdate], check)
    ]

    @Sendable
    private static func check(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError) {
        try FieldRules.check(
            change, "valid_from", notAfter: "valid_to", in: try context.definition(of: "price_book"))
        if !change.isNew, change.changes("currency") {
            let filter = Filter.where("price_book", .equal, .reference(change.id))
            guard try context.count("price_book_entry", where: filter) == 0 else {
                throw FieldRules.problem(
                    change, "currency", "Currency cannot change while the price book has prices in it")
            }
        }
        try checkDefault(change, context)
        guard change.changes("parent_price_book") else { return }
        var next = change["parent_price_book"].reference
        for _ in 0..<chainLimit {
            guard let id = next else { return }
            guard id != change.id else {
                throw FieldRules.problem(change, "parent_price_book", "a price book cannot be above itself")
            }
            next = try context.get("price_book", id)["parent_price_book"].reference
        }
        guard next == nil else {
            throw FieldRules.problem(
                change, "parent_price_book", "at most \(chainLimit) price books may stand above one")
        }
    }

    private static func checkDefault(
        _ change: RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        guard change["is_default"] == true, change.changes("is_default") || change.changes("currency") else {
            return
        }
        let filter = Filter.all([
            .where("is_default", .equal, true), .where("currency", .equal, change["currency"]),
            .where("id", .notEqual, .reference(change.id)),
        ])
        guard try context.count("price_book", where: filter) == 0 else {
            throw FieldRules.problem(
                change, "is_default", "there is a default price book in this currency already")
        }
    }
}
