/// Checks between fields of one record that many entities need.
public enum FieldRules {
    /// Refuses a record whose later date or moment lies before its earlier one; either may be empty.
    ///
    /// - Throws: `invalidRecord` naming the later field, with both labels.
    public static func check(
        _ change: RecordChange, _ earlier: String, notAfter later: String, in definition: EntityDefinition
    ) throws(CRMError) {
        guard change.isNew || change.changes(earlier) || change.changes(later) else { return }
        let isInOrder =
            switch (change[earlier], change[later]) {
            case (.date(let first), .date(let second)): first <= second
            case (.instant(let first), .instant(let second)): first <= second
            default: true
            }
        guard isInOrder else {
            throw problem(
                change, later, "\(label(later, definition)) cannot be before \(label(earlier, definition))")
        }
    }

    /// One field's breach of a rule, as an error. `message` as in `CRMError.message`.
    public static func problem(_ change: RecordChange, _ field: String, _ message: String) -> CRMError {
        .invalidRecord(change.entity, [FieldProblem(field: field, code: "rule", message: message)])
    }

    private static func label(_ name: String, _ definition: EntityDefinition) -> String {
        definition.fields.first { $0.name == name }?.label ?? name
    }
}
