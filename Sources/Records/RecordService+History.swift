package import CRMSDK
import Query
package import Registry
import Security
package import Storage

/// One entry of a record's history, in the fields as they are now.
package struct HistoryEntry: Sendable {
    package let sequence: Int64
    package let changeSet: Int64
    package let at: Instant
    package let by: RecordID?
    /// `create`, `update`, `delete`, `restore` …
    package let kind: String
    package let version: Int64?
    package let source: String
    package let method: String
    package let changes: [FieldChange]
    /// The values were erased; that there was a change remains.
    package let isErased: Bool
}

/// What became of one field.
package struct FieldChange: Sendable {
    package let field: Field
    package let old: Value
    package let new: Value
}

extension RecordService {
    package static let maximumHistory = 1000

    /// A record's history, oldest first, without the fields that the caller may not see now.
    ///
    /// - Parameter after: The sequence number after which to go on; 0 for the beginning.
    package func history(
        _ call: CallContext, _ snapshot: KernelSnapshot, on source: some RowSource, id: RecordID,
        after: Int64 = 0,
        limit: Int = 50
    ) throws(CRMError) -> [HistoryEntry] {
        guard (1...Self.maximumHistory).contains(limit) else {
            throw CRMError(.limitExceeded, "the limit \(limit) is not between 1 and \(Self.maximumHistory)")
        }
        // Who may not view the record may not view its past.
        try get(call, snapshot, on: source, id: id, entity: nil, fields: ["id"], bin: .both) { _, _ in }
        let entity = try entity(of: id, named: nil, snapshot, source)
        let mask = snapshot.security.mask(call.principal, entity.name)
        return try ChangeLog.entries(source, record: id, after: after, limit: limit).map {
            logged throws(CRMError) in
            let changes = logged.isErased ? [] : try fieldChanges(logged, entity, snapshot)
            return entry(logged, changes.filter { mask.isVisible($0.field.name) })
        }
    }

    /// The entries that brought a record beyond a version, with all fields.
    func entries(
        of id: RecordID, _ entity: Entity, after version: Int64, on source: some RowSource
    ) throws(CRMError) -> [HistoryEntry] {
        let snapshot = snapshots.current
        var entries: [HistoryEntry] = []
        for logged in try ChangeLog.entries(source, record: id, after: 0, limit: .max)
        where logged.entry.version ?? 0 > version {
            entries.append(entry(logged, logged.isErased ? [] : try fieldChanges(logged, entity, snapshot)))
        }
        return entries
    }

    func entry(_ logged: LoggedChange, _ changes: [FieldChange]) -> HistoryEntry {
        HistoryEntry(
            sequence: logged.sequence, changeSet: logged.changeSet, at: logged.at, by: logged.entry.actor,
            kind: logged.entry.kind.name, version: logged.entry.version, source: logged.entry.source,
            method: logged.entry.method, changes: changes, isErased: logged.isErased)
    }

    /// The columns of an entry as fields; columns whose field is gone are left out.
    func fieldChanges(
        _ logged: LoggedChange, _ entity: Entity, _ snapshot: KernelSnapshot
    ) throws(CRMError) -> [FieldChange] {
        let raw = try ChangePayload.decode(logged.entry.payload)
        return raw.compactMap { change in
            // A currency that did not change stands there only to give an amount its meaning.
            guard change.old != change.new, let field = entity.field(inColumn: change.column) else {
                return nil
            }
            let currency = currencyCode(of: field, raw, snapshot)
            return FieldChange(
                field: field, old: field.kind.value(change.old, field.type, currency: currency),
                new: field.kind.value(change.new, field.type, currency: currency))
        }
    }

    /// The currency that an entry's amounts are in, as far as the entry says it.
    private func currencyCode(
        of field: Field, _ changes: [(column: String, old: StoredValue, new: StoredValue)],
        _ snapshot: KernelSnapshot
    ) -> CurrencyCode {
        let base = snapshot.currencies.base.code
        guard let name = field.type.currencyField, let change = changes.first(where: { $0.column == name }),
            case .integer(let id) = change.new == .null ? change.old : change.new
        else { return base }
        return snapshot.currencies[RecordID(id)]?.code ?? base
    }
}
