import CRMSDK
import CRMSDKTesting
import Testing

@Suite("Selection of prices")
struct PriceSelectionTests {
    let shop: Shop
    let lathe: Record

    init() throws {
        shop = try Shop()
        lathe = try shop.product(["unit_price": money("100.00")])
    }

    /// Price and source.
    func find(
        _ code: String, _ pieces: String = "1", on day: String? = nil, account: RecordID? = nil,
        book: RecordID? = nil
    ) throws(CRMError) -> [String] {
        var members: [StructuredValue.Member] = [
            .init("item", .value(.reference(lathe.id))),
            .init("currency", .value(.reference(shop.currency(code)))),
            .init("quantity", .value(quantity(pieces))),
        ]
        if let day { members.append(.init("date", .value(date(day)))) }
        if let account { members.append(.init("account", .value(.reference(account)))) }
        if let book { members.append(.init("price_book", .value(.reference(book)))) }
        let answer = try shop.context.call("inventory.find_price", .object(members))
        let price = answer["list_price"]?.value.decimal?.text(minimumDecimals: 0) ?? "none"
        return [price, answer["price_source"]?.value.text ?? "none"]
    }

    func book(_ code: String, _ values: [String: Value] = [:]) throws(CRMError) -> Record {
        let whole: [String: Value] = [
            "price_book_name": "Wholesale", "currency": .reference(shop.currency(code)),
        ]
        return try shop.create("price_book", whole.merging(values) { $1 })
    }

    func put(_ price: Value, from pieces: String = "0", in book: Record) throws(CRMError) {
        _ = try shop.create(
            "price_book_entry",
            [
                "price_book": .reference(book.id), "product": .reference(lathe.id), "list_price": price,
                "min_quantity": quantity(pieces), "currency": book["currency"],
            ])
    }

    @Test(
        "without a book the unit price is converted by the rates, rounded to the currency",
        arguments: [
            ("EUR", "100", "unit_price"), ("USD", "108.37", "converted"), ("JPY", "15642", "converted"),
            ("KWD", "30.712", "converted"),
        ])
    func converted(_ code: String, _ price: String, _ source: String) throws {
        #expect(try find(code) == [price, source])
    }

    @Test("an own price in the currency comes before conversion, a book's before both, from its quantity on")
    func order() throws {
        _ = try shop.create(
            "product_price",
            [
                "product": .reference(lathe.id), "currency": .reference(shop.dollar),
                "unit_price": money("99.00", "USD"),
            ])
        #expect(try find("USD") == ["99", "own_price"])
        let wholesale = try book("USD")
        try put(money("95.00", "USD"), from: "10", in: wholesale)
        #expect(try find("USD", "9", book: wholesale.id) == ["99", "own_price"])
        #expect(try find("USD", "10", book: wholesale.id) == ["95", "price_book"])
        #expect(try find("USD", "10") == ["99", "own_price"])
    }

    @Test("a book in another currency, or an inactive one, is passed over")
    func ignored() throws {
        let euros = try book("EUR")
        try put(money("80.00"), in: euros)
        #expect(try find("USD", book: euros.id) == ["108.37", "converted"])
        #expect(try find("EUR", book: euros.id) == ["80", "price_book"])
        _ = try shop.update(euros, ["active": false])
        #expect(try find("EUR", book: euros.id) == ["100", "unit_price"])
    }

    @Test(
        "the days of a book include both ends",
        arguments: [
            ("2026-02-28", "100"), ("2026-03-01", "80"), ("2026-03-31", "80"), ("2026-04-01", "100"),
        ])
    func days(_ day: String, _ price: String) throws {
        let march = try book("EUR", ["valid_from": date("2026-03-01"), "valid_to": date("2026-03-31")])
        try put(money("80.00"), in: march)
        #expect(try find("EUR", on: day, book: march.id)[0] == price)
    }

    @Test("the given book comes before the account's, that before the default one")
    func whose() throws {
        let common = try book("EUR", ["is_default": true])
        try put(money("90.00"), in: common)
        #expect(try find("EUR", account: shop.account) == ["90", "price_book"])
        let own = try book("EUR")
        try put(money("85.00"), in: own)
        _ = try shop.context.update("account", shop.account, ["inventory_price_book": .reference(own.id)])
        #expect(try find("EUR", account: shop.account) == ["85", "price_book"])
        let given = try book("EUR")
        try put(money("70.00"), in: given)
        #expect(try find("EUR", account: shop.account, book: given.id) == ["70", "price_book"])
        #expect(refusal { _ = try book("EUR", ["is_default": true]) }?.fields.map(\.field) == ["is_default"])
        #expect(refusal { _ = try book("USD", ["is_default": true]) } == nil)
    }

    @Test("a parent is asked where the book has no price, five of them above it at most")
    func parents() throws {
        var top = try book("EUR")
        try put(money("60.00"), in: top)
        for _ in 0..<5 {
            top = try book("EUR", ["parent_price_book": .reference(top.id)])
            #expect(try find("EUR", book: top.id) == ["60", "parent_price_book"])
        }
        #expect(refusal { _ = try book("EUR", ["parent_price_book": .reference(top.id)]) } != nil)
    }

    @Test("an item without any price leaves it to the user")
    func none() throws {
        _ = try shop.update(lathe, ["unit_price": .null])
        #expect(try find("EUR") == ["none", "none"])
    }
}
