package import CRMSDK

/// The kinds of parties and members by the names that records and callers use.
extension SharingParty {
    package init?(kind: String, _ id: RecordID) {
        switch kind {
        case "role": self = .role(id)
        case "role_and_subordinates": self = .roleAndSubordinates(id)
        case "group": self = .group(id)
        default: return nil
        }
    }

    package var kind: String {
        switch self {
        case .role: "role"
        case .roleAndSubordinates: "role_and_subordinates"
        case .group: "group"
        }
    }

    /// The role or the group.
    package var id: RecordID {
        switch self {
        case .role(let id), .roleAndSubordinates(let id), .group(let id): id
        }
    }
}

extension GroupMember {
    package init?(kind: String, _ id: RecordID) {
        switch kind {
        case "user": self = .user(id)
        case "role": self = .role(id)
        case "role_and_subordinates": self = .roleAndSubordinates(id)
        case "group": self = .group(id)
        default: return nil
        }
    }

    package var kind: String {
        switch self {
        case .user: "user"
        case .role: "role"
        case .roleAndSubordinates: "role_and_subordinates"
        case .group: "group"
        }
    }

    /// The user, the role or the group.
    package var id: RecordID {
        switch self {
        case .user(let id), .role(let id), .roleAndSubordinates(let id), .group(let id): id
        }
    }
}
