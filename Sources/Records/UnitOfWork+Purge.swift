package import CRMSDK
import JSON
import Query
import Registry
import Security
import Storage

/// What is done with references to a record that is to be destroyed.
package enum PurgedReferences: String, Sendable {
    /// The purge is refused while there are any.
    case refuse
    /// They are emptied, each in its record's history.
    case clear
}

/// What went when a record was destroyed.
package struct PurgeReport: Sendable {
    package let id: RecordID
    package let entity: String
    package let links: Int
    /// Records whose references were emptied.
    package let cleared: Int
    /// Entries of the change log whose values were destroyed.
    package let erased: Int
}

/// Destroys records: row, links, directory entry, and the values in the change log. There is no way back.
extension UnitOfWork {
    /// Destroys a record that lies in the recycle bin.
    ///
    /// What remains: that there was a record of this id, who did what to it and when, and a chained entry that accounts
    /// for every value that is gone, so that the log still verifies. No hook is asked.
    ///
    /// - Throws: `forbidden` but for administrators; `invalidRecord` naming the references, which stand in the way.
    package func purge(
        _ id: RecordID, entity name: String?, references: PurgedReferences
    ) throws(CRMError) -> PurgeReport {
        try requireAdministrator()
        let entity = try service.entity(of: id, named: name, snapshot, transaction)
        guard !Self.directoryEntities.contains(entity.name) else {
            throw CRMError(
                .invalidParameters, "a \(entity.name) cannot be purged: what others did names it for ever",
                hint: "It stays in the recycle bin.")
        }
        try requireBinned(id, entity, named: name)
        let cleared = try complete.settleReferences(to: id, entity, references)
        let links = try removeLinks(of: id)
        takeOutOfSearch(entity, id)
        try transaction.execute(PurgeStatements.row(entity, id))
        try transaction.execute(PurgeStatements.directoryEntry(id))
        try transaction.dropFiles(of: id)
        try endMerge(of: id)
        let erased = try eraseHistory(of: id, entity)
        try log(.purge, entity, id, version: 0, Array("{}".utf8), call)
        knownReferences[id] = nil
        return PurgeReport(
            id: id, entity: entity.name, links: links, cleared: cleared, erased: erased)
    }

    private func requireAdministrator() throws(CRMError) {
        guard call.principal.isAdministrator else {
            var error = CRMError(.forbidden, "only an administrator may purge records")
            error.rule = "administrator"
            throw error
        }
    }

    private func requireBinned(_ id: RecordID, _ entity: Entity, named name: String?) throws(CRMError) {
        var isBinned = false
        try service.get(
            call, snapshot, on: transaction, id: id, entity: entity.name, fields: ["id"], bin: .both
        ) {
            row, plan in
            isBinned = !row.isNull(plan.deletedAtColumn)
        }
        guard isBinned else {
            throw CRMError(
                .invalidParameters, "\(entity.name) \(id) is not in the recycle bin", hint: "Delete it first."
            )
        }
    }

    // MARK: References

    private struct Reference {
        let referrer: Referrer
        let id: RecordID
        let label: String
        /// Whether it stands in a line of that record.
        var isLine = false
    }

    /// How many references a refusal names; the others are counted.
    private static let namedReferences = 20
    private static let maximumReferences = 10_000

    /// - Returns: how many were emptied.
    private func settleReferences(
        to id: RecordID, _ entity: Entity, _ references: PurgedReferences
    ) throws(CRMError) -> Int {
        var found: [Reference] = []
        for referrer in snapshot.registry.referrers(to: entity.name) {
            try transaction.rows(
                PurgeStatements.references(referrer, to: id, limit: Self.maximumReferences + 1)
            ) {
                row in
                // A record may refer to itself: that goes with it.
                if row.int64(0) != id.rawValue {
                    found.append(
                        Reference(referrer: referrer, id: RecordID(row.int64(0)), label: row.text(1)))
                }
                return .next
            }
            guard found.count <= Self.maximumReferences else {
                throw CRMError(
                    .limitExceeded,
                    "more than \(Self.maximumReferences) records refer to \(entity.name) \(id)")
            }
        }
        found += try lineReferences(to: id, entity)
        let inTheWay =
            references == .clear
            ? found.filter { $0.isLine || $0.referrer.field.definition.isMandatory } : found
        guard inTheWay.isEmpty else { throw try refusal(id, entity, inTheWay, references) }
        for reference in found { try clear(reference) }
        return Set(found.map(\.id)).count
    }

    /// Records that name it in one of their lines. Lines are what was agreed: they are never emptied.
    private func lineReferences(to id: RecordID, _ entity: Entity) throws(CRMError) -> [Reference] {
        var found: [Reference] = []
        for lines in snapshot.registry.lineEntities {
            guard let holder = snapshot.registry.holder(of: lines) else { continue }
            for field in lines.references
            where !field.isSystem && (field.type.targets.isEmpty || field.type.targets.contains(entity.name))
            {
                let statement = PurgeStatements.lineReferences(
                    lines, field, to: id, limit: Self.maximumReferences)
                try transaction.rows(statement) { row in
                    found.append(
                        Reference(
                            referrer: Referrer(entity: holder.entity, field: field),
                            id: RecordID(row.int64(0)),
                            label: row.text(1), isLine: true))
                    return .next
                }
            }
        }
        return found
    }

    private func refusal(
        _ id: RecordID, _ entity: Entity, _ found: [Reference], _ references: PurgedReferences
    ) throws(CRMError) -> CRMError {
        var problems: [FieldProblem] = []
        for reference in found where problems.count < Self.namedReferences {
            let (child, field) = (reference.referrer.entity, reference.referrer.field)
            let facts = try service.reference(call, snapshot, on: transaction, to: reference.id)
            let isVisible = snapshot.security.mask(call.principal, child.name).isVisible(field.name)
            guard let label = facts.label, isVisible || reference.isLine else { continue }
            problems.append(
                FieldProblem(
                    field: "\(child.name).\(field.name)", code: "referenced",
                    message:
                        "\(child.name) \(reference.id) \"\(label)\" refers to it by \(field.label)"
                        + (reference.isLine ? " of a line" : "") + whySleeping(child, field)
                ))
        }
        if found.count > problems.count {
            problems.append(
                FieldProblem(
                    field: "", code: "referenced",
                    message:
                        "\(found.count - problems.count) \(problems.isEmpty ? "" : "more ")records refer to it"
                ))
        }
        let count = Set(found.map(\.id)).count
        var error = CRMError(
            .invalidRecord,
            "\(entity.name) \(id) cannot be purged: \(count) record\(count == 1 ? "" : "s") "
                + (references == .clear ? "cannot be without it" : "refer\(count == 1 ? "s" : "") to it"),
            hint: references == .clear
                ? "Purge them first, or let them refer to another record."
                : "Purge those first, or give references \"clear\" to empty them.")
        error.fields = problems
        return error
    }

    /// Why the reader does not find the reference: it comes back with its module, or when what was deleted is restored.
    private func whySleeping(_ entity: Entity, _ field: Field) -> String {
        let awake = service.snapshots.current.registry
        let source: Field.Source = awake[entity: entity.name] == nil ? .module(entity.module) : field.source
        if case .module(let module) = source, module != "custom",
            !awake.modules.contains(where: { $0.name == module })
        {
            return "; the module \(module) is not enabled"
        }
        guard let present = awake[entity: entity.name] else {
            return "; the entity \(entity.name) is deleted"
        }
        return present[field.name] == nil ? "; the field is deleted" : ""
    }

    /// Empties one reference, wherever its record lies. Without hooks: what it names is gone whatever a module thinks.
    private func clear(_ reference: Reference) throws(CRMError) {
        let (child, field) = (reference.referrer.entity, reference.referrer.field)
        try point(reference.id, child, [(field, .null)])
    }

    // MARK: What is left

    /// - Returns: how many there were.
    @discardableResult
    func removeLinks(of id: RecordID) throws(CRMError) -> Int {
        var links = 0
        for table in try linkTables() {
            links += try transaction.execute(LinkStatements.deleteAll(of: id, inTable: table))
        }
        return links
    }

    func linkTables() throws(CRMError) -> [String] {
        var tables: [String] = []
        try transaction.rows(LinkStatements.tables) { row in
            tables.append(row.text(0))
            return .next
        }
        return tables
    }

    /// Destroys the values of the record's entries, of the entries in which others' histories tell of links with it,
    /// and of those that say from where it was made or changed through a gate.
    func eraseHistory(of id: RecordID, _ entity: Entity) throws(CRMError) -> Int {
        var sequences: [Int64] = []
        var changeSets: Set<Int64> = []
        var calls: Set<Int64> = []
        for logged in try ChangeLog.entries(transaction, record: id, limit: .max)
        where logged.entry.kind != .erase && !logged.isErased {
            sequences.append(logged.sequence)
            if logged.entry.source.hasPrefix(CallSource.gatePrefix) { calls.insert(logged.changeSet) }
            if logged.entry.kind == .link || logged.entry.kind == .unlink {
                changeSets.insert(logged.changeSet)
            }
        }
        for changeSet in changeSets {
            for logged in try ChangeLog.entries(transaction, changeSet: changeSet)
            where logged.entry.record != id && !logged.isErased {
                guard logged.entry.kind == .link || logged.entry.kind == .unlink,
                    try LinkPayload.decode(logged.entry.payload)?.other == id
                else { continue }
                sequences.append(logged.sequence)
            }
        }
        // From where somebody without an account has made or changed it.
        for changeSet in calls {
            for logged in try ChangeLog.entries(transaction, changeSet: changeSet)
            where logged.entry.kind == .publicCall && !logged.isErased { sequences.append(logged.sequence) }
        }
        try transaction.erasePayloads(
            of: sequences,
            note: ChangeEntry(
                .erase, entity: entity.number, record: id, actor: call.principal.user,
                source: call.source.name,
                method: call.method))
        return sequences.count
    }
}
