import CRMSDK

/// Fields and picklists that leads and potentials have in common.
enum SharedFields {
    /// How a record came to be. A write that says `import` is exempt from the rules that ask a *person* for
    /// something: see `RequiredFields`.
    static let origin = FieldDefinition.picklist(
        "origin", "Origin",
        [
            PicklistValue("ui", "User interface").system(), PicklistValue("api", "API").system(),
            PicklistValue("import", "Import").system(), PicklistValue("web_form", "Web form").system(),
            PicklistValue("conversion", "Conversion").system(), PicklistValue("workflow", "Workflow").system(),
            PicklistValue("mail", "Mail").system(),
        ]
    ).defaulting(to: "api").section("System")

    static let leadSource = FieldDefinition.picklist(
        "lead_source", "Lead source",
        labels: [
            "Cold Call", "Existing Customer", "Self Generated", "Employee", "Partner", "Public Relations",
            "Direct Mail", "Conference", "Trade Show", "Web Site", "Word of mouth", "Other",
        ])

    static let salutations = ["Mr.", "Ms.", "Mrs.", "Dr.", "Prof."]

    static let ratings = ["Acquired", "Active", "Market Failed", "Project Cancelled", "Shutdown"]

    static let industries = [
        "Apparel", "Banking", "Biotechnology", "Chemicals", "Communications", "Construction", "Consulting",
        "Education", "Electronics", "Energy", "Engineering", "Entertainment", "Environmental", "Finance",
        "Food & Beverage", "Government", "Healthcare", "Hospitality", "Insurance", "Machinery",
        "Manufacturing", "Media", "Not For Profit", "Recreation", "Retail", "Shipping", "Technology",
        "Telecommunications", "Transportation", "Utilities", "Other",
    ]
}
