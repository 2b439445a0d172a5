import CRMSDK

/// What is still owed of an invoice: its total less what was paid and what credit notes gave back.
enum Balance {
    static let fields = FieldDefinition.section(
        "Payment",
        .money("paid_amount", "Paid", currencyField: "currency").range("0", nil),
        .money("credited_amount", "Credited", currencyField: "currency").readOnly()
            .help("By credit notes that were issued."),
        .money("balance", "Balance", currencyField: "currency").readOnly().help("What is still owed."))

    /// Fields that stay open in an issued invoice.
    static let open: Set = ["paid_amount", "credited_amount", "balance"]

    static let hooks = [
        Hook("balance_invoice", on: "invoice", [.beforeCreate, .beforeUpdate]) {
            change, _ throws(CRMError) in
            guard let total = change["grand_total"].money else { return }
            let owed =
                Amount(total) - Amount(change["paid_amount"].money) - Amount(change["credited_amount"].money)
            change["balance"] = owed.money(total.currency).map { .money($0) } ?? .null
        },
        Hook("credit_invoice", on: "credit_note", [.afterCreate, .afterUpdate]) {
            change, context throws(CRMError) in
            try credit(change, context)
        },
    ]

    /// An issued credit note reduces what its invoice owes, and may settle it.
    private static func credit(_ change: RecordChange, _ context: any ModuleContext) throws(CRMError) {
        func amount(_ record: Record?) -> Amount {
            record?["status"] == "issued" ? Amount(record?["grand_total"].money) : .zero
        }
        let more = amount(change.asRecord) - amount(change.old)
        guard more != .zero, let id = change["invoice"].reference else { return }
        try context.elevated(reason: "balance of an invoice") { (context) throws(CRMError) in
            let invoice = try context.get("invoice", id)
            guard let total = invoice["grand_total"].money else { return }
            let credited = Amount(invoice["credited_amount"].money) + more
            guard credited <= Amount(total) else {
                throw CRMError(
                    .invalidRecord,
                    "the credit notes of invoice \(DocumentKind.invoice.name(invoice)) exceed its total")
            }
            var values: [String: Value] = [
                "credited_amount": credited.money(total.currency).map { .money($0) } ?? .null
            ]
            let isWhole = credited == Amount(total)
            if isWhole, ["sent", "paid"].contains(invoice["invoice_status"]) {
                values["invoice_status"] = "credit_invoice"
            } else if Amount(invoice["balance"].money) == more, invoice["invoice_status"] == "sent" {
                values["invoice_status"] = "paid"
            }
            _ = try context.update("invoice", id, values)
        }
    }

    /// `inventory.record_payment`.
    static let payment = Action(
        "record_payment", .writes,
        summary: "Notes a payment of an invoice that was sent; one that settles it makes it Paid.",
        description: """
            Refused for an invoice that was not sent, and for more than is still owed.
            """,
        parameters: [
            Parameter("invoice", .id(of: "invoice"), "What was paid.", required: true),
            Parameter(
                "amount", .field(.decimal(scale: 4)),
                "In the invoice's currency; all that is owed unless given."),
        ],
        result: .object([
            Parameter("invoice", .id(of: "invoice"), "The invoice."),
            Parameter("paid", .text, "What has been paid of it altogether."),
            Parameter("balance", .text, "What is still owed."),
            Parameter("invoice_status", .text, "Its state."),
        ]),
        requires: AccessRight(.edit, "invoice"), pay)

    @Sendable
    private static func pay(
        _ parameters: StructuredValue, _ context: any ModuleContext
    ) throws(CRMError) -> StructuredValue {
        guard let id = parameters["invoice"]?.value.reference else {
            throw CRMError(.invalidParameters, "a payment needs an invoice")
        }
        let invoice = try context.get("invoice", id)
        guard invoice["invoice_status"] == "sent", let balance = invoice["balance"].money else {
            throw CRMError(
                .invalidRecord, "invoice \(DocumentKind.invoice.name(invoice)) does not wait for a payment",
                hint: "An invoice is paid after it was sent.")
        }
        let amount =
            parameters["amount"]?.value.decimal.map { Amount(tenThousandths: Int128($0.units)) }
            ?? Amount(balance)
        guard amount > .zero, amount <= Amount(balance) else {
            throw CRMError(
                .invalidParameters,
                "a payment is above 0 and at most what is owed, \(balance.amountText(minimumDecimals: 0))")
        }
        let paid = Amount(invoice["paid_amount"].money) + amount
        var values: [String: Value] = [
            "paid_amount": paid.money(balance.currency).map { .money($0) } ?? .null
        ]
        if amount == Amount(balance) { values["invoice_status"] = "paid" }
        let now = try context.update("invoice", id, values, version: invoice.version)
        return .object([
            "invoice": .value(.reference(id)), "paid": text(now["paid_amount"]),
            "balance": text(now["balance"]), "invoice_status": .value(now["invoice_status"]),
        ])
    }

    private static func text(_ value: Value) -> StructuredValue {
        .value(.text(value.money?.amountText(minimumDecimals: 0) ?? "0"))
    }
}
