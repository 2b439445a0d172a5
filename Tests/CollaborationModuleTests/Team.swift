import CRMSDK
import CRMSDKTesting

/// A team with an account in memory: what each test of this target starts from.
struct Team {
    let context: TestModuleContext
    let clock = TestClock("2026-03-10T09:00:00Z")
    let account: RecordID

    init() throws {
        let account = EntityDefinition(
            "account", label: "Account", plural: "Accounts", fields: [.text("account_name", "Name")])
        let module = try BuiltModule.load("collaboration")
        context = TestModuleContext(modules: [module], entities: [account], clock: clock)
        for migration in module.manifest.migrations { try migration.body(context) }
        self.account = try context.create("account", ["account_name": "Fabrikam"]).id
    }

    func create(_ entity: String, _ values: [String: Value]) throws(CRMError) -> Record {
        try context.create(entity, values)
    }

    func update(_ record: Record, _ values: [String: Value]) throws(CRMError) -> Record {
        try context.update(record.entity, record.id, values)
    }

    /// Lets another person call, or the first one again.
    func call(as user: Int64, isAdministrator: Bool = false) {
        context.caller = Caller(
            user: RecordID(user), username: "user\(user)", isAdministrator: isAdministrator, timeZone: "UTC",
            language: "en")
    }
}

func date(_ text: String) -> Value { CalendarDate(text).map { .date($0) } ?? .null }

func time(_ text: String) -> Value { TimeOfDay(text).map { .time($0) } ?? .null }

func instant(_ text: String) -> Value { Instant(text).map { .instant($0) } ?? .null }

/// What a call refuses with; nil when it does not.
func refusal(_ body: () throws -> Void) -> CRMError? {
    do {
        try body()
        return nil
    } catch {
        return error as? CRMError
    }
}
