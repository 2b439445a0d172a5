package import CRMSDK
import Query
import Registry
import Security
import Storage

/// Takes back what a change set has done: a unit of work like any other, with the rights, checks and hooks
/// of whoever asks for it.
///
/// Links that were made end, what was made goes to the recycle bin, what was deleted comes back, changed fields get
/// their old values, links that ended or changed are as they were: records in the reverse order of their last change,
/// so that what others refer to is back first. What has been changed since, and
/// what a check or a right refuses, is left as it is and told. Changes of records that the caller may not view do not
/// exist here either.
package struct Undo {
    package enum Changes: Sendable {
        /// What was changed since is left.
        case kept
        /// What was changed since is lost.
        case overwritten
    }

    let unit: UnitOfWork
    let changeSet: Int64
    let since: Changes
    /// Nil: the change set by itself, as a whole.
    private let part: UndoPart?
    private var service: RecordService { unit.service }

    package init(_ unit: UnitOfWork, changeSet: Int64, since: Changes) {
        self.unit = unit
        self.changeSet = changeSet
        self.since = since
        part = nil
    }

    /// A part of a change set that belongs with others: a record is put back as it was before all of them.
    init(_ unit: UnitOfWork, part: UndoPart, since: Changes) {
        self.unit = unit
        changeSet = part.changeSet
        self.since = since
        self.part = part
    }

    /// - Throws: `notFound` where there is no such change set or the caller may see nothing of it; `invalidParameters`
    ///   where it is of a kind that is undone in another way.
    package func run() throws(CRMError) -> UndoReport {
        unit.mayNameBinned = true
        defer { unit.mayNameBinned = false }
        var report = UndoReport(changeSet: unit.transaction.changeSet)
        let (targets, links) = try found()
        for link in links.reversed() where link.wasMade { try restore(link, &report) }
        var waiting = targets
        // What stands in one record's way may be gone once another is back: each is tried whole as long as that
        // brings any further, and then as far as it goes.
        var pass = Pass.whole
        while !waiting.isEmpty {
            var again: [Target] = []
            for target in waiting {
                let outcome = try restore(target, pass)
                if outcome.isRefused, pass == .whole {
                    again.append(target)
                    continue
                }
                if let restored = outcome.restored { report.restored.append(restored) }
                report.left += outcome.left
            }
            if again.count == waiting.count { pass = .asFarAsItGoes }
            waiting = again
        }
        for link in links.reversed() where !link.wasMade { try restore(link, &report) }
        return report
    }

    /// What becomes of a record that a check refuses in part.
    private enum Pass {
        /// Nothing: it is tried again later.
        case whole
        /// The rest of it is written.
        case asFarAsItGoes
    }

    // MARK: What is to be undone

    struct Target {
        let id: RecordID
        let entity: Entity
        /// The sequence number of the first entry to be undone.
        let first: Int64
        let last: Int64
        /// Whether a merge has let it refer to another record: that goes back as it came, without hooks.
        let isMoved: Bool
        /// Whether it belongs to a module that is not enabled.
        let isAsleep: Bool
    }

    /// What hooks have written while this undo put something else back goes with it.
    private func isUndone(_ change: LoggedChange) -> Bool {
        change.changeSet == changeSet || change.changeSet == unit.transaction.changeSet
            || part?.changeSets.contains(change.changeSet) == true
    }

    /// The records that were written, and the links that were made, changed or ended.
    private func found() throws(CRMError) -> ([Target], [LinkTarget]) {
        if let part {
            return (part.targets, try links(part.entries).filter { part.hasLinks(made: $0.wasMade) })
        }
        let entries = try ChangeLog.entries(unit.transaction, changeSet: changeSet)
        let missing = CRMError(.notFound, "change set \(changeSet) does not exist")
        var targets: [RecordID: Target] = [:]
        for change in entries {
            guard let id = change.entry.record, let number = change.entry.entity,
                let entity = unit.complete.snapshot.registry.entity(number: number), try isVisible(id, entity)
            else { continue }
            try refuse(entity, change)
            guard change.entry.kind.isWritten else { continue }
            targets[id] = Target(
                id: id, entity: entity, first: targets[id]?.first ?? change.sequence, last: change.sequence,
                isMoved: targets[id]?.isMoved ?? true && change.entry.kind == .update
                    && change.entry.method == UnitOfWork.mergeMethod,
                isAsleep: unit.snapshot.registry.entity(number: number) == nil)
        }
        let links = try links(entries)
        if targets.isEmpty, links.isEmpty {
            guard let first = entries.first, unit.snapshot.isAdministrator(unit.call.principal) else {
                throw missing
            }
            throw UndoRefusal.error(first)
        }
        return (targets.values.sorted { $0.last > $1.last }, links)
    }

    /// Rights and schema have methods of their own, which know what hangs together.
    private func refuse(_ entity: Entity, _ change: LoggedChange) throws(CRMError) {
        guard UnitOfWork.directoryEntities.contains(entity.name),
            !["currency", "exchange_rate", DuplicateRule.entityName].contains(entity.name)
        else { return }
        throw UndoRefusal.error(change)
    }

    func isVisible(_ id: RecordID, _ entity: Entity) throws(CRMError) -> Bool {
        let check = Planner.check(unit.complete.viewpoint(unit.call), entity, .view, id: id)
        return try unit.transaction.first(check) { _ in true } ?? false
    }

    // MARK: One record

    private struct Outcome {
        var restored: UndoReport.Restored?
        var left: [UndoReport.Left] = []
        /// Whether a check has refused it, or a part of it.
        var isRefused = false
    }

    private func restore(_ target: Target, _ pass: Pass) throws(CRMError) -> Outcome {
        let (id, entity) = (target.id, target.entity)
        // What a merge has moved goes back with it; anything else is for the rules of its module to judge.
        guard !target.isAsleep || target.isMoved else {
            return Outcome(left: [left(target, "its module is not enabled")])
        }
        guard let present = try service.values(of: id, entity, on: unit.transaction) else { return Outcome() }
        var entries: [LoggedChange] = []
        try ChangeLog.walk(unit.transaction, .record(id), after: target.first - 1) {
            change throws(CRMError) in
            entries.append(change)
            return .next
        }
        let rewind = try Rewind(entries, isUndone: isUndone, isForced: since == .overwritten) { column in
            entity.fieldOfLog(inColumn: column).map { !Self.follows($0) } ?? true
        } today: { change in
            entity.today(change)
        } present: { column in
            entity.field(inColumn: column).map { present[$0.position] } ?? .null
        }
        var outcome = Outcome(left: rewind.obstacles.map { left(target, $0) })
        if rewind.isErased {
            outcome.left.append(left(target, "the old values were erased"))
            return outcome
        }
        let lines = try lines(target, entries, &outcome)
        let isBinned = present[entity.system(Rewind.bin).position] != .null
        do throws(CRMError) {
            try unit.attempt { () throws(CRMError) in
                try write(target, rewind, lines, isBinned: isBinned, present, pass, &outcome)
            }
        } catch {
            guard error.kind != .unavailable, error.kind != .internalError else { throw error }
            outcome.restored = nil
            outcome.left.append(left(target, error.message))
            outcome.isRefused = true
        }
        return outcome
    }

    /// Computed fields and amounts in the base currency follow what they are made of.
    private static func follows(_ field: Field) -> Bool {
        field.definition.computed != nil || field.type.baseOf != nil
    }

    private func write(
        _ target: Target, _ rewind: Rewind, _ lines: [String: Value], isBinned: Bool,
        _ present: [StoredValue], _ pass: Pass, _ outcome: inout Outcome
    ) throws(CRMError) {
        let (id, name) = (target.id, target.entity.name)
        if rewind.wasMade {
            guard !isBinned, outcome.left.isEmpty else { return }
            try unit.delete(id, entity: name)
            outcome.restored = .init(record: id, entity: name, action: .deleted, fields: [])
            return
        }
        let comesBack = rewind.touched.contains(Rewind.bin) && isBinned
        let goes = rewind.touched.contains(Rewind.bin) && !isBinned
        if comesBack { try unit.restore(id, entity: name) }
        var fields: [Field] = []
        if isBinned, !comesBack, !target.isMoved {
            if !rewind.touched.isEmpty || !lines.isEmpty {
                outcome.left.append(left(target, "it lies in the recycle bin"))
            }
        } else {
            fields = try writeValues(target, rewind, lines, present, pass, &outcome)
        }
        if goes { try unit.delete(id, entity: name) }
        guard comesBack || goes || !fields.isEmpty else { return }
        outcome.restored = .init(
            record: id, entity: name, action: comesBack ? .restored : goes ? .deleted : .updated,
            fields: fields.map(\.name))
    }

    // MARK: Values

    /// Gives the fields their old values; those that a check refuses are left, and the others tried without them.
    private func writeValues(
        _ target: Target, _ rewind: Rewind, _ lines: [String: Value], _ present: [StoredValue],
        _ pass: Pass, _ outcome: inout Outcome
    ) throws(CRMError) -> [Field] {
        var fields = try permitted(target, rewind.touched.union(lines.keys), &outcome)
        while !fields.isEmpty {
            let values = Dictionary(
                uniqueKeysWithValues: fields.map {
                    ($0.name, lines[$0.column] ?? value($0, rewind, target.entity, present))
                })
            do throws(CRMError) {
                // As a module: fields that people only read were written by one, and belong to what is undone.
                try unit.attempt { () throws(CRMError) in
                    if target.isMoved, target.isAsleep || fields.allSatisfy(\.isReference) {
                        let unit = unit.complete
                        _ = try unit.editable(target.id, target.entity.name, .edit, unit.call, bin: .both)
                        return try unit.point(
                            target.id, target.entity, fields.map { ($0, values[$0.name] ?? .null) })
                    }
                    _ = try unit.update(
                        target.id, entity: target.entity.name, values, version: nil, module: "core")
                }
                break
            } catch {
                let refused = fields.filter { field in error.fields.contains { $0.field == field.name } }
                guard pass == .asFarAsItGoes, error.kind != .unavailable, error.kind != .internalError,
                    !refused.isEmpty
                else {
                    throw error
                }
                for field in refused {
                    let why = error.fields.first { $0.field == field.name }?.message ?? error.message
                    outcome.left.append(left(target, why, field: field.name))
                }
                fields.removeAll { field in refused.contains { $0 === field } }
            }
        }
        return try settled(target, fields, rewind, &outcome)
    }

    /// The fields with old values that the caller may write. What they may not see is not told by name.
    private func permitted(
        _ target: Target, _ columns: Set<String>, _ outcome: inout Outcome
    ) throws(CRMError) -> [Field] {
        let mask = unit.complete.snapshot.security.mask(unit.call.principal, target.entity.name)
        var fields: [Field] = []
        for field in target.entity.fields where columns.contains(field.column) {
            guard !field.isSystem || field.name == "owner" else { continue }
            if field.definition.isReadOnly ? mask.isVisible(field.name) : mask.isEditable(field.name) {
                fields.append(field)
            } else if mask.isVisible(field.name) {
                outcome.left.append(left(target, "you may not change it", field: field.name))
            } else {
                outcome.left.append(left(target, "there is more in it than you may change"))
            }
        }
        return fields
    }

    private func value(_ field: Field, _ rewind: Rewind, _ entity: Entity, _ present: [StoredValue]) -> Value
    {
        let currencies = unit.snapshot.currencies
        var code = currencies.base.code
        if let currency = field.type.currencyField.flatMap({ entity[$0] }),
            case .integer(let id) = rewind.values[currency.column] ?? present[currency.position]
        {
            code = currencies[RecordID(id)]?.code ?? code
        }
        return field.kind.value(rewind.values[field.column] ?? .null, field.type, currency: code)
    }

    /// Those fields that have their old values now: a hook may have set another.
    private func settled(
        _ target: Target, _ fields: [Field], _ rewind: Rewind, _ outcome: inout Outcome
    ) throws(CRMError) -> [Field] {
        guard !fields.isEmpty,
            let present = try service.values(of: target.id, target.entity, on: unit.transaction)
        else { return [] }
        var settled: [Field] = []
        for field in fields {
            // Lines are compared by nobody: their sums are, where the record has them.
            if field.wire == .lines || present[field.position] == rewind.values[field.column] {
                settled.append(field)
            } else {
                outcome.left.append(
                    left(target, "a rule of its module has set another value", field: field.name))
            }
        }
        return settled
    }

    // MARK: Lines

    /// The lines to put back, by the column of their field. Lines of one field are one value: where any of them was
    /// changed since, all are left.
    private func lines(
        _ target: Target, _ entries: [LoggedChange], _ outcome: inout Outcome
    ) throws(CRMError) -> [String: Value] {
        var result: [String: Value] = [:]
        guard let last = entries.last(where: isUndone), let first = entries.firstIndex(where: isUndone) else {
            return result
        }
        var (whole, later) = (Reversal(), Reversal())
        for change in entries[first...] {
            try whole.take(change)
            // What is computed in lines follows by itself.
            if change.sequence > last.sequence, change.entry.kind.isWritten { try later.take(change) }
        }
        for field in target.entity.lines {
            guard !whole.existed || whole.lines[field.column] != nil,
                let entity = unit.complete.snapshot.registry.lines(of: field)
            else { continue }
            let present = try service.lineValues(of: target.id, entity, on: unit.transaction)
            func values(_ reversal: Reversal) -> [[StoredValue]] {
                reversal.lines(field, entity, of: target.id, present: present)
            }
            let (then, after, now) = (values(whole), values(later), values(Reversal()))
            // By what stands in them: a line that was put back has an id of its own.
            guard !whole.existed || then.map({ $0.dropFirst() }) != now.map({ $0.dropFirst() }) else {
                continue
            }
            guard since == .overwritten || after.map({ $0.dropFirst() }) == now.map({ $0.dropFirst() }) else {
                let cause = entries.last { !isUndone($0) && $0.entry.kind.isWritten }
                outcome.left.append(left(target, .init(column: field.column, cause: cause)))
                continue
            }
            guard whole.existed else { continue }
            let known = Set(now.map { $0[0] })
            result[field.column] = .lines(
                then.map { line($0, entity, target.entity, isKnown: known.contains($0[0])) })
        }
        return result
    }

    private func line(_ row: [StoredValue], _ entity: Entity, _ parent: Entity, isKnown: Bool) -> Line {
        var values: [String: Value] = [:]
        for field in entity.fields where !field.isSystem && !Self.follows(field) {
            // The amounts of lines are in the record's currency, whatever it is by then.
            if field.wire == .money, case .integer(let units) = row[field.position] {
                values[field.name] = .decimal(FixedDecimal(units: units, scale: 4))
            } else {
                values[field.name] = field.kind.value(
                    row[field.position], field.type, currency: unit.snapshot.currencies.base.code)
            }
        }
        guard isKnown, case .integer(let id) = row[0] else { return Line(values) }
        return Line(id: RecordID(id), values)
    }

    // MARK: What is left

    private func left(_ target: Target, _ why: String, field: String? = nil) -> UndoReport.Left {
        .init(record: target.id, entity: target.entity.name, field: field, why: why, changedIn: nil)
    }

    private func left(_ target: Target, _ obstacle: Rewind.Obstacle) -> UndoReport.Left {
        let mask = unit.complete.snapshot.security.mask(unit.call.principal, target.entity.name)
        let written = target.entity.fieldOfLog(inColumn: obstacle.column)
        let field = written.flatMap { mask.isVisible($0.name) ? $0.name : nil }
        if obstacle.isGone {
            guard written != nil else { return left(target, "a field of it is no longer there") }
            guard field != nil else { return left(target, "there is more in it than you may change") }
            return left(
                target, "its type has changed since, and the old value is none of today's", field: field)
        }
        let by = obstacle.cause?.entry.actor.flatMap { unit.snapshot.people[$0]?.label }
        return .init(
            record: target.id, entity: target.entity.name, field: field,
            why: "changed since" + (by.map { " by \($0)" } ?? ""), changedIn: obstacle.cause?.changeSet)
    }
}
