package import CRMSDK

/// Widens the default of an entity: what `from` owns, `to` may read or edit. It never narrows, and never gives delete.
///
/// `read` counts only while the default is private, `readWrite` gives edit while it is private or public_read.
/// Under the wider defaults a rule is inert and wakes when the default is tightened.
package struct SharingRule: Hashable, Sendable {
    package let id: RecordID
    /// The entity whose owners count. Contacts follow accounts, so a rule on account is one on contact too.
    package var entity: String
    package var from: SharingParty
    package var to: SharingParty
    package var permission: SharingPermission
    /// Child entity → what the rule gives on children of the shared records; absent means `none`.
    package var related: [String: SharingPermission]

    package init(
        id: RecordID, entity: String, from: SharingParty, to: SharingParty, permission: SharingPermission,
        related: [String: SharingPermission] = [:]
    ) {
        self.id = id
        self.entity = entity
        self.from = from
        self.to = to
        self.permission = permission
        self.related = related
    }
}

/// How far a sharing rule goes; the order is the order of reach.
package enum SharingPermission: String, Hashable, Comparable, Sendable {
    case none
    case read
    case readWrite = "read_write"

    package static func < (left: Self, right: Self) -> Bool { left.order < right.order }

    private var order: Int {
        switch self {
        case .none: 0
        case .read: 1
        case .readWrite: 2
        }
    }
}

/// A set of users and groups that a rule shares from or to. Never a single user: make a group of one.
package enum SharingParty: Hashable, Sendable {
    /// Users whose role is exactly this one.
    case role(RecordID)
    /// Users in this role or below it.
    case roleAndSubordinates(RecordID)
    /// As the source: what the group, a group nested in it, or one of its effective members owns. As the target: the
    /// effective members.
    case group(RecordID)
}

/// One entry in a group's list of members.
package enum GroupMember: Hashable, Sendable {
    case user(RecordID)
    /// Users whose role is exactly this one.
    case role(RecordID)
    /// Users in this role or below it.
    case roleAndSubordinates(RecordID)
    /// The members of another group.
    case group(RecordID)
}
