package import CRMSDK
import Query
import Registry
package import Storage

/// What a merge leaves behind: records in the recycle bin that say into which other they went.
///
/// The note stands as long as the loser lies in the bin; whatever brings it back, an undo of the merge above all, ends
/// it.
extension RecordService {
    /// A record merged into one that was merged itself is followed so far.
    private static let longestChain = 100

    /// The record that stands for a loser now, through merges that came later; nil for a record that was never merged.
    package func master(of id: RecordID, on source: some RowSource) throws(CRMError) -> RecordID? {
        var last: RecordID?
        for _ in 0..<Self.longestChain {
            var next: RecordID?
            try source.rows(DuplicateStatements.master(of: last ?? id)) { row in
                next = RecordID(row.int64(0))
                return .stop
            }
            guard let next else { return last }
            last = next
        }
        return last
    }
}

extension UnitOfWork {
    func noteMerge(_ losers: [RecordID], into master: RecordID) throws(CRMError) {
        for loser in losers { try transaction.execute(DuplicateStatements.noteMerge(loser, into: master)) }
    }

    func endMerge(of loser: RecordID) throws(CRMError) {
        try transaction.execute(DuplicateStatements.endMerge(of: loser))
    }

    // MARK: Hierarchies

    /// The references by which records of an entity stand above each other, in which none of these stands above itself.
    func hierarchies(_ entity: Entity, of ids: [RecordID]) throws(CRMError) -> [Field] {
        var fields: [Field] = []
        for field in entity.references where !field.isSystem && field.type.targets.contains(entity.name) {
            var isCyclic = false
            for id in ids where !isCyclic { isCyclic = try standsAboveItself(id, field, entity) }
            if !isCyclic { fields.append(field) }
        }
        return fields
    }

    /// Refuses a merge by which the master would stand above itself: one that it stands below now refers to it.
    func refuseCycles(_ master: RecordID, _ entity: Entity, through fields: [Field]) throws(CRMError) {
        var problems: [FieldProblem] = []
        for field in fields where try standsAboveItself(master, field, entity) {
            problems.append(
                FieldProblem(
                    field: field.name, code: "rule",
                    message: "\(entity.name) \(master) would stand above itself through \(field.label)"))
        }
        guard let first = problems.first else { return }
        throw .invalidRecord(
            entity.name, problems,
            hint: "Take \(first.field) from another of the records with fields, or change it first.")
    }

    private func standsAboveItself(
        _ id: RecordID, _ field: Field, _ entity: Entity
    ) throws(CRMError) -> Bool {
        var seen: Set<RecordID> = []
        var next = id
        while seen.insert(next).inserted {
            guard let values = try service.values(of: next, entity, on: transaction),
                case .integer(let above) = values[field.position]
            else { return false }
            next = RecordID(above)
        }
        // A cycle further up, of which it is no part, was there before.
        return next == id
    }
}
