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
    /// What became of the record's lines, field by field.
    package let lines: [LineHistory]
    /// The other side, where a link was made, changed or ended.
    package var link: LinkedRecord?
    /// The values were erased; that there was a change remains.
    package let isErased: Bool
}

/// What became of one field.
package struct FieldChange: Sendable {
    package let field: Field
    package let old: Value
    package let new: Value
}

/// The other side of a link in a history.
package struct LinkedRecord: Sendable {
    package let relation: String
    package let other: RecordID
}

/// What became of the lines in one field.
package struct LineHistory: Sendable {
    package struct Line: Sendable {
        package let id: RecordID
        package let kind: Kind
        /// Those of its fields that changed; the position among them.
        package let changes: [FieldChange]
    }

    package enum Kind: String, Sendable {
        case added, changed, removed
    }

    package let field: Field
    package let lines: [Line]
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
            let isLink = logged.entry.kind == .link || logged.entry.kind == .unlink
            if isLink, !logged.isErased, let link = try LinkPayload.decode(logged.entry.payload) {
                return linkEntry(logged, link, call, snapshot)
            }
            let changes = logged.isErased ? [] : try fieldChanges(logged, entity, snapshot)
            let lines = logged.isErased ? [] : try lineHistory(logged, entity, call, snapshot)
            return entry(
                logged, changes.filter { mask.isVisible($0.field.name) },
                lines.filter { mask.isVisible($0.field.name) })
        }
    }

    /// An entry about a link, in the relation's fields that the caller may see now.
    func linkEntry(
        _ logged: LoggedChange, _ link: LinkPayload.Content, _ call: CallContext, _ snapshot: KernelSnapshot
    ) -> HistoryEntry {
        let relation = snapshot.registry.relation(link.relation)
        let viewpoint = viewpoint(call, snapshot)
        let currency = snapshot.currencies.base.code
        let changes = link.changes.compactMap { change -> FieldChange? in
            guard let relation, let field = relation[change.column], viewpoint.sees(field, of: relation)
            else {
                return nil
            }
            return FieldChange(
                field: field, old: field.kind.value(change.old, field.type, currency: currency),
                new: field.kind.value(change.new, field.type, currency: currency))
        }
        var entry = entry(logged, changes, [])
        entry.link = LinkedRecord(relation: link.relation, other: link.other)
        return entry
    }

    /// The entries that brought a record beyond a version, with all fields.
    func entries(
        of id: RecordID, _ entity: Entity, after version: Int64, on source: some RowSource
    ) throws(CRMError) -> [HistoryEntry] {
        let snapshot = snapshots.current
        var entries: [HistoryEntry] = []
        for logged in try ChangeLog.entries(source, record: id, after: 0, limit: .max)
        where logged.entry.version ?? 0 > version {
            guard !logged.isErased else {
                entries.append(entry(logged, [], []))
                continue
            }
            let lines = try ChangePayload.decodeLines(logged.entry.payload).compactMap { change in
                entity.field(inColumn: change.column).map { LineHistory(field: $0, lines: []) }
            }
            entries.append(entry(logged, try fieldChanges(logged, entity, snapshot), lines))
        }
        return entries
    }

    func entry(
        _ logged: LoggedChange, _ changes: [FieldChange], _ lines: [LineHistory]
    ) -> HistoryEntry {
        HistoryEntry(
            sequence: logged.sequence, changeSet: logged.changeSet, at: logged.at, by: logged.entry.actor,
            kind: logged.entry.kind.name, version: logged.entry.version, source: logged.entry.source,
            method: logged.entry.method, changes: changes, lines: lines,
            isErased: logged.isErased)
    }

    /// The columns of an entry as fields; columns whose field is gone are left out.
    func fieldChanges(
        _ logged: LoggedChange, _ entity: Entity, _ snapshot: KernelSnapshot
    ) throws(CRMError) -> [FieldChange] {
        let raw = try ChangePayload.decode(logged.entry.payload)
        return fieldChanges(raw, entity, among: raw, snapshot)
    }

    /// - Parameter all: All changes of the record, which say what currency its amounts and its lines' are in.
    private func fieldChanges(
        _ changes: [ChangePayload.StoredChange], _ entity: Entity, among all: [ChangePayload.StoredChange],
        _ snapshot: KernelSnapshot
    ) -> [FieldChange] {
        changes.compactMap { change in
            // A currency that did not change stands there only to give an amount its meaning.
            guard change.old != change.new, let field = entity.fieldOfLog(inColumn: change.column) else {
                return nil
            }
            let currency = currencyCode(of: field, all, snapshot)
            return FieldChange(
                field: field, old: field.kind.value(change.old, field.type, currency: currency),
                new: field.kind.value(change.new, field.type, currency: currency))
        }
    }

    /// What an entry says of the record's lines, without the fields of lines that the caller may not see.
    func lineHistory(
        _ logged: LoggedChange, _ entity: Entity, _ call: CallContext, _ snapshot: KernelSnapshot
    ) throws(CRMError) -> [LineHistory] {
        guard !entity.lines.isEmpty else { return [] }
        let raw = try ChangePayload.decode(logged.entry.payload)
        return try ChangePayload.decodeLines(logged.entry.payload).compactMap { stored in
            guard let field = entity.field(inColumn: stored.column),
                let lines = snapshot.registry.lines(of: field)
            else { return nil }
            let mask = snapshot.security.mask(call.principal, lines.name)
            return LineHistory(
                field: field,
                lines: stored.lines.map { id, changes in
                    let position = changes.first { $0.column == SystemField.linePosition }
                    let kind: LineHistory.Kind =
                        switch position {
                        case .some((_, .null, _)): .added
                        case .some((_, _, .null)): .removed
                        default: .changed
                        }
                    let visible = fieldChanges(changes, lines, among: raw, snapshot).filter {
                        $0.field.isSystem || mask.isVisible($0.field.name)
                    }
                    return LineHistory.Line(id: id, kind: kind, changes: visible)
                })
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
