import CRMSDK
import CRMSDKTesting

/// A company that trades, in memory: what each test of this target starts from.
struct Shop {
    let context: TestModuleContext
    let clock = TestClock("2026-03-10T09:00:00Z")
    let euro, dollar, yen, dinar, account, vendor: RecordID

    /// - Parameter isWithTasks: Whether there is an entity of tasks, as where people work together.
    init(isWithTasks: Bool = false) throws {
        context = TestModuleContext(
            modules: [try BuiltModule.load("inventory")],
            entities: Self.kernelEntities + (isWithTasks ? [Self.task] : []), clock: clock)
        euro = try context.create(
            "currency", ["code": "EUR", "rate": decimal("1", scale: 6), "is_base": true]
        ).id
        dollar = try context.create("currency", ["code": "USD", "rate": decimal("1.0837", scale: 6)]).id
        yen = try context.create(
            "currency", ["code": "JPY", "decimals": 0, "rate": decimal("156.42", scale: 6)]
        ).id
        dinar = try context.create(
            "currency", ["code": "KWD", "decimals": 3, "rate": decimal("0.30712", scale: 6)]
        ).id
        account = try context.create("account", ["account_name": "Fabrikam"]).id
        vendor = try context.create("vendor", ["vendor_name": "Contoso"]).id
    }

    private static let kernelEntities = [
        EntityDefinition(
            "account", label: "Account", plural: "Accounts",
            fields: [
                .text("account_name", "Name"), .text("billing_city", "City"),
                .text("billing_country", "Country"),
            ]),
        EntityDefinition(
            "currency", label: "Currency", plural: "Currencies",
            fields: [
                .text("code", "Code"), .decimal("rate", "Rate", scale: 6), .integer("decimals", "Decimals"),
                .boolean("is_base", "Base currency"),
            ]),
        EntityDefinition(
            "exchange_rate", label: "Exchange rate", plural: "Exchange rates",
            fields: [
                .reference("currency", "Currency", to: "currency"), .date("valid_from", "Valid from"),
                .decimal("rate", "Rate", scale: 6),
            ]),
    ]

    private static let task = EntityDefinition(
        "task", label: "Task", plural: "Tasks",
        fields: [
            .text("subject", "Subject"), .date("due_date", "Due date"),
            .reference("related_to", "Related to", to: "product"),
        ])

    func create(_ entity: String, _ values: [String: Value]) throws(CRMError) -> Record {
        try context.create(entity, values)
    }

    func update(_ record: Record, _ values: [String: Value]) throws(CRMError) -> Record {
        try context.update(record.entity, record.id, values)
    }

    /// A document of trade with all that it must have, and `values` over it.
    func document(_ entity: String, _ values: [String: Value] = [:]) throws(CRMError) -> Record {
        var whole: [String: Value] = ["subject": "Three lathes", "currency": .reference(euro)]
        whole[entity == "purchase_order" ? "vendor" : "account"] = .reference(
            entity == "purchase_order" ? vendor : account)
        if entity == "invoice" { whole["invoice_date"] = date("2026-03-10") }
        if entity == "credit_note" {
            whole["credit_note_date"] = date("2026-03-10")
            whole["reason"] = "One was broken."
            if values["invoice"] == nil { whole["invoice"] = .reference(try document("invoice").id) }
        }
        return try context.create(entity, whole.merging(values) { $1 })
    }

    /// A line of so many pieces; the price is found unless `values` say one.
    func line(_ item: Record, _ pieces: String, _ values: [String: Value] = [:]) -> Line {
        Line(["item": .reference(item.id), "quantity": quantity(pieces)].merging(values) { $1 })
    }

    func currency(_ code: String) -> RecordID {
        ["USD": dollar, "JPY": yen, "KWD": dinar][code] ?? euro
    }

    func product(_ values: [String: Value] = [:]) throws(CRMError) -> Record {
        try context.create("product", ["product_name": "Lathe"].merging(values) { $1 })
    }

    /// The record as it is now.
    func now(_ record: Record) throws(CRMError) -> Record {
        try context.get(record.entity, record.id)
    }
}

func date(_ text: String) -> Value { CalendarDate(text).map { .date($0) } ?? .null }

func decimal(_ text: String, scale: Int) -> Value {
    (try? FixedDecimal(parsing: text, scale: scale)).map { .decimal($0) } ?? .null
}

/// A quantity, scale 4.
func quantity(_ text: String) -> Value { decimal(text, scale: 4) }

func money(_ text: String, _ code: String = "EUR") -> Value {
    guard let currency = CurrencyCode(code) else { return .null }
    return (try? Money(parsing: text, currency: currency)).map { .money($0) } ?? .null
}

/// A list price, scale 6.
func price(_ text: String) -> Value { decimal(text, scale: 6) }

/// What a call refuses with; nil when it does not.
func refusal(_ body: () throws -> Void) -> CRMError? {
    do {
        try body()
        return nil
    } catch {
        return error as? CRMError
    }
}
