import CRMSDK

/// One user's place in the company: what they may do, and which groups they are in.
///
/// Worked out when the user first calls; shared by all calls on the snapshot.
final class UserReach: Sendable {
    let user: UserFact
    let abilities: Abilities
    /// The groups of which the user is an effective member.
    let groups: Set<RecordID>
    private let tree: RoleTree

    init(user: UserFact, abilities: Abilities, groups: Set<RecordID>, tree: RoleTree) {
        self.user = user
        self.abilities = abilities
        self.groups = groups
        self.tree = tree
    }

    func belongs(to party: SharingParty) -> Bool {
        switch party {
        case .role(let role): user.role == role
        case .roleAndSubordinates(let role): tree.isRole(user.role, inBranchOf: role)
        case .group(let group): groups.contains(group)
        }
    }
}
