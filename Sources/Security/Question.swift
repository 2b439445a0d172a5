import CRMSDK

/// One call's question with what the steps ask of the facts: made for one decision, then gone.
struct Question {
    let snapshot: SecuritySnapshot
    let principal: Principal
    let verb: AccessVerb
    let entity: String
    let record: RecordFacts?
    let user: UserFact?
    let plan: SharingPlan?
    let isAdministrator: Bool
    let abilities: Abilities?
    /// The entities whose records led here; a record is not followed back into one of them.
    let followedFrom: [String]

    init(
        _ snapshot: SecuritySnapshot, _ principal: Principal, _ verb: AccessVerb, _ entity: String,
        _ record: RecordFacts?, followedFrom: [String] = []
    ) {
        self.snapshot = snapshot
        self.principal = principal
        self.verb = verb
        self.entity = entity
        self.record = record
        self.followedFrom = followedFrom
        user = snapshot.facts.users[principal.user]
        plan = snapshot.plans[entity]
        isAdministrator = snapshot.isAdministrator(principal)
        abilities = user.map(snapshot.abilities(of:))
    }

    var isKernel: Bool { principal.source == .kernel }
    var ability: EntityAbility { abilities?[entity] ?? .none }
    var reach: RecordReach? { verb.reach }
    var owner: RecordID? { record?.owner }
    var place: UserReach? { user.map(snapshot.reach(of:)) }

    func allow(_ step: Int, _ reason: AccessDecision.Reason, by rule: SharingRule? = nil) -> AccessDecision {
        var decision = AccessDecision(true, step: step, reason, verb: verb, entity: entity)
        decision.rule = rule?.id
        return decision
    }

    func refuse(_ step: Int, _ reason: AccessDecision.Reason) -> AccessDecision {
        AccessDecision(false, step: step, reason, verb: verb, entity: entity)
    }

    /// The same question about another verb.
    func decision(on other: AccessVerb) -> AccessDecision {
        snapshot.decide(principal, other, entity, record: record)
    }

    func isSuperior(of owner: RecordID) -> Bool {
        snapshot.tree.isRole(snapshot.facts.users[owner]?.role, below: user?.role)
    }

    /// The first entity, by name, through which the record is seen with one that the caller views.
    func recordFollowed() -> String? {
        guard reach == .view, let plan, let record, !record.belongsTo.isEmpty else { return nil }
        return plan.entity.belongsTo.keys.sorted().first { target in
            guard let followed = record.belongsTo[target] else { return false }
            return snapshot.views(principal, target, followed, followedFrom: followedFrom + [entity])
        }
    }

    /// The way in which the record is open to the caller.
    func opening() -> AccessDecision.Reason? {
        guard reach == .view, plan?.entity.openings != nil, let record, let user else { return nil }
        if record.invited.contains(user.id) { return .invited }
        return record.sharedWith.contains(user.id) ? .shared : nil
    }

    func directRule() -> SharingRule? {
        guard let plan, let owner, let place, let needed = reach?.neededPermission else { return nil }
        return plan.direct.first {
            $0.permission >= needed && place.belongs(to: $0.to) && snapshot.owns(owner, within: $0.from)
        }
    }

    func parentRule() -> SharingRule? {
        guard let plan, let record, let place, let needed = reach?.neededPermission else { return nil }
        for parent in plan.parents {
            guard let owner = record.parents[parent.entity] else { continue }
            let rule = parent.rules.first {
                $0.related[entity, default: .none] >= needed && place.belongs(to: $0.to)
                    && snapshot.owns(owner, within: $0.from)
            }
            if let rule { return rule }
        }
        return nil
    }
}

extension SecuritySnapshot {
    /// Whether what `owner` has is within a rule's from-set.
    func owns(_ owner: RecordID, within party: SharingParty) -> Bool {
        if let user = facts.users[owner] { return reach(of: user).belongs(to: party) }
        guard facts.groups[owner] != nil, case .group(let source) = party else { return false }
        return graph.groups(enclosing: owner).contains(source)
    }

    /// Step 8 for a record met on the way from others.
    func views(
        _ principal: Principal, _ entity: String, _ record: RecordFacts, followedFrom: [String]
    ) -> Bool {
        if followedFrom.contains(entity) { return false }
        let question = Question(self, principal, .view, entity, record, followedFrom: followedFrom)
        for step in DecisionStep.all {
            if let decision = step.decide(question) { return decision.allowed }
        }
        return false
    }
}
