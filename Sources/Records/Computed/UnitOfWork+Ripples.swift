import CRMSDK
import Query
import Registry
import Security
import Storage

/// What a change of one record means for computed fields of others: they follow in the same unit, and theirs after
/// them.
///
/// A record that is only computed keeps its version, its modification and its hooks; the log says what became of it in
/// an entry of its own kind, `compute`, so that its past can be read. Fields do not depend on themselves, so that it
/// ends.
extension UnitOfWork {
    /// The most records that follow one change at once over one reference; more of them follow in the background.
    static let followersAtOnce = 10_000

    /// - Parameters:
    ///   - before: The record's values as they were; nil where it was not there, or in the recycle bin.
    ///   - after: As they are now; nil likewise.
    func ripple(
        _ entity: Entity, _ id: RecordID, before: [String: Value]?, after: [String: Value]?
    ) throws(CRMError) {
        let book = snapshot.registry.computed
        guard !book.isEmpty else { return }
        let (rollUps, readers) = (book.rollUps(over: entity), book.readers(of: entity))
        guard !rollUps.isEmpty || !readers.isEmpty else { return }
        func touches(_ names: Set<String>) -> Bool {
            guard let before, let after else { return true }
            return names.contains { before[$0] ?? .null != after[$0] ?? .null }
        }
        var due: [RecordID: (entity: Entity, fields: Set<String>)] = [:]
        for use in rollUps where touches(use.read) {
            for parent in Set([before, after].compactMap { $0?[use.reference.name]?.reference })
            where try isRecord(parent, of: use.entity) {
                due[parent, default: (use.entity, [])].fields.insert(use.field)
            }
        }
        for reader in readers where touches(reader.read) {
            let followers = try followers(of: id, reader)
            guard followers.count <= Self.followersAtOnce else {
                try transaction.queueComputing(reader.fields, of: reader.entity.name)
                continue
            }
            for follower in followers {
                due[follower, default: (reader.entity, [])].fields.formUnion(reader.fields)
            }
        }
        for (id, what) in due.sorted(by: { $0.key < $1.key }) {
            try recompute(what.entity, id, what.fields)
        }
    }

    private func isRecord(_ id: RecordID, of entity: Entity) throws(CRMError) -> Bool {
        var isOne = false
        try transaction.rows(Planner.directoryEntry(id)) { row throws(CRMError) in
            isOne = Int(row.int64(0)) == entity.number
            return .stop
        }
        return isOne
    }

    private func followers(
        of id: RecordID, _ reader: ComputedBook.Reader
    ) throws(CRMError) -> [RecordID] {
        var ids: [RecordID] = []
        let statement = ComputedStatements.referring(
            reader.entity, reader.reference, to: id, limit: Self.followersAtOnce + 1)
        try transaction.rows(statement) { row throws(CRMError) in
            ids.append(RecordID(row.int64(0)))
            return .next
        }
        return ids
    }

    /// Computes fields of a record anew, and what depends on them. Does nothing where all stay as they are, or where
    /// the record is gone.
    ///
    /// - Parameter due: Computed fields; a field of lines stands for the computed fields of its lines.
    func recompute(_ entity: Entity, _ id: RecordID, _ due: Set<String>) throws(CRMError) {
        let fields = snapshot.registry.computed.fields(of: entity)
        guard let old = try current(entity, id, due, fields) else { return }
        var values = old.values
        for field in entity.lines where due.contains(field.name) { try computeLines(of: field, &values) }
        var changed = Set(entity.lines.map(\.name).filter { values[$0] != old.values[$0] })
        for field in fields where due.contains(field.field.name) || !field.inputs.isDisjoint(with: changed) {
            let value = try value(of: field, entity, id, values)
            guard value != old[field.field.name] else { continue }
            values[field.field.name] = value
            changed.insert(field.field.name)
        }
        guard !changed.isEmpty else { return }
        try settleComputedBaseAmounts(entity, &values, createdAt: old["created_at"].instant)
        changed.formUnion(
            entity.baseAmounts.map(\.field.name).filter { values[$0] ?? .null != old[$0] })
        let lines = try writeLines(entity, id, old: old, &values)
        try writeComputed(
            entity, old,
            entity.fields.filter { changed.contains($0.name) }.map {
                ($0, $0.kind.stored(values[$0.name] ?? .null))
            },
            lines)
        if !entity.labelFields.allSatisfy({ !changed.contains($0.name) }) {
            try transaction.execute(WriteStatements.setLabel(id, RecordLabel.text(entity, values)))
        }
        guard old["deleted_at"].isNull else { return }
        index(entity, id, values, changed: entity.fields.filter { changed.contains($0.name) })
        try ripple(entity, id, before: old.values, after: values)
    }

    /// All fields of the record; lines only where they are read.
    private func current(
        _ entity: Entity, _ id: RecordID, _ due: Set<String>, _ fields: [ComputedField]
    ) throws(CRMError) -> Record? {
        let wanted = fields.filter { due.contains($0.field.name) }.reduce(due) { $0.union($1.inputs) }
        let names = entity.fields.filter { $0.wire != .lines || wanted.contains($0.name) }.map(\.name)
        let kernel = call.acting(as: .kernel(for: call.principal.user))
        var record: Record?
        do throws(CRMError) {
            try service.get(
                kernel, snapshot, on: transaction, id: id, entity: entity.name, fields: names, bin: .both
            ) { row, plan throws(CRMError) in
                record = plan.record(row, snapshot)
            }
        } catch  where error.kind == .notFound {
            return nil
        }
        return record
    }
}
