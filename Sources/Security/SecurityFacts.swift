package import CRMSDK

/// Everything that administrators have decided about who may do what: an immutable value, part of the kernel's
/// snapshot. Reading it from storage is the kernel's work; deriving rights from it is `SecuritySnapshot`'s.
///
/// A reference to a role, profile, user or group that is not there gives nothing and breaks nothing.
package struct SecurityFacts: Hashable, Sendable {
    package var users: [RecordID: UserFact]
    package var roles: [RecordID: RoleFact]
    package var profiles: [RecordID: ProfileFact]
    package var groups: [RecordID: GroupFact]
    /// Entity → default that administrators set; absent means the one of its definition.
    package var defaults: [String: SharingDefault]
    package var rules: [SharingRule]
    /// Entity → field → whether the field is switched on in the organisation; absent means on.
    package var fieldSwitches: [String: [String: Bool]]
    /// The profile of a user who has no role.
    package var systemDefault: ProfileFact

    package init(
        users: [RecordID: UserFact] = [:], roles: [RecordID: RoleFact] = [:],
        profiles: [RecordID: ProfileFact] = [:], groups: [RecordID: GroupFact] = [:],
        defaults: [String: SharingDefault] = [:], rules: [SharingRule] = [],
        fieldSwitches: [String: [String: Bool]] = [:], systemDefault: ProfileFact = .standard
    ) {
        self.users = users
        self.roles = roles
        self.profiles = profiles
        self.groups = groups
        self.defaults = defaults
        self.rules = rules
        self.fieldSwitches = fieldSwitches
        self.systemDefault = systemDefault
    }
}

/// A person or an API client.
package struct UserFact: Hashable, Sendable {
    package let id: RecordID
    package var username: String
    package var isAdministrator: Bool
    /// An inactive user can do nothing but stays owner of records.
    package var isActive: Bool
    /// Nil: `SecurityFacts.systemDefault` says what they may do, and nobody is their superior.
    package var role: RecordID?

    package init(
        id: RecordID, username: String, isAdministrator: Bool = false, isActive: Bool = true,
        role: RecordID? = nil
    ) {
        self.id = id
        self.username = username
        self.isAdministrator = isAdministrator
        self.isActive = isActive
        self.role = role
    }
}

/// A node of the tree of roles: its place gives reach over records, its profiles give abilities.
package struct RoleFact: Hashable, Sendable {
    package let id: RecordID
    package var name: String
    /// Nil for the root.
    package var parent: RecordID?
    /// At least one; a role without profiles permits nothing.
    package var profiles: [RecordID]

    package init(id: RecordID, name: String, parent: RecordID? = nil, profiles: [RecordID] = []) {
        self.id = id
        self.name = name
        self.parent = parent
        self.profiles = profiles
    }
}

/// A set of users that owns records or takes part in sharing; it carries no abilities.
package struct GroupFact: Hashable, Sendable {
    package let id: RecordID
    package var name: String
    package var members: [GroupMember]

    package init(id: RecordID, name: String, members: [GroupMember] = []) {
        self.id = id
        self.name = name
        self.members = members
    }
}
