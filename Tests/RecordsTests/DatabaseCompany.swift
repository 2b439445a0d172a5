import CRMSDK
import Core
import Records
import Registry
import Security
import SecurityCases
import Storage
import TestRandom

/// A random company written into a real database the way administrators do it, with records of entities that know every
/// way in which rights travel.
struct DatabaseCompany {
    let office: Office
    let entities: [SecuredEntity]
    private(set) var records: [RecordID: Made] = [:]
    /// Who shares a calendar, and with whom.
    private var calendars: [RecordID: Set<RecordID>] = [:]
    private var random: SeededRandom
    /// The random company's ids → the database's.
    private var ids: [RecordID: RecordID] = [:]

    /// A record as it was asked for, apart from what the product makes of it.
    struct Made {
        let entity: String
        let owner: RecordID
        /// Reference field → record.
        let references: [String: RecordID]
        /// Whether it has words by which a search could find it.
        let isNamed: Bool
        var isDeleted = false
        /// Of an event.
        var invited: Set<RecordID> = []
        var isPublic = false
    }

    /// The security of the database's snapshot: what was written, read back.
    var facts: SecurityFacts { office.snapshot.security.facts }

    init(seed: UInt64) throws {
        var core = CoreModule().manifest
        core.entities += Self.entities
        core.relations.append(RelationDefinition("event_user", from: "event", to: "user", label: "Invitees"))
        office = try Office(core: core)
        entities = office.snapshot.registry.entities.map { SecuredEntity($0.completeDefinition) }
        random = SeededRandom(seed ^ 0x5EED)
        try write(RandomCompany(seed: seed).facts)
        try makeRecords()
    }

    static let names = ["account", "contact", "potential", "quote", "faq", "task", "event", "comment"]

    /// The field that names a record, where it must be there; elsewhere it is `title`.
    static let mandatoryNames = ["account": "account_name", "contact": "last_name"]

    private static let entities = [
        entity("potential", .reference("related_to", "For", to: "account", "contact")),
        entity(
            "quote", .reference("account", "Account", to: "account"),
            .reference("potential", "Potential", to: "potential")),
        entity("faq").sharing(.notShareable),
        entity("task", .reference("related_to", "About", to: "account", "quote")),
        entity(
            "event", .reference("related_to", "About", to: "account"),
            .picklist("visibility", "Visibility", labels: ["Private", "Public"])),
        EntityDefinition(
            "calendar_share", label: "Share", plural: "Shares",
            fields: [.reference("shared_with", "With", to: "user").mandatory()]
        ).labelled(by: "shared_with"),
        entity("comment", .reference("related_to", "About", to: "task", "contact", "event")),
    ]

    private static func entity(_ name: String, _ references: FieldDefinition...) -> EntityDefinition {
        EntityDefinition(name, label: name, plural: name, fields: [.text("title", "Title")] + references)
            .labelled(by: "title").sorted(by: "title")
    }

    // MARK: The company

    private mutating func write(_ company: SecurityFacts) throws {
        for profile in company.profiles.values.sorted(by: { $0.id < $1.id }) {
            let rights =
                profile.entities.filter { Self.names.contains($0.key) } + [("*", profile.otherEntities)]
            ids[profile.id] = try change { administration throws(CRMError) in
                try administration.createProfile(
                    [
                        "profile_name": .text(profile.name), "view_all": .bool(profile.viewAll),
                        "edit_all": .bool(profile.editAll),
                    ],
                    rights.sorted { $0.0 < $1.0 }.map {
                        .init(entity: $0.0, access: $0.1.access, verbs: $0.1.verbs)
                    })
            }
        }
        for role in company.roles.values.sorted(by: { $0.id < $1.id }) {
            let parent = role.parent.flatMap { ids[$0] } ?? RecordID(1)
            let profiles = role.profiles.compactMap { ids[$0] }
            ids[role.id] = try change { administration throws(CRMError) in
                try administration.createRole(role.name, reportsTo: parent, profiles: profiles)
            }
        }
        for user in company.users.values.sorted(by: { $0.id < $1.id }) {
            let role = user.role.flatMap { ids[$0] } ?? RecordID(1)
            ids[user.id] = try office.create(
                "user",
                [
                    "username": .text("u\(user.id)"), "last_name": .text(user.username),
                    "role": .reference(role), "is_admin": .bool(user.isAdministrator),
                    "status": .text(user.isActive ? "active" : "inactive"),
                ])
        }
        for group in company.groups.values.sorted(by: { $0.id < $1.id }) {
            let members = group.members.compactMap { member in
                ids[member.id].flatMap { GroupMember(kind: member.kind, $0) }
            }
            ids[group.id] = try change { administration throws(CRMError) in
                try administration.createGroup(group.name, description: nil, members: members)
            }
        }
        for rule in company.rules where Self.names.contains(rule.entity) {
            guard let from = ids[rule.from.id].flatMap({ SharingParty(kind: rule.from.kind, $0) }),
                let to = ids[rule.to.id].flatMap({ SharingParty(kind: rule.to.kind, $0) })
            else { continue }
            let made = SharingRule(
                id: RecordID(0), entity: rule.entity, from: from, to: to, permission: rule.permission,
                related: rule.related.filter { Self.names.contains($0.key) })
            _ = try change { administration throws(CRMError) in try administration.createRule(made) }
        }
        for name in Self.names where name != "contact" && name != "faq" {
            let sharing: SharingDefault =
                chance(55) ? .private : pick(SharingDefault.all.dropLast()) ?? .private
            _ = try change { administration throws(CRMError) in
                try administration.setDefault(of: name, to: sharing, related: false)
            }
        }
    }

    @discardableResult
    private func change(
        _ body:
            @escaping @Sendable (SecurityAdministration) throws(CRMError) -> SecurityAdministration.Outcome
    ) throws -> RecordID? { try office.administer(body).id }

    // MARK: Records

    private mutating func makeRecords() throws {
        let owners = (Array(facts.users.keys) + Array(facts.groups.keys)).sorted()
        try shareCalendars(owners)
        for name in Self.names {
            guard let entity = office.snapshot.registry[entity: name] else { continue }
            for number in 0..<8 {
                let owner = pick(owners) ?? RecordID(3)
                var values: [String: Value] = ["owner": .reference(owner)]
                // Few names and some missing, so that sorts have ties and nulls.
                let title = Value.text("\(name) \(number / 3)")
                let isNamed = Self.mandatoryNames[name] != nil || chance(70)
                if isNamed { values[Self.mandatoryNames[name] ?? "title"] = title }
                var references: [String: RecordID] = [:]
                for field in entity.fields
                where field.type.name == "reference" && !field.isSystem && chance(75) {
                    let targets = records.filter {
                        field.type.targets.contains($0.value.entity) && !$0.value.isDeleted
                    }
                    guard let target = pick(targets.keys.sorted()) else { continue }
                    references[field.name] = target
                    values[field.name] = .reference(target)
                }
                let isPublic = name == "event" && chance(60)
                if isPublic { values["visibility"] = "public" }
                let id = try office.create(name, values)
                records[id] = Made(
                    entity: name, owner: owner, references: references, isNamed: isNamed, isPublic: isPublic)
                if name == "event" { try invite(to: id) }
            }
        }
        for id in records.keys.sorted() where chance(10) {
            try office.delete(id)
            records[id]?.isDeleted = true
        }
    }

    private mutating func shareCalendars(_ owners: [RecordID]) throws {
        for owner in owners {
            for user in facts.users.keys.sorted() where chance(12) {
                let id = try office.create(
                    "calendar_share", ["owner": .reference(owner), "shared_with": .reference(user)])
                if chance(20) {
                    try office.delete(id)
                } else {
                    calendars[owner, default: []].insert(user)
                }
            }
        }
    }

    private mutating func invite(to event: RecordID) throws {
        for user in facts.users.keys.sorted() where chance(15) {
            try office.link(event, "event_user", user, [:])
            if chance(20) {
                try office.unlink(event, "event_user", user)
            } else {
                records[event]?.invited.insert(user)
            }
        }
    }

    /// What the plain procedure is told of a record.
    func facts(of id: RecordID, depth: Int = 4) -> RecordFacts {
        guard let made = records[id], let entity = entities.first(where: { $0.name == made.entity }) else {
            return RecordFacts(id: id, owner: nil)
        }
        var facts = RecordFacts(id: id, owner: made.owner)
        facts.invited = made.invited
        if made.isPublic { facts.sharedWith = calendars[made.owner] ?? [] }
        for (target, field) in entity.parentFields {
            guard let parent = made.references[field], records[parent]?.entity == target else { continue }
            facts.parents[target] = records[parent]?.owner
        }
        for (target, field) in entity.belongsTo where depth > 0 {
            guard let followed = made.references[field], let other = records[followed],
                other.entity == target,
                !other.isDeleted
            else { continue }
            facts.belongsTo[target] = self.facts(of: followed, depth: depth - 1)
        }
        return facts
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
    private mutating func pick<C: Collection>(_ choices: C) -> C.Element? {
        choices.randomElement(using: &random)
    }
}

extension Office {
    /// One administrative change, as the first administrator.
    @discardableResult
    func administer(
        as call: CallContext? = nil, mode: UnitMode = .commit,
        _ body:
            @escaping @Sendable (SecurityAdministration) throws(CRMError) -> SecurityAdministration.Outcome
    ) throws(CRMError) -> SecurityAdministration.Outcome {
        let (service, call) = (records, call ?? root)
        return try database.writer.perform(mode: mode) { (transaction) throws(CRMError) in
            try service.unit(transaction, call) { (unit) throws(CRMError) in
                try body(SecurityAdministration(unit))
            }
        }
    }
}
