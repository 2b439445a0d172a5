import CRMSDK

/// What is given back of an invoice: a document of its own with positive quantities, that reduces what is owed.
enum CreditNote {
    static let definition = EntityDefinition(
        "credit_note", label: "Credit note", plural: "Credit notes",
        fields: TradeDocument.fields(
            .creditNote, number: ("credit_note_no", "Credit note number", "CN00000"),
            status: .picklist("status", "Status", statuses).mandatory().defaulting(to: "created"),
            party: [
                TradeDocument.account,
                .reference("invoice", "Invoice", to: "invoice").mandatory().indexed(),
            ],
            extra: [
                .date("credit_note_date", "Date").indexed()
                    .help("Given when it is issued, if not before."),
                .text("reason", "Reason").mandatory(),
                .boolean("with_return", "With return").help("Whether the goods come back into stock."),
            ])
    )
    .labelled(by: "credit_note_no", "subject")
    .sorted(by: "-credit_note_date")
    .listing("credit_note_no", "subject", "account", "invoice", "status", "credit_note_date", "owner")
    .index("status", "credit_note_date")
    .index("owner", "status", "credit_note_date")

    static let hooks =
        TradeDocument.hooks(.creditNote) + [
            TradeDocument.keepIssued(.creditNote),
            Hook("check_credited_account", on: "credit_note", [.beforeCreate, .beforeUpdate], checkAccount),
        ]

    private static let statuses = [
        PicklistValue("Created").stateClass("draft").next("issued", "cancelled").system(),
        PicklistValue("Issued").stateClass("closed").next().locked().issued().system(),
        PicklistValue("Cancelled").stateClass("cancelled").next("created"),
    ]

    /// Whoever got the invoice gets the credit, in its currency.
    @Sendable
    private static func checkAccount(
        _ change: inout RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        guard ["invoice", "account", "currency"].contains(where: { change.changes($0) }),
            let id = change["invoice"].reference
        else { return }
        let invoice = try context.get("invoice", id)
        for (field, what) in [("account", "account"), ("currency", "currency")]
        where change[field] != invoice[field] {
            throw FieldRules.problem(
                change, field,
                "a credit note has the \(what) of its invoice \"\(invoice["invoice_no"].text ?? "")\"")
        }
    }
}
