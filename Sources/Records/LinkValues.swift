import CRMSDK
import Query
import Registry
import Security

/// Checks the values of one link against its relation's fields, and collects every problem.
struct LinkValues {
    let relation: Relation
    let snapshot: KernelSnapshot
    let mask: FieldMask
    /// Whether a module writes, whose own the read-only values are.
    let isModule: Bool
    private var problems: [FieldProblem] = []

    init(_ relation: Relation, _ snapshot: KernelSnapshot, _ mask: FieldMask, isModule: Bool) {
        self.relation = relation
        self.snapshot = snapshot
        self.mask = mask
        self.isModule = isModule
    }

    /// The values of the link as the request has them, with defaults where the pair was not linked.
    ///
    /// - Parameter old: the values that are there, where the pair is linked already; those not named stay.
    mutating func accept(_ given: [String: Value], old: [String: Value]?) -> [String: Value] {
        var settled = old ?? [:]
        for (name, value) in given.sorted(by: { $0.key < $1.key }) {
            guard let field = relation.values.first(where: { $0.name == name }),
                mask.isVisible(relation.maskedName(field))
            else {
                refuseUnknown(name)
                continue
            }
            if let old, old[name] == value { continue }
            let mayWrite = mask.isEditable(relation.maskedName(field))
            guard isModule || mayWrite && !field.definition.isReadOnly else {
                refuse(name, "read_only", "\(field.label) cannot be written")
                continue
            }
            settle(value, for: field, in: &settled)
        }
        for field in relation.values where old == nil && given[field.name] == nil {
            settled[field.name] = field.defaultValue
        }
        return settled
    }

    /// The values with those that hooks have set checked like any others.
    mutating func settle(_ change: LinkChange) -> [String: Value] {
        var settled = change.values
        for name in change.touched.sorted() {
            guard let field = relation.values.first(where: { $0.name == name }) else {
                settled[name] = nil
                refuseUnknown(name)
                continue
            }
            settle(change[name], for: field, in: &settled)
        }
        for field in relation.values where field.definition.isMandatory {
            let isTold = problems.contains { $0.field == "link.\(field.name)" }
            guard !isTold, (settled[field.name] ?? .null).isNull else { continue }
            refuse(field.name, "required", "\(field.label) is needed")
        }
        return settled
    }

    /// - Throws: `invalidRecord` with the problems, fields named as paths: `link.role`.
    func finish() throws(CRMError) {
        guard problems.isEmpty else { throw .invalidRecord(relation.name, problems) }
    }

    private mutating func settle(_ value: Value, for field: Field, in settled: inout [String: Value]) {
        do throws(FieldRefusal) {
            settled[field.name] = try accept(value, for: field)
        } catch {
            refuse(field.name, error.code, error.message)
        }
    }

    private mutating func refuseUnknown(_ name: String) {
        refuse(
            name, "unknown_field",
            "field \"\(name.prefix(80))\" of the relation \"\(relation.name)\" does not exist")
    }

    private mutating func refuse(_ name: String, _ code: String, _ message: String) {
        problems.append(FieldProblem(field: "link.\(name)", code: code, message: message))
    }

    /// Amounts of a link are in the base currency.
    private func accept(_ value: Value, for field: Field) throws(FieldRefusal) -> Value {
        guard !value.isNull else { return .null }
        let accepted = try field.kind.accept(value, for: field.definition)
        let base = snapshot.currencies.base.code
        switch accepted {
        case .text(""): return .null
        case .decimal(let amount) where field.wire == .money:
            return .money(Money(tenThousandths: amount.units, currency: base))
        case .money(let money) where money.currency != base:
            throw FieldRefusal("type", "\(field.label) is in \(money.currency), but this field is in \(base)")
        default: return accepted
        }
    }
}
