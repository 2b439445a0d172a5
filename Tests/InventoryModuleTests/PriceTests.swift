import CRMSDK
import CRMSDKTesting
import Testing

@Suite("Price books, taxes and vendors")
struct PriceTests {
    let shop: Shop
    let book: Record
    let product: Record

    init() throws {
        shop = try Shop()
        book = try shop.create(
            "price_book", ["price_book_name": "Dollars", "currency": .reference(shop.dollar)])
        product = try shop.product()
    }

    func price(
        _ amount: Value, currency: RecordID, from: String = "0"
    ) throws(CRMError) -> Record {
        try shop.create(
            "price_book_entry",
            [
                "price_book": .reference(book.id), "product": .reference(product.id),
                "currency": .reference(currency), "list_price": amount, "min_quantity": quantity(from),
            ])
    }

    @Test("a price is in the currency of its book")
    func currency() throws {
        let error = refusal { _ = try price(money("95.00"), currency: shop.euro) }
        #expect(error?.fields.map(\.field) == ["list_price"])
        #expect(refusal { _ = try price(money("95.00", "USD"), currency: shop.dollar) } == nil)
    }

    @Test("a product has one price in a book from each quantity on")
    func unique() throws {
        let first = try price(money("99.00", "USD"), currency: shop.dollar)
        let second = try price(money("95.00", "USD"), currency: shop.dollar, from: "10")
        let error = refusal { _ = try price(money("90.00", "USD"), currency: shop.dollar, from: "10") }
        #expect(error?.kind == .duplicate)
        #expect(refusal { _ = try shop.update(second, ["min_quantity": quantity("0")]) }?.kind == .duplicate)
        #expect(refusal { _ = try shop.update(first, ["list_price": money("98.00", "USD")]) } == nil)
    }

    @Test("a book with prices keeps its currency; an empty one may change it")
    func bookCurrency() throws {
        let euros: [String: Value] = ["currency": .reference(shop.euro)]
        let entry = try price(money("99.00", "USD"), currency: shop.dollar)
        #expect(refusal { _ = try shop.update(book, euros) }?.fields.map(\.field) == ["currency"])
        try shop.context.delete("price_book_entry", entry.id)
        #expect(refusal { _ = try shop.update(book, euros) } == nil)
    }

    @Test("a book ends when or after it begins")
    func validity() throws {
        let error = refusal {
            _ = try shop.update(book, ["valid_from": date("2026-03-11"), "valid_to": date("2026-03-10")])
        }
        #expect(error?.fields.map(\.field) == ["valid_to"])
    }

    @Test("at most five books stand above one, and none above itself")
    func chain() throws {
        func book(above parent: Record?) throws(CRMError) -> Record {
            var values: [String: Value] = ["price_book_name": "B", "currency": .reference(shop.euro)]
            if let parent { values["parent_price_book"] = .reference(parent.id) }
            return try shop.create("price_book", values)
        }
        var books = [try book(above: nil)]
        for _ in 0..<5 { books.append(try book(above: books.last)) }
        #expect(refusal { _ = try book(above: books.last) }?.fields.map(\.field) == ["parent_price_book"])
        let error = refusal {
            _ = try shop.update(books[0], ["parent_price_book": .reference(books[3].id)])
        }
        #expect(error?.message == "a price book cannot be above itself")
        #expect(
            refusal { _ = try shop.update(books[0], ["parent_price_book": .reference(books[0].id)]) } != nil)
    }

    @Test(
        "a tax adds, a retention takes away",
        arguments: [
            ("normal", "21", true), ("normal", "0", true), ("normal", "-0.0001", false),
            ("retention", "-15", true), ("retention", "0", true), ("retention", "0.0001", false),
            ("normal", "100.0001", false), ("retention", "-100.0001", false),
        ])
    func taxes(_ kind: String, _ percent: String, _ isTaken: Bool) throws {
        let error = refusal {
            _ = try shop.create("tax", ["name": "T", "kind": .text(kind), "percent": quantity(percent)])
        }
        #expect((error == nil) == isTaken)
    }

    @Test("a vendor is kept while purchase orders name it")
    func vendors() throws {
        let order = try shop.document("purchase_order")
        #expect(refusal { try shop.context.delete("vendor", shop.vendor) }?.kind == .invalidRecord)
        try shop.context.delete("purchase_order", order.id)
        try shop.context.delete("vendor", shop.vendor)
    }
}
