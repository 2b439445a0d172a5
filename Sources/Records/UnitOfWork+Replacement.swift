package import CRMSDK
import Query
package import Registry
import Storage

/// A value of a list in place of another, on the records that have it.
///
/// A record is updated as a person would, hooks and rules with it, so that what follows from the value (a deal's
/// probability, a ticket's times) follows here too. Where a rule refuses that, and on deleted records, the value alone
/// is replaced: no record may keep, or come back with, a value that is gone. Each change stands in its record's
/// history.
extension UnitOfWork {
    package enum Replacement: Sendable {
        /// The record did not have the value.
        case none
        case updated
        /// The value alone, since a rule refused the rest.
        case alone(refusal: String)
    }

    package func replace(
        _ key: String, by other: String, in field: Field, of entity: Entity, record id: RecordID
    ) throws(CRMError) -> Replacement {
        let old = try whole(id, entity, bin: .both)
        guard let value = replaced(old[field.name], key, by: other, field) else { return .none }
        let isDeleted = try transaction.first(Planner.directoryEntry(id)) { !$0.isNull(2) } ?? true
        guard !isDeleted else {
            var values = old.values
            values[field.name] = value
            try rewrite(entity, old, &values, isBinned: true, call)
            return .updated
        }
        do throws(CRMError) {
            try attempt { () throws(CRMError) in
                _ = try update(
                    id, entity: entity.name, [field.name: value], version: nil, module: entity.module)
            }
            return .updated
        } catch {
            guard error.kind != .unavailable, error.kind != .internalError else { throw error }
            try replaceAlone(value, field, of: entity, old)
            return .alone(refusal: error.message)
        }
    }

    /// What is computed from the value follows it nevertheless.
    private func replaceAlone(
        _ value: Value, _ field: Field, of entity: Entity, _ old: Record
    ) throws(CRMError) {
        var stored = old.values
        stored[field.name] = value
        try compute(entity, old.id, &stored, old: old)
        try rewrite(entity, old, &stored, isBinned: false, call)
    }

    private func replaced(_ value: Value, _ key: String, by other: String, _ field: Field) -> Value? {
        switch value {
        case .text(key): return .text(other)
        case .list(let keys) where keys.contains(.text(key)):
            let chosen = Set(keys.map { $0 == .text(key) ? .text(other) : $0 })
            return .list(field.type.values.map { .text($0.key) }.filter(chosen.contains))
        default: return nil
        }
    }
}
