import CRMSDK
import Query
import Registry
import Storage

/// The records of a change set that are put back in one go, latest first, where the change set is one of an import's
/// many.
///
/// A record that a later change set of the import has written as well was put back with that one.
struct UndoPart {
    let changeSet: Int64
    /// All change sets of the import, and of what has undone it.
    private(set) var changeSets: Set<Int64> = []
    private(set) var targets: [Undo.Target] = []
    /// The change set's entries that tell of links.
    private(set) var entries: [LoggedChange] = []
    /// The entry down to which the change set is done then; 0 where it is done as a whole.
    private(set) var end: Int64 = 0
    /// Records that the caller may not view, or that are purged.
    private(set) var unseen = 0
    private let isFirst: Bool

    /// - Parameters:
    ///   - below: The entry down to which the change set is done.
    ///   - limit: Records at most.
    init(
        of importNumber: Int64, _ changeSet: Int64, below: Int64, limit: Int, _ unit: UnitOfWork
    ) throws(CRMError) {
        self.changeSet = changeSet
        isFirst = below == .max
        let transaction = unit.transaction
        let all = try ChangeLog.entries(transaction, changeSet: changeSet)
        var last: [RecordID: LoggedChange] = [:]
        for change in all where change.entry.kind.isWritten {
            if let id = change.entry.record { last[id] = change }
        }
        let waiting = last.values.filter { $0.sequence < below }.sorted { $0.sequence > $1.sequence }
        let chosen = waiting.prefix(limit)
        end = chosen.count < waiting.count ? chosen.last?.sequence ?? 0 : 0
        entries = all.filter { $0.entry.kind == .link || $0.entry.kind == .unlink }
        var changeSets: Set<Int64> = []
        try transaction.rows(ImportStatements.changeSets(around: importNumber)) { row in
            changeSets.insert(row.int64(0))
            return .next
        }
        self.changeSets = changeSets
        for change in chosen {
            guard let id = change.entry.record, let number = change.entry.entity else { continue }
            let span = try transaction.first(ImportStatements.span(of: id, in: importNumber)) { row in
                (first: row.int64(0), last: row.int64(1))
            }
            guard let span, span.last == change.sequence else { continue }
            guard let entity = unit.snapshot.registry.entity(number: number),
                try Self.isVisible(id, entity, unit)
            else {
                unseen += 1
                continue
            }
            targets.append(
                Undo.Target(
                    id: id, entity: entity, first: span.first, last: span.last, isMoved: false,
                    isAsleep: false))
        }
    }

    /// Links that were made end before the records go, those that had ended are there again when all records are.
    func hasLinks(made: Bool) -> Bool { made ? isFirst : end == 0 }

    private static func isVisible(
        _ id: RecordID, _ entity: Entity, _ unit: UnitOfWork
    ) throws(CRMError) -> Bool {
        try unit.transaction.isThere(Planner.check(unit.viewpoint(unit.call), entity, .view, id: id))
    }
}
