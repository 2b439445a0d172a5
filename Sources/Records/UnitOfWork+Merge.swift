package import CRMSDK
import Query
import Registry
import Security
import Storage

/// What a merge has moved.
package struct MergeReport: Sendable {
    package let master: RecordID
    package let entity: String
    package let losers: [RecordID]
    /// Records whose reference to a loser names the master now, those that the caller may not view among them.
    package var references = 0
    /// Records of which a line names the master now.
    package var lines = 0
    package var links = 0
    /// Links and taggings that the master had already, or that would have joined it with itself.
    package var dropped = 0
    /// Fields of the master that have another record's value now.
    package var fields: [String] = []
}

/// Makes one record of several that mean the same.
///
/// Order: rights on all of them → references → lines → links → the losers to the recycle bin → the chosen values → that
/// no master stands above itself. All refusals of rights come before anything is written, and any later one undoes the
/// unit.
///
/// What refers to a loser is moved whoever may see it, and without hooks: that two records are one is no decision about
/// each record that names them. So is what belongs to modules that are not enabled: it is there when they are again.
extension UnitOfWork {
    /// What the log calls the moving, whichever method it is part of: an undo knows it by that.
    static let mergeMethod = "record.merge"

    package static let maximumLosers = 9
    private static let maximumMoved = 10_000

    /// - Parameter choices: By field name, which of the records the master's value comes from.
    package func merge(
        _ master: RecordID, entity name: String?, losers: [RecordID], choices: [String: RecordID]
    ) throws(CRMError) -> MergeReport {
        let (entity, records) = try mergeable([master] + losers, name)
        let values = try chosen(choices, entity, records, master)
        var report = MergeReport(master: master, entity: entity.name, losers: losers)
        let all = Set(records.keys)
        let hierarchies = try hierarchies(entity, of: [master] + losers)
        for loser in losers { try complete.move(entity, from: loser, to: master, besides: all, &report) }
        for loser in losers { try delete(loser, entity: entity.name) }
        if !values.isEmpty {
            try update(master, entity: entity.name, values, version: nil)
            report.fields = values.keys.sorted()
        }
        try refuseCycles(master, entity, through: hierarchies)
        try noteMerge(losers, into: master)
        return report
    }

    /// Lets all that names one record name another.
    private func move(
        _ entity: Entity, from loser: RecordID, to master: RecordID, besides all: Set<RecordID>,
        _ report: inout MergeReport
    ) throws(CRMError) {
        for referrer in snapshot.registry.referrers(to: entity.name) {
            try moveReferences(referrer, from: loser, to: master, besides: all, &report)
        }
        try moveLines(entity, from: loser, to: master, &report)
        let awake = snapshot.registry.relations.filter {
            $0.from.name == entity.name || $0.to.name == entity.name
        }
        for relation in try awake + sleepingRelations(of: loser) {
            try moveLinks(relation, from: loser, to: master, besides: all, &report)
        }
    }

    // MARK: What is merged

    /// The records, each of which the caller may edit and delete.
    private func mergeable(
        _ ids: [RecordID], _ name: String?
    ) throws(CRMError) -> (Entity, [RecordID: Record]) {
        guard ids.count > 1 else {
            throw CRMError(.invalidParameters, "a merge needs at least one record beside the master")
        }
        guard ids.count <= Self.maximumLosers + 1 else {
            throw CRMError(
                .limitExceeded, "\(ids.count - 1) records are over the limit of \(Self.maximumLosers)",
                hint: "Merge them in several calls.")
        }
        guard Set(ids).count == ids.count else {
            throw CRMError(.invalidParameters, "a record cannot be merged with itself")
        }
        let (entity, _) = try editable(ids[0], name, .edit, call)
        guard !Self.directoryEntities.contains(entity.name) else {
            throw CRMError(
                .invalidParameters, "a \(entity.name) cannot be merged: what others did names it for ever")
        }
        var records: [RecordID: Record] = [:]
        for id in ids {
            _ = try editable(id, entity.name, .delete, call)
            records[id] = try editable(id, entity.name, .edit, call).1
        }
        return (entity, records)
    }

    private func chosen(
        _ choices: [String: RecordID], _ entity: Entity, _ records: [RecordID: Record], _ master: RecordID
    ) throws(CRMError) -> [String: Value] {
        let mask = snapshot.security.mask(call.principal, entity.name)
        var (values, problems): ([String: Value], [FieldProblem]) = ([:], [])
        for (name, source) in choices.sorted(by: { $0.key < $1.key }) {
            guard let field = entity[name], mask.isVisible(name) else {
                problems.append(
                    FieldProblem(field: name, code: "unknown_field", message: entity.lacks(name)))
                continue
            }
            guard let record = records[source] else {
                problems.append(
                    FieldProblem(
                        field: name, code: "not_found",
                        message: "\(field.label): record \(source) is not among those that are merged"))
                continue
            }
            guard field.wire != .lines else {
                problems.append(
                    FieldProblem(
                        field: name, code: "read_only", message: "\(field.label): lines cannot be chosen"))
                continue
            }
            if source != master { values[name] = record[name] }
        }
        guard problems.isEmpty else { throw .invalidRecord(entity.name, problems) }
        return values
    }

    // MARK: References

    private func moveReferences(
        _ referrer: Referrer, from loser: RecordID, to master: RecordID, besides merged: Set<RecordID>,
        _ report: inout MergeReport
    ) throws(CRMError) {
        for id in try records(referrer, namedBy: loser) {
            guard id == master || !merged.contains(id) else { continue }
            if try isDoubled(id, referrer, master) {
                let kernel = call.acting(as: .kernel(for: call.principal.user))
                try delete(id, entity: referrer.entity.name, as: kernel)
                report.dropped += 1
                continue
            }
            // What named its double would name itself.
            try point(
                id, referrer.entity, [(referrer.field, id == master ? .null : .reference(master))],
                method: Self.mergeMethod)
            report.references += 1
        }
    }

    private func records(_ referrer: Referrer, namedBy id: RecordID) throws(CRMError) -> [RecordID] {
        var ids: [RecordID] = []
        try transaction.rows(PurgeStatements.references(referrer, to: id, limit: Self.maximumMoved + 1)) {
            row in
            ids.append(RecordID(row.int64(0)))
            return .next
        }
        guard ids.count <= Self.maximumMoved else { throw tooMany(id) }
        return ids
    }

    private func tooMany(_ id: RecordID) -> CRMError {
        CRMError(.limitExceeded, "more than \(Self.maximumMoved) records refer to record \(id)")
    }

    /// Whether the record says nothing but that others belong together (a tagging), and the master has that already.
    private func isDoubled(
        _ id: RecordID, _ referrer: Referrer, _ master: RecordID
    ) throws(CRMError) -> Bool {
        let own = referrer.entity.fields.filter { !$0.isSystem }
        guard own.count > 1, own.allSatisfy(\.isReference),
            try !isBinned(id, referrer.entity)
        else { return false }
        let record = try whole(id, referrer.entity, bin: .both)
        for other in try records(referrer, namedBy: master) where other != id {
            guard try !isBinned(other, referrer.entity) else { continue }
            let there = try whole(other, referrer.entity, bin: .both)
            if own.allSatisfy({ $0 === referrer.field || there[$0.name] == record[$0.name] }) { return true }
        }
        return false
    }

    func isBinned(_ id: RecordID, _ entity: Entity) throws(CRMError) -> Bool {
        let values = try service.values(of: id, entity, on: transaction)
        return values.map { $0[entity.system("deleted_at").position] != .null } ?? true
    }

    /// Lets references of a record, wherever it lies, name others. Without hooks; what is computed follows.
    func point(
        _ id: RecordID, _ entity: Entity, _ references: [(Field, Value)], method: String? = nil
    ) throws(CRMError) {
        let call = method.map { self.call.named($0) } ?? self.call
        let old = try whole(id, entity, bin: .both)
        let isBinned = try isBinned(id, entity)
        var values = old.values
        for (field, value) in references {
            guard !value.isNull || !field.definition.isMandatory else {
                throw CRMError.invalidRecord(
                    entity.name,
                    [
                        FieldProblem(
                            field: field.name, code: "required",
                            message: "\(field.label) of \(entity.name) \(id) cannot be empty")
                    ])
            }
            values[field.name] = value
        }
        if !isBinned {
            try compute(entity, id, &values, old: old)
            try checkUnique(entity, values, old: old, id: id)
        }
        try rewrite(entity, old, &values, isBinned: isBinned, call)
    }

    // MARK: Lines

    private func moveLines(
        _ entity: Entity, from loser: RecordID, to master: RecordID, _ report: inout MergeReport
    ) throws(CRMError) {
        for lines in snapshot.registry.lineEntities {
            guard let holder = snapshot.registry.holder(of: lines) else { continue }
            for field in lines.references
            where !field.isSystem && (field.type.targets.isEmpty || field.type.targets.contains(entity.name))
            {
                let statement = PurgeStatements.lineReferences(
                    lines, field, to: loser, limit: Self.maximumMoved + 1)
                var ids: [RecordID] = []
                try transaction.rows(statement) { row in
                    ids.append(RecordID(row.int64(0)))
                    return .next
                }
                guard ids.count <= Self.maximumMoved else { throw tooMany(loser) }
                for id in ids {
                    let old = try whole(id, holder.entity, bin: .both)
                    let moved = old.lines(holder.field.name).map { line in
                        line[field.name] == .reference(loser)
                            ? Line(id: line.id, line.values.merging([field.name: .reference(master)]) { $1 })
                            : line
                    }
                    try point(
                        id, holder.entity, [(holder.field, .lines(moved))], method: Self.mergeMethod)
                    report.lines += 1
                }
            }
        }
    }

    // MARK: Links

    private func moveLinks(
        _ relation: Relation, from loser: RecordID, to master: RecordID, besides merged: Set<RecordID>,
        _ report: inout MergeReport
    ) throws(CRMError) {
        var found: [(from: RecordID, to: RecordID, values: [StoredValue])] = []
        try transaction.rows(LinkStatements.all(relation, of: loser)) { row in
            found.append(
                (
                    RecordID(row.int64(0)), RecordID(row.int64(1)),
                    relation.values.indices.map { row.value($0 + 2) }
                ))
            return .next
        }
        for link in found {
            try end(relation, link.from, link.to, link.values)
            let (from, to) = (link.from == loser ? master : link.from, link.to == loser ? master : link.to)
            guard !(merged.contains(from) && merged.contains(to)) else {
                report.dropped += 1
                continue
            }
            if let present = try storedLink(relation, from: from, to: to) {
                try join(relation, from, to, present, link.values)
                report.dropped += 1
            } else {
                try transaction.execute(
                    LinkStatements.insert(
                        relation, from: from, to: to, link.values, by: call.principal.user,
                        at: transaction.now))
                let values = zip(relation.values, link.values).map { ($0, StoredValue.null, $1) }
                try logLink(
                    .link, relation, from: from, to: to, isNew: true, values.filter { $0.2 != .null }, call)
                report.links += 1
            }
        }
    }

    private func end(
        _ relation: Relation, _ from: RecordID, _ to: RecordID, _ values: [StoredValue]
    ) throws(CRMError) {
        try transaction.execute(LinkStatements.delete(relation, from: from, to: to))
        let told = zip(relation.values, values).map { ($0, $1, StoredValue.null) }
        try logLink(.unlink, relation, from: from, to: to, isNew: false, told.filter { $0.1 != .null }, call)
    }

    /// Of two links one stays: what was empty is filled, and of two values of a list the further one counts.
    private func join(
        _ relation: Relation, _ from: RecordID, _ to: RecordID, _ present: [StoredValue],
        _ other: [StoredValue]
    ) throws(CRMError) {
        var changes: [(Field, StoredValue, StoredValue)] = []
        for (field, (old, new)) in zip(relation.values, zip(present, other)) where old != new && new != .null
        {
            func place(_ value: StoredValue) -> Int {
                guard case .text(let key) = value else { return -1 }
                return field.type.values.firstIndex { $0.key == key } ?? -1
            }
            if old == .null || place(new) > place(old) { changes.append((field, old, new)) }
        }
        guard !changes.isEmpty else { return }
        try transaction.execute(
            LinkStatements.update(relation, from: from, to: to, changes.map { ($0.0, $0.2) }))
        try logLink(.link, relation, from: from, to: to, isNew: false, changes, call)
    }
}
