import CRMSDK
import Security
import SecurityCases
import Testing

/// Random companies: the product beside the plain procedure, and its parts beside each other.
@Suite("Properties of random companies")
struct PropertyTests {
    /// Each run looks at companies nobody has looked at; a failure prints the seed of its company.
    static let firstSeed = UInt64.random(in: 0...UInt64.max)
    static let companies = 200

    @Test("decisions and lists are those of the plain procedure, for every verb")
    func plainProcedure() {
        var answers: [Bool: Int] = [:]
        everyQuestion { company, snapshot, user, principal, seed in
            let plain = PlainProcedure(facts: company.facts, entities: company.entities)
            for verb in RandomCompany.verbs {
                let predicates = Dictionary(
                    uniqueKeysWithValues: company.entities.map {
                        ($0.name, snapshot.predicate(principal, verb, $0.name))
                    })
                for (entity, record) in company.records {
                    let expected = plain.allows(user, verb, entity, record)
                    let decision = snapshot.decide(principal, verb, entity, record: record)
                    let isListed = predicates[entity].map { lets($0, record) } ?? false
                    answers[expected, default: 0] += 1
                    if decision.allowed != expected || isListed != expected {
                        Issue.record(
                            """
                            seed \(seed): user \(user) \(verb.name) \(entity) \(record)
                            plain \(expected), listed \(isListed), \(decision.message)
                            """)
                        return
                    }
                }
            }
        }
        // A generator that only ever makes one answer would prove nothing.
        #expect(answers[true, default: 0] > 1_000 && answers[false, default: 0] > 1_000)
    }

    @Test("without a record the answer is whether the list could show anything of the entity")
    func entityAndList() {
        everyQuestion { company, snapshot, user, principal, seed in
            let plain = PlainProcedure(facts: company.facts, entities: company.entities)
            for entity in company.entities.map(\.name) {
                for verb in RandomCompany.verbs {
                    let isAllowed = snapshot.decide(principal, verb, entity).allowed
                    #expect(isAllowed == plain.allows(user, verb, entity, nil), "seed \(seed)")
                    if !isAllowed {
                        #expect(snapshot.predicate(principal, verb, entity) == .nothing, "seed \(seed)")
                    }
                }
            }
        }
    }

    @Test("an explanation decides as the decision does, and all its remedies together cure the refusal")
    func remedies() {
        var cured = 0
        everyQuestion(companies: 30) { company, snapshot, user, principal, seed in
            for (entity, record) in company.records {
                for verb in RandomCompany.verbs {
                    let explanation = snapshot.explain(principal, verb, entity, record: record)
                    let decision = snapshot.decide(principal, verb, entity, record: record)
                    #expect(explanation.decision == decision, "seed \(seed)")
                    #expect(explanation.remedies.isEmpty || !decision.allowed, "seed \(seed)")
                    guard !decision.allowed, !explanation.remedies.isEmpty else { continue }
                    cured += 1
                    // A snapshot for each change is dear: a seventh of the refusals is enough.
                    guard cured.isMultiple(of: 7) else { continue }
                    let changes = explanation.remedies.map(\.change)
                    let isCured = cures(changes, decision, company, principal, record)
                    // How much a profile that is still to be made opens, nobody knows before.
                    let isOpenEnded = changes.contains { $0.isOpenEnded }
                    let isMinimal =
                        isOpenEnded
                        || changes.indices.allSatisfy { index in
                            var fewer = changes
                            fewer.remove(at: index)
                            return !cures(fewer, decision, company, principal, record)
                        }
                    if !isCured || !isMinimal {
                        Issue.record(
                            """
                            seed \(seed): user \(user) \(decision.message) \(record)
                            cured \(isCured), minimal \(isMinimal): \(explanation.remedies.map(\.message))
                            """)
                        return
                    }
                }
            }
        }
        #expect(cured > 200)
    }

    private func cures(
        _ changes: [Remedy.Change], _ refusal: AccessDecision, _ company: RandomCompany,
        _ principal: Principal, _ record: RecordFacts
    ) -> Bool {
        var facts = company.facts
        for change in changes { facts.apply(change) }
        // Once an administrator, the same person comes with a new session.
        let principal = Principal(
            user: principal.user, isAdministrator: facts.users[principal.user]?.isAdministrator ?? false,
            source: .session)
        let snapshot = SecuritySnapshot(facts: facts, entities: company.entities)
        let now = snapshot.decide(principal, refusal.verb, refusal.entity, record: record)
        // An inactive user is told that first, and what else is missing once active.
        return refusal.step == 1 ? now.step != 1 : now.allowed
    }

    private func everyQuestion(
        companies: Int = PropertyTests.companies,
        _ body: (RandomCompany, SecuritySnapshot, RecordID, Principal, UInt64) -> Void
    ) {
        for number in 0..<companies {
            let seed = Self.firstSeed &+ UInt64(number)
            let company = RandomCompany(seed: seed)
            let snapshot = SecuritySnapshot(facts: company.facts, entities: company.entities)
            for user in company.facts.users.values.sorted(by: { $0.id < $1.id }) {
                let principal = Principal(
                    user: user.id, isAdministrator: user.isAdministrator, source: .session)
                body(company, snapshot, user.id, principal, seed)
            }
        }
    }
}

extension Remedy.Change {
    fileprivate var isOpenEnded: Bool {
        switch self {
        case .giveRole, .giveProfile: true
        default: false
        }
    }
}

extension SecurityFacts {
    /// Does what a remedy advises, in the first of the profiles it names.
    mutating func apply(_ change: Remedy.Change) {
        switch change {
        case .activate(let user): users[user]?.isActive = true
        case .makeAdministrator(let user): users[user]?.isAdministrator = true
        case .giveRole(let user):
            let role = RecordID(9_001)
            roles[role] = RoleFact(id: role, name: "everything", profiles: [addEverything()])
            users[user]?.role = role
        case .giveProfile(let role):
            let profile = addEverything()
            roles[role]?.profiles = [profile]
        case .grantAccess(let entity, let names):
            alter(entity, names) { $0.access = true }
        case .grantAction(let verb, let entity, let names):
            alter(entity, names) { $0.verbs.insert(verb) }
        case .share(let entity, let from, let to, let permission):
            rules.append(
                SharingRule(id: RecordID(9_003), entity: entity, from: from, to: to, permission: permission))
        case .join(let group, let user): groups[group]?.members.append(.user(user))
        case .widenDefault(let entity, let sharing): defaults[entity] = sharing
        case .switchFieldOn(let entity, let field): fieldSwitches[entity]?[field] = true
        case .showField(let entity, let field, let names):
            if let id = names.first { profiles[id]?.fields[entity, default: [:]][field] = .readOnly }
        case .unlockField(let entity, let field, let names):
            if let id = names.first { profiles[id]?.fields[entity, default: [:]][field] = .editable }
        }
    }

    private mutating func addEverything() -> RecordID {
        let id = RecordID(9_002)
        profiles[id] = ProfileFact(
            id: id, name: "everything",
            otherEntities: EntityRights(access: true, verbs: Set(RandomCompany.verbs)))
        return id
    }

    private mutating func alter(
        _ entity: String, _ names: [RecordID], _ body: (inout EntityRights) -> Void
    ) {
        guard let id = names.first, let profile = profiles[id] else { return }
        var rights = profile.rights(to: entity)
        body(&rights)
        profiles[id]?.entities[entity] = rights
    }
}
