import CRMSDK
import CRMSDKTesting

/// A help desk in memory: what each test of this target starts from.
struct Desk {
    let context: TestModuleContext
    let clock = TestClock("2026-03-10T09:00:00Z")

    init() throws {
        context = TestModuleContext(modules: [try BuiltModule.load("support")], clock: clock)
    }

    func ticket(_ values: [String: Value] = [:]) throws(CRMError) -> Record {
        try context.create("ticket", ["title": "Printer on fire"].merging(values) { $1 })
    }

    func article(_ values: [String: Value] = [:]) throws(CRMError) -> Record {
        try context.create(
            "faq", ["question": "Why is it on fire?", "answer": "It printed."].merging(values) { $1 })
    }

    func update(_ record: Record, _ values: [String: Value]) throws(CRMError) -> Record {
        try context.update(record.entity, record.id, values)
    }
}

func date(_ text: String) -> Value { CalendarDate(text).map { .date($0) } ?? .null }

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
