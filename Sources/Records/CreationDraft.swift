package import CRMSDK
package import Registry
import Security

/// The values of a record that is to be made, checked as far as that needs no database: rights to fields, types,
/// ranges, defaults.
///
/// Made ahead of its unit where many rows come at once. It holds for the registrations and rights that it was made
/// with, and nothing else: a unit that works on others checks the values itself.
package struct CreationDraft: Sendable {
    let snapshot: KernelSnapshot
    let entity: Entity
    let principal: Principal
    let source: CallSource
    let given: Set<String>
    let accepted: [String: Value]
    /// The record as it will be stored if no hook changes it, where nothing but these values decides that.
    let creation: Creation?

    /// Nil for values that have a problem: the unit tells them.
    package init?(
        _ entity: Entity, _ values: [String: Value], _ call: CallContext, _ snapshot: KernelSnapshot
    ) {
        var check = ValueCheck(entity, snapshot, call, module: nil)
        let accepted = Self.accept(values, &check, call)
        guard check.isFine else { return nil }
        self.snapshot = snapshot
        self.entity = entity
        self.accepted = accepted
        principal = call.principal
        source = call.source
        given = Set(values.keys)
        creation = Self.settled(accepted, &check, call)
    }

    /// The values as they are stored, with the owner and defaults where none are given.
    static func accept(
        _ values: [String: Value], _ check: inout ValueCheck, _ call: CallContext
    ) -> [String: Value] {
        var accepted = check.accept(values, old: nil)
        for field in check.entity.defaulted where values[field.name] == nil {
            accepted[field.name] = field.defaultValue
        }
        // Users, roles and currencies belong to the organisation.
        if accepted["owner"] == nil, !check.entity.definition.isAdministrative {
            accepted["owner"] = .reference(call.principal.user)
        }
        return accepted
    }

    /// Nil where other records, the day or what is missing have a say in it.
    private static func settled(
        _ accepted: [String: Value], _ check: inout ValueCheck, _ call: CallContext
    ) -> Creation? {
        let (entity, registry) = (check.entity, check.snapshot.registry)
        guard call.principal.customer == nil, entity.lines.isEmpty,
            entity.baseAmounts.allSatisfy({ (accepted[$0.source.name] ?? .null).isNull }),
            registry.computed.fields(of: entity).isEmpty
        else { return nil }
        var values = accepted
        check.settleCurrencies(&values)
        check.requireMandatory(values)
        guard check.isFine else { return nil }
        return Creation(entity, values, call, check.snapshot)
    }

    func holds(for call: CallContext, _ snapshot: KernelSnapshot) -> Bool {
        self.snapshot === snapshot && principal == call.principal && source == call.source
    }
}
