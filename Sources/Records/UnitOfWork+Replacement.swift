package import CRMSDK
import Query
package import Registry
import Storage

/// A value of a list in place of another, on the records that have it.
///
/// It is a change of the list and no decision about each record: hooks do not run, and deleted records are changed
/// with the others, so that none comes back with a value that is gone. Each change stands in its record's history.
extension UnitOfWork {
    /// - Returns: whether the record had the value.
    package func replace(
        _ key: String, by other: String, in field: Field, of entity: Entity, record id: RecordID
    ) throws(CRMError) -> Bool {
        let old = try whole(id, entity, bin: .both)
        guard let value = replaced(old[field.name], key, by: other, field) else { return false }
        try write(entity, old, [(field, field.kind.stored(value))], [], .update, call)
        if try !isBinned(id, entity) {
            let values = old.values.merging([field.name: value]) { $1 }
            try keepKeys(entity, id, old: old.values, new: values)
        }
        return true
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
