import CRMSDK

/// What quotes, orders, invoices and credit notes have in common: the header of a document of trade, and its rules.
///
/// The rate of the document's currency is taken when it is written and stays: a document says what was agreed that day.
enum TradeDocument {
    /// - Parameters:
    ///   - kind: Which of the five.
    ///   - number: Name, label and pattern of the document's number.
    ///   - status: The field of its state.
    static func fields(
        _ kind: DocumentKind, number: (name: String, label: String, pattern: String), status: FieldDefinition,
        party: [FieldDefinition], extra: [FieldDefinition]
    ) -> [FieldDefinition] {
        [
            .text("subject", "Subject").mandatory().indexed(),
            kind.issueDate == nil
                ? .autonumber(number.name, number.label, number.pattern)
                : .autonumber(number.name, number.label, number.pattern).givenByModule(), status,
        ] + party + [.reference("contact", "Contact", to: "contact").indexed()] + extra
            + TradeLine.fields(kind.entity) + money + totals + (kind.takers.isEmpty ? [] : taken) + delivery
            + Address.fields("billing", "Billing address") + Address.fields("shipping", "Shipping address")
            + [
                .longtext("terms_conditions", "Terms and conditions"),
                .longtext("description", "Description"),
            ]
    }

    static let account = FieldDefinition.reference("account", "Account", to: "account").mandatory().indexed()

    private static let money = FieldDefinition.section(
        "Amounts",
        .reference("currency", "Currency", to: "currency").mandatory(),
        .decimal("conversion_rate", "Conversion rate", scale: 6).readOnly()
            .help("Units of the currency for one of the base currency, when the document was written."),
        .picklist(
            "tax_mode", "Tax mode", [PicklistValue("Individual").system(), PicklistValue("Group").system()]
        )
        .mandatory().defaulting(to: "group").help("Taxes of each line, or of the document."),
        .text("taxes", "Taxes")
            .help("With taxes of the document: \"VAT 21%; Retention -15%\"; the usual ones if left out."),
        .picklist("discount_kind", "Discount", discountKinds).mandatory().defaulting(to: "none"),
        .percent("discount_percent", "Discount percent", scale: 4),
        .money("discount_amount", "Discount amount", currencyField: "currency").range("0", nil),
        .money("shipping_amount", "Shipping", currencyField: "currency").range("0", nil),
        .text("shipping_taxes", "Taxes on shipping"),
        .money("adjustment", "Adjustment", currencyField: "currency").help("Added as it is; may be negative.")
    )

    static let discountKinds = [
        PicklistValue("None").system(),
        PicklistValue("Percent").requiring("discount_percent").system(),
        PicklistValue("Amount").requiring("discount_amount").system(),
    ]

    /// Computed from the lines. A client that sends one is told where it differs.
    private static let totals: [FieldDefinition] = {
        let amounts = [
            ("subtotal", "Subtotal"), ("discount_total", "Discount taken"),
            ("taxable_total", "Taxable total"), ("tax_total", "Taxes"),
            ("retention_total", "Retentions among the taxes"), ("shipping_tax", "Tax on shipping"),
            ("grand_total", "Grand total"),
        ].map { FieldDefinition.money($0.0, $0.1, currencyField: "currency") }
        return (amounts + [.money("base_grand_total", "Grand total in base currency")]).map {
            $0.section("Totals").help("Computed; one that is sent is compared.")
        }
    }()

    /// What later documents have taken of the amounts that belong to no line.
    private static let taken: [FieldDefinition] = [
        ("taken_discount", "Discount taken over"), ("taken_shipping", "Shipping taken over"),
        ("taken_adjustment", "Adjustment taken over"),
    ].map { .money($0.0, $0.1, currencyField: "currency").readOnly().section("Totals") }

    private static let delivery: [FieldDefinition] = [
        .picklist("carrier", "Carrier", labels: ["FedEx", "UPS", "USPS", "DHL", "BlueDart"])
    ]

    /// What orders and invoices say about taxes of the trade and the seller's share.
    static let commission: [FieldDefinition] = [
        .percent("sales_commission", "Sales commission"),
        .percent("excise_duty", "Excise duty"),
    ]

    /// Fields that a locked document leaves open, beside its state.
    static let open: Set = [
        "description", "owner", "taken_discount", "taken_shipping", "taken_adjustment",
    ]

    /// The rules of one kind of document, in this order: each reads what the ones before it have set.
    static func hooks(_ kind: DocumentKind) -> [Hook] {
        [
            Hook("check_\(kind.entity)", on: kind.entity, [.beforeCreate, .beforeUpdate]) {
                change, context throws(CRMError) in
                let definition = try context.definition(of: kind.entity)
                try LifeCycle.checkMove(change, kind.status, in: definition, context)
                try checkLock(change, kind, in: definition, context)
                try freezeRate(&change, kind, context)
                try RequiredFields.check(change, in: definition, context)
            },
            Hook("compute_\(kind.entity)", on: kind.entity, [.beforeCreate, .beforeUpdate]) {
                change, context throws(CRMError) in
                try compute(&change, kind, context)
            },
        ] + Issuing.hooks(kind) + PartyAddress.hook(kind)
    }

    /// A locked document keeps what it says; what later documents take of it is noted all the same.
    private static func checkLock(
        _ change: RecordChange, _ kind: DocumentKind, in definition: EntityDefinition,
        _ context: any ModuleContext
    ) throws(CRMError) {
        var open = open.union(kind.open)
        if isBookkeeping(change) { open.insert(TradeLine.field) }
        try LifeCycle.checkLock(change, kind.status, open: open, in: definition, context)
    }

    /// Whether the lines differ in nothing but what the module keeps of them.
    private static func isBookkeeping(_ change: RecordChange) -> Bool {
        let old = change.old?.lines(TradeLine.field) ?? []
        let new = change.lines(TradeLine.field)
        return old.count == new.count
            && zip(old, new).allSatisfy { old, new in
                old.id == new.id
                    && new.values.allSatisfy { TradeLine.kept.contains($0.key) || old[$0.key] == $0.value }
            }
    }

    /// Whether figures may differ after a change: a document that nobody touches keeps those that it was written with.
    private static func concernsFigures(_ change: RecordChange) -> Bool {
        let fields =
            [
                "currency", "conversion_rate", "tax_mode", "taxes", "discount_kind", "discount_percent",
                "discount_amount", "shipping_amount", "shipping_taxes", "adjustment",
            ] + totals.map(\.name)
        return fields.contains { change.changes($0) } || !isBookkeeping(change)
    }

    /// Completes the lines and sets every figure.
    private static func compute(
        _ change: inout RecordChange, _ kind: DocumentKind, _ context: any ModuleContext
    ) throws(CRMError) {
        guard let currency = change["currency"].reference else { return }
        guard change.isNew || concernsFigures(change) else { return DocumentWriting.remain(&change, kind) }
        var writing = try DocumentWriting(kind, change, currency: currency, context)
        if change.isNew, change["terms_conditions"].isNull {
            change["terms_conditions"] = writing.rates.settings.terms
        }
        try writing.complete(&change, context)
        try writing.compute(&change)
        guard writing.problems.isEmpty else { throw .invalidRecord(kind.entity, writing.problems) }
    }

    /// Takes the currency's rate of the document's date, or of today, when it is written, and again when its currency
    /// changes. A new document that names no currency is in the company's own.
    private static func freezeRate(
        _ change: inout RecordChange, _ kind: DocumentKind, _ context: any ModuleContext
    ) throws(CRMError) {
        if change.isNew, change["currency"].isNull, let base = try Currency.base(context) {
            change["currency"] = .reference(base.id)
        }
        // A document that is made from another keeps the other's rate.
        if change.isNew, !change["conversion_rate"].isNull { return }
        guard change.changes("currency") || change["conversion_rate"].isNull,
            let currency = change["currency"].reference
        else { return }
        let day = kind.issueDate.flatMap { change[$0].date } ?? context.today
        guard let rate = try context.exchangeRate(of: currency, on: day) else {
            let code = try context.get("currency", currency)["code"].text ?? "\(currency)"
            throw .invalidRecord(
                kind.entity,
                [
                    FieldProblem(
                        field: "currency", code: "rule",
                        message: "there is no exchange rate for \(code) on \(day)")
                ])
        }
        change["conversion_rate"] = .decimal(rate)
    }

    /// Refuses to delete a document that has left the house.
    static func keepIssued(_ kind: DocumentKind) -> Hook {
        Hook("keep_issued_\(kind.entity)", on: kind.entity, [.beforeDelete]) {
            change, context throws(CRMError) in
            let definition = try context.definition(of: kind.entity)
            guard let state = LifeCycle.state(change.old, kind.status, in: definition),
                state.attributes[LifeCycle.locked] == "true"
            else { return }
            throw CRMError(
                .invalidRecord,
                "\(definition.label.lowercased()) \(change.id) is \"\(state.label)\" and cannot be deleted",
                hint: "What was issued is taken back by a credit note.")
        }
    }
}
