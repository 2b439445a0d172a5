import CRMSDK
import CRMSDKTesting
import Testing

@Suite("Stock moves with documents")
struct StockTests {
    let shop: Shop
    let lathe: Record

    init() throws {
        shop = try Shop(isWithTasks: true)
        lathe = try shop.product([
            "unit_price": money("10.00"), "cost_price": money("6.00"), "reorder_level": quantity("5"),
        ])
        _ = try shop.create(
            "stock_movement",
            ["product": .reference(lathe.id), "quantity": quantity("10"), "reason": "receipt"])
    }

    /// In stock, in demand, available.
    func sums() throws -> [String] {
        let now = try shop.now(lathe)
        return ["quantity_in_stock", "quantity_in_demand", "quantity_available"].map {
            now[$0].decimal?.text(minimumDecimals: 0) ?? "none"
        }
    }

    func document(_ entity: String, _ pieces: String, _ values: [String: Value] = [:]) throws(CRMError)
        -> Record
    {
        try shop.document(entity, values.merging(["lines": .lines([shop.line(lathe, pieces)])]) { $1 })
    }

    func notices() throws -> Int { try shop.context.count("task", where: nil) }

    @Test("the whole life: order, invoice, second invoice, cancellation, purchase, edit")
    func life() throws {
        let order = try document("sales_order", "4")
        #expect(try sums() == ["10", "0", "10"])
        _ = try shop.update(order, ["so_status": "approved"])
        #expect(try sums() == ["10", "4", "6"])
        let answer = try shop.context.call(
            "inventory.order_to_invoice", .object(["sales_order": .value(.reference(order.id))]))
        #expect(try sums() == ["6", "0", "6"])
        #expect(try notices() == 0)
        let second = try document("invoice", "2")
        #expect(try sums() == ["4", "0", "4"])
        #expect(try notices() == 1)
        _ = try shop.update(second, ["invoice_status": "cancel"])
        #expect(try sums() == ["6", "0", "6"])
        let purchase = try document("purchase_order", "20", ["po_status": "approved"])
        #expect(try shop.now(lathe)["quantity_on_order"] == quantity("20"))
        _ = try shop.update(purchase, ["po_status": "received_shipment"])
        #expect(try sums() == ["26", "0", "26"])
        #expect(try shop.now(lathe)["quantity_on_order"] == quantity("0"))
        _ = try shop.update(purchase, ["po_status": "approved"])
        #expect(try sums() == ["6", "0", "6"])
        let id = try #require(answer["ids"]?.elements.first?.value.reference)
        let first = try shop.context.get("invoice", id)
        var line = first.lines("lines")[0]
        line["quantity"] = quantity("7")
        _ = try shop.update(first, ["lines": .lines([line])])
        #expect(try sums() == ["3", "0", "3"])
        #expect(try notices() == 2)
    }

    @Test("cancelling an invoice of an order gives back stock and promise, and no notice between")
    func cancelled() throws {
        let order = try document("sales_order", "5", ["so_status": "approved"])
        let answer = try shop.context.call(
            "inventory.order_to_invoice", .object(["sales_order": .value(.reference(order.id))]))
        #expect(try sums() == ["5", "0", "5"])
        let id = try #require(answer["ids"]?.elements.first?.value.reference)
        _ = try shop.context.update("invoice", id, ["invoice_status": "cancel"])
        #expect(try sums() == ["10", "5", "5"])
        try shop.context.delete("sales_order", order.id)
        #expect(try sums() == ["10", "0", "10"])
        _ = try shop.context.restore("sales_order", order.id)
        #expect(try sums() == ["10", "5", "5"])
        #expect(try notices() == 0)
    }

    @Test("a deleted invoice gives back, a restored one takes again")
    func deleted() throws {
        let invoice = try document("invoice", "3")
        #expect(try sums() == ["7", "0", "7"])
        try shop.context.delete("invoice", invoice.id)
        #expect(try sums() == ["10", "0", "10"])
        _ = try shop.context.restore("invoice", invoice.id)
        #expect(try sums() == ["7", "0", "7"])
    }

    @Test("an invoice of goods that have left before moves none, whatever becomes of it")
    func leftBefore() throws {
        let order = try document("sales_order", "4", ["so_status": "approved"])
        #expect(try sums() == ["10", "4", "6"])
        let answer = try shop.context.call(
            "inventory.order_to_invoice",
            .object([
                "sales_order": .value(.reference(order.id)),
                "values": .object(["moves_stock": .value(false)]),
            ]))
        #expect(try sums() == ["10", "0", "10"])
        let id = try #require(answer["ids"]?.elements.first?.value.reference)
        let invoice = try shop.context.get("invoice", id)
        _ = try shop.update(invoice, ["moves_stock": true])
        #expect(try sums() == ["6", "0", "6"])
        _ = try shop.update(invoice, ["moves_stock": false])
        _ = try shop.update(invoice, ["invoice_status": "cancel"])
        #expect(try sums() == ["10", "4", "6"])
    }

    @Test("a credit note with return brings goods back when it is issued; one without does not")
    func returned() throws {
        let invoice = try document("invoice", "3", ["invoice_status": "sent"])
        for (isReturn, expected) in [(false, "7"), (true, "8")] {
            let note = try document(
                "credit_note", "1", ["invoice": .reference(invoice.id), "with_return": .bool(isReturn)])
            _ = try shop.update(note, ["status": "issued"])
            #expect(try sums()[0] == expected)
        }
    }

    @Test("services move nothing")
    func service() throws {
        let advice = try shop.product(["product_name": "Advice", "kind": "service", "unit_price": money("9")])
        _ = try shop.document("invoice", ["lines": .lines([shop.line(advice, "2")])])
        #expect(try shop.context.count("stock_movement", where: nil) == 1)
    }

    @Test("a quantity beyond all business is refused by name, and nothing is moved")
    func beyond() throws {
        let most = "922337203685477.5807"
        for (entity, values) in [
            ("invoice", ["lines": .lines([shop.line(lathe, most)])]),
            ("invoice", ["lines": .lines([shop.line(lathe, "1"), shop.line(lathe, "1000000000.0001")])]),
        ] as [(String, [String: Value])] {
            let error = refusal { _ = try shop.document(entity, values) }
            #expect(error?.fields.first?.code == "range")
            #expect(error?.fields.first?.field.hasSuffix("quantity") == true)
        }
        for pieces in [most, "-" + most, "-922337203685477.5808", "1000000000.0001"] {
            let error = refusal {
                _ = try shop.create(
                    "stock_movement",
                    ["product": .reference(lathe.id), "quantity": quantity(pieces), "reason": "receipt"])
            }
            #expect(error?.fields.map(\.field) == ["quantity"])
        }
        #expect(try sums() == ["10", "0", "10"])
        let calculation = refusal {
            _ = try shop.context.call(
                "inventory.calculate",
                .object([
                    "currency": .value(.reference(shop.euro)), "discount_kind": .value("percent"),
                    "discount_percent": .value(decimal("100", scale: 4)),
                    "lines": .list([
                        .object([
                            "quantity": .value(quantity(most)),
                            "list_price": .value(decimal("9223372036854.775807", scale: 6)),
                        ])
                    ]),
                ]))
        }
        #expect(calculation?.fields.map(\.field) == ["lines[0].quantity"])
    }

    @Test("where stock below zero is forbidden, the last piece goes and not one more")
    func shortfall() throws {
        _ = try shop.create("inventory_settings", ["allow_negative_stock": false])
        let error = refusal { _ = try document("invoice", "10.5") }
        #expect(error?.message == "of product \"Lathe\" 0.5 are missing in stock")
        #expect(try sums() == ["10", "0", "10"])
        #expect(try shop.context.count("invoice", where: nil) == 0)
        _ = try document("invoice", "10")
        #expect(try sums()[0] == "0")
    }

    @Test("every movement says which document and line it came from")
    func traced() throws {
        let invoice = try document("invoice", "3")
        let movement = try #require(
            try shop.context.list(ListRequest("stock_movement", sort: ["-id"])).first {
                !$0["document"].isNull
            })
        #expect(movement["document"] == .reference(invoice.id))
        #expect(movement["line"].integer == invoice.lines("lines")[0].id?.rawValue)
        #expect(movement["reason"] == "delivery")
    }
}
