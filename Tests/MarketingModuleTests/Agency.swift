import CRMSDK
import CRMSDKTesting

/// A company with campaigns and potentials in memory: what each test of this target starts from.
///
/// The potentials are a table of their own, as far as Marketing knows them: modules are tested without each other.
struct Agency {
    let context: TestModuleContext

    init() throws {
        context = TestModuleContext(
            manifests: [try BuiltModule.load("marketing").manifest],
            entities: [Self.potential, Self.currency])
    }

    private static let currency = EntityDefinition(
        "currency", label: "Currency", plural: "Currencies",
        fields: [
            .text("code", "Code").mandatory(), .integer("decimals", "Decimals"), .boolean("is_base", "Base"),
            .decimal("rate", "Rate", scale: 6),
        ])

    private static let potential = EntityDefinition(
        "potential", label: "Potential", plural: "Potentials",
        fields: [
            .reference("currency", "Currency", to: "currency"),
            .money("amount", "Amount", currencyField: "currency"),
            .picklist(
                "sales_stage", "Stage",
                [
                    PicklistValue("Prospecting").stateClass("open"),
                    PicklistValue("Closed Won").stateClass("won"),
                    PicklistValue("Signed").stateClass("won"),
                    PicklistValue("Closed Lost").stateClass("lost"),
                ]),
            .text("next_step", "Next step"),
        ])

    func campaign(_ values: [String: Value] = [:]) throws(CRMError) -> Record {
        try context.create(
            "campaign",
            ["campaign_name": "Spring fair", "closing_date": date("2026-05-31")].merging(values) { $1 })
    }

    func deal(_ amount: String, of campaign: Record, _ stage: Value = "closed_won") throws(CRMError) -> Record
    {
        try context.create(
            "potential",
            [
                "amount": money(amount), "sales_stage": stage,
                "marketing_campaign": .reference(campaign.id),
            ])
    }

    func update(_ record: Record, _ values: [String: Value]) throws(CRMError) -> Record {
        try context.update(record.entity, record.id, values)
    }

    /// The record as it is now.
    func now(_ record: Record) throws(CRMError) -> Record { try context.get(record.entity, record.id) }
}

func date(_ text: String) -> Value { CalendarDate(text).map { .date($0) } ?? .null }

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
