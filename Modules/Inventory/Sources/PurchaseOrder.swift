import CRMSDK

/// What is ordered from a vendor.
enum PurchaseOrder {
    static let definition = EntityDefinition(
        "purchase_order", label: "Purchase order", plural: "Purchase orders",
        fields: TradeDocument.fields(
            .purchaseOrder, number: ("purchase_order_no", "Purchase order number", "PO00000"),
            status: .picklist("po_status", "Status", statuses).mandatory().defaulting(to: "created"),
            party: [
                .reference("vendor", "Vendor", to: "vendor").mandatory().indexed(),
                .reference("sales_order", "Sales order", to: "sales_order").indexed()
                    .help("The order that it is bought for."),
            ],
            extra: [
                .text("requisition_no", "Requisition number", maximumLength: 100),
                .text("tracking_no", "Tracking number", maximumLength: 100),
                .date("due_date", "Due date"),
            ] + TradeDocument.commission)
    )
    .labelled(by: "purchase_order_no", "subject")
    .sorted(by: "-created_at")
    .listing("purchase_order_no", "subject", "vendor", "po_status", "due_date", "owner")
    .index("po_status", "created_at")
    .index("owner", "po_status", "created_at")

    static let hooks = TradeDocument.hooks(.purchaseOrder)

    private static let statuses = [
        PicklistValue("Created").stateClass("open").next("approved", "cancelled").system(),
        PicklistValue("Approved").stateClass("open").next(
            "created", "delivered", "received_shipment", "cancelled"
        )
        .system(),
        PicklistValue("Delivered").stateClass("open").next("approved", "received_shipment", "cancelled"),
        PicklistValue("Cancelled").stateClass("cancelled").next("created").locked().system(),
        PicklistValue("Received Shipment").stateClass("closed").next("approved").locked().system(),
    ]
}
