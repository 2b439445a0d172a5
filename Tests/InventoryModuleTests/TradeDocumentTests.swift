import CRMSDK
import CRMSDKTesting
import Testing

@Suite("Quotes, orders, invoices and credit notes")
struct TradeDocumentTests {
    let shop: Shop

    init() throws { shop = try Shop() }

    static let status = [
        "quote": "quote_stage", "sales_order": "so_status", "purchase_order": "po_status",
        "invoice": "invoice_status", "credit_note": "status",
    ]

    struct Move: Sendable, CustomTestStringConvertible {
        let entity, from, to: String
        let isAllowed: Bool
        var testDescription: String { "\(entity) \(from) → \(to): \(isAllowed ? "allowed" : "refused")" }

        init(_ entity: String, _ from: String, _ to: String, _ isAllowed: Bool) {
            self.entity = entity
            self.from = from
            self.to = to
            self.isAllowed = isAllowed
        }
    }

    @Test(
        "a document moves only where its state leads",
        arguments: [
            Move("quote", "created", "accepted", true), Move("quote", "accepted", "rejected", false),
            Move("quote", "rejected", "created", true), Move("sales_order", "created", "approved", true),
            Move("sales_order", "created", "delivered", false),
            Move("sales_order", "approved", "delivered", true),
            Move("sales_order", "cancelled", "approved", false),
            Move("purchase_order", "created", "received_shipment", false),
            Move("purchase_order", "approved", "received_shipment", true),
            Move("purchase_order", "received_shipment", "approved", true),
            Move("invoice", "auto_created", "created", true), Move("invoice", "created", "paid", false),
            Move("invoice", "sent", "paid", true), Move("invoice", "sent", "created", false),
            Move("invoice", "paid", "sent", true), Move("invoice", "cancel", "created", false),
            Move("credit_note", "created", "issued", true), Move("credit_note", "issued", "cancelled", false),
            Move("credit_note", "cancelled", "created", true),
        ])
    func move(_ move: Move) throws {
        let status = try #require(Self.status[move.entity])
        let document = try shop.document(move.entity, [status: .text(move.from)])
        let error = refusal { _ = try shop.update(document, [status: .text(move.to)]) }
        #expect((error == nil) == move.isAllowed, "\(error?.message ?? "")")
    }

    @Test("a locked document keeps what it says; its description, owner and payment stay open")
    func lock() throws {
        let invoice = try shop.document("invoice", ["invoice_status": "sent"])
        let error = refusal {
            _ = try shop.update(invoice, ["subject": "Four lathes", "customer_no": "7", "description": "…"])
        }
        #expect(error?.fields.map(\.field) == ["subject", "customer_no"])
        #expect(error?.fields.map(\.code) == ["read_only", "read_only"])
        let paid = try shop.update(
            invoice, ["paid_amount": money("10.00"), "description": "By bank.", "invoice_status": "paid"])
        #expect(paid["paid_amount"] == money("10.00"))
        #expect(refusal { _ = try shop.update(paid, ["subject": "Four lathes"]) } != nil)
    }

    @Test("taking a document out of its lock and changing it can be one write")
    func unlock() throws {
        let quote = try shop.document("quote", ["quote_stage": "rejected"])
        let reopened = try shop.update(quote, ["quote_stage": "created", "subject": "Two lathes"])
        #expect(reopened["subject"] == "Two lathes")
    }

    @Test("an issued invoice or credit note cannot be deleted; a draft can")
    func deletion() throws {
        for (entity, issued) in [("invoice", "sent"), ("invoice", "cancel"), ("credit_note", "issued")] {
            let status = try #require(Self.status[entity])
            let document = try shop.document(entity, [status: .text(issued)])
            #expect(refusal { try shop.context.delete(entity, document.id) }?.kind == .invalidRecord)
            let draft = try shop.document(entity)
            #expect(refusal { try shop.context.delete(entity, draft.id) } == nil)
        }
    }

    @Test(
        "the rate of the currency is that of the day of writing",
        arguments: Array(Self.status.keys).sorted())
    func frozenRate(_ entity: String) throws {
        let dollar = Value.reference(shop.dollar)
        guard entity != "credit_note" else { return }
        let document = try shop.document(entity, ["currency": dollar])
        #expect(document["conversion_rate"] == decimal("1.0837", scale: 6))
        _ = try shop.context.update("currency", shop.dollar, ["rate": decimal("2", scale: 6)])
        #expect(
            try shop.update(document, ["subject": "Two"])["conversion_rate"] == decimal("1.0837", scale: 6))
        let euros = try shop.update(document, ["currency": .reference(shop.euro)])
        #expect(euros["conversion_rate"] == decimal("1", scale: 6))
    }

    @Test(
        "a discount says how much",
        arguments: [("none", nil), ("percent", "discount_percent"), ("amount", "discount_amount")])
    func discount(_ kind: String, _ field: String?) throws {
        let error = refusal { _ = try shop.document("quote", ["discount_kind": .text(kind)]) }
        #expect(error?.fields.map(\.field) == field.map { [$0] })
        guard let field else { return }
        let value = field == "discount_percent" ? quantity("5") : money("0.00")
        #expect(
            refusal { _ = try shop.document("quote", ["discount_kind": .text(kind), field: value]) } == nil)
    }

    @Test("an order that makes invoices says how often and over which period")
    func recurrence() throws {
        let error = refusal { _ = try shop.document("sales_order", ["enable_recurring": true]) }
        #expect(error?.fields.map(\.field) == ["recurring_frequency", "start_period", "end_period"])
        func order(_ start: String, _ end: String) throws {
            _ = try shop.document(
                "sales_order",
                [
                    "enable_recurring": true, "recurring_frequency": "monthly", "start_period": date(start),
                    "end_period": date(end),
                ])
        }
        #expect(refusal { try order("2026-01-31", "2026-06-30") } == nil)
        #expect(refusal { try order("2026-01-31", "2026-01-31") }?.fields.map(\.field) == ["end_period"])
        #expect(refusal { try order("2026-01-31", "2026-01-30") }?.fields.map(\.field) == ["end_period"])
    }

    @Test("an invoice is not due before its date")
    func dueDate() throws {
        let error = refusal { _ = try shop.document("invoice", ["due_date": date("2026-03-09")]) }
        #expect(error?.fields.map(\.field) == ["due_date"])
    }

    @Test("a credit note goes to whom its invoice went, in the invoice's currency")
    func creditNote() throws {
        let other = try shop.create("account", ["account_name": "Contoso"])
        let elsewhere = refusal { _ = try shop.document("credit_note", ["account": .reference(other.id)]) }
        #expect(elsewhere?.fields.map(\.field) == ["account"])
        let dollars = refusal { _ = try shop.document("credit_note", ["currency": .reference(shop.dollar)]) }
        #expect(dollars?.fields.map(\.field) == ["currency"])
        #expect(refusal { _ = try shop.document("credit_note") } == nil)
    }

    @Test("an import brings documents in any state and moves them at will")
    func imports() throws {
        shop.context.origin = "import"
        let invoice = try shop.document("invoice", ["invoice_status": "paid", "discount_kind": "percent"])
        #expect(try shop.update(invoice, ["subject": "…"])["subject"] == "…")
        #expect(try shop.update(invoice, ["invoice_status": "created"])["invoice_status"] == "created")
    }

    @Test("a new document takes its account's address where it brings none, and keeps it")
    func address() throws {
        _ = try shop.context.update(
            "account", shop.account, ["billing_city": "Lyon", "billing_country": "France"])
        let taken = try shop.document("quote")
        #expect(taken["billing_city"] == "Lyon")
        let own = try shop.document("quote", ["billing_city": "Paris"])
        #expect(own["billing_city"] == "Paris")
        #expect(own["billing_country"] == .null)
        _ = try shop.context.update("account", shop.account, ["billing_city": "Nice"])
        #expect(try shop.update(taken, ["subject": "…"])["billing_city"] == "Lyon")
    }

    @Test("numbers run by entity")
    func numbers() throws {
        for (entity, number) in [
            ("quote", "QUO00001"), ("sales_order", "SO00001"), ("purchase_order", "PO00001"),
            ("invoice", "INV00001"), ("credit_note", "CN00001"),
        ] {
            // Invoices and credit notes get theirs when they are issued.
            let issued: [String: [String: Value]] = [
                "invoice": ["invoice_status": "sent"], "credit_note": ["status": "issued"],
            ]
            let document = try shop.document(entity, issued[entity] ?? [:])
            #expect(document["\(entity)_no"] == .text(number))
        }
    }
}
