package import CRMSDK
package import Security
import TestRandom

/// A small company made by chance: roles, nested groups, profiles, defaults, rules and records that no person would
/// configure. The same seed gives the same company.
package struct RandomCompany {
    package var facts = SecurityFacts()
    package var entities: [SecuredEntity] = []
    package var records: [(entity: String, record: RecordFacts)] = []
    private var random: SeededRandom

    package static let verbs: [AccessVerb] = [
        .view, .edit, .delete, .create, .export, .import, .utility("convert_lead"),
    ]

    package init(seed: UInt64) {
        random = SeededRandom(seed)
        makeEntities()
        makeProfiles()
        makeRoles()
        makeUsers()
        makeGroups()
        makeRules()
        makeRecords()
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
    private mutating func pick<C: Collection>(_ choices: C) -> C.Element? {
        choices.randomElement(using: &random)
    }

    private mutating func makeEntities() {
        let sharing = SharingDefault.all
        entities = [
            SecuredEntity(name: "account"),
            SecuredEntity(name: "contact", sharingFollows: "account"),
            SecuredEntity(name: "potential", parentFields: ["account": "related_to"]),
            SecuredEntity(
                name: "quote", parentFields: ["account": "account", "potential": "potential"]),
            SecuredEntity(name: "task", belongsTo: ["account": "related_to", "quote": "related_to"]),
            SecuredEntity(
                name: "comment",
                belongsTo: [
                    "task": "related_to", "comment": "parent_comment", "contact": "related_to",
                    "event": "related_to",
                ]),
            SecuredEntity(name: "event", belongsTo: ["account": "related_to"], openings: Self.calendar),
            SecuredEntity(name: "role", isAdministrative: true),
        ]
        for index in entities.indices {
            // Mostly private, where all steps have a say.
            entities[index].sharing = chance(50) ? .private : pick(sharing) ?? .private
            if chance(30) { facts.defaults[entities[index].name] = pick(sharing.dropLast()) }
        }
    }

    private mutating func makeProfiles() {
        for number in 1...4 {
            let id = RecordID(Int64(100 + number))
            var profile = ProfileFact(
                id: id, name: "profile \(number)", viewAll: chance(7), editAll: chance(7))
            for entity in entities {
                guard chance(80) else { continue }
                let verbs = Self.verbs.filter { _ in chance(75) }
                profile.entities[entity.name] = EntityRights(access: chance(85), verbs: Set(verbs))
            }
            if chance(30) { profile.otherEntities = EntityRights(access: true, verbs: [.view]) }
            facts.profiles[id] = profile
        }
    }

    private mutating func makeRoles() {
        for number in 1...Int.random(in: 2...7, using: &random) {
            let id = RecordID(Int64(200 + number))
            let profiles = facts.profiles.keys.sorted().filter { _ in chance(50) }
            let parent = chance(85) ? pick(facts.roles.keys.sorted()) : nil
            facts.roles[id] = RoleFact(id: id, name: "role \(number)", parent: parent, profiles: profiles)
        }
    }

    private mutating func makeUsers() {
        for number in 1...Int.random(in: 3...8, using: &random) {
            let id = RecordID(Int64(300 + number))
            let role = chance(92) ? pick(facts.roles.keys.sorted()) : nil
            facts.users[id] = UserFact(
                id: id, username: "user \(number)", isAdministrator: chance(5), isActive: chance(92),
                role: role)
        }
    }

    private mutating func makeGroups() {
        for number in 1...Int.random(in: 1...5, using: &random) {
            let id = RecordID(Int64(400 + number))
            var members: [GroupMember] = []
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                let user = pick(facts.users.keys.sorted()).map(GroupMember.user)
                let role = pick(facts.roles.keys.sorted()).map(GroupMember.role)
                let branch = pick(facts.roles.keys.sorted()).map(GroupMember.roleAndSubordinates)
                // Only groups made before: no cycles.
                let group = pick(facts.groups.keys.sorted()).map(GroupMember.group)
                if let member = pick([user, role, branch, group].compactMap { $0 }) {
                    members.append(member)
                }
            }
            facts.groups[id] = GroupFact(id: id, name: "group \(number)", members: members)
        }
    }

    private mutating func makeRules() {
        let permissions: [SharingPermission] = [.none, .read, .readWrite]
        for number in 0..<Int.random(in: 0...6, using: &random) {
            guard let entity = pick(entities), let from = party(), let to = party() else { continue }
            var related: [String: SharingPermission] = [:]
            for child in entities where chance(40) { related[child.name] = pick(permissions) }
            facts.rules.append(
                SharingRule(
                    id: RecordID(Int64(500 + number)), entity: chance(60) ? "account" : entity.name,
                    from: from,
                    to: to, permission: pick(permissions) ?? .read, related: related))
        }
    }

    private mutating func party() -> SharingParty? {
        let role = pick(facts.roles.keys.sorted())
        let group = pick(facts.groups.keys.sorted())
        return pick(
            [
                role.map(SharingParty.role), role.map(SharingParty.roleAndSubordinates),
                group.map(SharingParty.group),
            ].compactMap { $0 })
    }

    private mutating func makeRecords() {
        for entity in entities {
            for number in 0..<5 {
                records.append((entity.name, record(entity, RecordID(Int64(1_000 + number)), depth: 2)))
            }
        }
    }

    private mutating func record(_ entity: SecuredEntity, _ id: RecordID, depth: Int) -> RecordFacts {
        var record = RecordFacts(id: id, owner: chance(95) ? owner() : nil)
        for parent in entity.parentFields.keys.sorted() where chance(70) { record.parents[parent] = owner() }
        if entity.openings != nil {
            record.invited = Set(facts.users.keys.sorted().filter { _ in chance(15) })
            record.sharedWith = Set(facts.users.keys.sorted().filter { _ in chance(10) })
        }
        if depth > 0, let target = pick(entity.belongsTo.keys.sorted()), chance(70),
            let followed = entities.first(where: { $0.name == target })
        {
            record.belongsTo[target] = self.record(followed, id, depth: depth - 1)
        }
        return record
    }

    /// As the product's own calendar has it.
    private static let calendar = Openings(
        invitation: "event_user",
        sharing: .init(entity: "calendar_share", person: "shared_with", field: "visibility", value: "public"))

    private mutating func owner() -> RecordID? {
        pick(facts.users.keys.sorted() + facts.groups.keys.sorted())
    }
}
