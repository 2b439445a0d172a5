import CRMSDK
import CRMSDKTesting
import Testing

@Suite("Figures of stored documents")
struct DocumentFiguresTests {
    let shop: Shop
    let lathe, drill: Record

    init() throws {
        shop = try Shop()
        lathe = try shop.product(["unit_price": money("19.99"), "product_code": "L-1"])
        drill = try shop.product(["product_name": "Drill", "unit_price": money("149.50")])
    }

    func tax(_ name: String, _ percent: String, on what: Value = "both") throws(CRMError) {
        _ = try shop.create(
            "tax", ["name": .text(name), "percent": quantity(percent), "applies_to": what])
    }

    func quote(_ lines: [Line], _ values: [String: Value] = [:]) throws(CRMError) -> Record {
        try shop.document("quote", values.merging(["lines": .lines(lines)]) { $1 })
    }

    @Test("prices, names and taxes are put in; the figures are those of the example E1")
    func example() throws {
        for (name, percent) in [("VAT", "4.5"), ("Sales", "10"), ("Service", "12.5")] {
            try tax(name, percent)
        }
        let quote = try quote(
            [
                shop.line(lathe, "10"),
                shop.line(drill, "3", ["discount_kind": "percent", "discount_percent": quantity("10")]),
            ],
            [
                "discount_kind": "percent", "discount_percent": quantity("5"),
                "shipping_amount": money("20.00"), "adjustment": money("-0.50"),
            ])
        let lines = quote.lines("lines")
        #expect(lines.map { $0["list_price"] } == [price("19.99"), price("149.50")])
        #expect(lines.map { $0["price_source"] } == ["unit_price", "unit_price"])
        #expect(lines.map { $0["item_name"] } == ["Lathe", "Drill"])
        #expect(lines[0]["item_code"] == "L-1")
        #expect(lines.map { $0["net"] } == [money("199.90"), money("403.65")])
        #expect(quote["taxes"] == "Sales 10%; Service 12.5%; VAT 4.5%")
        let expected = [
            "subtotal": "603.55", "discount_total": "30.18", "taxable_total": "573.37",
            "tax_total": "154.81", "shipping_tax": "5.40", "grand_total": "753.08",
            "base_grand_total": "753.08",
        ]
        for (field, amount) in expected { #expect(quote[field] == money(amount), "\(field)") }
        let sums = quote.lines("tax_sums")
        #expect(sums.map { $0["amount"] }.prefix(3) == [money("57.34"), money("71.67"), money("25.80")])
        #expect(sums.count == 6)
    }

    @Test("the total in the base currency is by the rate of the day of writing")
    func baseTotal() throws {
        let quote = try quote(
            [shop.line(lathe, "10", ["list_price": price("100")])], ["currency": .reference(shop.dollar)])
        #expect(quote["grand_total"] == money("1000.00", "USD"))
        #expect(quote["base_grand_total"] == money("922.76"))
    }

    @Test("a client that sends figures is told which differ; right ones are taken")
    func compared() throws {
        let line = shop.line(lathe, "2")
        let right = try quote([line], ["grand_total": money("39.98"), "subtotal": money("39.98")])
        #expect(right["grand_total"] == money("39.98"))
        var wrong = line
        wrong["net"] = money("39.97")
        let error = refusal {
            _ = try quote([line, wrong], ["subtotal": money("79.96"), "grand_total": money("80.00")])
        }
        #expect(error?.fields.map(\.field) == ["lines[1].net", "grand_total"])
        #expect(error?.fields.last?.message == "grand_total is 79.96, not 80")
    }

    @Test("an old figure that comes back with a changed quantity is no contradiction")
    func stale() throws {
        let quote = try quote([shop.line(lathe, "2")])
        var line = quote.lines("lines")[0]
        line["quantity"] = quantity("3")
        let changed = try shop.update(quote, ["lines": .lines([line]), "grand_total": quote["grand_total"]])
        #expect(changed["grand_total"] == money("59.97"))
        #expect(changed.lines("lines")[0].id == line.id)
    }

    @Test("a line that is priced is not priced anew; another item is")
    func kept() throws {
        let quote = try quote([shop.line(lathe, "1")])
        _ = try shop.update(lathe, ["unit_price": money("25.00"), "product_name": "Lathe II"])
        var line = quote.lines("lines")[0]
        line["quantity"] = quantity("2")
        let same = try shop.update(quote, ["lines": .lines([line])])
        #expect(same["grand_total"] == money("39.98"))
        #expect(same.lines("lines")[0]["item_name"] == "Lathe")
        line = same.lines("lines")[0]
        line["item"] = .reference(drill.id)
        let other = try shop.update(quote, ["lines": .lines([line])])
        #expect(other["grand_total"] == money("299.00"))
        #expect(other.lines("lines")[0]["item_name"] == "Drill")
        line = other.lines("lines")[0]
        line["list_price"] = price("140")
        let given = try shop.update(quote, ["lines": .lines([line])]).lines("lines")[0]
        #expect(given["price_source"] == "line")
    }

    @Test("switching the tax mode takes the taxes from the items, or from the company")
    func taxMode() throws {
        try tax("VAT", "20")
        let quote = try quote([shop.line(lathe, "1")], ["taxes": "Reduced 5%"])
        #expect(quote["taxes"] == "Reduced 5%")
        let individual = try shop.update(quote, ["tax_mode": "individual"])
        #expect(individual["taxes"] == .null)
        #expect(individual.lines("lines")[0]["taxes"] == "VAT 20%")
        #expect(individual["tax_total"] == money("4.00"))
        let group = try shop.update(quote, ["tax_mode": "group"])
        #expect(group["taxes"] == "VAT 20%")
        #expect(group.lines("lines")[0]["taxes"] == .null)
    }

    @Test("a tax changed later changes no document")
    func frozenTax() throws {
        try tax("VAT", "20")
        let quote = try quote([shop.line(lathe, "1")])
        let vat = try #require(try shop.context.list(ListRequest("tax")).first)
        _ = try shop.update(vat, ["percent": quantity("25")])
        #expect(try shop.update(quote, ["subject": "…"])["tax_total"] == money("4.00"))
        #expect(try shop.update(quote, ["taxes": "VAT"])["tax_total"] == money("5.00"))
        #expect(try shop.update(quote, ["taxes": "none"])["tax_total"] == money("0.00"))
    }

    @Test("what is wrong is named by line and field")
    func refused() throws {
        let service = try shop.product(["product_name": "Advice", "active": false])
        let error = refusal {
            _ = try quote([
                shop.line(lathe, "1"), shop.line(service, "1"),
                shop.line(drill, "1", ["discount_kind": "amount", "discount_amount": money("149.51")]),
                Line(["item": .reference(drill.id)]),
            ])
        }
        #expect(
            error?.fields.map(\.field) == ["lines[1].item", "lines[1].list_price", "lines[3].quantity"])
        let discount = refusal {
            _ = try quote([
                shop.line(drill, "1", ["discount_kind": "amount", "discount_amount": money("149.51")])
            ])
        }
        #expect(discount?.fields.map(\.field) == ["lines[0].discount_amount"])
    }

    @Test("the currency of priced lines stays")
    func currency() throws {
        let quote = try quote([shop.line(lathe, "1")])
        let error = refusal { _ = try shop.update(quote, ["currency": .reference(shop.dollar)]) }
        #expect(error?.fields.map(\.field) == ["currency"])
    }

    @Test("a locked document keeps its lines")
    func locked() throws {
        let quote = try quote([shop.line(lathe, "1")], ["quote_stage": "accepted"])
        let error = refusal { _ = try shop.update(quote, ["lines": .lines([])]) }
        #expect(error?.fields.map(\.field) == ["lines"])
    }

    @Test("every figure of a document can be explained")
    func explained() throws {
        try tax("VAT", "20", on: "item")
        let quote = try quote([shop.line(lathe, "2.5")])
        let answer = Computed(
            answer: try shop.context.call(
                "inventory.explain_total", .object(["id": .value(.reference(quote.id))])))
        #expect(answer.total("grand_total") == "59.98")
        let steps = answer.answer["steps"]?.elements ?? []
        #expect(steps.first?["rule"]?.value == "R(2.5 × 19.99)")
        #expect(
            answer.steps == [
                "lines[0].gross", "lines[0].net", "subtotal", "taxable_total", "tax VAT 20%", "tax_total",
                "shipping_tax", "grand_total",
            ])
        let missing = refusal {
            _ = try shop.context.call(
                "inventory.explain_total", .object(["id": .value(.reference(lathe.id))]))
        }
        #expect(missing?.kind == .notFound)
    }

    @Test("a document that names no currency is in the company's own, at its rate")
    func ownCurrency() throws {
        let quote = try shop.document("quote", ["currency": .null, "lines": .lines([shop.line(lathe, "1")])])
        #expect(quote["currency"] == .reference(shop.euro))
        #expect(quote["conversion_rate"] == decimal("1", scale: 6))
    }

    @Test(
        "a document has its currency's rate of its day: the last dated one by then, and none before the first"
    )
    func datedRates() throws {
        func rate(_ entity: String, _ values: [String: Value]) throws -> String? {
            try shop.document(entity, values.merging(["currency": .reference(shop.dollar)]) { $1 })[
                "conversion_rate"
            ]
            .decimal?.text(minimumDecimals: 0)
        }
        #expect(try rate("quote", [:]) == "1.0837")
        for (day, rate) in [("2026-02-01", "1.1"), ("2026-03-01", "1.2"), ("2026-04-01", "1.3")] {
            _ = try shop.create(
                "exchange_rate",
                [
                    "currency": .reference(shop.dollar), "valid_from": date(day),
                    "rate": decimal(rate, scale: 6),
                ])
        }
        // It is 10 March.
        #expect(try rate("quote", [:]) == "1.2")
        #expect(try rate("invoice", ["invoice_date": date("2026-02-28")]) == "1.1")
        #expect(try rate("invoice", ["invoice_date": date("2026-04-01")]) == "1.3")
        let early = refusal { _ = try rate("invoice", ["invoice_date": date("2026-01-31")]) }
        #expect(early?.fields.map(\.field) == ["currency"])
        #expect(early?.fields.first?.message == "there is no exchange rate for USD on 2026-01-31")
        // What a product costs in euros is converted by the same rate.
        let quote = try shop.document(
            "quote", ["currency": .reference(shop.dollar), "lines": .lines([shop.line(lathe, "1")])])
        #expect(quote["subtotal"] == money("23.99", "USD"))
    }

    @Test(
        "a price book that is closed on the day is refused where it is chosen by hand, and passed over elsewhere",
        arguments: [
            (["active": false], "is not active"),
            (["valid_from": date("2026-03-11")], "is valid from 2026-03-11"),
            (["valid_to": date("2026-03-09")], "was valid until 2026-03-09"),
            (["valid_from": date("2026-03-10"), "valid_to": date("2026-03-10")], nil),
        ] as [([String: Value], String?)])
    func closedBook(_ values: [String: Value], _ says: String?) throws {
        let book = try shop.create(
            "price_book",
            ["price_book_name": "March", "currency": .reference(shop.euro)].merging(values) { $1 })
        func quote(_ line: [String: Value]) throws -> Record {
            try shop.document("quote", ["lines": .lines([shop.line(lathe, "1", line)])])
        }
        let chosen: [String: Value] = ["price_book": .reference(book.id)]
        if let says {
            let refused = refusal { _ = try quote(chosen) }
            #expect(refused?.fields.map(\.field) == ["lines[0].price_book"])
            #expect(refused?.fields.first?.message == "price book \"March\" \(says)")
            // A price that is given asks no book.
            _ = try quote(chosen.merging(["list_price": decimal("5", scale: 6)]) { $1 })
        } else {
            #expect(try quote(chosen)["subtotal"] == money("19.99"))
        }
        _ = try shop.context.update("account", shop.account, ["inventory_price_book": .reference(book.id)])
        #expect(try quote([:])["subtotal"] == money("19.99"))
    }

    @Test("an order from a vendor is priced by cost")
    func purchase() throws {
        _ = try shop.update(lathe, ["cost_price": money("12.00")])
        let order = try shop.document("purchase_order", ["lines": .lines([shop.line(lathe, "3")])])
        #expect(order["grand_total"] == money("36.00"))
    }
}
