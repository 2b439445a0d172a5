import CRMSDK
import Foundation
import Records
import Storage
import Synchronization
import Testing

/// Many people who trade at once, on a real database.
@Suite("Trade at the same time")
struct TradeConcurrencyTests {
    let office: Office
    let account, currency, product: RecordID

    init() throws {
        office = try BundledModulesTests.office(["inventory"])
        account = try office.create("account", ["account_name": "Fabrikam"])
        currency = try #require(try office.ids("currency", where: nil).first)
        product = try office.create("product", ["product_name": "Lathe"])
    }

    private func quantity(_ pieces: Int64) -> Value {
        .decimal(FixedDecimal(units: pieces * 10_000, scale: 4))
    }

    /// An invoice of one piece, which is issued at once.
    private var invoice: [String: Value] {
        let line = Line([
            "item": .reference(product), "quantity": quantity(1),
            "list_price": .decimal(FixedDecimal(units: 5_000_000, scale: 6)),
        ])
        return [
            "subject": "One lathe", "account": .reference(account), "currency": .reference(currency),
            "invoice_status": "sent", "lines": .lines([line]),
        ]
    }

    @Test("of 200 invoices issued at once, 20 of them undone, the other 180 are numbered without a gap")
    func numbers() throws {
        let failures = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 200) { index in
            let (service, call) = (office.records, office.root)
            do throws(CRMError) {
                try office.database.writer.perform { (transaction) throws(CRMError) in
                    try service.unit(transaction, call) { (unit) throws(CRMError) in
                        _ = try unit.create("invoice", invoice)
                        guard !index.isMultiple(of: 10) else {
                            throw CRMError(.invalidRecord, "undone on purpose")
                        }
                    }
                }
            } catch {
                failures.wrappingAdd(1, ordering: .relaxed)
            }
        }
        #expect(failures.load(ordering: .relaxed) == 20)
        let numbers = try office.ids("invoice", where: nil).map {
            try office.get($0)["invoice_no"].text ?? ""
        }
        let expected = (1...180).map { String(format: "INV%05d", $0) }
        #expect(numbers.sorted() == expected)
        let stock = try office.get(product)["quantity_in_stock"]
        #expect(stock == quantity(-180))
    }

    @Test("of 50 people who move stock at once nobody's movement is lost")
    func stock() throws {
        DispatchQueue.concurrentPerform(iterations: 50) { index in
            let pieces = quantity(index.isMultiple(of: 5) ? -1 : 2)
            _ = try? office.create(
                "stock_movement",
                ["product": .reference(product), "quantity": pieces, "reason": "receipt"])
        }
        let sum = try office.get(product)["quantity_in_stock"]
        #expect(sum == quantity(40 * 2 - 10))
        let available = try office.get(product)["quantity_available"]
        #expect(available == sum)
    }
}
