import CRMSDK
import Query
import Registry
import Storage

/// Takes back a change set as a whole or not at all: what a module offers as the opposite of one of its actions.
extension Undo {
    /// What stands in the way when somebody has gone on with what the change set has made.
    private static let later: Set<ChangeKind> = [.update, .delete, .restore, .link, .unlink]

    /// As `run`, but nothing is left: the unit is refused instead.
    ///
    /// - Throws: `invalidRecord` naming the records that were changed, linked or referred to since, and what a check or
    ///   a right refuses.
    func runWhole() throws(CRMError) {
        try refuse(try problemsOfMade())
        let report = try run()
        try refuse(
            report.left.map { left in
                problem(
                    left.field.map { "\(left.entity).\($0)" } ?? left.entity,
                    "\(left.entity) \(left.record): \(left.why)")
            })
        for record in report.restored where record.action == .deleted {
            guard try isReferredTo(record.record, record.entity) else { continue }
            try refuse([
                problem(
                    record.entity,
                    "\(record.entity) \(record.record) has been referred to by another record since")
            ])
        }
    }

    private func problem(_ field: String, _ message: String) -> FieldProblem {
        FieldProblem(field: field, code: "changed_since", message: message)
    }

    private func refuse(_ problems: [FieldProblem]) throws(CRMError) {
        guard !problems.isEmpty else { return }
        var error = CRMError(
            .invalidRecord,
            problems.count == 1 ? problems[0].message : "what was made has been changed since",
            hint: "It can be taken back only while nobody has gone on with it.")
        error.fields = problems
        throw error
    }

    /// The records that the change set made and that have a later entry of their own.
    private func problemsOfMade() throws(CRMError) -> [FieldProblem] {
        var problems: [FieldProblem] = []
        for made in try ChangeLog.entries(unit.transaction, changeSet: changeSet)
        where made.entry.kind == .create {
            guard let id = made.entry.record, let number = made.entry.entity,
                let entity = unit.snapshot.registry.entity(number: number)
            else { continue }
            var isChanged = false
            try ChangeLog.walk(unit.transaction, .record(id), after: made.sequence) {
                change throws(CRMError) in
                isChanged = change.changeSet != changeSet && Self.later.contains(change.entry.kind)
                return isChanged ? .stop : .next
            }
            guard isChanged else { continue }
            problems.append(problem(entity.name, "\(entity.name) \(id) has been changed or linked since"))
        }
        return problems
    }

    /// Whether a record that is not in the recycle bin refers to one.
    private func isReferredTo(_ id: RecordID, _ name: String) throws(CRMError) -> Bool {
        for referrer in unit.complete.snapshot.registry.referrers(to: name) {
            var found: [RecordID] = []
            try unit.transaction.rows(PurgeStatements.references(referrer, to: id, limit: 1000)) { row in
                if row.int64(0) != id.rawValue { found.append(RecordID(row.int64(0))) }
                return .next
            }
            let bin = referrer.entity.system(Rewind.bin).position
            for other in found {
                let values = try unit.service.values(of: other, referrer.entity, on: unit.transaction)
                if let values, values[bin] == .null { return true }
            }
        }
        return false
    }
}

extension UnitOfWork {
    /// Takes back the change set that last wrote a field of a record, as a whole.
    func undoChange(of name: String, _ entity: Entity, _ id: RecordID) throws(CRMError) {
        guard let field = entity[name] else {
            throw CRMError(.invalidParameters, "\(entity.name) has no field \"\(name)\"")
        }
        var changeSet: Int64?
        try ChangeLog.walk(transaction, .record(id), after: 0) { change throws(CRMError) in
            let isWrite = [.create, .update].contains(change.entry.kind) && !change.isErased
            if isWrite,
                try ChangePayload.decode(change.entry.payload).contains(where: { $0.column == field.column })
            {
                changeSet = change.changeSet
            }
            return .next
        }
        guard let changeSet else {
            throw CRMError(
                .invalidRecord, "nobody has written \(field.definition.label) of \(entity.name) \(id)")
        }
        try Undo(self, changeSet: changeSet, since: .kept).runWhole()
    }
}
