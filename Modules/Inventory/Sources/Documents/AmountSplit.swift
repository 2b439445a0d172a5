import CRMSDK

/// The parts of a document's amounts that go with some of its lines.
struct AmountSplit {
    private let source: Record
    private let chosen: [LineChoice]
    private let currency: Denomination
    private let isForced: Bool
    /// Whether nothing remains of the document behind this conversion.
    private let isLast: Bool

    init(_ source: Record, _ chosen: [LineChoice], _ currency: Denomination, isForced: Bool) {
        self.source = source
        self.chosen = chosen
        self.currency = currency
        self.isForced = isForced
        isLast = source.lines(TradeLine.field).allSatisfy { line in
            let taken = chosen.first { $0.line.id == line.id }
            return (taken?.quantity.units ?? 0) >= (line["remaining_quantity"].decimal?.units ?? 0)
        }
    }

    private static let copied = [
        "item", "item_name", "item_code", "list_price", "price_book", "discount_kind", "discount_percent",
        "taxes", "parts", "comment", "description",
    ]

    /// The new document's line.
    func line(_ choice: LineChoice) -> Line {
        var values = Dictionary(uniqueKeysWithValues: Self.copied.map { ($0, choice.line[$0]) }).filter {
            !$0.value.isNull
        }
        values["quantity"] = .decimal(choice.quantity)
        values["price_source"] = .text(PriceSource.document.rawValue)
        values["source_line"] = choice.line.id.map { .integer($0.rawValue) }
        if choice.line["discount_kind"] == "amount" {
            values["discount_amount"] = discount(choice).money(currency.code).map { .money($0) }
        }
        return Line(values)
    }

    private func discount(_ choice: LineChoice) -> Amount {
        let whole = Amount(choice.line["discount_amount"].money)
        let part = Apportionment.part(
            of: whole, left: isForced ? whole : whole - Amount(choice.line["taken_discount"].money),
            share: Int128(choice.quantity.units), whole: Int128(choice.line["quantity"].decimal?.units ?? 0),
            isLast: choice.quantity.units >= choice.remaining.units && !isForced, currency)
        // A last part may be a unit more than its own gross, where the price is finer than the currency.
        return min(part, gross(choice))
    }

    private func gross(_ choice: LineChoice) -> Amount {
        currency.rounded(
            Int128(choice.quantity.units) * Int128(choice.line["list_price"].decimal?.units ?? 0), scale: 10)
    }

    /// The document's own amounts, by share of net.
    func header(_ rates: DocumentRates) throws(CRMError) -> [String: Value] {
        var part = DocumentSum(currency: currency, taxMode: .group, lines: [])
        part.lines = chosen.map { choice in
            let line = self.line(choice)
            return DocumentSum.Line(
                quantity: choice.quantity,
                listPrice: line["list_price"].decimal ?? FixedDecimal(units: 0, scale: 6),
                discount: DocumentSum.Discount { line[$0] })
        }
        guard case .success(let figures) = part.figures() else { return [:] }
        let splits = [
            ("discount_amount", "taken_discount"), ("shipping_amount", "taken_shipping"),
            ("adjustment", "taken_adjustment"),
        ]
        var values: [String: Value] = [:]
        for (field, taken) in splits where !source[field].isNull {
            let whole = Amount(source[field].money)
            var amount = Apportionment.part(
                of: whole, left: isForced ? whole : whole - Amount(source[taken].money),
                share: figures.subtotal.tenThousandths,
                whole: Amount(source["subtotal"].money).tenThousandths, isLast: isLast && !isForced, currency)
            if field == "discount_amount" { amount = min(amount, figures.subtotal) }
            values[field] = amount.money(currency.code).map { .money($0) }
        }
        return values
    }
}
