import CRMSDK

/// Which price an item has on a document: by quantity, day, currency and account. Pure: it is given the facts.
///
/// Order: the price on the line; the books, the chosen one's parents behind it; the item's own price in the currency;
/// its unit price converted. The first that there is wins, and says so; a price that is found is never sought again
/// silently.
enum PriceSelection {
    /// A price book as it stands, with its prices of the one item.
    struct Book: Sendable {
        struct Entry: Sendable {
            /// Scale 4.
            let minQuantity: FixedDecimal
            /// Scale 6.
            let price: FixedDecimal
        }

        let id: RecordID
        let name: String
        let isActive: Bool
        let currency: RecordID
        /// Both inclusive; nil is open.
        let validFrom, validTo: CalendarDate?
        let entries: [Entry]

        func holds(on day: CalendarDate) -> Bool {
            validFrom.map { $0 <= day } ?? true && validTo.map { day <= $0 } ?? true
        }

        /// The price from the largest quantity that is not above `quantity`.
        func price(for quantity: FixedDecimal) -> Entry? {
            entries.filter { $0.minQuantity.units <= quantity.units }
                .max { $0.minQuantity.units < $1.minQuantity.units }
        }
    }

    struct Facts: Sendable {
        /// Scale 4.
        let quantity: FixedDecimal
        let day: CalendarDate
        let currency: RecordID
        let denomination: Denomination
        /// Units for one of the base currency, scale 6.
        let rate: FixedDecimal
        /// What the line says, scale 6.
        var given: FixedDecimal?
        /// Those that may be asked, each with its parents behind it: the given one, the account's, the default.
        var books: [[Book]] = []
        /// The item's own price in the document's currency, scale 6.
        var own: FixedDecimal?
        var unitPrice: (amount: Amount, rate: FixedDecimal, code: String)?
    }

    /// A price and where it comes from.
    struct Found: Hashable, Sendable {
        /// Scale 6, in the document's currency.
        let price: FixedDecimal
        let source: PriceSource
        /// The book that gave it.
        var book: RecordID?
        /// In words.
        let explanation: String
    }

    /// Books above a book that are asked, at most.
    static let parentLimit = PriceBook.chainLimit

    /// Nil when nobody but the user can say a price.
    static func find(_ facts: Facts) -> Found? {
        if let given = facts.given {
            return Found(price: given, source: .line, explanation: "the price on the line")
        }
        return inBooks(facts) ?? own(facts) ?? converted(facts)
    }

    private static func inBooks(_ facts: Facts) -> Found? {
        func isUsable(_ book: Book) -> Bool {
            book.isActive && book.currency == facts.currency && book.holds(on: facts.day)
        }
        let chain = facts.books.first { chain in
            chain.first.map { $0.isActive && $0.currency == facts.currency } ?? false
        }
        for (depth, book) in (chain ?? []).prefix(1 + parentLimit).enumerated() where isUsable(book) {
            guard let entry = book.price(for: facts.quantity) else { continue }
            return Found(
                price: entry.price, source: depth == 0 ? .priceBook : .parentBook, book: book.id,
                explanation:
                    "price book \"\(book.name)\", from \(entry.minQuantity.text(minimumDecimals: 0))")
        }
        return nil
    }

    private static func own(_ facts: Facts) -> Found? {
        facts.own.map {
            Found(
                price: $0, source: .ownPrice,
                explanation: "the item's own price in \(facts.denomination.code)")
        }
    }

    /// `R(unit price × rate of the document ÷ rate of the item)`.
    private static func converted(_ facts: Facts) -> Found? {
        guard let unit = facts.unitPrice, unit.rate.units > 0 else { return nil }
        let price = facts.denomination.quotient(
            unit.amount.tenThousandths * Int128(facts.rate.units), by: Int128(unit.rate.units))
        guard let units = Int64(exactly: price.tenThousandths * 100) else { return nil }
        let isSame = unit.code == facts.denomination.code.description
        return Found(
            price: FixedDecimal(units: units, scale: 6), source: isSame ? .unitPrice : .converted,
            explanation: isSame
                ? "the item's unit price"
                : "the item's unit price in \(unit.code), × \(facts.rate.text(minimumDecimals: 0)) ÷ "
                    + unit.rate.text(minimumDecimals: 0))
    }
}

/// Where a price came from; what a line keeps as `price_source`.
enum PriceSource: String, CaseIterable, Sendable {
    case line
    case priceBook = "price_book"
    case parentBook = "parent_price_book"
    case ownPrice = "own_price"
    case unitPrice = "unit_price"
    case converted
    /// As on the document that the line was taken over from.
    case document

    static let values = [
        PicklistValue("line", "Given").system(), PicklistValue("Price book").system(),
        PicklistValue("Parent price book").system(), PicklistValue("Own price").system(),
        PicklistValue("Unit price").system(), PicklistValue("Converted").system(),
        PicklistValue("Document").system(),
    ]
}
