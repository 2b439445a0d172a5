import CRMSDK
import CRMSDKTesting
import Testing

@Suite("Products and their stock")
struct ProductTests {
    let shop: Shop

    init() throws { shop = try Shop() }

    @Test("the module passes the checks that every module passes")
    func conforms() throws {
        let module = try BuiltModule.load("inventory")
        #expect(Conformance.problems(of: type(of: module)) == [])
    }

    @Test(
        "a service has none of the fields of a thing",
        arguments: [
            "vendor_part_no", "manufacturer", "manufacturer_part_no", "serial_no", "reorder_level", "vendor",
            "handler",
        ])
    func serviceFields(_ field: String) throws {
        let value: Value =
            switch field {
            case "reorder_level": quantity("5")
            case "vendor": .reference(shop.vendor)
            case "handler": .reference(RecordID(1))
            default: "A-1"
            }
        let error = refusal { _ = try shop.product(["kind": "service", field: value]) }
        #expect(error?.fields.map(\.field) == [field])
        #expect(refusal { _ = try shop.product([field: value]) } == nil)
    }

    @Test("a kind stays as it was chosen first")
    func kind() throws {
        let product = try shop.product()
        #expect(product["kind"] == "product")
        #expect(
            refusal { _ = try shop.update(product, ["kind": "service"]) }?.fields.map(\.field) == ["kind"])
    }

    @Test(
        "sales and support end when or after they start",
        arguments: [
            ("sales_start_date", "sales_end_date"), ("support_start_date", "support_expiry_date"),
        ])
    func dates(_ start: String, _ end: String) throws {
        let error = refusal {
            _ = try shop.product([start: date("2026-03-11"), end: date("2026-03-10")])
        }
        #expect(error?.fields.map(\.field) == [end])
        #expect(
            refusal { _ = try shop.product([start: date("2026-03-10"), end: date("2026-03-10")]) } == nil)
    }

    // MARK: Stock

    func move(_ product: Record, _ text: String, _ reason: Value = "receipt") throws(CRMError) -> Record {
        try shop.create(
            "stock_movement",
            ["product": .reference(product.id), "quantity": quantity(text), "reason": reason])
    }

    @Test("the quantity in stock is the sum of the movements, down to ten-thousandths")
    func sum() throws {
        let product = try shop.product()
        #expect(product["quantity_in_stock"] == quantity("0"))
        for (movement, expected) in [("10", "10"), ("-4", "6"), ("0.3333", "6.3333"), ("-8", "-1.6667")] {
            _ = try move(product, movement)
            #expect(try shop.now(product)["quantity_in_stock"] == quantity(expected))
        }
        let movements = try shop.context.aggregate(
            AggregateRequest("stock_movement", measures: [.sum("quantity")]))
        #expect(movements[0].figures == [quantity("-1.6667")])
    }

    @Test("a movement stays as it is")
    func appendOnly() throws {
        let product = try shop.product()
        let movement = try move(product, "10")
        #expect(
            refusal { _ = try shop.update(movement, ["quantity": quantity("5")]) }?.kind == .invalidRecord)
        #expect(refusal { _ = try shop.update(movement, ["note": "late"]) }?.kind == .invalidRecord)
        #expect(
            refusal { try shop.context.delete("stock_movement", movement.id) }?.hint
                == "Write another movement that takes it back.")
        #expect(try shop.now(product)["quantity_in_stock"] == quantity("10"))
    }

    @Test("a movement of nothing, of a service, or an adjustment without a reason is none")
    func refusedMovements() throws {
        let product = try shop.product()
        #expect(refusal { _ = try move(product, "0") }?.fields.map(\.field) == ["quantity"])
        #expect(refusal { _ = try move(product, "1", "adjustment") }?.fields.map(\.field) == ["note"])
        let service = try shop.product(["kind": "service"])
        #expect(refusal { _ = try move(service, "1") }?.fields.map(\.field) == ["product"])
        #expect(try shop.now(product)["quantity_in_stock"] == quantity("0"))
    }

    @Test("a sum beyond the range is refused, and with it the movement")
    func overflow() throws {
        let product = try shop.product(["quantity_in_stock": quantity("461168600000000")])
        #expect(refusal { _ = try move(product, "1000000000") }?.kind == .limitExceeded)
        #expect(try shop.context.count("stock_movement", where: nil) == 0)
        #expect(try shop.now(product)["quantity_in_stock"] == quantity("461168600000000"))
    }
}
