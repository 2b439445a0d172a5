import CRMSDK
import CRMSDKTesting

/// A small company with the Sales module enabled, in memory: what each test of this target starts from.
struct Office {
    let context: TestModuleContext
    let clock: TestClock

    /// - Parameter entities: what is there beside.
    init(entities: [EntityDefinition] = []) throws {
        clock = TestClock("2026-03-10T09:00:00Z")
        context = TestModuleContext(
            modules: [try BuiltModule.load("sales")], entities: Self.kernelEntities + entities,
            clock: clock)
        for (code, decimals) in [("EUR", 2), ("JPY", 0), ("KWD", 3)] as [(String, Int64)] {
            _ = try context.create("currency", ["code": .text(code), "decimals": .integer(decimals)])
        }
    }

    /// Accounts, contacts and currencies as far as Sales knows them.
    static let kernelEntities: [EntityDefinition] = [
        EntityDefinition(
            "account", label: "Account", plural: "Accounts",
            fields: [
                .text("account_name", "Account name").mandatory(), .email("email", "E-mail"),
                .phone("phone", "Phone"), .phone("fax", "Fax"), .url("website", "Website"),
                .text("industry", "Industry"), .text("rating", "Rating"), .integer("employees", "Employees"),
                .money("annual_revenue", "Annual revenue"), .longtext("description", "Description"),
                .reference("converted_from_lead", "Lead", to: "lead").readOnly(),
            ] + address("billing") + address("shipping")),
        EntityDefinition(
            "contact", label: "Contact", plural: "Contacts",
            fields: [
                .text("salutation", "Salutation"), .text("first_name", "First name"),
                .text("last_name", "Last name").mandatory(), .text("title", "Title"),
                .email("email", "E-mail"),
                .email("secondary_email", "Secondary e-mail"), .phone("phone", "Phone"), .phone("fax", "Fax"),
                .phone("mobile", "Mobile"), .text("lead_source", "Lead source"),
                .longtext("description", "Description"), .reference("account", "Account", to: "account"),
                .reference("converted_from_lead", "Lead", to: "lead").readOnly(),
            ] + address("mailing")),
        EntityDefinition(
            "currency", label: "Currency", plural: "Currencies",
            fields: [.text("code", "Code").mandatory(), .integer("decimals", "Decimals")]),
    ]

    private static func address(_ prefix: String) -> [FieldDefinition] {
        ["street", "city", "state", "postal_code", "country", "po_box"].map {
            .text("\(prefix)_\($0)", "\(prefix) \($0)")
        }
    }

    func account(_ name: String = "Fabrikam") throws(CRMError) -> RecordID {
        try context.create("account", ["account_name": .text(name)]).id
    }

    /// A potential with everything that its stage asks for, and `values` over it.
    func potential(_ values: [String: Value] = [:]) throws -> Record {
        let whole: [String: Value] = [
            "potential_name": "Fleet renewal", "related_to": .reference(try account()),
            "closing_date": date("2026-06-30"), "sales_stage": "prospecting",
        ]
        return try context.create("potential", whole.merging(values) { $1 }.filter { !$0.value.isNull })
    }

    func update(_ record: Record, _ values: [String: Value]) throws(CRMError) -> Record {
        try context.update(record.entity, record.id, values)
    }
}

func date(_ text: String) -> Value { CalendarDate(text).map { .date($0) } ?? .null }

func instant(_ text: String) -> Value { Instant(text).map { .instant($0) } ?? .null }

func percent(_ text: String) -> Value {
    (try? FixedDecimal(parsing: text, scale: 2)).map { .decimal($0) } ?? .null
}

func money(_ text: String, _ code: String = "EUR") -> Value {
    guard let currency = CurrencyCode(code) else { return .null }
    return (try? Money(parsing: text, currency: currency)).map { .money($0) } ?? .null
}

/// What a call refuses with; nil when it does not.
func refusal(_ body: () throws -> Void) -> CRMError? {
    do {
        try body()
        return nil
    } catch {
        return error as? CRMError
    }
}
