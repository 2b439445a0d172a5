package import CRMSDK

/// One entry of the change log, as a unit of work hands it over. Sequence, change set and time are the writer's.
package struct ChangeEntry: Sendable {
    package var kind: ChangeKind
    /// The entity's number; nil for what concerns no record.
    package var entity: Int?
    package var record: RecordID?
    /// The record's version after the change.
    package var version: Int64?
    /// The user who did it; nil for the system itself and for callers not known yet.
    package var actor: RecordID?
    /// Through what: `api`, `console`, `import`, `job`, `module:sales`, `gate:web_form:17`.
    package var source: String
    /// The method that was called: `record.update`.
    package var method: String
    /// JSON: `{"amount": [old, new]}` by column, values as they are stored, a blob as `{"b": "base64"}`.
    package var payload: [UInt8]

    package init(
        _ kind: ChangeKind, entity: Int? = nil, record: RecordID? = nil, version: Int64? = nil,
        actor: RecordID? = nil, source: String, method: String, payload: [UInt8] = Array("{}".utf8)
    ) {
        self.kind = kind
        self.entity = entity
        self.record = record
        self.version = version
        self.actor = actor
        self.source = source
        self.method = method
        self.payload = payload
    }
}

/// What happened. A struct, so that the list can grow; the names are part of the file format.
package struct ChangeKind: Hashable, Sendable {
    package let name: String

    package init(_ name: String) { self.name = name }

    package static let create = Self("create")
    package static let update = Self("update")
    package static let delete = Self("delete")
    package static let restore = Self("restore")
    /// Computed fields of a record followed a change of others; the record's version stays.
    package static let compute = Self("compute")
    package static let purge = Self("purge")
    package static let link = Self("link")
    package static let unlink = Self("unlink")
    package static let login = Self("login")
    package static let loginFailed = Self("login_failed")
    package static let logout = Self("logout")
    package static let refusal = Self("refusal")
    package static let schema = Self("schema")
    package static let module = Self("module")
    package static let security = Self("security")
    package static let export = Self("export")
    /// An import was begun; its rows are entries of their own.
    package static let `import` = Self("import")
    package static let backup = Self("backup")
    package static let elevate = Self("elevate")
    /// Somebody without an account called through a gate; the payload says through which and from where.
    package static let publicCall = Self("public_call")
    /// Destroys payloads; its own payload names their entries: `{"erased": [17, 18]}`.
    package static let erase = Self("erase")
}

/// An entry as the log holds it.
package struct LoggedChange: Sendable {
    package let sequence: Int64
    package let changeSet: Int64
    package let at: Instant
    package let entry: ChangeEntry
    /// Whether the payload was destroyed; then `entry.payload` is empty.
    package let isErased: Bool
}
