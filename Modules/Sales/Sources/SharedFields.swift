import CRMSDK

/// Fields and picklists that leads and potentials have in common.
enum SharedFields {
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
