import CRMSDK

/// A tax as it stands in the books now. Documents keep their own copy of the percentage: changing the tax never changes
/// an old document.
enum Tax {
    static let definition = EntityDefinition(
        "tax", label: "Tax", plural: "Taxes",
        fields: [
            .text("name", "Name", maximumLength: 100).mandatory().unique(),
            .percent("percent", "Percent", scale: 4).mandatory().range("-100", "100"),
            .picklist("applies_to", "Applies to", labels: ["Item", "Shipping", "Both"]).mandatory()
                .defaulting(to: "item"),
            .picklist(
                "kind", "Kind", [PicklistValue("Normal").system(), PicklistValue("Retention").system()]
            )
            .mandatory().defaulting(to: "normal")
            .help("A retention is negative: withheld by the buyer and summed apart."),
            .boolean("active", "Active").defaulting(to: "true"),
        ]
    )
    .labelled(by: "name")
    .sorted(by: "name")
    .listing("name", "percent", "applies_to", "kind", "active")
    .administrative()

    static let hooks = [Hook("check_tax", on: "tax", [.beforeCreate, .beforeUpdate], check)]

    @Sendable
    private static func check(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError) {
        if let name = change["name"].text, change.changes("name"),
            name == TaxNotation.none || name.contains(";") || name.contains("%")
        {
            throw FieldRules.problem(
                change, "name", "the name of a tax holds no \";\" and no \"%\", and is not \"none\"")
        }
        guard let percent = change["percent"].decimal else { return }
        let isRetention = change["kind"] == "retention"
        guard isRetention ? percent.units <= 0 : percent.units >= 0 else {
            throw FieldRules.problem(
                change, "percent",
                isRetention
                    ? "the percentage of a retention is not above 0"
                    : "the percentage of a tax is not below 0")
        }
    }

    /// The percentage of an active tax by its name; nil if there is none.
    static func percent(_ name: String, _ context: any ModuleContext) throws(CRMError) -> FixedDecimal? {
        let filter = Filter.all([.where("name", .equal, .text(name)), .where("active", .equal, true)])
        return try context.list(ListRequest("tax", where: filter, limit: 1)).first?["percent"].decimal
    }
}
