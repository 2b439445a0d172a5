import CRMSDK

/// Something that came into stock or left it. Written once, never changed: the quantity in stock is the sum.
enum StockMovement {
    static let definition = EntityDefinition(
        "stock_movement", label: "Stock movement", plural: "Stock movements",
        fields: [
            .reference("product", "Product", to: "product").mandatory().indexed(),
            .decimal("quantity", "Quantity", scale: 4).mandatory()
                .range("-" + Quantity.maximumPieces, Quantity.maximumPieces)
                .help("What came in, or, negative, went out."),
            .picklist(
                "ledger", "Ledger",
                [
                    PicklistValue("In stock").system(), PicklistValue("In demand").system(),
                    PicklistValue("On order").system(),
                ]
            ).mandatory().defaulting(to: "in_stock")
                .help("What lies there, what orders promise, what is expected from vendors."),
            .picklist(
                "reason", "Reason",
                [
                    PicklistValue("Adjustment").requiring("note").system(), PicklistValue("Receipt").system(),
                    PicklistValue("Delivery").system(), PicklistValue("Return").system(),
                    PicklistValue("Reversal").system(), PicklistValue("Reservation").system(),
                    PicklistValue("Expected").system(),
                ]
            ).mandatory(),
            .text("note", "Note").help("Why; required for an adjustment."),
            .reference(
                "document", "Document", to: "sales_order", "purchase_order", "invoice", "credit_note"
            ).indexed(),
            .integer("line", "Line").readOnly().help("The document's line."),
        ]
    )
    .labelled(by: "product", "quantity")
    .sorted(by: "-created_at")
    .listing("product", "quantity", "ledger", "reason", "note", "document", "created_at", "created_by")
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

    /// The product's sums, in the same unit of work: of two movements at once none is lost.
    @Sendable
    private static func move(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError) {
        guard let product = change["product"].reference, let quantity = change["quantity"].decimal,
            let ledger = StockLedger(rawValue: change["ledger"].text ?? "in_stock")
        else { return }
        try context.elevated(reason: "quantity in stock") { (context) throws(CRMError) in
            let record = try context.get("product", product)
            var sums = StockSums(record)
            let before = sums.available
            try sums.add(quantity.units, to: ledger)
            if ledger == .inStock, quantity.units < 0, sums[.inStock] < 0,
                try !TradeSettings.values(context).allowsNegativeStock
            {
                throw shortfall(record, missing: -sums[.inStock])
            }
            var values = sums.values
            let isDue = ReorderNotice.isDue(record, before: before, after: sums.available)
            if isDue { values["reorder_notice_at"] = .instant(context.now) }
            _ = try context.update("product", product, values)
            if isDue { try ReorderNotice.tell(record, available: sums.available, context) }
        }
    }

    private static func shortfall(_ product: Record, missing: Int64) -> CRMError {
        let pieces = FixedDecimal(units: missing, scale: 4).text(minimumDecimals: 0)
        return CRMError(
            .invalidRecord,
            "of product \"\(product["product_name"].text ?? "")\" \(pieces) are missing in stock",
            hint: "Receive more first, or permit stock below zero in the trade settings.")
    }

    @Sendable
    private static func refuse(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError) {
        throw CRMError(
            .invalidRecord, "stock movement \(change.id) stays as it is",
            hint: "Write another movement that takes it back.")
    }
}

/// A product's sums of its movements, ten-thousandths of a piece.
struct StockSums {
    private var sums: [StockLedger: Int64]

    init(_ product: Record) {
        sums = Dictionary(
            uniqueKeysWithValues: [StockLedger.inStock, .inDemand, .onOrder].map {
                ($0, product[$0.field].decimal?.units ?? 0)
            })
    }

    subscript(_ ledger: StockLedger) -> Int64 { sums[ledger] ?? 0 }

    /// What can still be promised.
    var available: Int64 { self[.inStock] - self[.inDemand] }

    mutating func add(_ units: Int64, to ledger: StockLedger) throws(CRMError) {
        let (sum, overflow) = self[ledger].addingReportingOverflow(units)
        sums[ledger] = sum
        // Beyond the half neither what is missing nor what is available could be told.
        guard !overflow, sum.magnitude <= Int64.max.magnitude / 2 else {
            throw CRMError(.limitExceeded, "the quantity in stock is out of range")
        }
    }

    /// The product's fields.
    var values: [String: Value] {
        var values = Dictionary(uniqueKeysWithValues: sums.map { ($0.key.field, Self.quantity($0.value)) })
        values["quantity_available"] = Self.quantity(available)
        return values
    }

    private static func quantity(_ units: Int64) -> Value { .decimal(FixedDecimal(units: units, scale: 4)) }
}
