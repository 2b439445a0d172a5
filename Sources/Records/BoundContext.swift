import CRMSDK
import Log
import Query
import Registry
import Security
import Storage

/// The context that modules are given: bound to the caller, to the unit of work or to a reader's connection, and to the
/// time in which the module's code runs. Kept longer, it refuses.
final class BoundContext: ModuleContext {
    /// What the module's calls work on.
    private enum Ground {
        case unit(UnitOfWork)
        case reader(RecordService, KernelSnapshot, ReadConnection)
    }

    private let ground: Ground
    private let call: CallContext
    private let module: String
    /// Set where nobody known calls, for the action alone.
    private let gate: GatePass?
    private var isOver = false
    let now: Instant

    init(unit: UnitOfWork, call: CallContext, module: String, through gate: GatePass? = nil) {
        ground = .unit(unit)
        self.gate = gate
        self.call = call
        self.module = module
        now = unit.transaction.now
    }

    init(
        _ service: RecordService, _ snapshot: KernelSnapshot, _ connection: ReadConnection, call: CallContext,
        module: String, through gate: GatePass? = nil
    ) {
        ground = .reader(service, snapshot, connection)
        self.gate = gate
        self.call = call
        self.module = module
        now = service.clock()
    }

    /// The module's code has returned.
    func end() { isOver = true }

    private var service: RecordService {
        switch ground {
        case .unit(let unit): unit.service
        case .reader(let service, _, _): service
        }
    }

    private var snapshot: KernelSnapshot {
        switch ground {
        case .unit(let unit): unit.snapshot
        case .reader(_, let snapshot, _): snapshot
        }
    }

    private func check() throws(CRMError) {
        service.noteProgress()
        guard !isOver else {
            throw CRMError(
                .internalError, "module \"\(module)\" used its context after its hook had returned")
        }
        if let deadline = call.deadline, deadline < .now {
            throw CRMError(.limitExceeded, "the time of this call is over", hint: "Ask for less at once.")
        }
    }

    private func check(_ entity: String) throws(CRMError) {
        try check()
        try gate?.checkReach(entity, of: module)
    }

    /// Both sides of a link must be in reach; what is no relation's name is a field of somebody's.
    private func check(relation: String) throws(CRMError) {
        guard let gate else { return }
        let known = snapshot.registry.relations.map(\.definition).first {
            $0.name == relation || $0.inverseName == relation
        }
        try gate.checkReach(known?.from ?? relation, of: module)
        try gate.checkReach(known?.to ?? relation, of: module)
    }

    private func unit(_ doing: String) throws(CRMError) -> UnitOfWork {
        try check()
        guard case .unit(let unit) = ground else {
            throw CRMError(
                .internalError, "module \"\(module)\" wanted to \(doing) in an action that only reads")
        }
        return unit
    }

    // MARK: ModuleContext

    var caller: Caller {
        let person = snapshot.people[call.principal.user]
        var caller = Caller(
            user: call.principal.user, username: person?.username ?? "",
            isAdministrator: call.principal.isAdministrator, timeZone: call.timeZone, language: call.language)
        caller.contact = call.principal.customer
        return caller
    }

    var origin: String { call.source.origin }

    func secondsFromUTC(at instant: Instant) -> Int {
        CallerClock(now: now, timeZone: call.timeZone).secondsFromUTC(at: instant)
    }

    func hasEntity(_ name: String) -> Bool { (try? snapshot.registry.readable(name)) != nil }

    func definition(of entity: String) throws(CRMError) -> EntityDefinition {
        try snapshot.registry.readable(entity).completeDefinition
    }

    func relations(from entity: String) -> [RelationDefinition] {
        snapshot.registry.relations.map(\.definition).filter { $0.from == entity }
    }

    func get(_ entity: String, _ id: RecordID) throws(CRMError) -> Record {
        try check(entity)
        switch ground {
        case .unit(let unit):
            return try service.record(call, snapshot, on: unit.transaction, id: id, entity: entity)
        case .reader(_, _, let connection):
            return try service.record(call, snapshot, on: connection, id: id, entity: entity)
        }
    }

    func list(_ request: ListRequest) throws(CRMError) -> [Record] {
        try check(request.entity)
        switch ground {
        case .unit(let unit): return try service.records(call, snapshot, on: unit.transaction, request)
        case .reader(_, _, let connection):
            return try service.records(call, snapshot, on: connection, request)
        }
    }

    func count(_ entity: String, where filter: Filter?) throws(CRMError) -> Int {
        try check(entity)
        var parameters = ListParameters(entity: entity)
        parameters.filter = filter
        let statement = try service.planCount(call, snapshot, parameters)
        switch ground {
        case .unit(let unit): return Int(try service.count(statement, on: unit.transaction))
        case .reader(_, _, let connection): return Int(try service.count(statement, on: connection))
        }
    }

    func aggregate(_ request: AggregateRequest) throws(CRMError) -> [AggregateGroup] {
        try check(request.entity)
        switch ground {
        case .unit(let unit): return try service.groups(call, snapshot, on: unit.transaction, request)
        case .reader(_, _, let connection): return try service.groups(call, snapshot, on: connection, request)
        }
    }

    func create(_ entity: String, _ values: [String: Value]) throws(CRMError) -> Record {
        let unit = try unit("create a record")
        try check(entity)
        let id = try unit.create(entity, values, as: call, module: module)
        return try get(entity, id)
    }

    func update(
        _ entity: String, _ id: RecordID, _ values: [String: Value], version: Int64?
    ) throws(CRMError) -> Record {
        let unit = try unit("change a record")
        try check(entity)
        try unit.update(
            id, entity: entity, values, version: version, as: call, module: module)
        return try get(entity, id)
    }

    func delete(_ entity: String, _ id: RecordID) throws(CRMError) {
        try check(entity)
        try unit("delete a record").delete(id, entity: entity, as: call)
    }

    func restore(_ entity: String, _ id: RecordID) throws(CRMError) -> Record {
        try check(entity)
        try unit("restore a record").restore(id, entity: entity, as: call)
        return try get(entity, id)
    }

    func link(
        _ id: RecordID, _ relation: String, to other: RecordID, _ values: [String: Value]
    ) throws(CRMError) {
        try check(relation: relation)
        _ = try unit("link records").link(id, relation, to: other, values, as: call, module: module)
    }

    func unlink(_ id: RecordID, _ relation: String, from other: RecordID) throws(CRMError) {
        try check(relation: relation)
        try unit("end a link").unlink(id, relation, from: other, as: call)
    }

    func related(_ id: RecordID, _ request: RelatedRequest) throws(CRMError) -> [RelatedRecord] {
        try check()
        try check(relation: request.relation)
        switch ground {
        case .unit(let unit):
            return try service.related(call, snapshot, on: unit.transaction, id, request)
        case .reader(_, _, let connection):
            return try service.related(call, snapshot, on: connection, id, request)
        }
    }

    func related(
        toEach ids: [RecordID], _ request: RelatedRequest
    ) throws(CRMError) -> [RecordID: [RelatedRecord]] {
        try check()
        try check(relation: request.relation)
        switch ground {
        case .unit(let unit):
            return try service.related(call, snapshot, on: unit.transaction, toEach: ids, request)
        case .reader(_, _, let connection):
            return try service.related(call, snapshot, on: connection, toEach: ids, request)
        }
    }

    func exchangeRate(of currency: RecordID, on day: CalendarDate) throws(CRMError) -> FixedDecimal? {
        try check()
        return snapshot.currencies.rate(of: currency, on: day)
    }

    func nextNumber(_ field: String, of entity: String) throws(CRMError) -> String {
        let unit = try unit("take a number")
        let entity = try snapshot.registry.entity(entity)
        guard let known = entity[field], known.type.isGivenByModule else {
            throw CRMError(
                .internalError,
                "module \"\(module)\" asked for a number of \(entity.name).\(field), which has none to give")
        }
        return try unit.nextNumber(entity, known).text
    }

    func undoChange(of field: String, _ entity: String, _ id: RecordID) throws(CRMError) {
        let unit = try unit("take a change back")
        try check(entity)
        try unit.undoChange(of: field, try snapshot.registry.entity(entity), id)
    }

    var publicCall: PublicCall? { gate?.call }

    func attempt<Result>(
        _ body: (any ModuleContext) throws(CRMError) -> Result
    ) throws(CRMError) -> Result {
        try unit("attempt a write").attempt { () throws(CRMError) in try body(self) }
    }

    func purge(_ entity: String, _ id: RecordID) throws(CRMError) {
        let unit = try unit("destroy a record")
        try check(entity)
        guard try snapshot.registry.entity(entity).module == module, call.principal.source == .kernel,
            unit.call.principal.source == .kernel
        else {
            throw CRMError(.forbidden, "module \"\(module)\" may not destroy records of \"\(entity)\" here")
        }
        try unit.delete(id, entity: entity, as: call)
        _ = try unit.purge(id, entity: entity, references: .refuse)
    }

    func sealed(_ text: String) throws(CRMError) -> String { service.seals.seal(text, for: module) }

    func unsealed(_ text: String) throws(CRMError) -> String? { service.seals.open(text, for: module) }

    func elevated<Result>(
        reason: String, _ body: (any ModuleContext) throws(CRMError) -> Result
    ) throws(CRMError) -> Result {
        try check()
        let raised = call.acting(as: .kernel(for: call.principal.user))
        let context: BoundContext
        switch ground {
        case .unit(let unit):
            // The kernel's own module needs no witness against itself.
            if module != "core" { try unit.noteElevation(module: module, reason: reason, call) }
            context = BoundContext(unit: unit, call: raised, module: module, through: gate)
        case .reader(let service, let snapshot, let connection):
            service.log.info("a module reads with its own rights", ["module": module, "reason": reason])
            context = BoundContext(
                service, snapshot, connection, call: raised, module: module, through: gate)
        }
        defer { context.end() }
        return try body(context)
    }

    func log(_ message: String) { service.log.info(message, ["module": module]) }
}
