import CRMSDK

/// Something that came into stock or left it. Written once, never changed: the quantity in stock is the sum.
enum StockMovement {
    static let definition = EntityDefinition(
        "stock_movement", label: "Stock movement", plural: "Stock movements",
        fields: [
            .reference("product", "Product", to: "product").mandatory().indexed(),
            .decimal("quantity", "Quantity", scale: 4).mandatory()
                .help("What came in, or, negative, went out."),
            .picklist(
                "reason", "Reason",
                [
                    PicklistValue("Adjustment").requiring("note").system(), PicklistValue("Receipt").system(),
                    PicklistValue("Delivery").system(), PicklistValue("Return").system(),
                ]
            ).mandatory(),
            .text("note", "Note").help("Why; required for an adjustment."),
            .reference(
                "document", "Document", to: "sales_order", "purchase_order", "invoice", "credit_note"
            ).indexed(),
        ]
    )
    .labelled(by: "product", "quantity")
    .sorted(by: "-created_at")
    .listing("product", "quantity", "reason", "note", "document", "created_at", "created_by")
    .index("product", "created_at")
    .sharing(.publicRead)

    static let hooks = [
        Hook("check_movement", on: "stock_movement", [.beforeCreate], check),
        Hook("move_stock", on: "stock_movement", [.afterCreate], move),
        Hook("keep_movement", on: "stock_movement", [.beforeUpdate, .beforeDelete, .beforeRestore], refuse),
    ]

    @Sendable
    private static func check(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError) {
        guard change["quantity"].decimal?.units != 0 else {
            throw FieldRules.problem(change, "quantity", "a movement of nothing is no movement")
        }
        try RequiredFields.check(change, in: try context.definition(of: "stock_movement"), context)
        guard let product = change["product"].reference,
            try context.get("product", product)["kind"] == "service"
        else { return }
        throw FieldRules.problem(change, "product", "a service is never in stock")
    }

    /// The product's sum, in the same unit of work: of two movements at once none is lost.
    @Sendable
    private static func move(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError) {
        guard let product = change["product"].reference, let quantity = change["quantity"].decimal else {
            return
        }
        try context.elevated(reason: "quantity in stock") { (context) throws(CRMError) in
            let present = try context.get("product", product)["quantity_in_stock"].decimal
            let (units, overflow) = (present?.units ?? 0).addingReportingOverflow(quantity.units)
            guard !overflow else { throw CRMError(.limitExceeded, "the quantity in stock is out of range") }
            let sum = FixedDecimal(units: units, scale: 4)
            _ = try context.update("product", product, ["quantity_in_stock": .decimal(sum)])
        }
    }

    @Sendable
    private static func refuse(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError) {
        throw CRMError(
            .invalidRecord, "stock movement \(change.id) stays as it is",
            hint: "Write another movement that takes it back.")
    }
}
