import CRMSDK

/// One possible sale on its way along the pipeline. Its rules are in `Potential+Rules.swift`.
///
/// `related_to` and `closing_date` are asked for by the stage's data, not by the definition: see `RequiredFields`.
enum Potential {
    static let definition = EntityDefinition(
        "potential", label: "Potential", plural: "Potentials",
        fields: deal + figures + stage + outcome
    )
    .labelled(by: "potential_name")
    .listing("potential_name", "related_to", "sales_stage", "amount", "probability", "closing_date", "owner")
    .index("closing_date")
    .index("sales_stage", "closing_date")
    .index("owner", "sales_stage", "closing_date")

    /// The people at the customer's side, each with a part in the decision; `contact` is the first among them.
    static let contacts = RelationDefinition(
        "contact_potential", from: "contact", to: "potential", label: "Potentials",
        fields: [
            .picklist("role", "Role", labels: ["Decision Maker", "Evaluator", "Influencer"])
        ]
    ).inverse(label: "Contacts")

    private static let deal: [FieldDefinition] = [
        .text("potential_name", "Potential name").mandatory().indexed(),
        .autonumber("potential_no", "Potential number", "POT00000"),
        .reference("related_to", "Related to", to: "account", "contact").indexed()
            .help("The account that would buy, or the contact where no company is involved."),
        .reference("contact", "Contact", to: "contact").indexed()
            .help("The person to talk to; further ones are linked with their roles."),
        .picklist("opportunity_type", "Type", labels: ["Existing Business", "New Business"]),
        SharedFields.leadSource,
        .text("next_step", "Next step"),
        .longtext("description", "Description"),
    ]

    private static let figures = FieldDefinition.section(
        "Figures",
        .reference("currency", "Currency", to: "currency").help("Empty means the base currency."),
        .money("amount", "Amount", currencyField: "currency"),
        .baseMoney("amount_base", "Amount (base currency)", of: "amount", on: "closing_date")
            .help("By the rate of the closing date; without one, of the day it was created."),
        .percent("probability", "Probability")
            .help("Percent; follows the stage unless the same write gives one."),
        .money("forecast_amount", "Forecast amount", currencyField: "currency").readOnly()
            .help("Amount times probability, rounded to the currency's decimals."),
        .baseMoney(
            "forecast_amount_base", "Forecast amount (base currency)", of: "forecast_amount",
            on: "closing_date"),
        .date("closing_date", "Closing date").help("The day on which the deal is expected to be closed."))

    private static let stage = FieldDefinition.section(
        "Stage",
        .picklist("pipeline", "Pipeline", [PicklistValue("Standard")]).defaulting(to: "standard")
            .help("Which stages the deal goes through."),
        .picklist("sales_stage", "Sales stage", Stage.shipped).mandatory().defaulting(to: "prospecting"),
        .datetime("stage_changed_at", "Stage changed at").readOnly(),
        .datetime("closed_at", "Closed at").readOnly(),
        .longtext("stages_entered", "Stages entered").readOnly().searchable(false)
            .help("Every stage that the deal was ever in: what conversion rates are counted from."))

    private static let outcome = FieldDefinition.section(
        "Outcome",
        .picklist(
            "loss_reason", "Loss reason",
            ["Price", "Competitor", "No budget", "No decision", "Timing", "Product fit"].map {
                PicklistValue($0)
            } + [PicklistValue("Other").attribute(RequiredFields.attribute, "loss_note").system()]),
        .longtext("loss_note", "Loss note").help("What happened; required for the reason Other."),
        .reference("converted_from_lead", "Converted from lead", to: "lead").readOnly())
}
