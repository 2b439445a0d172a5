import CRMSDK
import CRMSDKTesting
import Testing

@Suite("Issuing, payment and recurring invoices")
struct InvoicingTests {
    let shop: Shop
    let lathe: Record

    init() throws {
        shop = try Shop()
        lathe = try shop.product(["unit_price": money("100.00")])
    }

    func invoice(_ values: [String: Value] = [:]) throws(CRMError) -> Record {
        try shop.document("invoice", ["lines": .lines([shop.line(lathe, "1")])].merging(values) { $1 })
    }

    func send(_ invoice: Record, on day: String? = nil) throws(CRMError) -> Record {
        var values: [String: Value] = ["invoice_status": "sent"]
        if let day { values["invoice_date"] = date(day) }
        return try shop.update(invoice, values)
    }

    @Test("a draft has no number; numbers are given at issue, without gaps, and stay")
    func numbers() throws {
        let drafts = [try invoice(), try invoice(), try invoice()]
        #expect(drafts.allSatisfy { $0["invoice_no"].isNull })
        #expect(try send(drafts[2])["invoice_no"] == "INV00001")
        try shop.context.delete("invoice", drafts[0].id)
        let second = try send(drafts[1])
        #expect(second["invoice_no"] == "INV00002")
        #expect(refusal { try shop.context.delete("invoice", second.id) }?.kind == .invalidRecord)
        #expect(try shop.update(second, ["invoice_status": "paid"])["invoice_no"] == "INV00002")
    }

    @Test("invoices are issued in the order of their dates; one without a date gets today's")
    func dates() throws {
        _ = try send(try invoice(["invoice_date": date("2026-03-08")]))
        let late = try invoice(["invoice_date": date("2026-03-07")])
        let error = refusal { _ = try send(late) }
        #expect(error?.fields.map(\.field) == ["invoice_date"])
        #expect(try send(late, on: "2026-03-08")["invoice_no"] == "INV00002")
        #expect(try send(try invoice(["invoice_date": .null]))["invoice_date"] == date("2026-03-10"))
    }

    func pay(_ invoice: Record, _ amount: String? = nil) throws(CRMError) -> StructuredValue {
        var members = [StructuredValue.Member("invoice", .value(.reference(invoice.id)))]
        if let amount { members.append(.init("amount", .value(quantity(amount)))) }
        return try shop.context.call("inventory.record_payment", .object(members))
    }

    @Test("payments reduce the balance; the last one makes an invoice paid")
    func payments() throws {
        let draft = try invoice()
        #expect(draft["balance"] == money("100.00"))
        #expect(refusal { _ = try pay(draft) }?.kind == .invalidRecord)
        let sent = try send(draft)
        #expect(try pay(sent, "40")["balance"]?.value == "60")
        #expect(refusal { _ = try pay(sent, "60.01") }?.kind == .invalidParameters)
        #expect(refusal { _ = try pay(sent, "0") }?.kind == .invalidParameters)
        #expect(try pay(sent)["invoice_status"]?.value == "paid")
        #expect(try shop.now(sent)["balance"] == money("0.00"))
    }

    @Test("credit notes reduce the balance when they are issued, and not below the total")
    func credit() throws {
        let sent = try send(try invoice())
        func note(_ amount: String) throws(CRMError) -> Record {
            try shop.document(
                "credit_note",
                [
                    "invoice": .reference(sent.id), "status": "issued",
                    "lines": .lines([shop.line(lathe, "1", ["list_price": price(amount)])]),
                ])
        }
        #expect(try note("30")["credit_note_no"] == "CN00001")
        #expect(try shop.now(sent)["balance"] == money("70.00"))
        #expect(refusal { _ = try note("70.01") }?.kind == .invalidRecord)
        _ = try note("70")
        #expect(try shop.now(sent)["invoice_status"] == "credit_invoice")
    }

    struct Series: Sendable, CustomTestStringConvertible {
        let frequency, start, end: String
        let days: [String]
        var testDescription: String { "\(frequency) from \(start) to \(end)" }
    }

    func order(_ values: [String: Value]) throws(CRMError) -> Record {
        try shop.document(
            "sales_order",
            ["enable_recurring": true, "lines": .lines([shop.line(lathe, "1")])].merging(values) { $1 })
    }

    func runJob() throws {
        let job = try #require(try BuiltModule.load("inventory").manifest.jobs.first)
        try shop.context.inUnit { () throws(CRMError) in try job.body(shop.context) }
    }

    func made() throws -> [Record] {
        try shop.context.list(ListRequest("invoice", sort: ["invoice_date"], limit: 100))
    }

    @Test(
        "each day is counted from the first, clamped to the end of its month",
        arguments: [
            Series(
                frequency: "monthly", start: "2025-01-31", end: "2025-06-30",
                days: ["2025-01-31", "2025-02-28", "2025-03-31", "2025-04-30", "2025-05-31", "2025-06-30"]),
            Series(
                frequency: "weekly", start: "2025-02-24", end: "2025-03-17",
                days: ["2025-02-24", "2025-03-03", "2025-03-10", "2025-03-17"]),
            Series(
                frequency: "yearly", start: "2024-02-29", end: "2028-03-01",
                days: ["2024-02-29", "2025-02-28", "2026-02-28"]),
        ])
    func series(_ series: Series) throws {
        _ = try order([
            "recurring_frequency": .text(series.frequency), "start_period": date(series.start),
            "end_period": date(series.end), "payment_terms": "net_30_days",
        ])
        try runJob()
        #expect(try made().map { $0["invoice_date"] } == series.days.map(date))
        let first = try #require(try made().first)
        #expect(first["due_date"].date == first["invoice_date"].date?.adding(days: 30))
        #expect(first["invoice_status"] == "auto_created")
        #expect(first["grand_total"] == money("100.00"))
        try runJob()
        #expect(try made().count == series.days.count)
    }

    @Test("after three months of downtime three invoices are made; a cancelled order makes none")
    func downtime() throws {
        let values: [String: Value] = [
            "recurring_frequency": "monthly", "start_period": date("2026-03-10"),
            "end_period": date("2027-03-10"),
        ]
        let order = try order(values)
        let cancelled = try self.order(values)
        _ = try shop.update(cancelled, ["so_status": "cancelled"])
        try runJob()
        #expect(try made().count == 1)
        shop.clock.advance(days: 93)
        try runJob()
        #expect(try made().count == 4)
        #expect(try shop.now(order)["last_recurring_date"] == date("2026-06-10"))
        #expect(try shop.now(order)["next_recurring_date"] == date("2026-07-10"))
        #expect(try shop.now(order).lines("lines")[0]["remaining_quantity"] == quantity("1"))
        #expect(try shop.now(cancelled)["next_recurring_date"].isNull)
        _ = try shop.update(try shop.now(cancelled), ["so_status": "created"])
        #expect(try shop.now(cancelled)["next_recurring_date"] == date("2026-03-10"))
    }
}
