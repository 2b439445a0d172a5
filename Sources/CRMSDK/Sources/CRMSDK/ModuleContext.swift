/// What a hook or an action may do, bound to the person on whose behalf it runs.
///
/// Every call obeys that person's rights and masks, runs inside the current unit of work, sees its own writes, and is
/// refused after the unit's deadline. A context is used on the thread it was given on and not kept.
public protocol ModuleContext {
    /// On whose behalf the module runs.
    var caller: Caller { get }
    /// From where the call came, in the words of the system field `origin`: `api`, `import`, `workflow` … The kernel
    /// says so, not the client.
    var origin: String { get }
    /// One moment for the whole unit of work.
    var now: Instant { get }

    /// How far the caller's clocks are ahead of UTC at a moment, in seconds; negative in the west.
    func secondsFromUTC(at instant: Instant) -> Int

    /// Whether an entity is there now: its module may be disabled.
    func hasEntity(_ name: String) -> Bool
    /// The definition as it is now, with fields and picklist values that administrators have changed.
    func definition(of entity: String) throws(CRMError) -> EntityDefinition
    /// The relations that go out from an entity and whose other side is there too, by name.
    func relations(from entity: String) -> [RelationDefinition]

    /// - Throws: `notFound` for a record that is missing or that the caller may not view.
    func get(_ entity: String, _ id: RecordID) throws(CRMError) -> Record
    func list(_ request: ListRequest) throws(CRMError) -> [Record]
    func count(_ entity: String, where filter: Filter?) throws(CRMError) -> Int
    /// Figures over all records that the caller may view, in the order of the groups' keys.
    func aggregate(_ request: AggregateRequest) throws(CRMError) -> [AggregateGroup]

    /// Creates a record, with all checks and hooks; answers it as stored.
    ///
    /// Fields that are read-only for people may be named here and in `update`: the module is the writer.
    func create(_ entity: String, _ values: [String: Value]) throws(CRMError) -> Record
    /// Changes the named fields; answers the record as stored.
    ///
    /// - Parameter version: The version that must still be current; nil takes whatever is.
    func update(
        _ entity: String, _ id: RecordID, _ values: [String: Value], version: Int64?
    ) throws(CRMError) -> Record
    /// Moves a record to the recycle bin.
    func delete(_ entity: String, _ id: RecordID) throws(CRMError)
    func restore(_ entity: String, _ id: RecordID) throws(CRMError) -> Record

    /// Links two records, or changes the values of their link; those not named stay.
    ///
    /// Needs the right to view both and to edit one of them.
    /// - Parameter relation: As the first record's side calls it.
    /// - Throws: `invalidParameters` for a relation that is not there, which may be for want of its module.
    func link(
        _ id: RecordID, _ relation: String, to other: RecordID, _ values: [String: Value]
    ) throws(CRMError)
    /// Ends the link of two records. Needs the same rights as `link`.
    ///
    /// - Throws: `notFound` where they are not linked.
    func unlink(_ id: RecordID, _ relation: String, from other: RecordID) throws(CRMError)
    /// The records linked with one, or referring to it, that the caller may view.
    func related(_ id: RecordID, _ request: RelatedRequest) throws(CRMError) -> [RelatedRecord]
    /// The related records of several, by their ids: each as `related` answers it, and read faster than one after the
    /// other. The limit is that of each.
    func related(
        toEach ids: [RecordID], _ request: RelatedRequest
    ) throws(CRMError) -> [RecordID: [RelatedRecord]]

    /// Units of a currency for one of the base currency on a day: its last dated rate by then, or the rate of its own
    /// record while it has no dated one at all. Nil where its first rate begins later.
    func exchangeRate(of currency: RecordID, on day: CalendarDate) throws(CRMError) -> FixedDecimal?

    /// The next number of an autonumber that its module gives (`givenByModule()`), for a hook or an action to store.
    ///
    /// Taken in the unit of work: one that is undone gives it back, so that there is no gap among what is kept.
    /// - Throws: `internalError` for any other field.
    func nextNumber(_ field: String, of entity: String) throws(CRMError) -> String

    /// Takes back the change set that last wrote a field of a record: all that was written in it, of every module's
    /// records and links, or nothing. With the rights of the caller of the unit, and all checks and hooks.
    ///
    /// - Throws: `invalidRecord` naming the records that have been changed, linked or referred to since, or what a
    ///   check or a right refuses.
    func undoChange(of field: String, _ entity: String, _ id: RecordID) throws(CRMError)

    /// The call through a `PublicGate` that the action is run for; nil for everyone who is known.
    var publicCall: PublicCall? { get }

    /// Runs `body` so that what it wrote is undone alone when it throws, and the unit can go on.
    func attempt<Result>(
        _ body: (any ModuleContext) throws(CRMError) -> Result
    ) throws(CRMError) -> Result

    /// Destroys a record of an entity of the module's own, with all that the change log says of its values: for what
    /// was kept for a time only. There is no way back. For the module's jobs and migrations.
    ///
    /// - Throws: `invalidRecord` while other records refer to it; `forbidden` elsewhere.
    func purge(_ entity: String, _ id: RecordID) throws(CRMError)

    /// A text that can be given out and known again: with a seal that this installation alone can make, for this
    /// module. The text can be read by whoever has it.
    func sealed(_ text: String) throws(CRMError) -> String
    /// The text under a seal; nil where the seal is not ours, or the text has been changed.
    func unsealed(_ text: String) throws(CRMError) -> String?

    /// Runs `body` with the module's own rights instead of the caller's. The change log notes it with the reason.
    func elevated<Result>(
        reason: String, _ body: (any ModuleContext) throws(CRMError) -> Result
    ) throws(CRMError) -> Result

    /// A line in the kernel's log, with the module's name. Never put record values in it.
    func log(_ message: String)
}

extension ModuleContext {
    public var origin: String { "api" }

    public func nextNumber(_ field: String, of entity: String) throws(CRMError) -> String {
        throw CRMError(.unavailable, "numbers of \(entity).\(field) cannot be given here")
    }

    public func secondsFromUTC(at instant: Instant) -> Int { 0 }

    public func exchangeRate(of currency: RecordID, on day: CalendarDate) throws(CRMError) -> FixedDecimal? {
        let record = try get("currency", currency)
        guard hasEntity("exchange_rate") else { return record["rate"].decimal }
        let its = Filter.where("currency", .equal, .reference(currency))
        let until = Filter.all([its, .where("valid_from", .lessOrEqual, .date(day))])
        let last = try list(ListRequest("exchange_rate", where: until, sort: ["-valid_from"], limit: 1)).first
        if let last { return last["rate"].decimal }
        return try count("exchange_rate", where: its) == 0 ? record["rate"].decimal : nil
    }

    public func undoChange(of field: String, _ entity: String, _ id: RecordID) throws(CRMError) {
        throw CRMError(.unavailable, "changes cannot be taken back here")
    }

    public var publicCall: PublicCall? { nil }

    public func attempt<Result>(
        _ body: (any ModuleContext) throws(CRMError) -> Result
    ) throws(CRMError) -> Result {
        throw CRMError(.unavailable, "nothing can be attempted here")
    }

    public func purge(_ entity: String, _ id: RecordID) throws(CRMError) {
        throw CRMError(.unavailable, "records cannot be destroyed here")
    }

    public func sealed(_ text: String) throws(CRMError) -> String {
        throw CRMError(.unavailable, "there are no seals here")
    }

    public func unsealed(_ text: String) throws(CRMError) -> String? {
        throw CRMError(.unavailable, "there are no seals here")
    }

    public func link(
        _ id: RecordID, _ relation: String, to other: RecordID, _ values: [String: Value]
    ) throws(CRMError) {
        throw CRMError(.unavailable, "records cannot be linked here")
    }

    public func link(_ id: RecordID, _ relation: String, to other: RecordID) throws(CRMError) {
        try link(id, relation, to: other, [:])
    }

    public func unlink(_ id: RecordID, _ relation: String, from other: RecordID) throws(CRMError) {
        throw CRMError(.unavailable, "links cannot be ended here")
    }

    public func related(_ id: RecordID, _ request: RelatedRequest) throws(CRMError) -> [RelatedRecord] {
        throw CRMError(.unavailable, "related records cannot be read here")
    }

    public func related(
        toEach ids: [RecordID], _ request: RelatedRequest
    ) throws(CRMError) -> [RecordID: [RelatedRecord]] {
        var found: [RecordID: [RelatedRecord]] = [:]
        for id in ids where found[id] == nil { found[id] = try related(id, request) }
        return found
    }

    public func update(_ entity: String, _ id: RecordID, _ values: [String: Value]) throws(CRMError) -> Record
    {
        try update(entity, id, values, version: nil)
    }
}

/// The person, or the system, on whose behalf something runs.
public struct Caller: Hashable, Sendable {
    /// The user's record.
    public let user: RecordID
    public let username: String
    public let isAdministrator: Bool
    /// IANA name, such as `Europe/Warsaw`.
    public let timeZone: String
    /// BCP 47, such as `en`.
    public let language: String
    /// The customer in a portal for whom the user calls; nil for everybody who calls for themselves.
    public var contact: RecordID?

    public init(user: RecordID, username: String, isAdministrator: Bool, timeZone: String, language: String) {
        self.user = user
        self.username = username
        self.isAdministrator = isAdministrator
        self.timeZone = timeZone
        self.language = language
    }
}

extension ModuleContext {
    /// A context that knows no relations has none.
    public func relations(from entity: String) -> [RelationDefinition] { [] }
}
