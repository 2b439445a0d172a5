import CRMSDK
import Query
import Registry
import Security

/// Checks the values of one link against its relation's fields, and collects every problem.
struct LinkValues {
    let relation: Relation
    let snapshot: KernelSnapshot
    let mask: FieldMask

    /// The values of the link as they will be.
    ///
    /// - Parameter old: the values that are there, where the pair is linked already; those not named stay.
    /// - Throws: `invalidRecord` with the problems, fields named as paths: `link.role`.
    func settle(_ given: [String: Value], old: [String: Value]?) throws(CRMError) -> [String: Value] {
        var problems: [FieldProblem] = []
        var settled = old ?? [:]
        func refuse(_ name: String, _ code: String, _ message: String) {
            problems.append(FieldProblem(field: "link.\(name)", code: code, message: message))
        }
        for (name, value) in given.sorted(by: { $0.key < $1.key }) {
            guard let field = relation.values.first(where: { $0.name == name }),
                mask.isVisible(relation.maskedName(field))
            else {
                refuse(
                    name, "unknown_field",
                    "field \"\(name.prefix(80))\" of the relation \"\(relation.name)\" does not exist")
                continue
            }
            if let old, old[name] == value { continue }
            guard mask.isEditable(relation.maskedName(field)), !field.definition.isReadOnly else {
                refuse(name, "read_only", "\(field.label) cannot be written")
                continue
            }
            do throws(FieldRefusal) {
                settled[name] = try accept(value, for: field)
            } catch {
                refuse(name, error.code, error.message)
            }
        }
        for field in relation.values {
            if old == nil, given[field.name] == nil { settled[field.name] = field.defaultValue }
            let isMissing = (settled[field.name] ?? .null).isNull
            if field.definition.isMandatory, isMissing,
                !problems.contains(where: { $0.field == "link.\(field.name)" })
            {
                refuse(field.name, "required", "\(field.label) is needed")
            }
        }
        guard problems.isEmpty else { throw .invalidRecord(relation.name, problems) }
        return settled
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
