import CRMSDK

/// Something done to win customers, with a budget and an end. Its return is in `CampaignReturn.swift`, what it has
/// earned so far in `CampaignRevenue.swift`.
enum Campaign {
    static let definition = EntityDefinition(
        "campaign", label: "Campaign", plural: "Campaigns",
        fields: plan + money + responses
    )
    .labelled(by: "campaign_name")
    .sorted(by: "-closing_date")
    .listing(
        "campaign_name", "campaign_type", "campaign_status", "closing_date", "expected_revenue", "actual_roi",
        "owner"
    )
    .index("campaign_status", "closing_date")
    .index("owner", "campaign_status", "closing_date")

    /// Whom a campaign reaches, each with what they answered.
    static let members = [("account", "Accounts"), ("contact", "Contacts"), ("lead", "Leads")].map {
        entity, label in
        RelationDefinition(
            "campaign_\(entity)", from: "campaign", to: entity, label: label, fields: [responseStatus]
        ).inverse(label: "Campaigns")
    }

    static let hooks = [
        Hook("check_campaign", on: "campaign", [.beforeCreate, .beforeUpdate], check),
        Hook("set_campaign_return", on: "campaign", [.beforeCreate, .beforeUpdate], CampaignReturn.set),
    ]

    private static let plan: [FieldDefinition] = [
        .text("campaign_name", "Campaign name").mandatory().indexed(),
        .autonumber("campaign_no", "Campaign number", "CAM00000"),
        .picklist(
            "campaign_type", "Type",
            labels: [
                "Conference", "Webinar", "Trade Show", "Public Relations", "Partners", "Referral Program",
                "Advertisement", "Banner Ads", "Direct Mail", "Email", "Telemarketing", "Others",
            ]),
        .picklist("campaign_status", "Status", statuses).mandatory().defaulting(to: "planning"),
        .reference("product", "Product", to: "product").indexed().help("What it is to sell."),
        .date("start_date", "Start date"),
        .date("closing_date", "Closing date").mandatory().help("The day on which it ends."),
        .text("sponsor", "Sponsor"),
        .text("target_audience", "Target audience"),
        .longtext("description", "Description"),
    ]

    private static let statuses = [
        PicklistValue("Planning").stateClass("open").next("active", "cancelled").system(),
        PicklistValue("Active").stateClass("open").next("inactive", "completed", "cancelled").system(),
        PicklistValue("Inactive").stateClass("open").next("active", "completed", "cancelled").system(),
        PicklistValue("Completed").stateClass("closed").next().system(),
        PicklistValue("Cancelled").stateClass("closed").next().system(),
    ]

    private static let money = FieldDefinition.section(
        "Cost and return",
        .money("budget_cost", "Budget").range("0", nil),
        .money("actual_cost", "Actual cost").range("0", nil),
        .money("expected_revenue", "Expected revenue").range("0", nil),
        .money("actual_revenue", "Actual revenue").readOnly()
            .help("Sum of the deals won that name this campaign, in the base currency."),
        .money("expected_roi", "Expected return").readOnly().help("Expected revenue less budget."),
        .percent("expected_roi_percent", "Expected return in percent").range(nil, nil).readOnly()
            .help("Of the budget; empty without one."),
        .money("actual_roi", "Actual return").readOnly().help("Actual revenue less actual cost."),
        .percent("actual_roi_percent", "Actual return in percent").range(nil, nil).readOnly()
            .help("Of the actual cost; empty without one."))

    private static let responses = FieldDefinition.section(
        "Responses",
        .picklist(
            "expected_response", "Expected response", labels: ["Excellent", "Good", "Average", "Poor"]),
        .integer("target_size", "Target size").range("0", nil),
        .integer("num_sent", "Sent").range("0", nil),
        .integer("expected_sales_count", "Expected sales").range("0", nil),
        .integer("actual_sales_count", "Actual sales").range("0", nil),
        .integer("expected_response_count", "Expected responses").range("0", nil),
        .integer("actual_response_count", "Actual responses").range("0", nil))

    private static let responseStatus = FieldDefinition.picklist(
        "response_status", "Response",
        labels: [
            "Contacted - Successful", "Contacted - Unsuccessful", "Contacted - Never Contact Again", "Sent",
            "Opened", "Clicked", "Bounced", "Opted out",
        ])

    @Sendable
    private static func check(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError) {
        let definition = try context.definition(of: "campaign")
        try LifeCycle.checkMove(change, "campaign_status", in: definition, context)
        try FieldRules.check(change, "start_date", notAfter: "closing_date", in: definition)
    }
}
