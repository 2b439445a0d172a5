import CRMSDK

/// `inventory.order_to_purchase`: orders from vendors what a sales order needs, one purchase order for each vendor, at
/// cost price and without discounts.
enum Purchasing {
    static let action = Action(
        "order_to_purchase", .writes,
        summary: "Makes purchase orders for what a sales order needs, one for each preferred vendor.",
        description: """
            Lines are grouped by their items' preferred vendors; services and quantities that were bought for already are \
            left out. Prices are the items' cost prices. An item without a vendor is refused unless one is given.
            """,
        parameters: [
            Parameter("sales_order", .id(of: "sales_order"), "What it is bought for.", required: true),
            Parameter("lines", .list(of: .object(Conversion.choice)), "Some lines only, with quantities."),
            Parameter("vendor", .id(of: "vendor"), "For items without a preferred vendor."),
            Parameter("force", .boolean, "Even if it was bought already."),
        ],
        result: Conversion.result, requires: AccessRight(.create, "purchase_order"), run)

    @Sendable
    private static func run(
        _ parameters: StructuredValue, _ context: any ModuleContext
    ) throws(CRMError) -> StructuredValue {
        guard let id = parameters["sales_order"]?.value.reference else {
            throw CRMError(.invalidParameters, "a purchase needs a sales order")
        }
        let order = try context.get("sales_order", id)
        let chosen = try LineChoice.lines(
            of: order, .salesOrder, parameters["lines"], isForced: parameters["force"]?.value == true,
            taken: "bought_quantity")
        var vendors: [(vendor: RecordID, lines: [Line])] = []
        var problems: [FieldProblem] = []
        for (index, choice) in chosen.enumerated() {
            guard let item = choice.line["item"].reference else { continue }
            let product = try context.get("product", item)
            guard product["kind"] != "service" else { continue }
            guard let vendor = product["vendor"].reference ?? parameters["vendor"]?.value.reference else {
                problems.append(
                    FieldProblem(
                        field: "lines[\(index)].item", code: "rule",
                        message: "\"\(product["product_name"].text ?? "")\" has no preferred vendor"))
                continue
            }
            let known = vendors.firstIndex { $0.vendor == vendor }
            if known == nil { vendors.append((vendor, [])) }
            vendors[known ?? vendors.count - 1].lines.append(line(choice, item))
        }
        guard problems.isEmpty else {
            throw .invalidRecord("sales_order", problems, hint: "Give a vendor for these.")
        }
        guard !vendors.isEmpty else {
            throw CRMError(
                .invalidRecord,
                "sales order \(DocumentKind.salesOrder.name(order)) needs nothing from a vendor")
        }
        var made: [RecordID] = []
        for (vendor, lines) in vendors {
            let values: [String: Value] = [
                "subject": order["subject"], "vendor": .reference(vendor), "sales_order": .reference(id),
                "currency": order["currency"], "conversion_rate": order["conversion_rate"],
                "tax_mode": order["tax_mode"], TradeLine.field: .lines(lines),
            ]
            made.append(try context.create("purchase_order", values.filter { !$0.value.isNull }).id)
        }
        return Conversion.answer("purchase_order", made)
    }

    private static func line(_ choice: LineChoice, _ item: RecordID) -> Line {
        var line = Line(["item": .reference(item), "quantity": .decimal(choice.quantity)])
        if let id = choice.line.id { line["source_line"] = .integer(id.rawValue) }
        return line
    }
}
