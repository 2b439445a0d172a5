/// A record's life as data on the values of a picklist, its state.
///
/// - `next_states`: keys of the values that may follow, separated by spaces; empty means that it is the end, and a
///   value without the attribute may be followed by any.
/// - `class`: what kinds of states an entity has, in the words of its module: `open`, `closed`.
/// - `locked`: `true` where a record in this state is kept as it is, but for what its module leaves open.
///
/// An administrator who adds a state says with it where it leads. An import is exempt, as from `RequiredFields`:
/// another system's past need not have gone by this one's rules.
public enum LifeCycle {
    public static let nextStates = "next_states"
    public static let stateClass = "class"
    public static let locked = "locked"

    /// The picklist's value that a record is in; nil for none, or one that the list does not have.
    public static func state(
        _ record: Record?, _ field: String, in definition: EntityDefinition
    ) -> PicklistValue? { value(record?[field] ?? .null, field, definition) }

    /// The picklist's value that a change leads to; nil for none.
    public static func state(
        _ change: RecordChange, _ field: String, in definition: EntityDefinition
    ) -> PicklistValue? { value(change[field], field, definition) }

    private static func value(
        _ value: Value, _ field: String, _ definition: EntityDefinition
    ) -> PicklistValue? {
        guard let key = value.text else { return nil }
        return definition.fields.first { $0.name == field }?.type.values.first { $0.key == key }
    }

    /// Refuses a move that the present state's data does not know. A new record may begin anywhere.
    ///
    /// - Throws: `invalidRecord` naming the record and both states.
    public static func checkMove(
        _ change: RecordChange, _ field: String, in definition: EntityDefinition,
        _ context: any ModuleContext
    ) throws(CRMError) {
        guard !RequiredFields.isImport(context), change.changes(field),
            let old = state(change.old, field, in: definition),
            let new = state(change, field, in: definition), let next = old.attributes[nextStates]
        else { return }
        let permitted = next.split(separator: " ").map(String.init)
        guard !permitted.contains(new.key) else { return }
        let labels = permitted.compactMap { key in
            value(.text(key), field, definition).map { "\"\($0.label)\"" }
        }
        throw .invalidRecord(
            change.entity,
            [
                FieldProblem(
                    field: field, code: "rule",
                    message:
                        "\(change.entity) \(name(change, definition)) cannot move from \"\(old.label)\" to "
                        + "\"\(new.label)\"")
            ],
            hint: labels.isEmpty
                ? "\"\(old.label)\" is the end."
                : "From there it moves to \(labels.joined(separator: " or ")).")
    }

    /// Refuses a change of a record whose state is locked, unless only open fields change, or the state itself moves on
    /// in the same write.
    ///
    /// - Parameter open: The fields that can always be changed.
    /// - Throws: `invalidRecord` naming every field that stays as it is.
    public static func checkLock(
        _ change: RecordChange, _ field: String, open: Set<String>, in definition: EntityDefinition,
        _ context: any ModuleContext
    ) throws(CRMError) {
        guard !RequiredFields.isImport(context), let old = state(change.old, field, in: definition),
            old.attributes[locked] == "true",
            state(change, field, in: definition)?.attributes[locked] == "true"
        else { return }
        let problems = definition.fields.filter { candidate in
            candidate.name != field && !open.contains(candidate.name) && change.given.contains(candidate.name)
                && change.changes(candidate.name)
        }.map { candidate in
            FieldProblem(
                field: candidate.name, code: "read_only",
                message:
                    "\(candidate.label) of \(change.entity) \(name(change, definition)) cannot change while "
                    + "it is \"\(old.label)\"")
        }
        guard problems.isEmpty else { throw .invalidRecord(change.entity, problems) }
    }

    /// The record's own number, or its id.
    private static func name(_ change: RecordChange, _ definition: EntityDefinition) -> String {
        let number = definition.fields.first { $0.type.name == "autonumber" }
        guard let text = number.flatMap({ change[$0.name].text }) else { return change.id.description }
        return "\"\(text)\""
    }
}

extension PicklistValue {
    /// States that may follow this one, by key; none means that it is the end.
    public func next(_ keys: String...) -> Self {
        attribute(LifeCycle.nextStates, keys.joined(separator: " "))
    }

    /// The kind of state, in the words of the module.
    public func stateClass(_ name: String) -> Self { attribute(LifeCycle.stateClass, name) }

    /// A record in this state is kept as it is.
    public func locked() -> Self { attribute(LifeCycle.locked, "true") }

    /// Fields that a record with this value must have.
    public func requiring(_ fields: String...) -> Self {
        attribute(RequiredFields.attribute, fields.joined(separator: " "))
    }
}
