import CRMSDK

/// Something sold or bought: a thing that may lie in stock, or a service, which never does.
enum Product {
    static let definition = EntityDefinition(
        "product", label: "Product", plural: "Products",
        fields: identity + price + stock + support
    )
    .labelled(by: "product_name")
    .sorted(by: "product_name")
    .listing("product_no", "product_name", "kind", "category", "unit_price", "quantity_in_stock", "active")
    .index("active", "product_name")
    .index("category", "product_name")

    /// Taxes with a percentage of the product's own, parts of a bundle, and whom it is offered to.
    static let relations =
        [
            RelationDefinition(
                "product_tax", from: "product", to: "tax", label: "Taxes",
                fields: [
                    .percent("percent", "Percent", scale: 4).range("-100", "100")
                        .help("Instead of the tax's own.")
                ]
            ).inverse(label: "Products"),
            RelationDefinition(
                "product_component", from: "product", to: "product", label: "Components",
                fields: [
                    .decimal("quantity", "Quantity", scale: 4).mandatory().range(
                        "0.0001", Quantity.maximumPieces)
                ]
            ).inverse("product_bundle", label: "Bundles"),
            RelationDefinition("product_vendor", from: "product", to: "vendor", label: "Vendors")
                .inverse(label: "Products"),
        ]
        + [
            ("account", "Accounts"), ("contact", "Contacts"), ("lead", "Leads"), ("potential", "Potentials"),
        ].map { entity, label in
            RelationDefinition("product_\(entity)", from: "product", to: entity, label: label)
                .inverse(label: "Products of interest")
        }

    static let hooks = [
        Hook("check_product", on: "product", [.beforeCreate, .beforeUpdate], check)
    ]

    /// Codes are unique as they are written; by this rule also where only spaces tell them apart.
    static let fixtures = [
        Fixture(
            "duplicate_product_code", "duplicate_rule",
            [
                "rule_name": "Product by code", "entity": "product", "fields": "product_code",
                "action": "block", "on_update": true, "active": true,
            ])
    ]

    private static let identity: [FieldDefinition] = [
        .text("product_name", "Product name").mandatory().indexed(),
        .autonumber("product_no", "Product number", "PRO00000"),
        .picklist("kind", "Kind", [PicklistValue("Product").system(), PicklistValue("Service").system()])
            .mandatory().defaulting(to: "product").help("Stays as it was chosen first."),
        .text("product_code", "Product code", maximumLength: 100).unique().help("Part number, SKU."),
        .boolean("active", "Active").defaulting(to: "true").help(
            "Inactive ones are not offered for new lines."),
        .picklist("category", "Category", labels: ["Hardware", "Software", "CRM Applications"]),
        .text("manufacturer", "Manufacturer"),
        .reference("vendor", "Preferred vendor", to: "vendor").indexed(),
        .text("vendor_part_no", "Vendor part number", maximumLength: 100),
        .text("manufacturer_part_no", "Manufacturer part number", maximumLength: 100),
        .text("serial_no", "Serial number", maximumLength: 100),
        .text("product_sheet", "Product sheet"),
        .url("website", "Website"),
        .picklist("gl_account", "General ledger account", Accounts.values),
        .longtext("description", "Description"),
    ]

    private static let price = FieldDefinition.section(
        "Price",
        .reference("unit_currency", "Currency", to: "currency").help("Empty means the base currency."),
        .money("unit_price", "Unit price", currencyField: "unit_currency").range("0", nil),
        .money("cost_price", "Cost price", currencyField: "unit_currency").range("0", nil),
        .percent("commission_rate", "Commission rate"),
        .picklist(
            "usage_unit", "Usage unit",
            labels: [
                "Box", "Carton", "Days", "Dozen", "Each", "Hours", "Impressions", "Incidents", "Lb", "M",
                "Pack", "Pages", "Pieces", "Quantity", "Reams", "Sheet", "Spiral Binder", "Sq Ft",
            ]),
        .decimal("quantity_per_unit", "Quantity per unit", scale: 4).range("0", nil))

    private static let stock = FieldDefinition.section(
        "Stock",
        .decimal("quantity_in_stock", "In stock", scale: 4).readOnly()
            .help("The sum of the product's stock movements."),
        .decimal("quantity_in_demand", "In demand", scale: 4).readOnly()
            .help("Promised by approved orders and not invoiced yet."),
        .decimal("quantity_available", "Available", scale: 4).readOnly().indexed()
            .help("In stock and not in demand."),
        .decimal("quantity_on_order", "On order", scale: 4).readOnly().help("Expected from vendors."),
        .decimal("reorder_level", "Reorder level", scale: 4).range("0", nil),
        .datetime("reorder_notice_at", "Reorder notice").readOnly()
            .help("When what is available last fell below the reorder level."),
        FieldDefinition("handler", "Handler", .owner).help("Who gets the notice to reorder."))

    private static let support = FieldDefinition.section(
        "Dates",
        .date("sales_start_date", "Sales start"),
        .date("sales_end_date", "Sales end"),
        .date("support_start_date", "Support start"),
        .date("support_expiry_date", "Support expiry"))

    /// What only a thing can have.
    private static let fieldsOfThings = [
        "vendor", "vendor_part_no", "manufacturer", "manufacturer_part_no", "serial_no", "quantity_in_stock",
        "reorder_level", "handler",
    ]

    @Sendable
    private static func check(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError) {
        let definition = try context.definition(of: "product")
        try FieldRules.check(change, "sales_start_date", notAfter: "sales_end_date", in: definition)
        try FieldRules.check(change, "support_start_date", notAfter: "support_expiry_date", in: definition)
        guard change.isNew || !change.changes("kind") else {
            throw FieldRules.problem(change, "kind", "Kind cannot change; make another record")
        }
        guard change["kind"] == "service" else {
            let sums = ["quantity_in_stock", "quantity_in_demand", "quantity_available", "quantity_on_order"]
            for field in sums where change.isNew && change[field].isNull {
                change[field] = .decimal(FixedDecimal(units: 0, scale: 4))
            }
            return
        }
        let problems = definition.fields.filter {
            fieldsOfThings.contains($0.name) && !change[$0.name].isNull
        }.map {
            FieldProblem(field: $0.name, code: "rule", message: "a service has no \($0.label)")
        }
        guard problems.isEmpty else { throw .invalidRecord("product", problems) }
    }
}
