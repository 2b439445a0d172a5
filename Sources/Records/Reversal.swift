import CRMSDK
import Registry
import Storage

/// What leads one record back to an earlier place in the change log: the old values of all entries since, those of the
/// oldest entry winning. Entries are given oldest first.
struct Reversal {
    /// By column; columns that are not here have not changed.
    private(set) var values: [String: StoredValue] = [:]
    /// By the column of their field and the line's id: old values by column.
    private(set) var lines: [String: [RecordID: [String: StoredValue]]] = [:]
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
        for field in try ChangePayload.decodeLines(change.entry.payload) {
            for line in field.lines {
                for (column, old, _) in line.changes where lines[field.column]?[line.id]?[column] == nil {
                    lines[field.column, default: [:]][line.id, default: [:]][column] = old
                }
            }
        }
    }

    /// A field's old value: of the columns that it has had, the one that it left first says it, in the type of today; a
    /// value that does not convert is none. Nil where it has not changed.
    private static func value(of field: Field, in values: [String: StoredValue]) -> StoredValue? {
        for former in field.former {
            guard let old = values[former.column] else { continue }
            return field.today(old, of: former) ?? .null
        }
        return values[field.column]
    }

    /// A record's values as they were, in the order of the entity's fields.
    ///
    /// - Parameters:
    ///   - present: As they are now.
    ///   - last: The change that made the version which the record had.
    func applied(to present: [StoredValue], _ entity: Entity, last: LoggedChange?)
        -> [StoredValue]
    {
        var row = present
        for field in entity.fields {
            if let old = Self.value(of: field, in: values) { row[field.position] = old }
        }
        guard let last else { return row }
        row[entity.system("modified_at").position] = .integer(last.at.millisecondsSince1970)
        row[entity.system("modified_by").position] = last.entry.actor.map { .integer($0.rawValue) } ?? .null
        row[entity.system("version").position] = last.entry.version.map { .integer($0) } ?? .integer(1)
        return row
    }
}

extension Reversal {
    /// The lines of one field as they were, in their order, each in the order of the fields of their entity. A line was
    /// there if it had a position.
    ///
    /// - Parameter present: The lines as they are now.
    func lines(
        _ field: Field, _ entity: Entity, of parent: RecordID, present: [[StoredValue]]
    ) -> [[StoredValue]] {
        let changes = lines[field.column] ?? [:]
        let (id, position) = (entity.system("id").position, entity.system(SystemField.linePosition).position)
        var known = Set<RecordID>()
        var rows = present
        for row in present {
            if case .integer(let number) = row[id] { known.insert(RecordID(number)) }
        }
        for gone in changes.keys.sorted() where !known.contains(gone) {
            var row = [StoredValue](repeating: .null, count: entity.fields.count)
            row[id] = .integer(gone.rawValue)
            row[entity.system(SystemField.lineParent).position] = .integer(parent.rawValue)
            rows.append(row)
        }
        for index in rows.indices {
            guard case .integer(let number) = rows[index][id], let old = changes[RecordID(number)] else {
                continue
            }
            for column in entity.fields {
                if let value = Self.value(of: column, in: old) { rows[index][column.position] = value }
            }
        }
        return rows.filter { $0[position] != .null }.sorted { one, other in
            guard case .integer(let first) = one[position], case .integer(let second) = other[position] else {
                return false
            }
            return first < second
        }
    }
}

extension ChangeKind {
    /// Whether an entry of this kind carries a record's own values.
    var concernsValues: Bool { isWritten || self == .compute }

    /// Whether somebody wrote the record, so that its version moved; what is computed only follows.
    var isWritten: Bool { self == .create || self == .update || self == .delete || self == .restore }
}
