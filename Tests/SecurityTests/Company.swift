import CRMSDK
import Security

/// The company of the table of cases, built by name. Users, roles, profiles and groups have ids from their own ranges;
/// a test asks for them by name and changes the facts before it takes a snapshot.
struct Company {
    var facts = SecurityFacts()
    var entities: [SecuredEntity]
    private(set) var userIDs: [String: RecordID] = [:]
    private(set) var roleIDs: [String: RecordID] = [:]
    private(set) var profileIDs: [String: RecordID] = [:]
    private(set) var groupIDs: [String: RecordID] = [:]

    init(entities: [SecuredEntity]) { self.entities = entities }

    mutating func profile(
        _ name: String, viewAll: Bool = false, editAll: Bool = false,
        _ entities: [String: Set<AccessVerb>] = [:], others: Set<AccessVerb>? = nil
    ) {
        let id = RecordID(Int64(1_000 + profileIDs.count))
        profileIDs[name] = id
        facts.profiles[id] = ProfileFact(
            id: id, name: name, viewAll: viewAll, editAll: editAll,
            entities: entities.mapValues { EntityRights(access: true, verbs: $0) },
            otherEntities: others.map { EntityRights(access: true, verbs: $0) } ?? .none)
    }

    mutating func role(_ name: String, below parent: String? = nil, _ profiles: String...) {
        let id = RecordID(Int64(2_000 + roleIDs.count))
        roleIDs[name] = id
        facts.roles[id] = RoleFact(
            id: id, name: name, parent: parent.map { role($0) }, profiles: profiles.map { profile($0) })
    }

    mutating func user(_ name: String, _ role: String?, administrator: Bool = false) {
        let id = RecordID(Int64(3_000 + userIDs.count))
        userIDs[name] = id
        facts.users[id] = UserFact(
            id: id, username: name, isAdministrator: administrator, role: role.map { self.role($0) })
    }

    mutating func group(_ name: String, _ members: GroupMember...) {
        let id = RecordID(Int64(4_000 + groupIDs.count))
        groupIDs[name] = id
        facts.groups[id] = GroupFact(id: id, name: name, members: members)
    }

    // An id that names nothing makes a misspelt test fail without a trap.
    func user(_ name: String) -> RecordID { userIDs[name] ?? RecordID(-1) }
    func role(_ name: String) -> RecordID { roleIDs[name] ?? RecordID(-1) }
    func profile(_ name: String) -> RecordID { profileIDs[name] ?? RecordID(-1) }
    func group(_ name: String) -> RecordID { groupIDs[name] ?? RecordID(-1) }
    /// A user or a group.
    func owner(_ name: String) -> RecordID { userIDs[name] ?? group(name) }

    func principal(_ name: String) -> Principal {
        let user = user(name)
        return Principal(
            user: user, isAdministrator: facts.users[user]?.isAdministrator ?? false, source: .session)
    }

    func snapshot() -> SecuritySnapshot { SecuritySnapshot(facts: facts, entities: entities) }

    func record(_ id: Int64 = 1, ownedBy owner: String, parents: [String: String] = [:]) -> RecordFacts {
        RecordFacts(id: RecordID(id), owner: self.owner(owner), parents: parents.mapValues { self.owner($0) })
    }
}

extension Company {
    /// Sections 1 to 3 of the table of cases: role tree, users, groups, profiles, defaults; no sharing rules.
    static func sample() -> Company {
        var company = Company(entities: sampleEntities)
        company.addProfiles()
        company.addRoles()
        company.addUsers()
        company.group("G_north", .user(company.user("ann")))
        company.group("G_field", .role(company.role("sales_rep")))
        company.group("G_sales", .roleAndSubordinates(company.role("vp_sales")))
        company.group("G_hub", .group(company.group("G_north")), .user(company.user("tom")))
        company.group("G_desk", .role(company.role("agent")))
        return company
    }

    private static let sampleEntities = [
        SecuredEntity(name: "account", sharing: .private),
        SecuredEntity(name: "contact", sharingFollows: "account"),
        SecuredEntity(name: "potential", sharing: .private, parentFields: ["account": "related_to"]),
        SecuredEntity(
            name: "quote", sharing: .private, parentFields: ["account": "account", "potential": "potential"]),
        SecuredEntity(
            name: "sales_order", sharing: .private,
            parentFields: ["account": "account", "potential": "potential", "quote": "quote"]),
        SecuredEntity(
            name: "invoice", sharing: .private,
            parentFields: ["account": "account", "sales_order": "sales_order"]),
        SecuredEntity(name: "ticket", sharing: .publicRead, parentFields: ["account": "related_to"]),
        SecuredEntity(name: "lead", sharing: .publicReadEdit),
        SecuredEntity(name: "campaign", sharing: .publicReadEditDelete),
        SecuredEntity(name: "faq", sharing: .notShareable),
    ]

    private mutating func addProfiles() {
        let all: Set<AccessVerb> = [.create, .view, .edit, .delete, .convertLead]
        profile("P_sales", ["ticket": [.view]], others: all)
        profile(
            "P_support",
            [
                "account": [.view], "contact": [.view, .edit],
                "ticket": [.create, .view, .edit, .delete], "faq": [.create, .view, .edit],
                "lead": [.view], "campaign": [.view],
            ])
        profile("P_view_all", viewAll: true)
        profile("P_edit_all", editAll: true, others: [.view, .edit])
        profile("P_ro", others: [.view])
        profile("P_load", ["account": [.view, .create, .import, .export]])
    }

    private mutating func addRoles() {
        role("organisation", "P_sales")
        role("ceo", below: "organisation", "P_sales")
        role("vp_sales", below: "ceo", "P_sales")
        role("sales_mgr", below: "vp_sales", "P_sales")
        role("sales_rep", below: "sales_mgr", "P_sales")
        role("support_mgr", below: "ceo", "P_support")
        role("agent", below: "support_mgr", "P_support")
        role("auditor", below: "organisation", "P_view_all")
        role("editor", below: "organisation", "P_edit_all")
        role("data_clerk", below: "organisation", "P_ro", "P_load")
    }

    private mutating func addUsers() {
        user("root", "ceo", administrator: true)
        for (name, role) in [
            ("cleo", "ceo"), ("vic", "vp_sales"), ("mia", "sales_mgr"), ("ann", "sales_rep"),
            ("bob", "sales_rep"), ("sam", "support_mgr"), ("tom", "agent"), ("aud", "auditor"),
            ("edi", "editor"), ("max", "data_clerk"),
        ] {
            user(name, role)
        }
    }

    /// The rules that cases name; in its case each is rule 1.
    func rule(_ name: String) -> SharingRule? {
        func rule(
            _ entity: String, _ from: SharingParty, _ to: SharingParty, _ permission: SharingPermission,
            related: [String: SharingPermission] = [:]
        ) -> SharingRule {
            SharingRule(
                id: RecordID(1), entity: entity, from: from, to: to, permission: permission, related: related)
        }
        let reps = SharingParty.role(role("sales_rep"))
        return switch name {
        case "S1": rule("account", reps, .role(role("agent")), .read)
        case "S2":
            rule("account", .roleAndSubordinates(role("vp_sales")), .group(group("G_desk")), .readWrite)
        case "S3": rule("account", .group(group("G_hub")), .role(role("support_mgr")), .read)
        case "S4":
            rule(
                "account", reps, .roleAndSubordinates(role("support_mgr")), .read,
                related: ["ticket": .readWrite, "potential": .read, "invoice": .read])
        case "S6": rule("potential", reps, reps, .readWrite)
        case "S7": rule("potential", reps, reps, .read, related: ["quote": .readWrite])
        default: nil
        }
    }
}
