import CRMSDK
import Query
import Registry
import Security
import Storage

/// Takes back what a change set has done to links, by the same paths that make and end them.
///
/// A link that stands otherwise than the change set has left it was changed since, and is left unless that is to be
/// lost. Links with a record that the caller may not view do not exist here.
extension Undo {
    /// The link of one pair, over all its entries in the change set.
    struct LinkTarget {
        let relation: String
        let from: RecordID
        let to: RecordID
        /// What the record is whose history tells of the link first.
        let entity: Entity
        /// Whether the two were linked before, and whether the change set has left them linked.
        var wasLinked: Bool
        var isLinked: Bool
        /// By column: the value before, and the one that the change set has left.
        var values: [String: (old: StoredValue, new: StoredValue)] = [:]

        var wasMade: Bool { !wasLinked }
    }

    /// Each link is told twice in a row, first on the side that its relation goes out from.
    func links(_ entries: [LoggedChange]) throws(CRMError) -> [LinkTarget] {
        let told = entries.filter { $0.entry.kind == .link || $0.entry.kind == .unlink }
        var targets: [LinkTarget] = []
        for index in stride(from: 0, to: told.count, by: 2) {
            let change = told[index]
            guard !change.isErased, let link = try LinkPayload.decode(change.entry.payload),
                let from = change.entry.record,
                let near = change.entry.entity.flatMap({ unit.complete.snapshot.registry.entity(number: $0) }
                ),
                let number = index + 1 < told.count ? told[index + 1].entry.entity : nil,
                let far = unit.complete.snapshot.registry.entity(number: number),
                try isVisible(from, near), try isVisible(link.other, far)
            else { continue }
            let isLinked = change.entry.kind == .link
            let known = targets.firstIndex {
                $0.relation == link.relation && $0.from == from && $0.to == link.other
            }
            var target =
                known.map { targets.remove(at: $0) }
                ?? LinkTarget(
                    relation: link.relation, from: from, to: link.other, entity: near,
                    wasLinked: !link.isNew, isLinked: isLinked)
            target.isLinked = isLinked
            for value in link.changes {
                target.values[value.column] = (target.values[value.column]?.old ?? value.old, value.new)
            }
            targets.append(target)
        }
        return targets
    }

    func restore(_ target: LinkTarget, _ report: inout UndoReport) throws(CRMError) {
        func leave(_ why: String) {
            report.left.append(
                .init(
                    record: target.from, entity: target.entity.name, field: nil,
                    why: "\(why): its link \"\(target.relation)\" with \(target.to)", changedIn: nil))
        }
        guard let relation = unit.snapshot.registry.relation(target.relation)
        else {
            return leave("the relation is not there, its module may be disabled")
        }
        let present = try unit.storedLink(relation, from: target.from, to: target.to)
        guard !isAsBefore(target, relation, present) else { return }
        guard since == .overwritten || isAsLeft(target, relation, present) else {
            return leave("changed since")
        }
        do throws(CRMError) {
            let action = try unit.attempt { () throws(CRMError) in
                try write(target, relation, isLinked: present != nil)
            }
            report.links.append(
                .init(relation: target.relation, from: target.from, to: target.to, action: action))
        } catch {
            guard error.kind != .unavailable, error.kind != .internalError else { throw error }
            leave(error.message)
        }
    }

    private func write(
        _ target: LinkTarget, _ relation: Relation, isLinked: Bool
    ) throws(CRMError) -> UndoReport.Relinked.Action {
        guard target.wasLinked else {
            try unit.unlink(target.from, relation.name, from: target.to)
            return .unlinked
        }
        let base = unit.snapshot.currencies.base.code
        var values: [String: Value] = [:]
        for field in relation.values {
            guard let old = target.values[field.column]?.old else { continue }
            values[field.name] = field.kind.value(old, field.type, currency: base)
        }
        // A link that ended tells all its values, but for those that were empty.
        if !isLinked { for field in relation.values { values[field.name] = values[field.name] ?? .null } }
        _ = try unit.link(target.from, relation.name, to: target.to, values)
        return isLinked ? .changed : .linked
    }

    private func isAsBefore(_ target: LinkTarget, _ relation: Relation, _ present: [StoredValue]?) -> Bool {
        (present != nil) == target.wasLinked && agrees(target, relation, present) { $0.old }
    }

    private func isAsLeft(_ target: LinkTarget, _ relation: Relation, _ present: [StoredValue]?) -> Bool {
        (present != nil) == target.isLinked && agrees(target, relation, present) { $0.new }
    }

    private func agrees(
        _ target: LinkTarget, _ relation: Relation, _ present: [StoredValue]?,
        _ expected: ((old: StoredValue, new: StoredValue)) -> StoredValue
    ) -> Bool {
        guard let present else { return true }
        return zip(relation.values, present).allSatisfy { field, value in
            target.values[field.column].map { expected($0) == value } ?? true
        }
    }
}
