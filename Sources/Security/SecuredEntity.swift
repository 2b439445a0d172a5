package import CRMSDK

/// What Security has to know about an entity: how it is shared, and through which fields others' rights reach it.
package struct SecuredEntity: Hashable, Sendable {
    package let name: String
    /// The default of the definition; `SecurityFacts.defaults` overrides it. `notShareable` is final.
    package var sharing: SharingDefault
    /// Records of which the installation itself is made (users, roles, currencies): nobody but an administrator
    /// writes them, profiles and owners do not matter.
    package var isAdministrative: Bool
    /// The fields of an administrative entity that everyone with a session reads: nil all, empty none (then the
    /// entity is closed to all but administrators).
    package var openFields: Set<String>?
    /// The entity whose default and rules apply here as well: account, for contact.
    package var sharingFollows: String?
    /// Parent entity → the reference field here that carries the parent's related permissions.
    package var parentFields: [String: String]
    /// Entity → the reference field here through which who views that record views this one too.
    package var belongsTo: [String: String]
    /// What of it a principal that is narrowed to a customer reaches.
    package var customers = CustomerReach()
    /// To whom a record is open beside all else.
    package var openings: Openings?
    /// Fields that nobody writes: computed ones, numbers. The system fields are always among them.
    package var readOnlyFields: Set<String>
    /// Amount in the base currency → the amount that it gives: whoever may not see that one sees neither.
    package var followers: [String: String] = [:]
    /// Fields without which no record can be created: mandatory and without a default.
    package var mandatoryFields: Set<String>
    /// The entity whose records these lines belong to: its rights are theirs, and only fields have rights of their own.
    package var lineOf: String?

    package init(
        name: String, sharing: SharingDefault = .publicReadEditDelete, isAdministrative: Bool = false,
        openFields: Set<String>? = nil, sharingFollows: String? = nil, parentFields: [String: String] = [:],
        belongsTo: [String: String] = [:], openings: Openings? = nil, readOnlyFields: Set<String> = [],
        mandatoryFields: Set<String> = []
    ) {
        self.name = name
        self.sharing = sharing
        self.isAdministrative = isAdministrative
        self.openFields = openFields
        self.sharingFollows = sharingFollows
        self.parentFields = parentFields
        self.belongsTo = belongsTo
        self.openings = openings
        self.readOnlyFields = readOnlyFields
        self.mandatoryFields = mandatoryFields
    }

    /// Whether owners, defaults and rules matter; otherwise the right to the entity alone decides.
    package var isShareable: Bool { sharing != .notShareable }
}

extension SecuredEntity {
    /// An entity as its module defined it, with the shipped ways in which rights travel between entities.
    ///
    /// A way is taken only where the field is there and refers to that entity, so that an entity of a partner that
    /// happens to share a name gets none by accident.
    package init(_ definition: EntityDefinition) {
        let references = definition.fields.filter { $0.type.name == "reference" }
        func field(_ name: String, refersTo entity: String) -> Bool {
            references.contains {
                $0.name == name && ($0.type.targets.isEmpty || $0.type.targets.contains(entity))
            }
        }
        let ways = Self.shippedParents[definition.name] ?? [:]
        var belongsTo: [String: String] = [:]
        if Self.shippedFollowers.contains(definition.name) {
            for reference in references where reference.name == "related_to" {
                for target in reference.type.targets { belongsTo[target] = reference.name }
            }
        }
        self.init(
            name: definition.name, sharing: definition.sharing, isAdministrative: definition.isAdministrative,
            openFields: Self.shippedOpenFields[definition.name],
            sharingFollows: Self.shippedSharing[definition.name],
            parentFields: ways.filter { field($0.value, refersTo: $0.key) },
            belongsTo: belongsTo, openings: Self.shippedOpenings[definition.name],
            readOnlyFields: Set(definition.fields.lazy.filter(\.isReadOnly).map(\.name)),
            mandatoryFields: Set(
                definition.fields.lazy.filter { $0.isMandatory && $0.defaultText == nil }.map(\.name)))
        followers = Dictionary(
            definition.fields.compactMap { field in field.type.baseOf.map { (field.name, $0) } },
            uniquingKeysWith: { first, _ in first })
        lineOf = definition.lineOf
        customers = CustomerReach(definition)
    }

    /// Entities without a default and rules of their own.
    private static let shippedSharing = ["contact": "account"]

    /// Child → parent → the child's field. A contact as the parent carries nothing.
    private static let shippedParents: [String: [String: String]] = [
        "potential": ["account": "related_to"],
        "ticket": ["account": "related_to"],
        "quote": ["account": "account", "potential": "potential"],
        "sales_order": ["account": "account", "potential": "potential", "quote": "quote"],
        "invoice": ["account": "account", "sales_order": "sales_order"],
    ]

    /// What everyone reads of the kernel's own records: who is there, and nothing of who may do what.
    private static let shippedOpenFields: [String: Set<String>] = [
        "user": systemFields.union([
            "username", "first_name", "last_name", "email", "status", "title", "department", "phone",
            "mobile",
            "reports_to",
        ]),
        "group": systemFields.union(["group_name", "description"]),
        "role": systemFields.union(["role_name"]),
        "profile": [], "profile_right": [], "role_profile": [], "field_access": [], "group_member": [],
        "sharing_default": [], "sharing_rule": [], "sharing_related": [],
    ]

    private static let systemFields: Set = ["id", "created_at", "modified_at", "version"]

    /// Records that whoever views the record they belong to views as well.
    private static let shippedFollowers: Set = ["comment", "task", "event", "call", "document"]

    /// A calendar: who is invited views an event, and so do those with whom its owner shares it, if it is public.
    private static let shippedOpenings = [
        "event": Openings(
            invitation: "event_user",
            sharing: .init(
                entity: "calendar_share", person: "shared_with", field: "visibility", value: "public"))
    ]
}

/// Who views a record of an entity without owning it, and whatever rules say: invited people, and those with whom the
/// owner shares. What is not there, for want of its module, opens nothing.
package struct Openings: Hashable, Sendable {
    /// The relation from the entity to users by which people are invited.
    package let invitation: String
    package let sharing: Sharing

    package init(invitation: String, sharing: Sharing) {
        self.invitation = invitation
        self.sharing = sharing
    }

    /// The owner has a record that names a person, and the record that is to be viewed has a value.
    package struct Sharing: Hashable, Sendable {
        /// Of the records that say with whom their owner shares.
        package let entity: String
        /// Their field with the person.
        package let person: String
        /// The field of the record to be viewed, and the value with which it is shared.
        package let field: String
        package let value: String

        package init(entity: String, person: String, field: String, value: String) {
            self.entity = entity
            self.person = person
            self.field = field
            self.value = value
        }
    }
}

/// What a decision has to know about one record.
package struct RecordFacts: Hashable, Sendable {
    package let id: RecordID
    /// A user or a group; nil for a record that nobody owns: then only defaults, flags and parents open it.
    package var owner: RecordID?
    /// Parent entity → the owner of the record that the entity's parent field names. Parents in the recycle bin count.
    package var parents: [String: RecordID]
    /// The records that this one belongs to, by entity.
    package var belongsTo: [String: RecordFacts]
    /// The users who are invited to it.
    package var invited: Set<RecordID> = []
    /// The users with whom its owner shares it.
    package var sharedWith: Set<RecordID> = []

    package init(
        id: RecordID, owner: RecordID?, parents: [String: RecordID] = [:],
        belongsTo: [String: RecordFacts] = [:]
    ) {
        self.id = id
        self.owner = owner
        self.parents = parents
        self.belongsTo = belongsTo
    }
}
