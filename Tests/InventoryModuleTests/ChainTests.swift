import CRMSDK
import CRMSDKTesting
import Testing

@Suite("From one document to the next")
struct ChainTests {
    let shop: Shop
    let lathe, drill: Record

    init() throws {
        shop = try Shop()
        lathe = try shop.product(["unit_price": money("19.99"), "cost_price": money("12.00")])
        drill = try shop.product(["product_name": "Drill", "unit_price": money("149.50")])
    }

    func document(_ entity: String, _ lines: [Line], _ values: [String: Value] = [:]) throws(CRMError)
        -> Record
    {
        try shop.document(entity, values.merging(["lines": .lines(lines)]) { $1 })
    }

    /// The documents that a conversion made.
    @discardableResult
    func convert(
        _ action: String, _ source: Record, _ members: [StructuredValue.Member] = []
    ) throws(CRMError) -> [Record] {
        let given = [StructuredValue.Member(source.entity, .value(.reference(source.id)))] + members
        let answer = try shop.context.call("inventory.\(action)", .object(given))
        let entity = answer["entity"]?.value.text ?? ""
        var made: [Record] = []
        for id in answer["ids"]?.elements ?? [] {
            if let id = id.value.reference { made.append(try shop.context.get(entity, id)) }
        }
        return made
    }

    func some(_ source: Record, _ pieces: [String]) throws(CRMError) -> StructuredValue.Member {
        let lines = try shop.now(source).lines("lines")
        return .init(
            "lines",
            .list(
                zip(lines, pieces).filter { $0.1 != "0" }.map { line, pieces in
                    .object([
                        "line": .value(line.id.map { .integer($0.rawValue) } ?? .null),
                        "quantity": .value(quantity(pieces)),
                    ])
                }))
    }

    @Test("a quote becomes an order as it is, and is accepted")
    func order() throws {
        let quote = try document(
            "quote", [shop.line(lathe, "10"), shop.line(drill, "3", ["comment": "Blue."])],
            [
                "discount_kind": "percent", "discount_percent": quantity("5"), "billing_city": "Lyon",
                "shipping_amount": money("20.00"), "taxes": "VAT 20%",
            ])
        _ = try shop.update(lathe, ["unit_price": money("99.00"), "product_name": "Lathe II"])
        let order = try #require(try convert("quote_to_order", quote).first)
        #expect(order["grand_total"] == quote["grand_total"])
        #expect(order["billing_city"] == "Lyon")
        #expect(order["quote"] == .reference(quote.id))
        let lines = order.lines("lines")
        #expect(lines.map { $0["item_name"] } == ["Lathe", "Drill"])
        #expect(lines.map { $0["price_source"] } == ["document", "document"])
        #expect(lines[1]["comment"] == "Blue.")
        #expect(lines[0]["source_line"] == .integer(quote.lines("lines")[0].id?.rawValue ?? 0))
        let now = try shop.now(quote)
        #expect(now["quote_stage"] == "accepted")
        #expect(now["grand_total"] == quote["grand_total"])
        #expect(now.lines("lines").map { $0["remaining_quantity"] } == [quantity("0"), quantity("0")])
    }

    @Test("the rate that was agreed stays")
    func rate() throws {
        let quote = try document("quote", [shop.line(lathe, "1")], ["currency": .reference(shop.dollar)])
        _ = try shop.context.update("currency", shop.dollar, ["rate": decimal("2", scale: 6)])
        let order = try #require(try convert("quote_to_order", quote).first)
        #expect(order["conversion_rate"] == decimal("1.0837", scale: 6))
        #expect(order["base_grand_total"] == quote["base_grand_total"])
    }

    @Test("what nothing remains of is not converted again, unless it is forced")
    func twice() throws {
        let quote = try document("quote", [shop.line(lathe, "2")])
        try convert("quote_to_order", quote)
        let error = refusal { try convert("quote_to_invoice", quote) }
        #expect(error?.message.hasPrefix("nothing remains of quote") == true)
        let forced = try convert("quote_to_invoice", quote, [.init("force", .value(true))])
        #expect(forced.first?["grand_total"] == money("39.98"))
        #expect(try shop.context.count("sales_order", where: nil) == 1)
    }

    @Test("parts add up to the whole: an amount of 10.00 over 3 pieces is 3.33, 3.33 and 3.34")
    func parts() throws {
        let order = try document(
            "sales_order",
            [shop.line(lathe, "3", ["discount_kind": "amount", "discount_amount": money("10.00")])],
            [
                "shipping_amount": money("5.00"), "adjustment": money("-1.00"), "discount_kind": "amount",
                "discount_amount": money("2.00"),
            ])
        var sums: [String: [Value]] = [:]
        for _ in 0..<3 {
            let invoice = try #require(try convert("order_to_invoice", order, [some(order, ["1"])]).first)
            for field in ["shipping_amount", "adjustment", "discount_total"] {
                sums[field, default: []].append(invoice[field])
            }
            sums["line", default: []].append(invoice.lines("lines")[0]["discount"])
        }
        #expect(sums["line"] == [money("3.33"), money("3.33"), money("3.34")])
        #expect(sums["shipping_amount"] == [money("1.66"), money("1.66"), money("1.68")])
        #expect(sums["adjustment"] == [money("-0.33"), money("-0.33"), money("-0.34")])
        #expect(sums["discount_total"] == [money("0.66"), money("0.66"), money("0.68")])
        let now = try shop.now(order)
        #expect(now["invoiced"] == true)
        #expect(now["so_status"] == "approved")
    }

    @Test("more than remains is refused by line")
    func tooMuch() throws {
        let order = try document("sales_order", [shop.line(lathe, "3"), shop.line(drill, "1")])
        try convert("order_to_invoice", order, [some(order, ["2", "0"])])
        let error = refusal { try convert("order_to_invoice", order, [some(order, ["2", "1"])]) }
        #expect(error?.fields.map(\.field) == ["lines[0].quantity"])
        #expect(error?.fields.first?.message == "1 remain of \"Lathe\"")
        let rest = try #require(try convert("order_to_invoice", order).first)
        #expect(rest.lines("lines").map { $0["quantity"] } == [quantity("1"), quantity("1")])
    }

    @Test("cancelling, deleting and restoring an invoice gives back what it took, and takes it again")
    func back() throws {
        let order = try document("sales_order", [shop.line(lathe, "3")])
        let invoice = try #require(try convert("order_to_invoice", order).first)
        func remaining() throws -> Value { try shop.now(order).lines("lines")[0]["remaining_quantity"] }
        #expect(try remaining() == quantity("0"))
        try shop.context.delete("invoice", invoice.id)
        #expect(try remaining() == quantity("3"))
        _ = try shop.context.restore("invoice", invoice.id)
        #expect(try remaining() == quantity("0"))
        _ = try shop.update(invoice, ["invoice_status": "cancel"])
        #expect(try remaining() == quantity("3"))
    }

    @Test("a line that names another document's line is refused")
    func stray() throws {
        let order = try document("sales_order", [shop.line(lathe, "3")])
        let other = try document("sales_order", [shop.line(drill, "1")])
        let id = other.lines("lines")[0].id?.rawValue ?? 0
        let error = refusal {
            _ = try document(
                "invoice", [shop.line(lathe, "1", ["source_line": .integer(id)])],
                ["sales_order": .reference(order.id)])
        }
        #expect(error?.fields.map(\.code) == ["not_found"])
    }

    @Test("one purchase order for each vendor, at cost, without what was bought already")
    func purchase() throws {
        let other = try shop.create("vendor", ["vendor_name": "Tailspin"])
        _ = try shop.update(lathe, ["vendor": .reference(shop.vendor)])
        let order = try document(
            "sales_order",
            [
                shop.line(lathe, "3", ["discount_kind": "percent", "discount_percent": quantity("50")]),
                shop.line(drill, "1"),
            ])
        #expect(refusal { try convert("order_to_purchase", order) }?.fields.map(\.field) == ["lines[1].item"])
        _ = try shop.update(drill, ["vendor": .reference(other.id), "cost_price": money("100.00")])
        let bought = try convert("order_to_purchase", order)
        #expect(bought.map { $0["vendor"] } == [.reference(shop.vendor), .reference(other.id)])
        #expect(bought.map { $0["grand_total"] } == [money("36.00"), money("100.00")])
        #expect(refusal { try convert("order_to_purchase", order) } != nil)
        #expect(try convert("order_to_invoice", order).count == 1)
    }

    @Test("without the Sales module there are no potentials to quote")
    func noSales() throws {
        let error = refusal {
            _ = try shop.context.call(
                "inventory.potential_to_quote", .object(["potential": .value(.reference(lathe.id))]))
        }
        #expect(error?.kind == .notFound)
    }
}
