import CRMSDK

/// Making one document from another: the header and the lines are copied as they are, nothing is priced anew.
///
/// A conversion takes what remains of each line, or the quantities that it is told. Percentages are copied; amounts
/// that are split go by share of quantity (of net for the document's), each part floored to the currency's unit, and
/// the conversion that takes the rest takes what is left of them.
struct Conversion: Sendable {
    let name: String
    let from, to: DocumentKind
    let summary: String
    /// Fields of the header that are copied as they are.
    let copied: [String]
    /// The new document's reference to the old one.
    let link: String

    private static let common =
        ["subject", "contact", "account", "description", "terms_conditions"] + amounts
        + ["billing", "shipping"].flatMap { side in
            Address.fields(side, "").map(\.name)
        }
    private static let amounts = [
        "currency", "conversion_rate", "tax_mode", "taxes", "shipping_taxes", "discount_kind",
        "discount_percent",
    ]

    static let all = [
        Conversion(
            name: "quote_to_order", from: .quote, to: .salesOrder,
            summary: "Makes a sales order from a quote, which becomes Accepted.",
            copied: common + ["potential", "carrier"], link: "quote"),
        Conversion(
            name: "quote_to_invoice", from: .quote, to: .invoice,
            summary: "Makes an invoice from a quote, which becomes Accepted.", copied: common, link: "quote"),
        Conversion(
            name: "order_to_invoice", from: .salesOrder, to: .invoice,
            summary: "Makes an invoice from a sales order, which becomes Approved.",
            copied: common + [
                "carrier", "customer_no", "due_date", "excise_duty", "sales_commission", "customer_po",
            ], link: "sales_order"),
        Conversion(
            name: "invoice_to_credit_note", from: .invoice, to: .creditNote,
            summary: "Makes a credit note over an invoice, or over some of its lines.", copied: common,
            link: "invoice"),
    ]

    var action: Action {
        Action(
            name, .writes, summary: summary,
            description: """
                Takes what remains of every line, or the quantities given. Refused when nothing remains, or for more than \
                remains, unless forced. In one unit of work with all effects; dry_run shows them.
                """,
            parameters: [
                Parameter(from.entity, .id(of: from.entity), "What it is made from.", required: true),
                Parameter("lines", .list(of: .object(Self.choice)), "Some lines only, with quantities."),
                Parameter("values", .values(of: to.entity), "Fields of the new document, over those copied."),
                Parameter("force", .boolean, "Even if it was converted already."),
            ],
            result: Self.result, requires: AccessRight(.create, to.entity)
        ) { parameters, context throws(CRMError) in
            guard let id = parameters[from.entity]?.value.reference else {
                throw CRMError(.invalidParameters, "a conversion needs a \(from.label)")
            }
            let source = try context.get(from.entity, id)
            let made = try convert(source, parameters, context)
            return Self.answer(to.entity, [made])
        }
    }

    static let choice = [
        Parameter("line", .integer, "The id of a line.", required: true),
        Parameter("quantity", .field(.decimal(scale: 4)), "How many; all that remain unless given."),
    ]

    static let result = ParameterType.object([
        Parameter("entity", .text, "What was made."),
        Parameter("ids", .list(of: .field(.reference(to: []))), "The new documents."),
    ])

    static func answer(_ entity: String, _ ids: [RecordID]) -> StructuredValue {
        .object([
            "entity": .value(.text(entity)), "ids": .list(ids.map { .value(.reference($0)) }),
        ])
    }

    private func convert(
        _ source: Record, _ parameters: StructuredValue, _ context: any ModuleContext
    ) throws(CRMError) -> RecordID {
        let isForced = parameters["force"]?.value == true
        let chosen = try LineChoice.lines(of: source, from, parameters["lines"], isForced: isForced)
        var values = header(source)
        if let currency = source["currency"].reference {
            let rates = try DocumentRates(currency: currency, context)
            let split = AmountSplit(source, chosen, rates.denomination, isForced: isForced)
            values[TradeLine.field] = .lines(chosen.map { split.line($0) })
            values.merge(try split.header(rates)) { $1 }
        }
        values.merge(parameters["values"]?.fields ?? [:]) { $1 }
        return try context.create(to.entity, values).id
    }

    private func header(_ source: Record) -> [String: Value] {
        var values = Dictionary((copied + ["owner"]).map { ($0, source[$0]) }) { first, _ in first }.filter {
            !$0.value.isNull
        }
        values[link] = .reference(source.id)
        return values
    }

    /// The whole document as values of a new one that takes nothing of it: what comes again takes no quantities.
    func copy(_ source: Record, _ context: any ModuleContext) throws(CRMError) -> [String: Value] {
        var values = header(source)
        guard let currency = source["currency"].reference, !source.lines(TradeLine.field).isEmpty else {
            return values
        }
        let all = source.lines(TradeLine.field).map { line in
            let quantity = line["quantity"].decimal ?? FixedDecimal(units: 0, scale: 4)
            return LineChoice(line: line, quantity: quantity, remaining: quantity)
        }
        let rates = try DocumentRates(currency: currency, context)
        let split = AmountSplit(source, all, rates.denomination, isForced: true)
        values[TradeLine.field] = .lines(
            all.map { choice in
                var line = split.line(choice)
                line["source_line"] = .null
                return line
            })
        values.merge(try split.header(rates)) { $1 }
        return values
    }
}

/// A line to be converted, and how much of it.
struct LineChoice {
    let line: Line
    let quantity: FixedDecimal
    /// Of the line, before this conversion.
    let remaining: FixedDecimal

    /// - Parameter field: The field that keeps what was taken.
    /// - Throws: `invalidRecord` when nothing remains, or for more than remains.
    static func lines(
        of source: Record, _ kind: DocumentKind, _ given: StructuredValue?, isForced: Bool,
        taken field: String = "taken_quantity"
    ) throws(CRMError) -> [LineChoice] {
        let all = source.lines(TradeLine.field).map { line in
            let quantity = line["quantity"].decimal?.units ?? 0
            let left = max(0, quantity - (line[field].decimal?.units ?? 0))
            return (line: line, quantity: quantity, left: left)
        }
        func choice(_ line: Line, _ units: Int64, _ left: Int64) -> LineChoice {
            LineChoice(
                line: line, quantity: FixedDecimal(units: units, scale: 4),
                remaining: FixedDecimal(units: left, scale: 4))
        }
        guard let given else {
            let open = all.filter { $0.left > 0 }.map { choice($0.line, $0.left, $0.left) }
            if !open.isEmpty { return open }
            guard isForced, !all.isEmpty else {
                throw CRMError(
                    .invalidRecord, "nothing remains of \(kind.label) \(kind.name(source))",
                    hint: "Ask for it again with force, if it is meant to be converted twice.")
            }
            return all.map { choice($0.line, $0.quantity, $0.left) }
        }
        var chosen: [LineChoice] = []
        var problems: [FieldProblem] = []
        for (index, wanted) in given.elements.enumerated() {
            guard let entry = all.first(where: { $0.line.id?.rawValue == wanted["line"]?.value.integer })
            else {
                problems.append(
                    FieldProblem(
                        field: "lines[\(index)].line", code: "not_found",
                        message: "\(kind.label) \(kind.name(source)) has no such line"))
                continue
            }
            let units = wanted["quantity"]?.value.decimal?.units ?? entry.left
            guard units > 0, units <= entry.left || isForced else {
                let left = FixedDecimal(units: entry.left, scale: 4).text(minimumDecimals: 0)
                problems.append(
                    FieldProblem(
                        field: "lines[\(index)].quantity", code: "range",
                        message: "\(left) remain of \"\(entry.line["item_name"].text ?? "")\""))
                continue
            }
            chosen.append(choice(entry.line, units, entry.left))
        }
        guard problems.isEmpty else { throw .invalidRecord(kind.entity, problems) }
        return chosen
    }
}

extension StructuredValue {
    /// The members as field values; empty for anything but an object.
    var fields: [String: Value] {
        guard case .object(let members) = content else { return [:] }
        return Dictionary(members.map { ($0.name, $0.value.value) }) { $1 }
    }
}
