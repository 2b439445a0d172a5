import CRMSDK

/// `inventory.calculate`: the figures of a document that is not written yet, by the same arithmetic.
enum Calculate {
    static let action = Action(
        "calculate", .reads,
        summary: "The figures of a document that is still being written, each with the rule that it came by.",
        description: """
            Nothing is stored. Amounts are decimals in the currency named. Taxes are written as in a document: \
            "VAT 21%; Retention -15%".
            """,
        parameters: [
            Parameter("currency", .id(of: "currency"), "Its decimals round the figures.", required: true),
            Parameter("tax_mode", .text, "individual or group; group unless given."),
            Parameter("lines", .list(of: .object(line)), "What is sold, in order.", required: true),
            Parameter("taxes", .text, "Of the document, in group mode."),
            Parameter("shipping_amount", amount, "Not below 0."),
            Parameter("shipping_taxes", .text, "Taxes on shipping."),
            Parameter("adjustment", amount, "Added as it is; may be negative."),
        ] + discount,
        result: .object(TotalAnswer.members), run)

    private static let amount = ParameterType.field(.decimal(scale: 4))

    private static let discount = [
        Parameter("discount_kind", .text, "none, percent or amount; none unless given."),
        Parameter("discount_percent", .field(.percent(scale: 4)), "0 to 100."),
        Parameter("discount_amount", amount, "Not above what it is taken from."),
    ]

    private static let line =
        [
            Parameter("quantity", .field(.decimal(scale: 4)), "Above 0.", required: true),
            Parameter("list_price", .field(.decimal(scale: 6)), "Before discount and tax.", required: true),
            Parameter("taxes", .text, "In individual mode."),
        ] + discount

    @Sendable
    private static func run(
        _ parameters: StructuredValue, _ context: any ModuleContext
    ) throws(CRMError) -> StructuredValue {
        guard let id = parameters["currency"]?.value.reference else {
            throw CRMError(.invalidParameters, "a calculation needs a currency")
        }
        let denomination = try Currency.denomination(
            try context.get("currency", id), rounding: try TradeSettings.read(context).rounding)
        var problems: [FieldProblem] = []
        func taxes(_ value: StructuredValue?, _ field: String) throws(CRMError) -> [TaxRate] {
            guard let text = value?.value.text else { return [] }
            switch try TaxNotation.rates(
                text, known: { (name) throws(CRMError) in try Tax.percent(name, context) })
            {
            case .success(let rates): return rates
            case .failure(let problem):
                problems.append(FieldProblem(field: field, code: "unknown_value", message: problem.message))
                return []
            }
        }
        guard let mode = DocumentSum.TaxMode(rawValue: parameters["tax_mode"]?.value.text ?? "group") else {
            throw CRMError(.invalidParameters, "tax_mode is \"individual\" or \"group\"")
        }
        var sum = DocumentSum(currency: denomination, taxMode: mode, lines: [])
        for (index, line) in (parameters["lines"]?.elements ?? []).enumerated() {
            sum.lines.append(
                DocumentSum.Line(
                    quantity: line["quantity"]?.value.decimal ?? FixedDecimal(units: 0, scale: 4),
                    listPrice: line["list_price"]?.value.decimal ?? FixedDecimal(units: 0, scale: 6),
                    discount: discount(line), taxes: try taxes(line["taxes"], "lines[\(index)].taxes")))
        }
        sum.discount = discount(parameters)
        sum.taxes = try taxes(parameters["taxes"], "taxes")
        sum.shipping = given("shipping_amount", parameters)
        sum.shippingTaxes = try taxes(parameters["shipping_taxes"], "shipping_taxes")
        sum.adjustment = given("adjustment", parameters)
        switch sum.figures() {
        case .success(let figures) where problems.isEmpty:
            return TotalAnswer.structure(figures, denomination)
        case .success: throw .invalidRecord("document", problems)
        case .failure(let more): throw .invalidRecord("document", problems + more.list)
        }
    }

    private static func discount(_ given: StructuredValue) -> DocumentSum.Discount {
        switch given["discount_kind"]?.value.text {
        case "percent": .percent(given["discount_percent"]?.value.decimal ?? FixedDecimal(units: 0, scale: 4))
        case "amount": .amount(Self.given("discount_amount", given))
        default: .none
        }
    }

    private static func given(_ name: String, _ parameters: StructuredValue) -> Amount {
        Amount(tenThousandths: Int128(parameters[name]?.value.decimal?.units ?? 0))
    }
}

/// A document's figures as an action answers them: totals, lines, taxes by name and percentage, and every step.
enum TotalAnswer {
    static let members = [
        Parameter("totals", .any, "The amounts of the document's header, by field."),
        Parameter("lines", .list(of: .any), "The amounts of each line."),
        Parameter("taxes", .list(of: .any), "Base and amount of each tax by name and percentage."),
        Parameter("steps", .list(of: .any), "Every figure with its rule, in the order of computing."),
    ]

    static func structure(_ figures: DocumentFigures, _ currency: Denomination) -> StructuredValue {
        func text(_ amount: Amount) -> StructuredValue { .value(.text(currency.text(amount))) }
        return .object([
            "totals": .object(
                DocumentFigures.totals.map { .init($0.field, text(figures[keyPath: $0.amount])) }),
            "lines": .list(
                figures.lines.map { line in
                    .object(
                        DocumentFigures.Line.amounts.map { .init($0.field, text(line[keyPath: $0.amount])) })
                }),
            "taxes": .list(
                figures.taxes.map { tax in
                    .object([
                        "name": .value(.text(tax.rate.name)), "percent": .value(.decimal(tax.rate.percent)),
                        "on": .value(.text(tax.isShipping ? "shipping" : "items")),
                        "base": text(tax.base), "amount": text(tax.amount),
                    ])
                }),
            "steps": .list(
                figures.trace.map { step in
                    .object([
                        "figure": .value(.text(step.name)), "amount": text(step.amount),
                        "rule": .value(.text(step.rule)),
                    ])
                }),
        ])
    }
}

extension DocumentFigures {
    /// The header's fields and what they hold.
    static var totals: [(field: String, amount: KeyPath<DocumentFigures, Amount>)] {
        [
            ("subtotal", \.subtotal), ("discount_total", \.discount), ("taxable_total", \.taxable),
            ("tax_total", \.taxTotal), ("retention_total", \.retention), ("shipping_tax", \.shippingTax),
            ("grand_total", \.grandTotal),
        ]
    }
}

extension DocumentFigures.Line {
    /// A line's fields and what they hold.
    static var amounts: [(field: String, amount: KeyPath<DocumentFigures.Line, Amount>)] {
        [("gross", \.gross), ("discount", \.discount), ("net", \.net), ("tax", \.tax), ("total", \.total)]
    }
}
