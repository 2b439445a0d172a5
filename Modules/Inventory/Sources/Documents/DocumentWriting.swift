import CRMSDK

/// A document on its way into storage: its lines get their items' names, prices and taxes, then all figures are
/// computed and set. What a client sent of the figures is compared and refused where it differs, field by field.
struct DocumentWriting {
    let kind: DocumentKind
    let rates: DocumentRates
    var problems: [FieldProblem] = []

    private let isImport: Bool
    private let mode: DocumentSum.TaxMode
    private var prices: PriceFacts
    /// The items of lines whose item is new, of which prices, taxes and parts will be asked for.
    private let newItems: Set<RecordID>
    private var items: [RecordID: Record] = [:]
    private var itemTaxes: [RecordID: [TaxRate]] = [:]
    private var components: BundleComponents?

    /// - Parameter currency: The document's.
    init(
        _ kind: DocumentKind, _ change: RecordChange, currency: RecordID, _ context: any ModuleContext
    ) throws(CRMError) {
        self.kind = kind
        rates = try DocumentRates(currency: currency, context)
        isImport = RequiredFields.isImport(context)
        mode = change["tax_mode"] == "individual" ? .individual : .group
        let old = Dictionary(ofLines: change.old?.lines(TradeLine.field) ?? [])
        newItems = Set(
            change.lines(TradeLine.field).filter { line in
                line["item"] != line.id.flatMap { old[$0] }?["item"]
            }
            .compactMap { $0["item"].reference })
        prices = PriceFacts(
            .init(
                currency: currency, denomination: rates.denomination,
                rate: change["conversion_rate"].decimal ?? FixedDecimal(units: 1_000_000, scale: 6),
                account: kind.isPurchase ? nil : change["account"].reference, day: context.today,
                isPurchase: kind.isPurchase),
            items: newItems)
    }

    // MARK: What people leave out

    /// Puts in what the lines and the header leave out: names, prices, taxes.
    mutating func complete(
        _ change: inout RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        let old = Dictionary(ofLines: change.old?.lines(TradeLine.field) ?? [])
        var lines = change.lines(TradeLine.field)
        refuseCurrencyChange(change, lines)
        let isReset = change.old != nil && change.changes("tax_mode")
        let ids = Set(lines.compactMap { $0["item"].reference })
        for item in try context.list("product", where: "id", isAmong: ids.sorted()) { items[item.id] = item }
        for index in lines.indices {
            let before = lines[index].id.flatMap { old[$0] }
            try complete(&lines[index], before, at: "lines[\(index)].", isReset: isReset, context)
        }
        if !lines.isEmpty { change.setLines(TradeLine.field, lines) }
        try completeTaxes(&change, isReset: isReset)
    }

    /// Prices were agreed in a currency: they are not taken for prices in another.
    private mutating func refuseCurrencyChange(_ change: RecordChange, _ lines: [Line]) {
        guard !change.isNew, change.changes("currency"), !change.given.contains(TradeLine.field),
            !lines.isEmpty
        else { return }
        refuse(
            "currency", "rule", "Currency cannot change without new lines: their prices are in the old one")
    }

    private mutating func complete(
        _ line: inout Line, _ before: Line?, at place: String, isReset: Bool, _ context: any ModuleContext
    ) throws(CRMError) {
        guard let id = line["item"].reference else {
            return refuse(place + "item", "required", "Item is required")
        }
        guard let quantity = line["quantity"].decimal else {
            return refuse(place + "quantity", "required", "Quantity is required")
        }
        let item: Record
        // Says of one that is not there, or not to be seen, that it is not found.
        if let known = items[id] { item = known } else { item = try context.get("product", id) }
        let isNewItem = before?["item"] != line["item"]
        if isNewItem {
            try name(&line, item, before, at: place)
            try takeApart(&line, item, before, context)
        }
        try price(&line, item, quantity, before, at: place, context)
        if mode == .group {
            line["taxes"] = .null
        } else {
            let isStale = isReset && line["taxes"] == before?["taxes"] ?? .null
            try taxes(&line, item, isUsual: line["taxes"].isNull || isStale, before, at: place, context)
        }
    }

    private mutating func name(
        _ line: inout Line, _ item: Record, _ before: Line?, at place: String
    ) throws(CRMError) {
        let isCopied = before == nil && !line["item_name"].isNull
        if !isCopied {
            line["item_name"] = item["product_name"]
            line["item_code"] = item["product_code"]
            if item["active"] == false, !isImport {
                refuse(place + "item", "rule", "\"\(item["product_name"].text ?? "")\" is not sold any more")
            }
        }
    }

    /// Keeps what a bundle is made of now. A line that was taken from another document keeps what that one says.
    private mutating func takeApart(
        _ line: inout Line, _ item: Record, _ before: Line?, _ context: any ModuleContext
    ) throws(CRMError) {
        guard before != nil || line["parts"].isNull else { return }
        let known: BundleComponents
        if let components {
            known = components
        } else {
            known = try context.elevated(reason: Self.elevation) { context throws(CRMError) in
                try BundleComponents(of: visibleNewItems, context)
            }
            components = known
        }
        line["parts"] = try BundleParts(of: item.id, known).text
    }

    /// A price is found when there is none, or when another item or book was chosen without saying one. A line that is
    /// priced already is never priced anew silently.
    private mutating func price(
        _ line: inout Line, _ item: Record, _ quantity: FixedDecimal, _ before: Line?, at place: String,
        _ context: any ModuleContext
    ) throws(CRMError) {
        let isSame = before != nil && line["list_price"] == before?["list_price"]
        let isChosen =
            line["item"] != before?["item"]
            || line["price_book"] != before?["price_book"] && !line["price_book"].isNull
        guard line["list_price"].isNull || isSame && isChosen else {
            let isGiven = before == nil ? line["price_source"].isNull : !isSame
            if isGiven { line["price_source"] = .text(PriceSource.line.rawValue) }
            return
        }
        // A book that is found by itself is passed over when it is closed; one chosen by hand was meant.
        if let book = line["price_book"].reference, line["price_book"] != before?["price_book"] ?? .null,
            !isImport,
            let closing = try prices.closing(of: book, context)
        {
            return refuse(place + "price_book", "rule", closing)
        }
        let found = try prices.find(
            item, quantity: quantity, given: nil, book: line["price_book"].reference, context)
        guard let found else {
            return refuse(
                place + "list_price", "required",
                "\"\(item["product_name"].text ?? "")\" has no price in \(rates.denomination.code): give one")
        }
        line["list_price"] = .decimal(found.price)
        line["price_source"] = .text(found.source.rawValue)
        if let book = found.book { line["price_book"] = .reference(book) }
    }

    private mutating func taxes(
        _ line: inout Line, _ item: Record, isUsual: Bool, _ before: Line?, at place: String,
        _ context: any ModuleContext
    ) throws(CRMError) {
        if isUsual {
            line["taxes"] = .text(TaxNotation.text(try usualTaxes(item.id, context)))
        } else if line["taxes"] != before?["taxes"] ?? .null {
            line["taxes"] = try written(line["taxes"], place + "taxes")
        }
    }

    /// The taxes linked with an item, each with the percentage on the link or else its own; the company's where none
    /// are.
    private mutating func usualTaxes(
        _ item: RecordID, _ context: any ModuleContext
    ) throws(CRMError) -> [TaxRate] {
        if let known = itemTaxes[item] { return known }
        let wanted = itemTaxes.isEmpty ? visibleNewItems.union([item]) : [item]
        let related = try context.elevated(reason: Self.elevation) { context throws(CRMError) in
            try context.related(
                toEach: wanted.sorted(), RelatedRequest("product_tax", sort: ["name"], limit: 1000))
        }
        for (item, taxes) in related {
            let linked = taxes.filter { ["item", "both"].contains($0.record["applies_to"]) }
            let own = linked.filter { $0.record["active"] == true }.compactMap { tax in
                (tax.link["percent"]?.decimal ?? tax.record["percent"].decimal).map {
                    TaxRate(name: tax.record["name"].text ?? "", percent: $0)
                }
            }
            itemTaxes[item] = linked.isEmpty ? rates.itemTaxes : own
        }
        return itemTaxes[item] ?? rates.itemTaxes
    }

    /// What the caller may not see is not read with other rights either: they would be told what it is.
    private var visibleNewItems: Set<RecordID> { newItems.filter { items[$0] != nil } }

    /// Why the module reads with rights of its own, as the change log notes it.
    private static let elevation = "taxes and parts of items"

    /// The document's own taxes, in group mode, and those on shipping.
    private mutating func completeTaxes(_ change: inout RecordChange, isReset: Bool) throws(CRMError) {
        let isStale = isReset && !change.given.contains("taxes")
        if mode == .individual {
            change["taxes"] = .null
        } else if change["taxes"].isNull || isStale {
            change["taxes"] = .text(TaxNotation.text(rates.itemTaxes))
        } else if change.changes("taxes") {
            change["taxes"] = try written(change["taxes"], "taxes")
        }
        if change["shipping_taxes"].isNull {
            change["shipping_taxes"] = .text(TaxNotation.text(rates.shippingTaxes))
        } else if change.changes("shipping_taxes") {
            change["shipping_taxes"] = try written(change["shipping_taxes"], "shipping_taxes")
        }
    }

    /// Taxes as they are kept: each with its percentage.
    private mutating func written(_ value: Value, _ field: String) throws(CRMError) -> Value {
        switch try rates.rates(value.text ?? "") {
        case .success(let rates): return .text(TaxNotation.text(rates))
        case .failure(let problem):
            refuse(field, "unknown_value", problem.message)
            return value
        }
    }

    private mutating func refuse(_ field: String, _ code: String, _ message: String) {
        problems.append(FieldProblem(field: field, code: code, message: message))
    }

    // MARK: Figures

    /// Computes all figures, compares those that were sent, and sets them.
    mutating func compute(_ change: inout RecordChange) throws(CRMError) {
        guard problems.isEmpty else { return }
        let sum = try DocumentSum(rates) { change[$0] }
        switch sum.figures() {
        case .failure(let found): problems += found.list
        case .success(let figures):
            set(figures, on: &change)
        }
    }

    private mutating func set(_ figures: DocumentFigures, on change: inout RecordChange) {
        let currency = rates.denomination
        let old = Dictionary(ofLines: change.old?.lines(TradeLine.field) ?? [])
        var lines = change.lines(TradeLine.field)
        for (index, line) in figures.lines.enumerated() {
            let before = lines[index].id.flatMap { old[$0] }
            for (field, path) in DocumentFigures.Line.amounts {
                let amount = line[keyPath: path]
                let sent = lines[index][field]
                if sent != before?[field] ?? .null { compare(sent, amount, "lines[\(index)].\(field)") }
                lines[index][field] = amount.money(currency.code).map { .money($0) } ?? .null
            }
        }
        if !lines.isEmpty { change.setLines(TradeLine.field, lines) }
        Self.remain(&change, kind)
        for (field, path) in DocumentFigures.totals {
            set(field, figures[keyPath: path], currency, on: &change)
        }
        set("base_grand_total", baseTotal(figures, change), rates.base, on: &change)
        change.setLines(
            TradeLine.taxField,
            TaxSums.lines(figures.taxes, currency, keeping: change.old?.lines(TradeLine.taxField) ?? []))
    }

    private mutating func set(
        _ field: String, _ amount: Amount, _ currency: Denomination, on change: inout RecordChange
    ) {
        if change.given.contains(field), change.changes(field) { compare(change[field], amount, field) }
        change[field] = amount.money(currency.code).map { .money($0) } ?? .null
    }

    private func baseTotal(_ figures: DocumentFigures, _ change: RecordChange) -> Amount {
        guard let rate = change["conversion_rate"].decimal, rate.units > 0 else { return figures.grandTotal }
        return rates.base.quotient(
            figures.grandTotal.tenThousandths * Int128(FixedDecimal.powerOfTen(rate.scale)),
            by: Int128(rate.units))
    }

    /// What later documents have left of each line.
    static func remain(_ change: inout RecordChange, _ kind: DocumentKind) {
        var lines = change.lines(TradeLine.field)
        guard !kind.takers.isEmpty, !lines.isEmpty else { return }
        for index in lines.indices {
            let quantity = lines[index]["quantity"].decimal?.units ?? 0
            let taken = lines[index]["taken_quantity"].decimal?.units ?? 0
            lines[index]["remaining_quantity"] = .decimal(
                FixedDecimal(units: max(0, quantity - taken), scale: 4))
        }
        change.setLines(TradeLine.field, lines)
        guard kind.entity == "sales_order" else { return }
        change["invoiced"] = .bool(lines.allSatisfy { $0["remaining_quantity"].decimal?.units == 0 })
    }

    private mutating func compare(_ sent: Value, _ computed: Amount, _ field: String) {
        guard !sent.isNull, Amount(sent.money) != computed else { return }
        let currency = rates.denomination
        refuse(
            field, "rule",
            "\(field) is \(currency.text(computed)), not \(sent.money?.amountText(minimumDecimals: 0) ?? "that")"
        )
    }
}

extension DocumentSum {
    /// What a stored document, or one on its way there, says.
    ///
    /// - Parameter value: Its values by field.
    init(_ rates: DocumentRates, _ value: (String) -> Value) throws(CRMError) {
        self.init(
            currency: rates.denomination, taxMode: value("tax_mode") == "individual" ? .individual : .group,
            lines: [])
        func taxes(_ text: Value) throws(CRMError) -> [TaxRate] {
            guard let text = text.text, case .success(let found) = try rates.rates(text) else { return [] }
            return found
        }
        for line in value(TradeLine.field).lines ?? [] {
            lines.append(
                Line(
                    quantity: line["quantity"].decimal ?? FixedDecimal(units: 0, scale: 4),
                    listPrice: line["list_price"].decimal ?? FixedDecimal(units: 0, scale: 6),
                    discount: Discount { line[$0] }, taxes: try taxes(line["taxes"])))
        }
        discount = Discount(value)
        self.taxes = try taxes(value("taxes"))
        shipping = Amount(value("shipping_amount").money)
        shippingTaxes = try taxes(value("shipping_taxes"))
        adjustment = Amount(value("adjustment").money)
    }
}

extension DocumentSum.Discount {
    /// The discount that fields say, of a line or of a document.
    init(_ value: (String) -> Value) {
        switch value("discount_kind").text {
        case "percent":
            self = .percent(value("discount_percent").decimal ?? FixedDecimal(units: 0, scale: 4))
        case "amount": self = .amount(Amount(value("discount_amount").money))
        default: self = .none
        }
    }
}

extension Dictionary<RecordID, Line> {
    init(ofLines lines: [Line]) {
        self = [:]
        for line in lines { if let id = line.id { self[id] = line } }
    }
}
