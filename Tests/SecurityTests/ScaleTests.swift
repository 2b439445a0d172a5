import CRMSDK
import Security
import Testing

/// The largest company that is promised: 5,000 users, 500 roles, 1,000 groups, all of them used.
@Suite("A large company")
struct ScaleTests {
    static let company: SecurityFacts = {
        var facts = SecurityFacts()
        let profile = ProfileFact(
            id: RecordID(1), name: "all", otherEntities: EntityRights(access: true, verbs: [.view, .edit]))
        facts.profiles[profile.id] = profile
        for number in 0..<500 {
            let id = RecordID(Int64(10_000 + number))
            // A tree with four branches at each role; role 0 is the root.
            let parent = number == 0 ? nil : RecordID(Int64(10_000 + (number - 1) / 4))
            facts.roles[id] = RoleFact(id: id, name: "r\(number)", parent: parent, profiles: [profile.id])
        }
        for number in 0..<5_000 {
            let id = RecordID(Int64(20_000 + number))
            facts.users[id] = UserFact(
                id: id, username: "u\(number)", role: RecordID(Int64(10_000 + number % 500)))
        }
        for number in 0..<1_000 {
            let id = RecordID(Int64(30_000 + number))
            // Chains of ten groups, each with a role and its subordinates.
            var members: [GroupMember] = [.roleAndSubordinates(RecordID(Int64(10_000 + number % 500)))]
            if number % 10 != 0 { members.append(.group(RecordID(Int64(30_000 + number - 1)))) }
            facts.groups[id] = GroupFact(id: id, name: "g\(number)", members: members)
            facts.rules.append(
                SharingRule(
                    id: RecordID(Int64(40_000 + number)), entity: "account", from: .group(id),
                    to: .role(RecordID(Int64(10_000 + (number * 7) % 500))), permission: .read))
        }
        return facts
    }()

    @Test("everyone's list is exactly what decisions allow, for a sample of owners")
    func everyone() {
        let entities = [SecuredEntity(name: "account", sharing: .private)]
        let snapshot = SecuritySnapshot(facts: Self.company, entities: entities)
        let root = Principal(user: RecordID(20_000), isAdministrator: false, source: .session)
        let rootsEdit = snapshot.predicate(root, .edit, "account")
        #expect(rootsEdit.directOwners?.ids.filter { $0 < RecordID(30_000) }.count == 4_991)
        var distinct: Set<AccessPredicate> = []
        for number in stride(from: 0, to: 5_000, by: 3) {
            let user = RecordID(Int64(20_000 + number))
            let principal = Principal(user: user, isAdministrator: false, source: .session)
            let predicate = snapshot.predicate(principal, .view, "account")
            distinct.insert(predicate)
            #expect(predicate.directOwners?.contains(user) ?? false)
            guard number.isMultiple(of: 51) else { continue }
            for owner in stride(from: Int64(20_000), to: 31_000, by: 997) {
                let record = RecordFacts(id: RecordID(1), owner: RecordID(owner))
                let isAllowed = snapshot.decide(principal, .view, "account", record: record).allowed
                #expect(predicate.matches(record) == isAllowed, "\(user) \(owner)")
            }
        }
        #expect(distinct.count > 500)
    }
}
