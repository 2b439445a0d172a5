public import CRMSDK

/// A platform in memory for tests of one module or a few: records, links, defaults, checks of single fields, hooks in
/// the order of the manifests, actions, and one unit of work per outermost call, undone when it throws.
///
/// It grants everything, and it is no second kernel: rights, masks, sharing, full text and time spans (`within`) are
/// the kernel's tests. What it refuses, the kernel refuses with the same kind of error.
public final class TestModuleContext: ModuleContext {
    public let clock: TestClock
    public var caller = Caller(
        user: RecordID(1), username: "tester", isAdministrator: false, timeZone: "UTC", language: "en")
    /// From where the calls come: `import` makes an importer of the test.
    public var origin = "api"
    /// The call through a gate that the actions are run for.
    public var publicCall: PublicCall?
    /// The caller's clocks, in seconds ahead of UTC, at every moment.
    public var secondsFromUTC = 0
    /// The hooks that ran, as `moment entity hook` or `moment relation hook`, oldest first.
    public private(set) var firedHooks: [String] = []
    /// The reasons given for raised rights, oldest first.
    public private(set) var elevations: [String] = []
    /// Lines that modules wrote.
    public private(set) var logLines: [String] = []

    private let hooks: [Hook]
    private let linkHooks: [LinkHook]
    private let allRelations: [RelationDefinition]
    private let fixtures: [Fixture]
    private let actions: [String: Action]
    private var definitions: [String: EntityDefinition]
    private var unit = TestRecords()
    private var depth = 0

    public convenience init(
        modules: [any CRMModule], entities: [EntityDefinition] = [], clock: TestClock = TestClock()
    ) {
        self.init(manifests: modules.map(\.manifest), entities: entities, clock: clock)
    }

    /// - Parameters:
    ///   - manifests: Their entities, hooks and actions are there; order as given.
    ///   - entities: What else is there, such as `account`.
    public init(
        manifests: [ModuleManifest], entities: [EntityDefinition] = [], clock: TestClock = TestClock()
    ) {
        self.clock = clock
        hooks = manifests.flatMap(\.hooks)
        linkHooks = manifests.flatMap(\.linkHooks)
        allRelations = manifests.flatMap(\.relations)
        fixtures = manifests.flatMap(\.fixtures)
        actions = Dictionary(
            manifests.flatMap { manifest in manifest.actions.map { ("\(manifest.name).\($0.name)", $0) } }
        ) { first, _ in first }
        definitions = Dictionary((entities + manifests.flatMap(\.entities)).map { ($0.name, $0) }) { $1 }
        for addition in manifests.flatMap(\.extensions) {
            definitions[addition.entity]?.fields += addition.fields
        }
    }

    // MARK: What a test does

    /// Calls an action as a client would.
    ///
    /// - Parameter name: With the module's name: `sales.convert_lead`.
    public func call(_ name: String, _ parameters: StructuredValue) throws(CRMError) -> StructuredValue {
        guard let action = actions[name] else {
            throw CRMError(.methodNotFound, "method \"\(name)\" does not exist")
        }
        return try inUnit { () throws(CRMError) in try action.body(parameters, self) }
    }

    /// Runs several calls as one unit of work: all of it or nothing.
    public func inUnit<Result>(_ body: () throws(CRMError) -> Result) throws(CRMError) -> Result {
        let before = unit
        depth += 1
        defer { depth -= 1 }
        do throws(CRMError) { return try body() } catch {
            if depth == 1 { unit = before }
            throw error
        }
    }

    /// Makes the records that the modules ship, as enabling them does; by their keys.
    @discardableResult
    public func makeFixtures() throws(CRMError) -> [String: RecordID] {
        var made: [String: RecordID] = [:]
        for fixture in fixtures where hasEntity(fixture.entity) {
            var values = fixture.values
            for (field, key) in fixture.references { values[field] = made[key].map { .reference($0) } }
            made[fixture.key] = try create(fixture.entity, values).id
        }
        return made
    }

    /// Changes a definition, as an administrator does.
    public func change(_ entity: String, _ change: (inout EntityDefinition) -> Void) {
        guard var definition = definitions[entity] else { return }
        change(&definition)
        definitions[entity] = definition
    }

    // MARK: ModuleContext

    public var now: Instant { clock.now }

    public func secondsFromUTC(at instant: Instant) -> Int { secondsFromUTC }

    public func hasEntity(_ name: String) -> Bool { definitions[name] != nil }

    public func definition(of entity: String) throws(CRMError) -> EntityDefinition {
        guard let definition = definitions[entity] else {
            throw CRMError(.notFound, "entity \"\(entity)\" does not exist")
        }
        return definition
    }

    public func get(_ entity: String, _ id: RecordID) throws(CRMError) -> Record {
        guard let record = unit.live[id], record.entity == entity else {
            throw .recordNotFound(id, entity: entity)
        }
        return record
    }

    public func list(_ request: ListRequest) throws(CRMError) -> [Record] {
        let definition = try definition(of: request.entity)
        guard (1...1000).contains(request.limit) else {
            throw CRMError(.invalidParameters, "a limit is 1 to 1000, not \(request.limit)")
        }
        let found = try matching(request.entity, request.filter)
        let sort = request.sort.isEmpty ? definition.defaultSort : request.sort
        return Array(TestFilter.sorted(found, by: sort).prefix(request.limit))
    }

    public func count(_ entity: String, where filter: Filter?) throws(CRMError) -> Int {
        try matching(entity, filter).count
    }

    public func aggregate(_ request: AggregateRequest) throws(CRMError) -> [AggregateGroup] {
        try TestAggregate.groups(try matching(request.entity, request.filter), request)
    }

    public func create(_ entity: String, _ values: [String: Value]) throws(CRMError) -> Record {
        try inUnit { () throws(CRMError) in
            let definition = try definition(of: entity)
            var all = TestFields.defaults(of: definition).merging(values) { $1 }
            let id = unit.nextID()
            for field in definition.fields
            where field.type.name == "autonumber" && !field.type.isGivenByModule {
                all[field.name] = .text(unit.nextNumber(field.type.pattern ?? "0", "\(entity).\(field.name)"))
            }
            all["owner"] = all["owner"] ?? .reference(caller.user)
            all["origin"] = .text(origin)
            all["created_at"] = .instant(now)
            all["created_by"] = .reference(caller.user)
            let change = RecordChange(
                entity: entity, id: id, old: nil, given: Set(values.keys), values: all)
            return try store(change, definition, version: 1, .beforeCreate, .afterCreate)
        }
    }

    public func update(
        _ entity: String, _ id: RecordID, _ values: [String: Value], version: Int64?
    ) throws(CRMError) -> Record {
        try inUnit { () throws(CRMError) in
            let definition = try definition(of: entity)
            let old = try get(entity, id)
            guard version == nil || version == old.version else {
                throw CRMError(.versionConflict, "\(entity) \(id) was changed by someone else")
            }
            let change = RecordChange(
                entity: entity, id: id, old: old, given: Set(values.keys),
                values: old.values.merging(values) { $1 })
            return try store(change, definition, version: old.version + 1, .beforeUpdate, .afterUpdate)
        }
    }

    public func delete(_ entity: String, _ id: RecordID) throws(CRMError) {
        try inUnit { () throws(CRMError) in
            let old = try get(entity, id)
            var change = RecordChange(entity: entity, id: id, old: old, given: [], values: old.values)
            try run(.beforeDelete, &change)
            unit.live[id] = nil
            unit.bin[id] = old
            try run(.afterDelete, &change)
        }
    }

    public func restore(_ entity: String, _ id: RecordID) throws(CRMError) -> Record {
        try inUnit { () throws(CRMError) in
            guard let old = unit.bin[id], old.entity == entity else {
                throw .recordNotFound(id, entity: entity)
            }
            var change = RecordChange(entity: entity, id: id, old: old, given: [], values: old.values)
            try run(.beforeRestore, &change)
            unit.bin[id] = nil
            unit.live[id] = old
            try run(.afterRestore, &change)
            return old
        }
    }

    public func relations(from entity: String) -> [RelationDefinition] {
        allRelations.filter { $0.from == entity && hasEntity($0.from) && hasEntity($0.to) }
    }

    public func link(
        _ id: RecordID, _ relation: String, to other: RecordID, _ values: [String: Value]
    ) throws(CRMError) {
        try inUnit { () throws(CRMError) in
            let pair = try pair(id, relation, other)
            let old = unit.links[pair]?.values
            var all = old ?? [:]
            for field in pair.relation.fields where old == nil {
                if let text = field.defaultText { all[field.name] = TestFields.value(text, of: field.type) }
            }
            all.merge(values) { $1 }
            var change = LinkChange(
                relation: pair.relation.name, from: pair.from, to: pair.to, .beforeLink, old: old,
                given: Set(values.keys), values: all)
            try run(&change)
            let problems = pair.problems(change.values)
            guard problems.isEmpty else { throw CRMError.invalidRecord(relation, problems) }
            guard change.values != old else { return }
            unit.links.set(pair, change.values, at: now, by: caller.user)
            change = LinkChange(
                relation: pair.relation.name, from: pair.from, to: pair.to, .afterLink, old: old,
                given: Set(values.keys), values: change.values)
            try run(&change)
        }
    }

    public func unlink(_ id: RecordID, _ relation: String, from other: RecordID) throws(CRMError) {
        try inUnit { () throws(CRMError) in
            let pair = try pair(id, relation, other)
            guard let old = unit.links[pair]?.values else {
                throw CRMError(.notFound, "\(id) is not linked with \(other) by \"\(relation)\"")
            }
            var change = LinkChange(
                relation: pair.relation.name, from: pair.from, to: pair.to, .beforeUnlink, old: old,
                given: [], values: old)
            try run(&change)
            unit.links.remove(pair)
            change = LinkChange(
                relation: pair.relation.name, from: pair.from, to: pair.to, .afterUnlink, old: old, given: [],
                values: old)
            try run(&change)
        }
    }

    public func related(_ id: RecordID, _ request: RelatedRequest) throws(CRMError) -> [RelatedRecord] {
        guard let near = unit.live[id] else { throw .recordNotFound(id, entity: nil) }
        let found: [RelatedRecord]
        switch try way(request.relation, of: near.entity) {
        case .references(let entity, let field):
            found = try matching(entity, .where(field, .equal, .reference(id)))
                .map { RelatedRecord($0, link: [:]) }
        case .links(let relation, let isInverse):
            found = unit.links.all.compactMap { link in
                guard link.relation == relation.name, (isInverse ? link.to : link.from) == id else {
                    return nil
                }
                return unit.live[isInverse ? link.from : link.to].map { RelatedRecord($0, link: link.told) }
            }
        }
        // A filter and a sort see the link's values as fields of the record.
        let whole = Dictionary(
            uniqueKeysWithValues: found.map { related in
                let link = Dictionary(uniqueKeysWithValues: related.link.map { ("link.\($0.key)", $0.value) })
                return (
                    related.record.id,
                    Record(
                        id: related.record.id, entity: related.record.entity, version: related.record.version,
                        values: related.record.values.merging(link) { first, _ in first })
                )
            })
        var chosen: [Record] = []
        for related in found {
            guard let record = whole[related.record.id] else { continue }
            let fits = try request.filter.map { (filter) throws(CRMError) in try matches(record, filter) }
            if fits ?? true { chosen.append(record) }
        }
        let sort = request.sort.isEmpty ? ["id"] : request.sort
        let order = TestFilter.sorted(chosen, by: sort).prefix(request.limit).map(\.id)
        return order.compactMap { id in found.first { $0.record.id == id } }
    }

    public func nextNumber(_ field: String, of entity: String) throws(CRMError) -> String {
        let known = try definition(of: entity).fields.first { $0.name == field }
        guard let type = known?.type, type.isGivenByModule else {
            throw CRMError(.internalError, "\(entity).\(field) is no number that a module gives")
        }
        return unit.nextNumber(type.pattern ?? "0", "\(entity).\(field)")
    }

    /// What the body wrote is undone alone when it throws.
    public func attempt<Result>(
        _ body: (any ModuleContext) throws(CRMError) -> Result
    ) throws(CRMError) -> Result {
        let before = unit
        do throws(CRMError) { return try body(self) } catch {
            unit = before
            throw error
        }
    }

    public func purge(_ entity: String, _ id: RecordID) throws(CRMError) {
        _ = try get(entity, id)
        unit.live[id] = nil
    }

    /// A seal that keeps nobody out: for tests.
    public func sealed(_ text: String) -> String { "\(text).\(Self.seal(text))" }

    public func unsealed(_ text: String) -> String? {
        guard let point = text.lastIndex(of: ".") else { return nil }
        let sealed = String(text[..<point])
        return self.sealed(sealed) == text ? sealed : nil
    }

    private static func seal(_ text: String) -> UInt64 {
        text.utf8.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
    }

    public func elevated<Result>(
        reason: String, _ body: (any ModuleContext) throws(CRMError) -> Result
    ) throws(CRMError) -> Result {
        elevations.append(reason)
        return try body(self)
    }

    public func log(_ message: String) { logLines.append(message) }

    // MARK: One write

    private func store(
        _ change: RecordChange, _ definition: EntityDefinition, version: Int64, _ before: Hook.Moment,
        _ after: Hook.Moment
    ) throws(CRMError) -> Record {
        var change = change
        let lines = TestLines(definitions: definitions)
        try lines.settle(&change, definition, number: nil)
        try run(before, &change)
        try lines.settle(&change, definition) { self.unit.nextID() }
        change["modified_at"] = .instant(now)
        change["modified_by"] = .reference(caller.user)
        let problems = TestFields.problems(change, definition) + lines.problems(change, definition)
        guard problems.isEmpty else { throw CRMError.invalidRecord(change.entity, problems) }
        let record = Record(
            id: change.id, entity: change.entity, version: version,
            values: change.values.filter { !$0.value.isNull })
        unit.live[change.id] = record
        try run(after, &change)
        return unit.live[change.id] ?? record
    }

    private func run(_ moment: Hook.Moment, _ change: inout RecordChange) throws(CRMError) {
        for hook in hooks where hook.entity == change.entity && hook.moments.contains(moment) {
            firedHooks.append("\(moment.name) \(hook.entity) \(hook.name)")
            try hook.body(&change, self)
        }
    }

    private func run(_ change: inout LinkChange) throws(CRMError) {
        for hook in linkHooks where hook.relation == change.relation && hook.moments.contains(change.moment) {
            firedHooks.append("\(change.moment.name) \(hook.relation) \(hook.name)")
            try hook.body(&change, self)
        }
    }

    private func way(_ relation: String, of entity: String) throws(CRMError) -> TestRelatedList.Way {
        let lists = TestRelatedList.all(of: entity, allRelations, definitions)
        guard let list = lists.first(where: { $0.name == relation }) else {
            throw CRMError(.invalidParameters, "\(entity) has no relation \"\(relation)\"")
        }
        return list.way
    }

    private func pair(_ id: RecordID, _ relation: String, _ other: RecordID) throws(CRMError) -> TestPair {
        guard let near = unit.live[id] else { throw .recordNotFound(id, entity: nil) }
        guard case .links(let definition, let isInverse) = try way(relation, of: near.entity) else {
            throw CRMError(.invalidParameters, "\"\(relation)\" of \(near.entity) is not linked")
        }
        let far = isInverse ? definition.from : definition.to
        guard unit.live[other]?.entity == far else { throw .recordNotFound(other, entity: far) }
        guard id != other else {
            throw CRMError(.invalidParameters, "\(near.entity) \(id) cannot be linked with itself")
        }
        return TestPair(
            relation: definition, from: isInverse ? other : id, to: isInverse ? id : other)
    }

    private func matching(_ entity: String, _ filter: Filter?) throws(CRMError) -> [Record] {
        _ = try definition(of: entity)
        var found: [Record] = []
        for record in unit.live.values.sorted(by: { $0.id < $1.id }) where record.entity == entity {
            if try filter.map({ (filter) throws(CRMError) in try matches(record, filter) }) ?? true {
                found.append(record)
            }
        }
        return found
    }

    private func matches(_ record: Record, _ filter: Filter) throws(CRMError) -> Bool {
        try TestFilter.matches(record, filter) { unit.live[$0] }
    }
}

/// What a unit of work can change, as a value: undoing is forgetting the copy.
private struct TestRecords {
    var live: [RecordID: Record] = [:]
    var bin: [RecordID: Record] = [:]
    var numbers: [String: Int] = [:]
    var links = TestLinks()
    /// Below 100 are the ids that tests give to users.
    var lastID: Int64 = 100

    mutating func nextID() -> RecordID {
        lastID += 1
        return RecordID(lastID)
    }

    /// The next number of a pattern: `POT00000` → `POT00001`.
    mutating func nextNumber(_ pattern: String, _ counter: String) -> String {
        let number = numbers[counter, default: 0] + 1
        numbers[counter] = number
        guard let start = pattern.firstIndex(of: "0"), let end = pattern.lastIndex(of: "0") else {
            return pattern + String(number)
        }
        let digits = String(number)
        let width = pattern.distance(from: start, to: end) + 1
        return pattern[..<start] + String(repeating: "0", count: max(0, width - digits.count)) + digits
            + pattern[pattern.index(after: end)...]
    }
}
