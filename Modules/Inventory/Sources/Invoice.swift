import CRMSDK

/// What an account owes. Once sent it stays as it is; what was wrong with it is put right by a credit note.
enum Invoice {
    static let definition = EntityDefinition(
        "invoice", label: "Invoice", plural: "Invoices",
        fields: TradeDocument.fields(
            .invoice, number: ("invoice_no", "Invoice number", "INV00000"),
            status: .picklist("invoice_status", "Status", statuses).mandatory().defaulting(to: "created"),
            party: [
                TradeDocument.account, .reference("sales_order", "Sales order", to: "sales_order").indexed(),
                .reference("quote", "Quote", to: "quote").indexed(),
            ],
            extra: [
                .date("invoice_date", "Invoice date").indexed()
                    .help("Given when it is issued, if not before."),
                .date("due_date", "Due date").indexed(),
                .text("customer_no", "Customer number", maximumLength: 100),
                .text("customer_po", "Customer's order number", maximumLength: 100),
                .boolean("moves_stock", "Moves stock").defaulting(to: "true")
                    .help(
                        "Not where the goods have left stock before, as with what was sold before the move here."
                    ),
            ] + Balance.fields + TradeDocument.commission)
    )
    .labelled(by: "invoice_no", "subject")
    .sorted(by: "-invoice_date")
    .listing("invoice_no", "subject", "account", "invoice_status", "invoice_date", "due_date", "owner")
    .index("invoice_status", "invoice_date")
    .index("owner", "invoice_status", "invoice_date")

    static let hooks =
        TradeDocument.hooks(.invoice) + [
            TradeDocument.keepIssued(.invoice),
            Hook("check_invoice_dates", on: "invoice", [.beforeCreate, .beforeUpdate]) {
                change, context throws(CRMError) in
                try FieldRules.check(
                    change, "invoice_date", notAfter: "due_date", in: try context.definition(of: "invoice"))
            },
        ]

    /// It has its number and date from the moment when it is sent; a draft has none.
    static let statuses = [
        PicklistValue("auto_created", "AutoCreated").stateClass("draft").next(
            "created", "approved", "sent", "cancel"
        )
        .system(),
        PicklistValue("Created").stateClass("draft").next("approved", "sent", "cancel").system(),
        PicklistValue("Approved").stateClass("open").next("created", "sent", "cancel").system(),
        PicklistValue("Sent").stateClass("open").next("paid", "credit_invoice").locked().issued().system(),
        PicklistValue("Credit Invoice").stateClass("closed").next().locked().issued().system(),
        PicklistValue("Paid").stateClass("closed").next("sent", "credit_invoice").locked().issued().system(),
        PicklistValue("Cancel").stateClass("cancelled").next().locked().system(),
    ]
}
