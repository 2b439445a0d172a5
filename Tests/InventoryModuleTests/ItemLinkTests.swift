import CRMSDK
import CRMSDKTesting
import Testing

/// What is linked with an item: taxes of its own, parts of a bundle, interest.
@Suite("Links of items")
struct ItemLinkTests {
    let shop: Shop
    let lathe: Record

    init() throws {
        shop = try Shop()
        lathe = try shop.product(["unit_price": money("100.00")])
    }

    private func tax(_ name: String, _ percent: String, _ values: [String: Value] = [:]) throws -> RecordID {
        let whole: [String: Value] = ["name": .text(name), "percent": decimal(percent, scale: 4)]
        return try shop.create("tax", whole.merging(values) { $1 }).id
    }

    private func taxes(_ values: [String: Value] = [:]) throws -> Value {
        let quote = try shop.document(
            "quote",
            [
                "tax_mode": "individual", "lines": .lines([shop.line(lathe, "1", values)]),
            ])
        return quote.lines("lines")[0]["taxes"]
    }

    // MARK: Taxes

    @Test("an item's usual taxes are its own, by the link's percentage; the company's where it has none")
    func itemTaxes() throws {
        let vat = try tax("VAT", "21")
        _ = try tax("Levy", "3")
        #expect(try taxes() == "Levy 3%; VAT 21%")
        try shop.context.link(lathe.id, "product_tax", to: vat)
        #expect(try taxes() == "VAT 21%")
        try shop.context.link(lathe.id, "product_tax", to: vat, ["percent": decimal("9", scale: 4)])
        #expect(try taxes() == "VAT 9%")
        // What the line says comes first.
        #expect(try taxes(["taxes": "VAT 5%"]) == "VAT 5%")
        _ = try shop.context.update("tax", vat, ["active": false])
        #expect(try taxes() == "none")
        try shop.context.unlink(lathe.id, "product_tax", from: vat)
        #expect(try taxes() == "Levy 3%")
    }

    @Test("a tax on shipping alone is no tax of a line, and a link keeps the sign of its tax")
    func kinds() throws {
        let freight = try tax("Freight", "7", ["applies_to": "shipping"])
        let retention = try tax("Retention", "-15", ["kind": "retention"])
        try shop.context.link(lathe.id, "product_tax", to: freight)
        #expect(try taxes() == "none")
        try shop.context.link(lathe.id, "product_tax", to: retention)
        #expect(try taxes() == "Retention -15%")
        for (id, percent) in [(freight, "-1"), (retention, "1")] {
            let error = refusal {
                try shop.context.link(
                    lathe.id, "product_tax", to: id, ["percent": decimal(percent, scale: 4)])
            }
            #expect(error?.fields.map(\.field) == ["link.percent"])
        }
    }

    // MARK: Bundles

    private func part(_ name: String, of bundle: Record, _ pieces: String) throws -> Record {
        let part = try shop.product(["product_name": .text(name), "unit_price": money("1.00")])
        try shop.context.link(
            bundle.id, "product_component", to: part.id, ["quantity": quantity(pieces)])
        return part
    }

    private func stock(_ record: Record) throws -> String {
        try shop.now(record)["quantity_in_stock"].decimal?.text(minimumDecimals: 0) ?? "none"
    }

    @Test("what moves is a bundle's parts, as they were when the line was written, and all of it comes back")
    func bundle() throws {
        let foot = try part("Foot", of: lathe, "4")
        let head = try part("Head", of: lathe, "0.5")
        let screw = try part("Screw", of: foot, "2")
        let invoice = try shop.document("invoice", ["lines": .lines([shop.line(lathe, "3")])])
        #expect(try [lathe, foot, head, screw].map(stock) == ["0", "0", "-1.5", "-24"])
        // The bundle is another one by the time that the invoice is cancelled.
        try shop.context.unlink(lathe.id, "product_component", from: head.id)
        _ = try shop.update(invoice, ["invoice_status": "cancel"])
        #expect(try [lathe, foot, head, screw].map(stock) == ["0", "0", "0", "0"])
    }

    @Test("each line has the parts of its own item, also where bundles share them")
    func severalBundles() throws {
        let foot = try part("Foot", of: lathe, "4")
        let screw = try part("Screw", of: foot, "2")
        let bench = try shop.product(["product_name": "Bench", "unit_price": money("9.00")])
        try shop.context.link(bench.id, "product_component", to: screw.id, ["quantity": quantity("3")])
        let lines = [bench, screw, lathe, foot, bench].map { shop.line($0, "1") }
        let quote = try shop.document("quote", ["lines": .lines(lines)])
        let parts = quote.lines("lines").map { $0["parts"].text ?? "none" }
        let (ofBench, ofFoot) = ("\(screw.id):3.0000", "\(screw.id):2.0000")
        #expect(parts == [ofBench, "none", "\(screw.id):8.0000", ofFoot, ofBench])
    }

    @Test("an order promises the parts, its invoice delivers the same ones")
    func orderedBundle() throws {
        let foot = try part("Foot", of: lathe, "4")
        let order = try shop.document("sales_order", ["lines": .lines([shop.line(lathe, "2")])])
        _ = try shop.update(order, ["so_status": "approved"])
        #expect(try shop.now(foot)["quantity_in_demand"] == quantity("8"))
        try shop.context.link(lathe.id, "product_component", to: foot.id, ["quantity": quantity("5")])
        _ = try shop.context.call(
            "inventory.order_to_invoice", .object(["sales_order": .value(.reference(order.id))]))
        #expect(try shop.now(foot)["quantity_in_demand"] == quantity("0"))
        #expect(try stock(foot) == "-8")
    }

    @Test("a part on a million ways is counted once for each of them, and looked at once")
    func manyWays() throws {
        var bundle = lathe
        for step in 1...20 {
            let (left, right) = (
                try part("Left \(step)", of: bundle, "1"), try part("Right \(step)", of: bundle, "1")
            )
            let next = try part("Both \(step)", of: left, "1")
            try shop.context.link(right.id, "product_component", to: next.id, ["quantity": quantity("1")])
            bundle = next
        }
        let quote = try shop.document("quote", ["lines": .lines([shop.line(lathe, "1")])])
        #expect(quote.lines("lines")[0]["parts"].text == "\(bundle.id):1048576.0000")
    }

    @Test("bundles in bundles end somewhere")
    func depth() throws {
        var bundle = lathe
        for step in 1...50 { bundle = try part("Part \(step)", of: bundle, "1") }
        _ = try shop.document("quote", ["lines": .lines([shop.line(lathe, "1")])])
        _ = try part("One more", of: bundle, "1")
        let error = refusal {
            _ = try shop.document("quote", ["lines": .lines([shop.line(lathe, "1")])])
        }
        #expect(error?.kind == .limitExceeded)
        #expect(error?.message == "bundles are in bundles more than 50 deep")
    }

    @Test("a bundle is no part of itself, by however many steps")
    func circle() throws {
        let foot = try part("Foot", of: lathe, "4")
        let screw = try part("Screw", of: foot, "2")
        for whole in [foot, screw] {
            let error = refusal {
                try shop.context.link(
                    whole.id, "product_component", to: lathe.id, ["quantity": quantity("1")])
            }
            #expect(error?.kind == .invalidRecord)
        }
        try shop.context.link(lathe.id, "product_component", to: foot.id, ["quantity": quantity("6")])
        #expect(throws: CRMError.self) {
            try shop.context.link(lathe.id, "product_component", to: screw.id, ["quantity": quantity("0")])
        }
    }
}
