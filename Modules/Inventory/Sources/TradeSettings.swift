import CRMSDK

/// How the company trades: one record, which an administrator writes. Without it the defaults hold.
enum TradeSettings {
    static let definition = EntityDefinition(
        "inventory_settings", label: "Trade settings", plural: "Trade settings",
        fields: [
            .text("name", "Name", maximumLength: 100).mandatory().defaulting(to: "Trade settings"),
            .picklist(
                "rounding", "Rounding of halves",
                [
                    PicklistValue("half_up", "Away from zero").system(),
                    PicklistValue("half_even", "To the even neighbour").system(),
                ]
            ).mandatory().defaulting(to: "half_up"),
            .boolean("allow_negative_stock", "Stock below zero").defaulting(to: "true")
                .help("Whether more may be delivered than there is."),
            .longtext("terms_conditions", "Terms and conditions").help("For documents that bring none."),
        ]
    )
    .labelled(by: "name")
    .sorted(by: "name")
    .listing("name", "rounding", "allow_negative_stock")
    .administrative()

    static let hooks = [
        Hook("one_of_settings", on: "inventory_settings", [.beforeCreate, .beforeRestore]) {
            change, context throws(CRMError) in
            let filter = Filter.where("id", .notEqual, .reference(change.id))
            guard try context.count("inventory_settings", where: filter) == 0 else {
                throw CRMError(.duplicate, "there are trade settings already", hint: "Change those.")
            }
        }
    ]

    /// As they are now.
    struct Values {
        var rounding = RoundingRule.halfUp
        var allowsNegativeStock = true
        var terms = Value.null
    }

    /// Read with the module's rights: the settings hold for everyone.
    static func read(_ context: any ModuleContext) throws(CRMError) -> Values {
        try context.elevated(reason: "trade settings") { (context) throws(CRMError) in try values(context) }
    }

    /// As the context may read them.
    static func values(_ context: any ModuleContext) throws(CRMError) -> Values {
        guard let record = try context.list(ListRequest("inventory_settings", limit: 1)).first else {
            return Values()
        }
        return Values(
            rounding: record["rounding"] == "half_even" ? .halfEven : .halfUp,
            allowsNegativeStock: record["allow_negative_stock"] != false, terms: record["terms_conditions"])
    }
}
