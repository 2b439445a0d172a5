import CRMSDK
import Registry
import Storage

/// What leads one record back to an earlier place in the change log: the old values of all entries since, those of the
/// oldest entry winning. Entries are given oldest first.
struct Reversal {
    /// By column; columns that are not here have not changed.
    private(set) var values: [String: StoredValue] = [:]
    /// Whether the record was there at all.
    private(set) var existed = true
    private var isFirst = true

    /// A destroyed payload says nothing: the columns that it named keep what later entries, or today, say.
    mutating func take(_ change: LoggedChange) throws(CRMError) {
        if isFirst, change.entry.kind == .create { existed = false }
        isFirst = false
        guard existed, !change.isErased, change.entry.kind.concernsValues else { return }
        for (column, old, new) in try ChangePayload.decode(change.entry.payload)
        where old != new && values[column] == nil {
            values[column] = old
        }
    }

    /// A record's values as they were, in the order of the entity's fields.
    ///
    /// - Parameters:
    ///   - present: As they are now; nil for a record that is no more.
    ///   - last: The change that made the version which the record had.
    func applied(to present: [StoredValue]?, _ entity: Entity, id: RecordID, last: LoggedChange?) -> [StoredValue] {
        var row = present ?? [StoredValue](repeating: .null, count: entity.fields.count)
        for field in entity.fields {
            if let old = values[field.column] { row[field.position] = old }
        }
        row[entity.system("id").position] = .integer(id.rawValue)
        guard let last else { return row }
        row[entity.system("modified_at").position] = .integer(last.at.millisecondsSince1970)
        row[entity.system("modified_by").position] = last.entry.actor.map { .integer($0.rawValue) } ?? .null
        row[entity.system("version").position] = last.entry.version.map { .integer($0) } ?? .integer(1)
        return row
    }
}

extension ChangeKind {
    /// Whether an entry of this kind carries a record's own values.
    var concernsValues: Bool { self == .create || self == .update || self == .delete || self == .restore }
}
