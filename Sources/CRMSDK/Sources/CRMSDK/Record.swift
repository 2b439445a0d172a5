/// A record as it was read: a copy, not a handle. Changing it changes nothing until it is written.
public struct Record: Hashable, Sendable {
    public let id: RecordID
    /// The entity's name.
    public let entity: String
    /// Grows by one with every change.
    public let version: Int64
    /// By field name; an absent field is one that was not asked for or that the reader may not see.
    public private(set) var values: [String: Value]

    public init(id: RecordID, entity: String, version: Int64, values: [String: Value]) {
        self.id = id
        self.entity = entity
        self.version = version
        self.values = values
    }

    /// The field's value; null if it is empty or absent.
    public subscript(field: String) -> Value { values[field] ?? .null }
}

/// A record on its way into storage, as a hook sees it.
///
/// Before the write a hook may set values; after it, setting has no effect.
public struct RecordChange: Sendable {
    /// The entity's name.
    public let entity: String
    /// The record's id; a new record has one already.
    public let id: RecordID
    /// As it was before; nil for a new record.
    public let old: Record?
    /// The fields that the request itself named, before defaults and hooks.
    public let given: Set<String>
    /// What will be stored: all fields of a new record, the old ones with the changes laid over otherwise.
    public private(set) var values: [String: Value]
    /// The fields that hooks have set.
    public private(set) var touched: Set<String> = []

    public init(entity: String, id: RecordID, old: Record?, given: Set<String>, values: [String: Value]) {
        self.entity = entity
        self.id = id
        self.old = old
        self.given = given
        self.values = values
    }

    /// The value to be stored.
    public subscript(field: String) -> Value {
        get { values[field] ?? .null }
        set {
            values[field] = newValue
            touched.insert(field)
        }
    }

    public var isNew: Bool { old == nil }

    /// Whether the value to be stored differs from the old one; for a new record, whether there is one.
    public func changes(_ field: String) -> Bool { self[field] != (old?[field] ?? .null) }
}
