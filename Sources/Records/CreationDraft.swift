package import CRMSDK
package import Registry
import Security

/// The values of a record that is to be made, checked as far as that needs no database: rights to fields, types, ranges,
/// defaults.
///
/// Made ahead of its unit where many rows come at once. It holds for the registrations and rights that it was made with,
/// and nothing else: a unit that works on others checks the values itself.
package struct CreationDraft: Sendable {
    let snapshot: KernelSnapshot
    let entity: Entity
    let principal: Principal
    let given: Set<String>
    let accepted: [String: Value]

    /// Nil for values that have a problem: the unit tells them.
    package init?(
        _ entity: Entity, _ values: [String: Value], _ call: CallContext, _ snapshot: KernelSnapshot
    ) {
        var check = ValueCheck(entity, snapshot, call, module: nil)
        let accepted = Self.accept(values, &check)
        guard check.isFine else { return nil }
        self.snapshot = snapshot
        self.entity = entity
        self.accepted = accepted
        principal = call.principal
        given = Set(values.keys)
    }

    /// The values as they are stored, with defaults where none are given.
    static func accept(_ values: [String: Value], _ check: inout ValueCheck) -> [String: Value] {
        var accepted = check.accept(values, old: nil)
        for field in check.entity.defaulted where values[field.name] == nil {
            accepted[field.name] = field.defaultValue
        }
        return accepted
    }

    func holds(for entity: Entity, _ call: CallContext, _ snapshot: KernelSnapshot) -> Bool {
        self.snapshot === snapshot && self.entity === entity && principal == call.principal
    }
}
