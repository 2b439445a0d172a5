/// A record that belongs to another: linked with it, or referring to it by a field.
public struct RelatedRecord: Hashable, Sendable {
    public let record: Record
    /// The values of the link by field name, with `created_at` and `created_by`, as far as the caller may see them;
    /// empty for a record that refers by a field.
    public let link: [String: Value]

    public init(_ record: Record, link: [String: Value]) {
        self.record = record
        self.link = link
    }
}

/// What a list of related records asks for.
public struct RelatedRequest: Hashable, Sendable {
    /// As the record's side calls it: `RelationDefinition.name` or `inverseName`; for records that refer to it their
    /// entity, `contact`, or where several of its fields may do so `contact.reports_to`.
    public let relation: String
    /// Over fields of the related records; `link.NAME` reaches the values of the link.
    public var filter: Filter?
    /// Fields to read; empty means all that the caller may see.
    public var fields: [String] = []
    /// Field names, `-` in front for descending; empty means the entity's default. `link.NAME` is one too.
    public var sort: [String] = []
    /// 1 … 1,000.
    public var limit = 50

    public init(_ relation: String, where filter: Filter? = nil, sort: [String] = [], limit: Int = 50) {
        self.relation = relation
        self.filter = filter
        self.sort = sort
        self.limit = limit
    }
}

/// A link on its way into storage or out of it, as a link hook sees it.
///
/// Before two records are linked a hook may set values of the link; at every other moment setting has no effect.
public struct LinkChange: Sendable {
    /// The relation's name, whichever side the link was made from.
    public let relation: String
    public let from: RecordID
    public let to: RecordID
    public let moment: LinkHook.Moment
    /// The values of the link as they were; nil where the two were not linked.
    public let old: [String: Value]?
    /// The values that the request itself named, before defaults and hooks.
    public let given: Set<String>
    /// What will be stored; for a link that ends, what was.
    public private(set) var values: [String: Value]
    /// The values that hooks have set.
    public private(set) var touched: Set<String> = []

    public init(
        relation: String, from: RecordID, to: RecordID, _ moment: LinkHook.Moment, old: [String: Value]?,
        given: Set<String>, values: [String: Value]
    ) {
        self.relation = relation
        self.from = from
        self.to = to
        self.moment = moment
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

    /// Whether the two were not linked before; otherwise values of their link change, or it ends.
    public var isNew: Bool { old == nil }
}

/// A module's part in the life of the links of a relation, its own or another module's.
///
/// As with `Hook`: synchronous, without input or output, able to run again, and throwing refuses the whole unit. A hook
/// on a relation that is not there sleeps. Links hide with a record in the recycle bin and come back with it: that is
/// no moment. Nor is a purge, which asks nobody.
public struct LinkHook: Sendable {
    public typealias Body = @Sendable (inout LinkChange, any ModuleContext) throws(CRMError) -> Void

    /// When a hook runs. A struct, so that the list can grow.
    public struct Moment: Hashable, Sendable {
        public let name: String

        init(_ name: String) { self.name = name }

        /// Two records are to be linked, or values of their link to change.
        public static let beforeLink = Self("before_link")
        public static let afterLink = Self("after_link")
        public static let beforeUnlink = Self("before_unlink")
        public static let afterUnlink = Self("after_unlink")
    }

    /// Named in errors, in the log and when a hook hangs; unique among all hooks of the module.
    public let name: String
    public let relation: String
    public let moments: [Moment]
    public let body: Body

    public init(
        _ name: String, on relation: String, _ moments: [Moment], _ body: @escaping Body
    ) {
        self.name = name
        self.relation = relation
        self.moments = moments
        self.body = body
    }
}
