import CRMSDK

/// Something that a customer asks or complains about, from the first call to the answer.
///
/// What a status means is data on its value: `class` (`open`, `waiting`, `closed`), `next_states` and
/// `required_fields`, so that an administrator who adds one also says what it does.
enum Ticket {
    static let definition = EntityDefinition(
        "ticket", label: "Ticket", plural: "Tickets",
        fields: question + state + deadlines + work
    )
    .labelled(by: "ticket_no", "title")
    .sorted(by: "-created_at")
    .listing("ticket_no", "title", "related_to", "status", "priority", "owner", "created_at")
    .index("status", "created_at")
    .index("owner", "status", "created_at")
    .index("priority", "created_at")

    /// The articles that answer a ticket.
    static let articles = RelationDefinition(
        "faq_ticket", from: "faq", to: "ticket", label: "Answered tickets"
    ).inverse(label: "Articles")

    static let hooks = [
        Hook("check_ticket_move", on: "ticket", [.beforeUpdate], checkMove),
        Hook("note_ticket_closing", on: "ticket", [.beforeCreate, .beforeUpdate], noteClosing),
        Hook("check_ticket_fields", on: "ticket", [.beforeCreate, .beforeUpdate], checkFields),
    ]

    private static let question: [FieldDefinition] = [
        .text("title", "Title").mandatory().indexed(),
        .autonumber("ticket_no", "Ticket number", "TT00000"),
        .reference("related_to", "Related to", to: "account", "contact").indexed()
            .help("The customer: a company, or a person where no company is involved."),
        .reference("product", "Product", to: "product").indexed()
            .help("The product or service that it is about."),
        .picklist("channel", "Channel", labels: ["Web", "Mail", "Phone", "Portal"]),
        .longtext("description", "Description"),
    ]

    private static let state = FieldDefinition.section(
        "State",
        .picklist("status", "Status", statuses).mandatory().defaulting(to: "open"),
        .picklist("priority", "Priority", labels: ["Low", "Normal", "High", "Urgent"])
            .defaulting(to: "normal"),
        .picklist("severity", "Severity", labels: ["Minor", "Major", "Feature", "Critical"]),
        .picklist("category", "Category", labels: ["Big Problem", "Small Problem", "Other Problem"]),
        .datetime("closed_at", "Closed at").readOnly(),
        .integer("reopened_count", "Times re-opened").readOnly().defaulting(to: "0").range("0", nil))

    private static let deadlines = FieldDefinition.section(
        "Deadlines",
        .datetime("first_response_due_at", "First response due"),
        .datetime("resolution_due_at", "Resolution due").indexed(),
        .datetime("first_responded_at", "First responded at"))

    private static let work = FieldDefinition.section(
        "Work",
        .decimal("hours", "Hours", scale: 2).range("0", nil).help("Effort so far."),
        .decimal("days", "Days", scale: 2).range("0", nil).help("Effort so far."),
        .longtext("solution", "Solution").help("What helped; required when the ticket is closed."))

    private static let statuses = [
        PicklistValue("Open").stateClass("open").next("in_progress", "wait_for_response", "closed").system(),
        PicklistValue("In Progress").stateClass("open").next("wait_for_response", "closed").system(),
        PicklistValue("Wait For Response").stateClass("waiting").next("in_progress", "closed").system(),
        PicklistValue("Closed").stateClass("closed").next("in_progress").requiring("solution").system(),
    ]

    @Sendable
    private static func checkMove(
        _ change: inout RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        try LifeCycle.checkMove(change, "status", in: try context.definition(of: "ticket"), context)
    }

    /// Notes when the ticket was closed, and counts how often a closed one was taken up again.
    @Sendable
    private static func noteClosing(
        _ change: inout RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        guard change.changes("status") else { return }
        let definition = try context.definition(of: "ticket")
        let was = LifeCycle.state(change.old, "status", in: definition).map(isClosed) ?? false
        let isNow = LifeCycle.state(change, "status", in: definition).map(isClosed) ?? false
        guard was != isNow else { return }
        change["closed_at"] = isNow ? .instant(context.now) : .null
        if was { change["reopened_count"] = .integer((change["reopened_count"].integer ?? 0) + 1) }
    }

    private static func isClosed(_ status: PicklistValue) -> Bool {
        status.attributes[LifeCycle.stateClass] == "closed"
    }

    @Sendable
    private static func checkFields(
        _ change: inout RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        try RequiredFields.check(change, in: try context.definition(of: "ticket"), context)
    }
}
