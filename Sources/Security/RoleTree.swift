import CRMSDK

/// The tree of roles, numbered in pre-order, with the users laid out in that order.
///
/// A branch is then one range of positions and its users one slice: "is below" costs two comparisons, and nobody's
/// subordinates are stored. Roles in a cycle, which administration refuses, stand alone: nobody is below them.
struct RoleTree: Sendable {
    /// Role → the positions of its branch, its own first.
    private let branches: [RecordID: Range<Int>]
    /// Role → parent, for roles that hang on a root.
    private let parents: [RecordID: RecordID]
    /// Users with a role, ordered by its position.
    private let users: [RecordID]
    /// Position → index in `users` of its first user; one more at the end.
    private let firstUser: [Int]

    init(roles: [RecordID: RoleFact], users: [RecordID: UserFact]) {
        let (branches, parents) = Self.number(roles)
        var usersAt: [[RecordID]] = Array(repeating: [], count: roles.count)
        for user in users.values {
            guard let role = user.role, let branch = branches[role] else { continue }
            usersAt[branch.lowerBound].append(user.id)
        }
        var firstUser = [0]
        for users in usersAt { firstUser.append(firstUser[firstUser.count - 1] + users.count) }
        self.branches = branches
        self.parents = parents
        self.users = Array(usersAt.joined())
        self.firstUser = firstUser
    }

    /// Whether `role` is strictly below `superior`; a role is not below itself.
    func isRole(_ role: RecordID?, below superior: RecordID?) -> Bool {
        guard let role, let superior, let own = branches[role], let branch = branches[superior] else {
            return false
        }
        return branch.lowerBound < own.lowerBound && own.lowerBound < branch.upperBound
    }

    /// Whether `role` is `top` or below it.
    func isRole(_ role: RecordID?, inBranchOf top: RecordID) -> Bool {
        guard let role, branches[role] != nil else { return false }
        return role == top || isRole(role, below: top)
    }

    /// The role and those above it, up to the root.
    func line(upFrom role: RecordID) -> [RecordID] {
        var line = [role]
        while let parent = parents[line[line.count - 1]] { line.append(parent) }
        return line
    }

    func users(in role: RecordID) -> ArraySlice<RecordID> {
        guard let branch = branches[role] else { return [] }
        return users[firstUser[branch.lowerBound]..<firstUser[branch.lowerBound + 1]]
    }

    func users(inBranchOf role: RecordID) -> ArraySlice<RecordID> {
        guard let branch = branches[role] else { return [] }
        return users[firstUser[branch.lowerBound]..<firstUser[branch.upperBound]]
    }

    func users(below role: RecordID) -> ArraySlice<RecordID> {
        guard let branch = branches[role] else { return [] }
        return users[firstUser[branch.lowerBound + 1]..<firstUser[branch.upperBound]]
    }

    private static func number(
        _ roles: [RecordID: RoleFact]
    ) -> (branches: [RecordID: Range<Int>], parents: [RecordID: RecordID]) {
        var children: [RecordID: [RecordID]] = [:]
        var roots: [RecordID] = []
        for role in roles.values.sorted(by: { $0.id < $1.id }) {
            if let parent = role.parent, roles[parent] != nil {
                children[parent, default: []].append(role.id)
            } else {
                roots.append(role.id)
            }
        }
        var branches: [RecordID: Range<Int>] = [:]
        var parents: [RecordID: RecordID] = [:]
        var starts: [RecordID: Int] = [:]
        var next = 0
        // A role is met twice: on the way in it gets its position, on the way out its branch is complete.
        var pending = roots.reversed().map { (role: $0, isDone: false) }
        while let (role, isDone) = pending.popLast() {
            if isDone {
                branches[role] = starts[role, default: next]..<next
                continue
            }
            starts[role] = next
            next += 1
            pending.append((role, true))
            for child in (children[role] ?? []).reversed() {
                parents[child] = role
                pending.append((child, false))
            }
        }
        for role in roles.keys.sorted() where branches[role] == nil {
            branches[role] = next..<(next + 1)
            next += 1
        }
        return (branches, parents)
    }
}
