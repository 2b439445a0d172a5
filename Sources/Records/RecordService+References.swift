package import CRMSDK
import Query
import Registry
import Security
package import Storage

/// A record as a reference to it reads: the label is nil where the caller may not view the record.
package struct ReferenceFacts: Sendable {
    package let id: RecordID
    /// Nil where its module is disabled, or where there is no such record any more.
    package let entity: String?
    package let label: String?
    package let isDeleted: Bool
}

extension RecordService {
    /// For single references outside a record's row, such as those in a history; in rows the statement joins them.
    package func reference(
        _ call: CallContext, _ snapshot: KernelSnapshot, on source: some RowSource, to id: RecordID
    ) throws(CRMError) -> ReferenceFacts {
        if let person = snapshot.people[id] {
            return ReferenceFacts(id: id, entity: person.entity, label: person.label, isDeleted: false)
        }
        var entry: (number: Int, label: String, isDeleted: Bool)?
        try source.rows(Planner.directoryEntry(id)) { row throws(CRMError) in
            entry = (Int(row.int64(0)), row.text(1), !row.isNull(2))
            return .stop
        }
        guard let entry, let entity = snapshot.registry.entity(number: entry.number) else {
            return ReferenceFacts(id: id, entity: nil, label: nil, isDeleted: false)
        }
        let mask = snapshot.security.mask(call.principal, entity.name)
        var isVisible = false
        if entity.labelFields.allSatisfy({ mask.isVisible($0.name) }) {
            try source.rows(Planner.check(viewpoint(call, snapshot), entity, .view, id: id)) {
                _ throws(CRMError) in
                isVisible = true
                return .stop
            }
        }
        return ReferenceFacts(
            id: id, entity: entity.name, label: isVisible ? entry.label : nil, isDeleted: entry.isDeleted)
    }
}
