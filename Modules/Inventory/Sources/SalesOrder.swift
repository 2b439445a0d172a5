import CRMSDK

/// What an account has ordered; also the pattern of the invoices that come again and again.
enum SalesOrder {
    static let definition = EntityDefinition(
        "sales_order", label: "Sales order", plural: "Sales orders",
        fields: TradeDocument.fields(
            .salesOrder, number: ("sales_order_no", "Sales order number", "SO00000"),
            status: .picklist("so_status", "Status", statuses).mandatory().defaulting(to: "created"),
            party: [
                TradeDocument.account, .reference("potential", "Potential", to: "potential").indexed(),
                .reference("quote", "Quote", to: "quote").indexed(),
            ],
            extra: [
                .text("customer_no", "Customer number", maximumLength: 100),
                .text("customer_po", "Customer's order number", maximumLength: 100),
                .date("due_date", "Due date"),
                .text("pending", "Pending"),
                .boolean("invoiced", "Invoiced").readOnly().help("Nothing remains to be invoiced."),
            ] + TradeDocument.commission + recurring)
    )
    .labelled(by: "sales_order_no", "subject")
    .sorted(by: "-created_at")
    .listing("sales_order_no", "subject", "account", "so_status", "due_date", "owner")
    .index("so_status", "created_at")
    .index("owner", "so_status", "created_at")

    static let hooks =
        TradeDocument.hooks(.salesOrder) + [
            Hook("check_recurrence", on: "sales_order", [.beforeCreate, .beforeUpdate], checkRecurrence)
        ]

    /// What stays open in a locked order: when it makes invoices.
    static let openFields = Set(recurring.map(\.name))

    private static let statuses = [
        PicklistValue("Created").stateClass("open").next("approved", "cancelled").system(),
        PicklistValue("Approved").stateClass("open").next("created", "delivered", "cancelled").locked()
            .system(),
        PicklistValue("Delivered").stateClass("closed").next("approved").locked().system(),
        PicklistValue("Cancelled").stateClass("cancelled").next("created").locked().system(),
    ]

    private static let recurring = FieldDefinition.section(
        "Recurring invoices",
        .boolean("enable_recurring", "Recurring"),
        .picklist(
            "recurring_frequency", "Frequency",
            [
                frequency("Daily", days: 1), frequency("Weekly", days: 7), frequency("Monthly", months: 1),
                frequency("Quarterly", months: 3), frequency("Half-yearly", months: 6),
                frequency("Yearly", months: 12), frequency("2 years", months: 24),
                frequency("3 years", months: 36), frequency("4 years", months: 48),
                frequency("5 years", months: 60),
            ]),
        .date("start_period", "Start of period"),
        .date("end_period", "End of period"),
        .picklist(
            "payment_terms", "Payment terms",
            [30, 45, 60].map { PicklistValue("Net \($0) days").attribute("days", "\($0)") }),
        .picklist("invoice_status", "Status of its invoices", Invoice.statuses),
        .date("last_recurring_date", "Last invoice").readOnly(),
        .date("next_recurring_date", "Next invoice").readOnly().indexed())

    private static func frequency(_ label: String, days: Int) -> PicklistValue {
        PicklistValue(label).attribute("days", "\(days)").system()
    }

    private static func frequency(_ label: String, months: Int) -> PicklistValue {
        PicklistValue(label).attribute("months", "\(months)").system()
    }

    /// An order that makes invoices says how often, and over a period that ends after it starts.
    @Sendable
    private static func checkRecurrence(
        _ change: inout RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        let definition = try context.definition(of: "sales_order")
        try FieldRules.check(change, "start_period", notAfter: "end_period", in: definition)
        if let start = change["start_period"].date, change["end_period"].date == start,
            change.changes("start_period") || change.changes("end_period")
        {
            throw FieldRules.problem(change, "end_period", "End of period must be after Start of period")
        }
        RecurringInvoices.schedule(&change, definition)
        guard change["enable_recurring"] == true, !RequiredFields.isImport(context) else { return }
        let problems = definition.fields.filter {
            ["recurring_frequency", "start_period", "end_period"].contains($0.name) && change[$0.name].isNull
        }.map {
            FieldProblem(
                field: $0.name, code: "required", message: "\($0.label) is required for recurring invoices")
        }
        guard problems.isEmpty else { throw .invalidRecord("sales_order", problems) }
    }
}
