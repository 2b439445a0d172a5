package import CRMSDK
package import JSON
import Query
import Registry
package import Storage

/// Takes an import back part by part, each part a unit of work of its own beside everybody else's: newest rows first,
/// with the rights, checks and hooks of whoever asks.
///
/// The undo is an import in the ledger, with change sets of its own, so that it can be taken back the same way. How far
/// it has come is written in each part's transaction: after a kill the next call goes on where the last one ended. A
/// record that the import wrote several times is put back once, from its last time. What was changed since is left and
/// told, unless it is forced; what was left can be tried again by undoing once more.
package struct ImportUndo {
    /// How far an undo has come: all change sets above this one are done, and of it the entries from this one on; with
    /// entry 0 all of it.
    package struct Place: Hashable, Sendable {
        package let changeSet: Int64
        package let entry: Int64

        package init(changeSet: Int64, entry: Int64) {
            self.changeSet = changeSet
            self.entry = entry
        }
    }

    /// What became of one part.
    package struct Report: Sendable {
        /// The undo's own number; of a dry run it is nobody's.
        package let undo: Int64
        package let state: ImportFacts.State
        /// Of this part alone.
        package let counts: ImportFacts.Counts
        package let left: [UndoReport.Left]
        /// Records of this part that the caller may not view, or that were purged.
        package let unseen: Int
        /// Where a dry run goes on; nil at the end.
        package let next: Place?
    }

    let records: RecordService
    let call: CallContext
    let snapshot: KernelSnapshot
    let since: Undo.Changes
    /// Records of one part.
    let limit: Int

    package init(
        _ records: RecordService, _ call: CallContext, _ snapshot: KernelSnapshot, since: Undo.Changes,
        limit: Int
    ) {
        self.records = records
        self.call = call
        self.snapshot = snapshot
        self.since = since
        self.limit = limit
    }

    /// Undoes the next part of an import.
    ///
    /// - Parameter place: Where a dry run has come to, which keeps nothing.
    /// - Throws: `notFound` for an import that is another's; `invalidParameters` for records of a kind that is undone
    ///   in another way, such as users.
    package func step(
        _ id: Int64, at place: Place?, in transaction: WriteTransaction
    ) throws(CRMError) -> Report {
        let target = try ImportLedger.facts(id, call, snapshot, on: transaction)
        try refuse(target)
        let undo = try opened(target, transaction)
        let position = place ?? undo.place
        guard let changeSet = try self.changeSet(of: id, at: position, transaction) else {
            return try close(target, undo, transaction)
        }
        let upTo = position.flatMap { $0.changeSet == changeSet ? $0.entry : nil } ?? .max
        let (report, part) = try records.unit(transaction, call) { unit throws(CRMError) in
            let part = try UndoPart(of: id, changeSet, below: upTo, limit: limit, unit)
            return (try Undo(unit, part: part, since: since).run(), part)
        }
        let counts = Self.counts(report, part)
        let next = Place(changeSet: changeSet, entry: part.end)
        try ImportLedger.add(counts, to: undo.id, transaction)
        let left = counts.left == 0 ? nil : Self.json(report.left, unseen: part.unseen)
        try transaction.execute(ImportStatements.attach(transaction.changeSet, to: undo.id, left: left))
        try transaction.execute(ImportStatements.move(undo.id, toSet: next.changeSet, entry: next.entry))
        let isLast = try self.changeSet(of: id, at: next, transaction) == nil
        if isLast { _ = try close(target, undo, transaction) }
        return Report(
            undo: undo.id, state: isLast ? .undone : .undoing, counts: counts, left: report.left,
            unseen: part.unseen, next: isLast ? nil : next)
    }

    private static func counts(_ report: UndoReport, _ part: UndoPart) -> ImportFacts.Counts {
        var counts = ImportFacts.Counts()
        for restored in report.restored {
            switch restored.action {
            case .deleted: counts.deleted += 1
            case .restored: counts.restored += 1
            case .updated: counts.updated += 1
            }
        }
        counts.left = Set(report.left.map(\.record)).count + part.unseen
        return counts
    }

    /// Rights and people hang together in ways that a record by itself does not show.
    private func refuse(_ target: ImportFacts) throws(CRMError) {
        guard let entity = snapshot.registry.entity(number: target.entity) else {
            throw CRMError(
                .invalidParameters, "the module whose records import \(target.id) has written is not enabled")
        }
        guard
            !UnitOfWork.directoryEntities.contains(entity.name)
                || ["currency", "exchange_rate"].contains(entity.name)
        else {
            throw CRMError(
                .invalidParameters, "an import of \(entity.name) records cannot be undone as a whole",
                hint: "Change users and rights with their own methods; record.history shows what was before.")
        }
    }

    /// The undo that is under way, or a new one.
    private func opened(
        _ target: ImportFacts, _ transaction: WriteTransaction
    ) throws(CRMError) -> ImportFacts {
        // An administrator may go on with what the importer has begun, and the other way round.
        if target.state == .undoing, let number = target.undoneBy,
            let undo = try ImportLedger.facts(number, on: transaction)
        {
            return undo
        }
        var settings = ImportSettings()
        settings.isForced = since == .overwritten
        let number = try ImportLedger.insert(
            target.entity, target.file, settings, undoes: target.id, call, transaction)
        try transaction.execute(ImportStatements.setState("undoing", of: target.id, endedAt: nil))
        return try ImportLedger.facts(number, call, snapshot, on: transaction)
    }

    /// The change set at hand: the one that is begun, else the next below.
    private func changeSet(
        of id: Int64, at place: Place?, _ transaction: WriteTransaction
    ) throws(CRMError) -> Int64? {
        if let place, place.entry > 0 { return place.changeSet }
        return try transaction.first(ImportStatements.changeSet(of: id, below: place?.changeSet)) {
            $0.optionalInt64(0)
        } ?? nil
    }

    private func close(
        _ target: ImportFacts, _ undo: ImportFacts, _ transaction: WriteTransaction
    ) throws(CRMError) -> Report {
        let now = transaction.now
        try transaction.execute(ImportStatements.setState("undone", of: target.id, endedAt: now))
        try transaction.execute(ImportStatements.setState("finished", of: undo.id, endedAt: now))
        // An undo that is undone: what it had taken back is there again.
        if let original = target.undoes {
            try transaction.execute(ImportStatements.setState("finished", of: original, endedAt: nil))
        }
        return Report(
            undo: undo.id, state: .undone, counts: ImportFacts.Counts(), left: [], unseen: 0, next: nil)
    }

    private static func json(_ left: [UndoReport.Left], unseen: Int) -> String {
        var writer = JSONWriter()
        writer.beginArray()
        for left in left { left.write(to: &writer) }
        if unseen > 0 {
            writer.beginObject()
            writer.key("records")
            writer.int(unseen)
            writer.key("why")
            writer.string(UndoReport.Left.unseen)
            writer.endObject()
        }
        writer.endArray()
        return String(decoding: writer.finish(), as: UTF8.self)
    }
}

extension UndoReport.Left {
    /// Of records that are only counted.
    package static let unseen = "they are purged, or you may not view them"

    /// `{record, entity, field, why, changed_in?}`
    package func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("record")
        writer.int(record.rawValue)
        writer.key("entity")
        writer.string(entity)
        writer.key("field")
        if let field { writer.string(field) } else { writer.null() }
        writer.key("why")
        writer.string(why)
        if let changedIn {
            writer.key("changed_in")
            writer.int(changedIn)
        }
        writer.endObject()
    }
}
