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
}
