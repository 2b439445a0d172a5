package import CRMSDK
import Query
import Registry
import Security
import Storage

/// One unit of work on the writer's thread: the records that one call writes, with hooks, checks, log and rights.
///
/// Order of a write: rights → values (types, ranges, currencies) → `before` hooks → the rules over the whole record →
/// references, uniqueness → the row and the directory → change log → `after` hooks. The first refusal throws, and the
/// unit is undone as a whole by whoever runs it.
///
/// A unit may be run again from the start; it keeps nothing outside the transaction.
package final class UnitOfWork {
    let service: RecordService
    let transaction: WriteTransaction
    let snapshot: KernelSnapshot
    let call: CallContext
    /// How deep hooks that write have led; bounded, so that two hooks cannot drive each other for ever.
    var depth = 0
    /// What raised rights have been noted in the log.
    var elevations: Set<String> = []
    /// Whether people, rights or currencies have been written, so that the snapshot must be made anew.
    var changesDirectories: Bool { hasChangedDirectories || sighted?.hasChangedDirectories == true }
    private var hasChangedDirectories = false
    /// References found to be there, by id: an import names the same few again and again.
    var knownReferences: [RecordID: Int] = [:]

    /// Whether the caller may view all records of an entity, by its number.
    var viewedWhole: [Int: Bool] = [:]
    /// To whom the caller may give records, by the entity's number.
    var assignable: [Int: Set<RecordID>] = [:]
    /// By the field's number. What writes a number itself takes the field's away.
    var freeNumbers: [Int: FreeNumbers] = [:]
    /// The entities, by number, of which the caller may create records.
    private var creatable: Set<Int> = []

    /// Whether references to records in the recycle bin are taken: an undo puts them back as they were.
    var mayNameBinned = false

    /// The same unit with sleeping data in sight: for what must hold for all that names a record.
    ///
    /// Its writes are the kernel's, without the hooks and checks of modules that are not enabled.
    var complete: UnitOfWork {
        guard let registry = snapshot.registry.complete else { return self }
        if let sighted { return sighted }
        let unit = UnitOfWork(service, transaction, call, snapshot.with(registry: registry))
        sighted = unit
        return unit
    }
    private var sighted: UnitOfWork?

    static let maximumDepth = 16

    /// Use `RecordService.unit`, which also publishes what the unit changed of the kernel's own entities.
    init(
        _ service: RecordService, _ transaction: WriteTransaction, _ call: CallContext,
        _ snapshot: KernelSnapshot
    ) {
        self.service = service
        self.transaction = transaction
        self.call = call
        self.snapshot = snapshot
    }

    /// Runs a body whose writes are undone alone when it throws, with what the unit has come to know by them.
    package func attempt<Result>(_ body: () throws(CRMError) -> Result) throws(CRMError) -> Result {
        let (elevations, references, sightedReferences) = (
            elevations, knownReferences, sighted?.knownReferences ?? [:]
        )
        do throws(CRMError) {
            return try transaction.savepoint(body)
        } catch {
            self.elevations = elevations
            knownReferences = references
            sighted?.knownReferences = sightedReferences
            throw error
        }
    }

    // MARK: Create

    /// - Parameter module: The module that writes, whose own the read-only fields are; nil for a person.
    package func create(
        _ entityName: String, _ values: [String: Value], as call: CallContext? = nil, module: String? = nil,
        warnings: DuplicateWarnings = .waived
    ) throws(CRMError) -> RecordID {
        let call = call ?? self.call
        let entity = try snapshot.registry.entity(entityName)
        try requireCreation(of: entity, call)
        var check = valueCheck(entity, call, module)
        let accepted = CreationDraft.accept(values, &check, call)
        return try create(entity, accepted, given: Set(values.keys), &check, warnings, call)
    }

    /// - Returns: nil where the draft was made for others or for other registrations and rights than this unit's.
    package func create(_ draft: CreationDraft) throws(CRMError) -> RecordID? {
        guard draft.holds(for: call, snapshot) else { return nil }
        try requireCreation(of: draft.entity, call)
        var check = valueCheck(draft.entity, call, nil)
        guard let creation = draft.creation else {
            return try create(draft.entity, draft.accepted, given: draft.given, &check, .waived, call)
        }
        try checkReferences(of: creation, call)
        return try finish(creation.entity, creation.values, given: draft.given, creation, .waived, call)
    }

    private func create(
        _ entity: Entity, _ accepted: [String: Value], given: Set<String>, _ check: inout ValueCheck,
        _ warnings: DuplicateWarnings, _ call: CallContext
    ) throws(CRMError) -> RecordID {
        var accepted = accepted
        try nameCustomer(&accepted, entity, call)
        check.settleCurrencies(&accepted)
        if !check.problems.isEmpty { requireMandatory(&check, accepted, given: given, call) }
        try check.finish()
        // Before the hooks, which follow references; again after them, for what they have set.
        try checkReferences(entity, accepted, old: nil, call)
        return try finish(entity, accepted, given: given, nil, warnings, call)
    }

    /// Makes a record of checked values: hooks have their say, then it is stored.
    ///
    /// - Parameter ready: The record as it is where no hook changes it, if that was made ahead.
    private func finish(
        _ entity: Entity, _ values: [String: Value], given: Set<String>, _ ready: Creation?,
        _ warnings: DuplicateWarnings, _ call: CallContext
    ) throws(CRMError) -> RecordID {
        let id = try transaction.nextRecordID()
        var change = RecordChange(entity: entity.name, id: id, old: nil, given: given, values: values)
        try runHooks(.beforeCreate, &change, call, entity)
        if let ready, change.touched.isEmpty {
            try store(ready, id, given: given, warnings, call)
            return id
        }
        var stored = try settle(change, entity, call)
        try compute(entity, id, &stored, old: nil)
        try checkReferences(entity, stored, old: nil, call)
        try store(Creation(entity, stored, call, snapshot), id, given: given, warnings, call)
        return id
    }

    /// Stores a record whose values are settled and whose references are there.
    private func store(
        _ settled: Creation, _ id: RecordID, given: Set<String>, _ warnings: DuplicateWarnings,
        _ call: CallContext
    ) throws(CRMError) {
        var creation = settled
        let entity = creation.entity
        try checkAssignment(entity, creation.owner, old: nil, call)
        try checkUnique(entity, settled.values, old: nil, id: id)
        try refuseDuplicates(creation, id: id, warnings, call)
        // Last: whatever is refused up to here has written nothing, unless a hook has.
        try assignNumbers(&creation)
        try insert(&creation, id, call)
        try keepWithCustomer(id, entity, call)
        guard creation.isFollowed else { return }
        try ripple(entity, id, before: nil, after: creation.values)
        try runAfterHooks(.afterCreate, entity, id, old: nil, given: given, creation.values, call)
    }

    private func requireCreation(of entity: Entity, _ call: CallContext) throws(CRMError) {
        let isCaller = call.principal == self.call.principal
        if isCaller, creatable.contains(entity.number) { return }
        try snapshot.security.require(call.principal, .create, entity.name)
        if isCaller { creatable.insert(entity.number) }
    }

    private func insert(_ creation: inout Creation, _ id: RecordID, _ call: CallContext) throws(CRMError) {
        let entity = creation.entity
        creation.stamp(id, at: transaction.now)
        try transaction.execute(creation.insertion.statement)
        transaction.move(entity: entity.number, from: nil, to: creation.owner ?? RecordCounts.nobody)
        try transaction.execute(WriteStatements.insertDirectoryEntry(id, entity, label: creation.label))
        index(creation, id)
        try keepKeys(creation, id)
        if !entity.files.isEmpty {
            try noteFiles(entity.files.map { ($0, creation.insertion[$0]) }, of: id)
        }
        var lines: [LinesChange] = []
        if !entity.lines.isEmpty {
            lines = try creation.withLines { values throws(CRMError) in
                try writeLines(entity, id, old: nil, &values)
            }
        }
        try log(.create, entity, id, version: 1, creation.payload(lines), call)
    }

    // MARK: Update

    /// Changes the fields named. A change that changes nothing writes nothing and leaves the version.
    ///
    /// - Returns: whether anything was written.
    @discardableResult
    package func update(
        _ id: RecordID, entity entityName: String?, _ values: [String: Value], version: Int64?,
        as call: CallContext? = nil, module: String? = nil, warnings: DuplicateWarnings = .waived
    ) throws(CRMError) -> Bool {
        let call = call ?? self.call
        let (entity, old) = try editable(id, entityName, .edit, call)
        if let version, version != old.version { throw conflict(entity, old, since: version, call) }
        var check = valueCheck(entity, call, module)
        let accepted = check.accept(values, old: old)
        var merged = old.values.merging(accepted) { _, new in new }
        check.settleCurrencies(&merged)
        try check.finish()
        try checkReferences(entity, merged, old: old, call)

        var change = RecordChange(
            entity: entity.name, id: id, old: old, given: Set(values.keys), values: merged)
        try runHooks(.beforeUpdate, &change, call, entity)
        var stored = try settle(change, entity, call)
        try compute(entity, id, &stored, old: old)
        guard !changes(of: entity, from: old, to: stored).isEmpty else { return false }
        try checkReferences(entity, stored, old: old, call)
        try checkAssignment(entity, stored["owner"]?.reference, old: old["owner"].reference, call)
        try checkUnique(entity, stored, old: old, id: id)
        try refuseDuplicates(entity, stored, old: old, id: id, warnings, call)
        try rewrite(entity, old, &stored, isBinned: false, call)
        try keepWithCustomer(id, entity, call)
        try runAfterHooks(.afterUpdate, entity, id, old: old, given: change.given, stored, call)
        return true
    }

    // MARK: Recycle bin

    package func delete(_ id: RecordID, entity entityName: String?, as call: CallContext? = nil)
        throws(CRMError)
    {
        let call = call ?? self.call
        let (entity, old) = try editable(id, entityName, .delete, call)
        try move(entity, old, deletedAt: transaction.now, .delete, .beforeDelete, .afterDelete, call)
    }

    package func restore(_ id: RecordID, entity entityName: String?, as call: CallContext? = nil)
        throws(CRMError)
    {
        let call = call ?? self.call
        let (entity, old) = try editable(id, entityName, .delete, call, bin: .inside)
        try checkUnique(entity, old.values, old: nil, id: id)
        try move(entity, old, deletedAt: nil, .restore, .beforeRestore, .afterRestore, call)
    }

    private func move(
        _ entity: Entity, _ old: Record, deletedAt: Instant?, _ kind: ChangeKind, _ before: Hook.Moment,
        _ after: Hook.Moment, _ call: CallContext
    ) throws(CRMError) {
        var change = RecordChange(entity: entity.name, id: old.id, old: old, given: [], values: old.values)
        try runHooks(before, &change, call)
        let value = deletedAt.map { StoredValue.integer($0.millisecondsSince1970) } ?? .null
        try write(entity, old, [(entity.system("deleted_at"), value)], [], kind, call)
        try transaction.execute(WriteStatements.setDeleted(old.id, at: deletedAt))
        knownReferences[old.id] = nil
        sighted?.knownReferences[old.id] = nil
        try ripple(
            entity, old.id, before: kind == .delete ? old.values : nil,
            after: kind == .delete ? nil : old.values)
        if deletedAt == nil { index(entity, old.id, old.values) } else { takeOutOfSearch(entity, old.id) }
        try keepKeys(
            entity, old.id, old: deletedAt == nil ? nil : old.values,
            new: deletedAt == nil ? old.values : nil)
        if deletedAt == nil { try endMerge(of: old.id) }
        try runAfterHooks(after, entity, old.id, old: old, given: [], old.values, call)
    }

    // MARK: Steps that writes share

    private func changes(of entity: Entity, from old: Record, to values: [String: Value]) -> [Field] {
        entity.fields.filter { !$0.isSystem || $0.name == "owner" }
            .filter { (values[$0.name] ?? .null) != old[$0.name] }
    }

    /// Puts values that are settled in place of a record's, with all that follows from them: lines and their ids, the
    /// log, the label, the search index, the keys, and what other records compute from them. The last three are none of
    /// a record in the bin.
    func rewrite(
        _ entity: Entity, _ old: Record, _ values: inout [String: Value], isBinned: Bool, _ call: CallContext
    ) throws(CRMError) {
        let changed = changes(of: entity, from: old, to: values)
        guard !changed.isEmpty else { return }
        let lines = try writeLines(entity, old.id, old: old, &values)
        let columns = changed.map { ($0, $0.kind.stored(values[$0.name] ?? .null)) }
        try write(entity, old, columns, lines, .update, call)
        let label = RecordLabel.text(entity, values)
        if label != RecordLabel.text(entity, old.values) {
            try transaction.execute(WriteStatements.setLabel(old.id, label))
        }
        guard !isBinned else { return }
        index(entity, old.id, values, changed: changed)
        try keepKeys(entity, old.id, old: old.values, new: values)
        try ripple(entity, old.id, before: old.values, after: values)
    }

    /// Adds what is missing to the problems of a record that is refused anyway, without what a hook would have filled.
    private func requireMandatory(
        _ check: inout ValueCheck, _ accepted: [String: Value], given: Set<String>, _ call: CallContext
    ) {
        let entity = check.entity
        guard entity.mandatory.contains(where: { (accepted[$0.name] ?? .null).isNull }) else {
            return check.requireMandatory(accepted)
        }
        var change = RecordChange(
            entity: entity.name, id: RecordID(0), old: nil, given: given, values: accepted)
        // Hooks may well refuse a record that is known to be wrong; what they filled before counts.
        try? runHooks(.beforeCreate, &change, call)
        check.requireMandatory(change.values)
    }

    /// Runs the hooks; where they refuse fields, the mandatory ones that are missing are told together with those.
    private func runHooks(
        _ moment: Hook.Moment, _ change: inout RecordChange, _ call: CallContext, _ entity: Entity
    ) throws(CRMError) {
        do throws(CRMError) {
            try runHooks(moment, &change, call)
        } catch  where error.kind == .invalidRecord && !error.fields.isEmpty {
            var check = ValueCheck(
                entity, snapshot, mayBringNumbers: true, mayWriteReadOnly: true, language: call.language)
            check.requireMandatory(change.values)
            let missing = check.problems.filter { problem in
                !error.fields.contains { $0.field == problem.field }
            }
            guard !missing.isEmpty else { throw error }
            var whole = CRMError.invalidRecord(entity.name, missing + error.fields, hint: error.hint)
            whole.rule = error.rule
            throw whole
        }
    }

    /// The record as it is, if the caller may do this to it: not found where it may not be seen, forbidden where it
    /// may.
    func editable(
        _ id: RecordID, _ entityName: String?, _ verb: AccessVerb, _ call: CallContext,
        bin: RecycleBin = .outside
    ) throws(CRMError) -> (Entity, Record) {
        let entity = try service.entity(of: id, named: entityName, snapshot, transaction)
        var isVisible = false
        try transaction.rows(Planner.check(viewpoint(call), entity, .view, id: id)) { _ throws(CRMError) in
            isVisible = true
            return .stop
        }
        guard isVisible else { throw .recordNotFound(id, entity: entityName) }
        let old = try whole(id, entity, bin: bin)
        var mayChange = false
        try transaction.rows(Planner.check(viewpoint(call), entity, verb, id: id)) { _ throws(CRMError) in
            mayChange = true
            return .stop
        }
        guard mayChange else {
            var error = CRMError(
                .forbidden, "you may not \(verb.name) \(entity.name) \(id)", hint: "Ask security.explain why."
            )
            do throws(CRMError) {
                try snapshot.security.require(call.principal, verb, entity.name)
            } catch let refusal {
                error.rule = refusal.rule
            }
            throw error
        }
        return (entity, old)
    }

    /// The record with all its fields, whoever asks: what hooks and the change log need.
    func whole(_ id: RecordID, _ entity: Entity, bin: RecycleBin) throws(CRMError) -> Record {
        var record: Record?
        let kernel = call.acting(as: .kernel(for: call.principal.user))
        try service.get(kernel, snapshot, on: transaction, id: id, entity: entity.name, bin: bin) {
            row, plan throws(CRMError) in
            record = plan.record(row, snapshot)
        }
        guard let record else { throw .recordNotFound(id, entity: entity.name) }
        return record
    }

    func viewpoint(_ call: CallContext) -> Viewpoint {
        snapshot.viewpoint(call, now: transaction.now, counts: service.counts)
    }

    func valueCheck(_ entity: Entity, _ call: CallContext, _ module: String?) -> ValueCheck {
        ValueCheck(entity, snapshot, call, module: module)
    }

    /// What hooks have left, checked again: hooks may set any field, but only to what it takes.
    private func settle(
        _ change: RecordChange, _ entity: Entity, _ call: CallContext
    ) throws(CRMError) -> [String: Value] {
        var check = ValueCheck(
            entity, snapshot, mayBringNumbers: true, mayWriteReadOnly: true, language: call.language)
        var values = change.values
        for name in change.touched {
            guard let field = entity[name], !field.isSystem || name == "owner" else {
                check.add(
                    name, "unknown_field", "a hook set \"\(name)\", which \"\(entity.name)\" does not have")
                continue
            }
            guard field.definition.computed == nil else {
                check.add(name, "read_only", "a hook set \"\(name)\", which is computed")
                continue
            }
            let old = change.old?[name] ?? .null
            if let accepted = check.accept(values[name] ?? .null, for: field, old: old) {
                values[name] = accepted
            }
        }
        check.settleCurrencies(&values)
        check.requireMandatory(values)
        try check.finish()
        try settleBaseAmounts(entity, &values, createdAt: change.old?["created_at"].instant)
        return values
    }

    func write(
        _ entity: Entity, _ old: Record, _ changes: [(Field, StoredValue)], _ lines: [LinesChange],
        _ kind: ChangeKind, _ call: CallContext
    ) throws(CRMError) {
        let version = old.version + 1
        for (field, _) in changes where field.isNumber { freeNumbers[field.number] = nil }
        // A record that was read leaves out when it was deleted; the log does not, so that a restore can be taken back.
        let position = entity.system("deleted_at").position
        let binned =
            kind == .restore
            ? try service.values(of: old.id, entity, on: transaction)?[position] ?? .null : .null
        let system: [(Field, StoredValue)] = [
            (entity.system("modified_at"), .integer(transaction.now.millisecondsSince1970)),
            (entity.system("modified_by"), .integer(call.principal.user.rawValue)),
            (entity.system("version"), .integer(version)),
        ]
        try transaction.execute(WriteStatements.update(entity, old.id, changes + system))
        if !entity.files.isEmpty { try noteFiles(changes, of: old.id) }
        countOwner(entity, old, changes)
        let payload = payload(entity, old, changes, lines, deletedAt: binned)
        try log(kind, entity, old.id, version: version, payload, call)
    }

    /// - Parameter deletedAt: When the record was moved to the recycle bin before.
    private func payload(
        _ entity: Entity, _ old: Record, _ changes: [(Field, StoredValue)], _ lines: [LinesChange],
        deletedAt: StoredValue = .null
    ) -> [UInt8] {
        let plain = changes.filter { $0.0.wire != .lines }
        return ChangePayload.encode(
            withCurrencies(entity, plain, lines, old).map {
                let before = $0.0.name == "deleted_at" ? deletedAt : $0.0.kind.stored(old[$0.0.name])
                return (column: $0.0.column, old: before, new: $0.1)
            }, lines)
    }

    /// Lists show the record under another owner, or no longer, or again.
    private func countOwner(_ entity: Entity, _ old: Record, _ changes: [(Field, StoredValue)]) {
        func changed(_ name: String) -> StoredValue? { changes.first { $0.0.name == name }?.1 }
        let before = old["owner"].reference ?? RecordCounts.nobody
        var after = before
        if let owner = changed("owner") {
            if case .integer(let id) = owner { after = RecordID(id) } else { after = RecordCounts.nobody }
        }
        // Only a move into the recycle bin or out of it touches the time of deletion.
        let deletion = changed("deleted_at")
        let (wasDeleted, isDeleted) = (deletion == .null, deletion.map { $0 != .null } ?? false)
        transaction.move(
            entity: entity.number, from: wasDeleted ? nil : before, to: isDeleted ? nil : after)
    }

    /// An amount in the log stands beside its currency, so that each entry can be read by itself.
    private func withCurrencies(
        _ entity: Entity, _ changes: [(Field, StoredValue)], _ lines: [LinesChange], _ old: Record
    ) -> [(Field, StoredValue)] {
        var all = changes
        let inLines = lines.flatMap { snapshot.registry.lines(of: $0.field)?.amounts ?? [] }
        for field in changes.map(\.0) + inLines where field.wire == .money {
            guard let name = field.type.currencyField, let currency = entity[name],
                !all.contains(where: { $0.0 === currency })
            else { continue }
            all.append((currency, currency.kind.stored(old[name])))
        }
        return all
    }

    /// Stores computed fields of a record that is not written itself.
    func writeComputed(
        _ entity: Entity, _ old: Record, _ changes: [(Field, StoredValue)], _ lines: [LinesChange]
    ) throws(CRMError) {
        try transaction.execute(WriteStatements.update(entity, old.id, changes))
        try log(.compute, entity, old.id, version: nil, payload(entity, old, changes, lines), call)
    }

    func log(
        _ kind: ChangeKind, _ entity: Entity, _ id: RecordID, version: Int64?, _ payload: [UInt8],
        _ call: CallContext
    ) throws(CRMError) {
        try transaction.append(
            ChangeEntry(
                kind, entity: entity.number, record: id, version: version, actor: call.principal.user,
                source: call.source.name, method: call.method, payload: payload))
        // Rights and labels of people come from these records; what follows must see them as they are now.
        if Self.directoryEntities.contains(entity.name) { hasChangedDirectories = true }
    }

    /// The entities that the snapshot is made of, beside definitions.
    static let directoryEntities: Set = [
        "user", "role", "currency", "profile", "profile_right", "role_profile", "field_access", "group",
        "group_member", "sharing_default", "sharing_rule", "sharing_related", "exchange_rate",
        DuplicateRule.entityName,
    ]
}
