import CRMSDK

/// Who belongs to which group, through roles and nested groups.
///
/// Kept from the member's side, because a decision asks "which groups have this user": a walk over the groups that
/// really have them. Every walk remembers where it was, so that a cycle, which administration refuses, ends.
struct GroupGraph: Sendable {
    private let groups: [RecordID: GroupFact]
    private let tree: RoleTree
    private let naming: Naming

    /// Who is named directly by which groups.
    private struct Naming {
        var users: [RecordID: [RecordID]] = [:]
        var roles: [RecordID: [RecordID]] = [:]
        var branches: [RecordID: [RecordID]] = [:]
        var groups: [RecordID: [RecordID]] = [:]
    }

    init(groups: [RecordID: GroupFact], tree: RoleTree) {
        self.groups = groups
        self.tree = tree
        var naming = Naming()
        for group in groups.values {
            for member in group.members {
                switch member {
                case .user(let id): naming.users[id, default: []].append(group.id)
                case .role(let id): naming.roles[id, default: []].append(group.id)
                case .roleAndSubordinates(let id): naming.branches[id, default: []].append(group.id)
                case .group(let id): naming.groups[id, default: []].append(group.id)
                }
            }
        }
        self.naming = naming
    }

    /// The groups of which a user is an effective member.
    func groups(of user: UserFact) -> Set<RecordID> {
        var direct = naming.users[user.id] ?? []
        if let role = user.role {
            direct += naming.roles[role] ?? []
            for role in tree.line(upFrom: role) { direct += naming.branches[role] ?? [] }
        }
        return closure(direct) { naming.groups[$0] ?? [] }
    }

    /// The group and those in which it is nested.
    func groups(enclosing group: RecordID) -> Set<RecordID> {
        closure([group]) { naming.groups[$0] ?? [] }
    }

    /// The group and those nested in it.
    func groups(within group: RecordID) -> Set<RecordID> {
        closure([group]) { id in
            (groups[id]?.members ?? []).compactMap { member in
                if case .group(let nested) = member, groups[nested] != nil { nested } else { nil }
            }
        }
    }

    /// The effective members; may name a user more than once.
    func members(of group: RecordID) -> [RecordID] {
        groups(within: group).flatMap { id in
            (groups[id]?.members ?? []).flatMap { member -> [RecordID] in
                switch member {
                case .user(let id): [id]
                case .role(let id): Array(tree.users(in: id))
                case .roleAndSubordinates(let id): Array(tree.users(inBranchOf: id))
                case .group: []
                }
            }
        }
    }

    private func closure(_ start: [RecordID], _ next: (RecordID) -> [RecordID]) -> Set<RecordID> {
        var found = Set(start)
        var pending = Array(found)
        while let id = pending.popLast() {
            for more in next(id) where found.insert(more).inserted { pending.append(more) }
        }
        return found
    }
}
