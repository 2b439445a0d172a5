import CRMSDK

/// What quotes, orders, invoices and credit notes have in common: the header of a document of trade, and its rules.
///
/// The rate of the document's currency is taken when it is written and stays: a document says what was agreed that day.
enum TradeDocument {
    /// - Parameters:
    ///   - number: Name, label and pattern of the document's number.
    ///   - status: The field of its state.
    static func fields(
        number: (name: String, label: String, pattern: String), status: FieldDefinition,
        party: [FieldDefinition], extra: [FieldDefinition]
    ) -> [FieldDefinition] {
        [
            .text("subject", "Subject").mandatory().indexed(),
            .autonumber(number.name, number.label, number.pattern), status,
        ] + party + [.reference("contact", "Contact", to: "contact").indexed()] + extra + money + delivery
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
        .picklist(
            "discount_kind", "Discount",
            [
                PicklistValue("None").system(),
                PicklistValue("Percent").requiring("discount_percent").system(),
                PicklistValue("Amount").requiring("discount_amount").system(),
            ]
        ).mandatory().defaulting(to: "none"),
        .percent("discount_percent", "Discount percent", scale: 4),
        .money("discount_amount", "Discount amount", currencyField: "currency").range("0", nil),
        .money("shipping_amount", "Shipping", currencyField: "currency").range("0", nil),
        .money("adjustment", "Adjustment", currencyField: "currency").help("Added as it is; may be negative.")
    )

    private static let delivery: [FieldDefinition] = [
        .picklist("carrier", "Carrier", labels: ["FedEx", "UPS", "USPS", "DHL", "BlueDart"])
    ]

    /// What orders and invoices say about taxes of the trade and the seller's share.
    static let commission: [FieldDefinition] = [
        .percent("sales_commission", "Sales commission"),
        .percent("excise_duty", "Excise duty"),
    ]

    /// Fields that a locked document leaves open, beside its state.
    static let open: Set = ["description", "owner"]

    /// The rules of one kind of document.
    ///
    /// - Parameters:
    ///   - status: The name of its state's field.
    ///   - open: What stays open in a locked document, beside `open` of all.
    static func hooks(_ entity: String, status: String, open: Set<String> = []) -> [Hook] {
        [
            Hook("check_\(entity)", on: entity, [.beforeCreate, .beforeUpdate]) {
                change, context throws(CRMError) in
                let definition = try context.definition(of: entity)
                try LifeCycle.checkMove(change, status, in: definition, context)
                try LifeCycle.checkLock(
                    change, status, open: open.union(Self.open), in: definition, context)
                try freezeRate(&change, context)
                try RequiredFields.check(change, in: definition, context)
            }
        ]
    }

    /// Takes the currency's rate when the document is written, and again when its currency changes.
    private static func freezeRate(
        _ change: inout RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        guard change.changes("currency") || change["conversion_rate"].isNull,
            let currency = change["currency"].reference
        else { return }
        change["conversion_rate"] = try context.get("currency", currency)["rate"]
    }

    /// Refuses to delete a document that has left the house.
    static func keepIssued(_ entity: String, status: String) -> Hook {
        Hook("keep_issued_\(entity)", on: entity, [.beforeDelete]) { change, context throws(CRMError) in
            let definition = try context.definition(of: entity)
            guard let state = LifeCycle.state(change.old, status, in: definition),
                state.attributes[LifeCycle.locked] == "true"
            else { return }
            throw CRMError(
                .invalidRecord,
                "\(definition.label.lowercased()) \(change.id) is \"\(state.label)\" and cannot be deleted",
                hint: "What was issued is taken back by a credit note.")
        }
    }
}
