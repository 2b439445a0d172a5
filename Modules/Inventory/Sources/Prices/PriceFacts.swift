import CRMSDK

/// Reads what `PriceSelection` decides by: the item's prices and the books that may be asked.
///
/// Within one document the same books are asked for each line: a book is read once, and with it its prices of all items
/// of the document.
struct PriceFacts {
    /// The document's side of the question.
    struct Setting {
        let currency: RecordID
        let denomination: Denomination
        /// Frozen on the document, scale 6.
        let rate: FixedDecimal
        let account: RecordID?
        let day: CalendarDate
        /// Bought, not sold: the item's cost price counts, and no book.
        var isPurchase = false
    }

    let setting: Setting
    /// Of which prices will be asked for.
    private let items: Set<RecordID>
    private var books: [RecordID: Record] = [:]
    /// By book and item.
    private var entries: [RecordID: [RecordID: [PriceSelection.Book.Entry]]] = [:]
    /// By item; nil where an item has none in the currency.
    private var ownPrices: [RecordID: FixedDecimal?] = [:]
    /// Of the currencies of items, on the document's day.
    private var rates: [CurrencyCode: FixedDecimal?] = [:]
    private var defaultBook: RecordID??
    private var accountBook: RecordID??

    init(_ setting: Setting, items: Set<RecordID>) {
        self.setting = setting
        self.items = items
    }

    /// - Parameters:
    ///   - given: The price on the line, scale 6; nothing is read then.
    ///   - book: The book chosen by hand.
    mutating func find(
        _ item: Record, quantity: FixedDecimal, given: FixedDecimal?, book: RecordID?,
        _ context: any ModuleContext
    ) throws(CRMError) -> PriceSelection.Found? {
        var facts = PriceSelection.Facts(
            quantity: quantity, day: setting.day, currency: setting.currency,
            denomination: setting.denomination, rate: setting.rate, given: given)
        if given == nil, setting.isPurchase {
            facts.unitPrice = try unitPrice(item, "cost_price", context)
        } else if given == nil {
            let first = [book, try bookOfAccount(context), try bookOfAll(context)].compactMap { $0 }
            for id in first { facts.books.append(try chain(from: id, item.id, context)) }
            facts.own = try ownPrice(item.id, context)
            facts.unitPrice = try unitPrice(item, "unit_price", context)
        }
        return PriceSelection.find(facts)
    }

    /// Why a book gives no price on the document's day; nil where it may.
    mutating func closing(of id: RecordID, _ context: any ModuleContext) throws(CRMError) -> String? {
        let record: Record
        if let known = books[id] { record = known } else { record = try context.get("price_book", id) }
        books[id] = record
        let name = "price book \"\(record["price_book_name"].text ?? "\(id)")\""
        if record["active"] == false { return "\(name) is not active" }
        if let from = record["valid_from"].date, from > setting.day { return "\(name) is valid from \(from)" }
        if let last = record["valid_to"].date, last < setting.day { return "\(name) was valid until \(last)" }
        return nil
    }

    /// A book and its parents, with their prices of the item.
    private mutating func chain(
        from first: RecordID, _ item: RecordID, _ context: any ModuleContext
    ) throws(CRMError) -> [PriceSelection.Book] {
        var chain: [PriceSelection.Book] = []
        var next: RecordID? = first
        while let id = next, chain.count <= PriceSelection.parentLimit {
            let record: Record
            if let known = books[id] { record = known } else { record = try context.get("price_book", id) }
            books[id] = record
            chain.append(try book(record, item, context))
            next = record["parent_price_book"].reference
        }
        return chain
    }

    private mutating func book(
        _ record: Record, _ item: RecordID, _ context: any ModuleContext
    ) throws(CRMError) -> PriceSelection.Book {
        if entries[record.id]?[item] == nil { try readEntries(of: record.id, item, context) }
        return PriceSelection.Book(
            id: record.id, name: record["price_book_name"].text ?? "", isActive: record["active"] == true,
            currency: record["currency"].reference ?? record.id, validFrom: record["valid_from"].date,
            validTo: record["valid_to"].date, entries: entries[record.id]?[item] ?? [])
    }

    /// The first time of a book, for all items.
    private mutating func readEntries(
        of book: RecordID, _ item: RecordID, _ context: any ModuleContext
    ) throws(CRMError) {
        var known = entries[book] ?? [:]
        let wanted = known.isEmpty ? items.union([item]) : [item]
        for id in wanted { known[id] = [] }
        let records = try context.list(
            "price_book_entry", where: "product", isAmong: wanted.sorted(),
            and: .where("price_book", .equal, .reference(book)))
        for entry in records {
            guard let product = entry["product"].reference, let from = entry["min_quantity"].decimal,
                let price = entry["list_price"].price
            else { continue }
            known[product]?.append(.init(minQuantity: from, price: price))
        }
        entries[book] = known
    }

    private mutating func bookOfAccount(_ context: any ModuleContext) throws(CRMError) -> RecordID? {
        if let known = accountBook { return known }
        let book = try setting.account.map { (id) throws(CRMError) in
            try context.get("account", id)["inventory_price_book"].reference
        }
        accountBook = .some(book ?? nil)
        return book ?? nil
    }

    private mutating func bookOfAll(_ context: any ModuleContext) throws(CRMError) -> RecordID? {
        if let known = defaultBook { return known }
        let filter = Filter.all([
            .where("is_default", .equal, true), .where("currency", .equal, .reference(setting.currency)),
        ])
        let book = try context.list(ListRequest("price_book", where: filter, limit: 1)).first?.id
        defaultBook = .some(book)
        return book
    }

    private mutating func ownPrice(
        _ item: RecordID, _ context: any ModuleContext
    ) throws(CRMError) -> FixedDecimal? {
        if let known = ownPrices[item] { return known }
        let wanted = ownPrices.isEmpty ? items.union([item]) : [item]
        for id in wanted { ownPrices.updateValue(nil, forKey: id) }
        let records = try context.list(
            "product_price", where: "product", isAmong: wanted.sorted(),
            and: .where("currency", .equal, .reference(setting.currency)))
        for record in records {
            guard let product = record["product"].reference, ownPrices[product] == .some(nil) else {
                continue
            }
            ownPrices.updateValue(record["unit_price"].price, forKey: product)
        }
        return ownPrices[item] ?? nil
    }

    private mutating func unitPrice(
        _ item: Record, _ field: String, _ context: any ModuleContext
    ) throws(CRMError) -> (amount: Amount, rate: FixedDecimal, code: String)? {
        guard let price = item[field].money else { return nil }
        guard price.currency != setting.denomination.code else {
            return (Amount(price), setting.rate, price.currency.description)
        }
        if rates[price.currency] == nil {
            let currency = try Currency.named(price.currency, context)
            let rate = try currency.flatMap { (currency) throws(CRMError) in
                try context.exchangeRate(of: currency.id, on: setting.day)
            }
            rates.updateValue(rate, forKey: price.currency)
        }
        guard let rate = rates[price.currency] ?? nil else { return nil }
        return (Amount(price), rate, price.currency.description)
    }
}

extension Value {
    /// An amount as a list price: scale 6, without its currency.
    var price: FixedDecimal? {
        money.flatMap { amount in
            let (units, overflow) = amount.tenThousandths.multipliedReportingOverflow(by: 100)
            return overflow ? nil : FixedDecimal(units: units, scale: 6)
        }
    }
}
