import CRMSDK

/// The customer, prospect, partner or competitor as a company; the hub of almost every relation.
enum Account {
    static let definition = EntityDefinition(
        "account", label: "Account", plural: "Accounts",
        fields: [
            .text("account_name", "Account Name").mandatory().indexed(),
            .autonumber("account_no", "Account Number", "ACC00000"),
            .url("website", "Website"),
            .phone("phone", "Phone"),
            .phone("other_phone", "Other Phone"),
            .phone("fax", "Fax"),
            .email("email", "E-mail").indexed(),
            .email("other_email", "Other E-mail"),
            .reference("parent_account", "Member Of", to: "account"),
            .picklist(
                "account_type", "Type",
                labels: [
                    "Analyst", "Competitor", "Customer", "Integrator", "Investor", "Partner", "Press",
                    "Prospect",
                    "Reseller", "Other",
                ]),
            .picklist("industry", "Industry", labels: industries).indexed(),
            .picklist(
                "rating", "Rating",
                labels: ["Acquired", "Active", "Market Failed", "Project Cancelled", "Shutdown"]),
            .text("ownership", "Ownership"),
            .text("ticker_symbol", "Ticker Symbol", maximumLength: 30),
            .text("sic_code", "SIC Code", maximumLength: 40),
            .integer("employees", "Employees").range("0", nil),
            .money("annual_revenue", "Annual Revenue"),
            FieldGroups.language,
            .boolean("email_opt_out", "E-mail Opt Out").help("Excluded from mass mail."),
            .boolean("notify_owner", "Notify Owner"),
        ] + FieldGroups.address("billing", "Billing") + FieldGroups.address("shipping", "Shipping") + [
            .longtext("description", "Description")
        ]
    )
    .labelled(by: "account_name")
    .sorted(by: "account_name")
    .listing("account_name", "account_type", "industry", "phone", "website", "owner")

    static let industries = [
        "Apparel", "Banking", "Biotechnology", "Chemicals", "Communications", "Construction", "Consulting",
        "Education",
        "Electronics", "Energy", "Engineering", "Entertainment", "Environmental", "Finance",
        "Food & Beverage",
        "Government", "Healthcare", "Hospitality", "Insurance", "Machinery", "Manufacturing", "Media",
        "Not For Profit", "Recreation", "Retail", "Shipping", "Technology", "Telecommunications",
        "Transportation",
        "Utilities", "Other",
    ]

    static let hooks = [
        FieldGroups.languageHook("account"),
        Hook("parent without cycle", on: "account", [.beforeCreate, .beforeUpdate]) {
            change, context throws(CRMError) in
            try ReferenceChain.refuseCycle(change, through: "parent_account", context)
        },
    ]
}
