import CRMSDK
import Query
import Registry
import Security
import Storage

/// The checks of a unit of work that need to look at other records.
extension UnitOfWork {
    /// Of a record that is made, without lines.
    func checkReferences(of creation: Creation, _ call: CallContext) throws(CRMError) {
        var problems: [FieldProblem] = []
        for field in creation.entity.references {
            guard case .integer(let id) = creation.insertion[field] else { continue }
            if let problem = try problem(field, field.name, RecordID(id), call) { problems.append(problem) }
        }
        guard problems.isEmpty else { throw .invalidRecord(creation.entity.name, problems) }
    }

    func checkReferences(
        _ entity: Entity, _ values: [String: Value], old: Record?, _ call: CallContext
    ) throws(CRMError) {
        var problems: [FieldProblem] = []
        for field in entity.references {
            guard let id = values[field.name]?.reference, old?[field.name].reference != id else { continue }
            if let problem = try problem(field, field.name, id, call) { problems.append(problem) }
        }
        for field in entity.lines {
            guard let lines = snapshot.registry.lines(of: field), !lines.references.isEmpty else { continue }
            let before = old.map { Dictionary(ofLines: $0.lines(field.name)) } ?? [:]
            for (index, line) in (values[field.name]?.lines ?? []).enumerated() {
                let known = line.id.flatMap { before[$0] }
                for reference in lines.references {
                    guard let id = line[reference.name].reference, known?[reference.name].reference != id
                    else { continue }
                    let place = "\(field.name)[\(index)].\(reference.name)"
                    if let problem = try problem(reference, place, id, call) { problems.append(problem) }
                }
            }
        }
        guard problems.isEmpty else { throw .invalidRecord(entity.name, problems) }
    }

    /// What is wrong with naming this record in a reference; nil when nothing is.
    private func problem(
        _ field: Field, _ place: String, _ id: RecordID, _ call: CallContext
    ) throws(CRMError) -> FieldProblem? {
        let permitted = field.kind.name == "owner" ? ["user", "group"] : field.type.targets
        if let target = try visibleTarget(id, call), permitted.isEmpty || permitted.contains(target) {
            return nil
        }
        let what = permitted.isEmpty ? "record" : permitted.joined(separator: " or ")
        return FieldProblem(
            field: place, code: "not_found", message: "\(field.label): \(what) \(id) does not exist")
    }

    /// The entity of a record that is there and that the caller may view; nil otherwise.
    private func visibleTarget(_ id: RecordID, _ call: CallContext) throws(CRMError) -> String? {
        // Everybody knows that they are there, a customer's user too.
        if id == call.principal.user { return "user" }
        // What a module saw with rights of its own, the caller has not seen.
        let isCaller = call.principal == self.call.principal
        if isCaller, let known = knownReferences[id] { return snapshot.registry.entity(number: known)?.name }
        var number: Int?
        try transaction.rows(Planner.directoryEntry(id)) { row throws(CRMError) in
            if row.isNull(2) || mayNameBinned { number = Int(row.int64(0)) }
            return .stop
        }
        guard let number, let target = snapshot.registry.entity(number: number) else { return nil }
        guard !viewsAll(target, call) else {
            if isCaller { knownReferences[id] = number }
            return target.name
        }
        var isVisible = false
        try transaction.rows(Planner.check(viewpoint(call), target, .view, id: id)) { _ throws(CRMError) in
            isVisible = true
            return .stop
        }
        return isVisible ? target.name : nil
    }

    /// Whether every record of an entity is the caller's to view; asked once for each, by far the most being the
    /// caller's.
    private func viewsAll(_ entity: Entity, _ call: CallContext) -> Bool {
        let isCaller = call.principal == self.call.principal
        if isCaller, let known = viewedWhole[entity.number] { return known }
        let viewsAll = snapshot.security.predicate(call.principal, .view, entity.name) == .everything
        if isCaller { viewedWhole[entity.number] = viewsAll }
        return viewsAll
    }

    func checkAssignment(
        _ entity: Entity, _ owner: RecordID?, old: RecordID?, _ call: CallContext
    ) throws(CRMError) {
        guard let owner, owner != old else { return }
        let isCaller = call.principal == self.call.principal
        if isCaller, assignable[entity.number]?.contains(owner) == true { return }
        let decision = snapshot.security.mayAssign(call.principal, entity: entity.name, to: owner)
        guard !decision.allowed else {
            if isCaller { assignable[entity.number, default: []].insert(owner) }
            return
        }
        var error = CRMError.invalidRecord(
            entity.name,
            [
                FieldProblem(
                    field: "owner", code: "rule", message: "you may not assign a \(entity.name) to this owner"
                )
            ])
        error.rule = decision.reason.name
        throw error
    }

    func checkUnique(
        _ entity: Entity, _ values: [String: Value], old: Record?, id: RecordID
    ) throws(CRMError) {
        for field in entity.unique {
            guard let value = values[field.name], !value.isNull, old?[field.name] != value else { continue }
            var twin: Int64?
            try transaction.rows(WriteStatements.twin(entity, field, field.kind.stored(value), besides: id)) {
                row throws(CRMError) in
                twin = row.int64(0)
                return .stop
            }
            guard let twin else { continue }
            let message = "\(field.label) \"\(printed(value).prefix(80))\" is taken"
            var error = CRMError(.duplicate, message, hint: "Choose another value, or change that record.")
            error.fields = [FieldProblem(field: field.name, code: "duplicate", message: message)]
            if snapshot.security.predicate(call.principal, .view, entity.name) == .everything {
                error.candidates = [String(twin)]
            }
            throw error
        }
    }

    // MARK: Version conflicts

    func conflict(_ entity: Entity, _ old: Record, since version: Int64, _ call: CallContext)
        -> CRMError
    {
        var error = CRMError(
            .versionConflict, "\(entity.name) \(old.id) has version \(old.version), not \(version)",
            hint: "Read it again; another user changed it.")
        let mask = snapshot.security.mask(call.principal, entity.name)
        var fields: Set<String> = []
        // Best effort: without the entries the conflict is still told, only not its fields.
        let entries = (try? service.entries(of: old.id, entity, after: version, on: transaction)) ?? []
        for entry in entries {
            let changed = entry.changes.map(\.field.name) + entry.lines.map(\.field.name)
            fields.formUnion(changed.filter(mask.isVisible))
        }
        error.conflict = VersionConflict(
            version: old.version, fields: fields.sorted(),
            by: old["modified_by"].reference.flatMap { snapshot.people[$0]?.label } ?? "",
            at: old["modified_at"].instant ?? transaction.now)
        return error
    }
}
