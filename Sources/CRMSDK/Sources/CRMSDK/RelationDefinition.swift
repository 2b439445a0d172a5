/// Many records of one entity linked with many of another, each pair at most once.
///
/// A module may declare one between entities of its own and of others; it sleeps until both are there. Records of
/// `from` know it by `name`; those of `to` by `inverseName`, or by `name` as well where there is none.
public struct RelationDefinition: Hashable, Sendable, Codable {
    /// Snake case, unique in the installation: `contact_potential`.
    public let name: String
    public let from: String
    public let to: String
    /// What a record of `from` calls the records linked with it, in English: `Potentials`.
    public var label: String
    /// Values on the link itself, such as a contact's role in a deal. Plain ones: what needs references of its own is
    /// an entity.
    public var fields: [FieldDefinition] = []
    /// The name on the side of `to`; needed where both sides are one entity.
    public var inverseName: String?
    /// What a record of `to` calls the records linked with it; `label` where it is not given.
    public var inverseLabel: String?

    public init(_ name: String, from: String, to: String, label: String, fields: [FieldDefinition] = []) {
        self.name = name
        self.from = from
        self.to = to
        self.label = label
        self.fields = fields
    }

    /// How the side of `to` calls it.
    public func inverse(_ name: String? = nil, label: String) -> Self {
        var copy = self
        copy.inverseName = name
        copy.inverseLabel = label
        return copy
    }

    /// Types that a value of a link cannot have.
    static let refusedFieldTypes: Set = ["reference", "owner", "autonumber", "lines", "computed"]
    /// Members that every link has.
    static let reservedFields: Set = ["from_id", "to_id", "created_at", "created_by"]
}
