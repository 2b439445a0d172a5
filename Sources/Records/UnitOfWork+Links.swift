package import CRMSDK
import Query
import Registry
import Security
import Storage

/// What became of a pair that was to be linked.
package enum LinkOutcome: String, Sendable {
    case linked
    /// The pair was linked already; values of the link have changed.
    case changed
    case unchanged
}

/// Links between records, many with many. A link belongs to both sides: both histories tell of it, neither record's
/// version moves.
///
/// Whoever links must be allowed to view both records and to edit one of them. Links stay when a record goes to the
/// recycle bin, out of sight, and come back with it.
extension UnitOfWork {
    /// Links two records, or changes the values of their link.
    ///
    /// Order: rights → values → `before` hooks → the values that hooks set, and the mandatory ones → the row → both
    /// histories → `after` hooks.
    ///
    /// - Parameters:
    ///   - name: the relation as the record's side calls it.
    ///   - module: The module that writes; nil for a person.
    package func link(
        _ id: RecordID, _ name: String, to other: RecordID, _ given: [String: Value],
        as call: CallContext? = nil, module: String? = nil
    ) throws(CRMError) -> LinkOutcome {
        let call = call ?? self.call
        let pair = try pair(id, name, other, call)
        let relation = pair.relation
        let old = try linkValues(pair)
        var check = LinkValues(
            relation, snapshot, snapshot.security.mask(call.principal, relation.from.name),
            isModule: module != nil)
        let accepted = check.accept(given, old: old)
        try check.finish()
        var change = pair.change(.beforeLink, old: old, given: Set(given.keys), accepted)
        try runLinkHooks(&change, call)
        let values = check.settle(change)
        try check.finish()
        let changes = relation.values.filter { (values[$0.name] ?? .null) != (old?[$0.name] ?? .null) }
        guard old == nil || !changes.isEmpty else { return .unchanged }
        let stored = changes.map { ($0, $0.kind.stored(values[$0.name] ?? .null)) }
        if old == nil {
            // A hook that has linked the two itself is a fault of its module.
            try transaction.execute(
                LinkStatements.insert(
                    relation, from: pair.from, to: pair.to,
                    relation.values.map { $0.kind.stored(values[$0.name] ?? .null) },
                    by: call.principal.user, at: transaction.now))
        } else {
            try transaction.execute(LinkStatements.update(relation, from: pair.from, to: pair.to, stored))
        }
        try log(
            .link, pair, isNew: old == nil,
            stored.map { ($0.0, $0.0.kind.stored(old?[$0.0.name] ?? .null), $0.1) }, call)
        change = pair.change(.afterLink, old: old, given: Set(given.keys), values)
        try runLinkHooks(&change, call)
        return old == nil ? .linked : .changed
    }

    /// Ends the link of two records.
    ///
    /// - Throws: `notFound` where they are not linked.
    package func unlink(
        _ id: RecordID, _ name: String, from other: RecordID, as call: CallContext? = nil
    ) throws(CRMError) {
        let call = call ?? self.call
        let pair = try pair(id, name, other, call)
        guard let old = try linkValues(pair) else {
            throw CRMError(
                .notFound,
                "\(pair.near.name) \(id) is not linked with \(pair.far.name) \(other) by \"\(name)\"")
        }
        var change = pair.change(.beforeUnlink, old: old, given: [], old)
        try runLinkHooks(&change, call)
        try transaction.execute(LinkStatements.delete(pair.relation, from: pair.from, to: pair.to))
        let values = pair.relation.values.filter { !(old[$0.name] ?? .null).isNull }
        try log(
            .unlink, pair, isNew: false,
            values.map { ($0, $0.kind.stored(old[$0.name] ?? .null), .null) }, call)
        change = pair.change(.afterUnlink, old: old, given: [], old)
        try runLinkHooks(&change, call)
    }

    /// The values of the link of two records as they are stored; nil where they are not linked.
    func storedLink(_ relation: Relation, from: RecordID, to: RecordID) throws(CRMError) -> [StoredValue]? {
        try transaction.first(LinkStatements.find(relation, from: from, to: to)) { row in
            relation.values.indices.map { row.value($0 + 1) }
        }
    }

    /// Two records and the relation between them.
    private struct Pair {
        let relation: Relation
        let from: RecordID
        let to: RecordID
        /// What the record that was named first is.
        let near: Entity
        let far: Entity

        func change(
            _ moment: LinkHook.Moment, old: [String: Value]?, given: Set<String>, _ values: [String: Value]
        ) -> LinkChange {
            LinkChange(
                relation: relation.name, from: from, to: to, moment, old: old, given: given, values: values)
        }
    }

    /// Finds the two records, and holds the caller to the rights that linking needs.
    private func pair(
        _ id: RecordID, _ name: String, _ other: RecordID, _ call: CallContext
    ) throws(CRMError) -> Pair {
        let near = try service.entity(of: id, named: nil, snapshot, transaction)
        try requireThere(id, near, call)
        let list = try service.relatedList(name, of: near, call, snapshot)
        guard case .links(let relation, let isInverse) = list.way else {
            throw CRMError(
                .invalidParameters,
                "\"\(name.prefix(80))\" of \(near.name) is not linked: its records refer to it",
                hint: "Set their field instead.")
        }
        try requireThere(other, list.entity, call)
        guard id != other else {
            throw CRMError(.invalidParameters, "\(near.name) \(id) cannot be linked with itself")
        }
        var mayEdit = try may(.edit, id, near, call)
        if !mayEdit { mayEdit = try may(.edit, other, list.entity, call) }
        guard mayEdit else {
            throw CRMError(
                .forbidden, "you may edit neither \(near.name) \(id) nor \(list.entity.name) \(other)",
                hint: "A link needs the right to edit one of its sides; ask security.explain why.")
        }
        return Pair(
            relation: relation, from: isInverse ? other : id, to: isInverse ? id : other, near: near,
            far: list.entity)
    }

    /// The record is there, outside the recycle bin, and the caller may view it.
    private func requireThere(_ id: RecordID, _ entity: Entity, _ call: CallContext) throws(CRMError) {
        try service.get(call, snapshot, on: transaction, id: id, entity: entity.name, fields: ["id"]) {
            _, _ in
        }
    }

    private func may(
        _ verb: AccessVerb, _ id: RecordID, _ entity: Entity, _ call: CallContext
    ) throws(CRMError) -> Bool {
        var isAllowed = false
        try transaction.rows(Planner.check(viewpoint(call), entity, verb, id: id)) { _ throws(CRMError) in
            isAllowed = true
            return .stop
        }
        return isAllowed
    }

    /// The values of the pair's link; nil where the two are not linked.
    private func linkValues(_ pair: Pair) throws(CRMError) -> [String: Value]? {
        guard let row = try storedLink(pair.relation, from: pair.from, to: pair.to) else { return nil }
        let base = snapshot.currencies.base.code
        return Dictionary(
            uniqueKeysWithValues: zip(pair.relation.values, row).map { field, stored in
                (field.name, field.kind.value(stored, field.type, currency: base))
            })
    }

    private func log(
        _ kind: ChangeKind, _ pair: Pair, isNew: Bool,
        _ changes: [(field: Field, old: StoredValue, new: StoredValue)], _ call: CallContext
    ) throws(CRMError) {
        try logLink(kind, pair.relation, from: pair.from, to: pair.to, isNew: isNew, changes, call)
    }

    /// Tells both histories, first that of the side which the relation goes out from.
    func logLink(
        _ kind: ChangeKind, _ relation: Relation, from: RecordID, to: RecordID, isNew: Bool,
        _ changes: [(field: Field, old: StoredValue, new: StoredValue)], _ call: CallContext
    ) throws(CRMError) {
        for (id, other) in [(from, to), (to, from)] {
            let entity = id == from ? relation.from : relation.to
            try transaction.append(
                ChangeEntry(
                    kind, entity: entity.number, record: id, actor: call.principal.user,
                    source: call.source.name, method: call.method,
                    payload: LinkPayload.encode(
                        relation: relation.name, other: other, isNew: isNew,
                        changes.map { ($0.field.column, $0.old, $0.new) })))
        }
    }
}
