package import CRMSDK
import Synchronization

/// Decides who may do what with which records and fields. Pure: it is given the facts and reads nothing.
///
/// Order: the fourteen steps of `DecisionStep`; the first that decides wins and is named in the answer. `decide` is
/// about one record, `predicate` says the same of all records of an entity as a value that Query compiles into SQL:
/// a list is exactly what `decide` allows to view. After an allow come the field mask, and the record's own state,
/// which is Records' to check.
///
/// Cost: for administrators, `view_all` and public entities a few look-ups, no allocation. What one user reaches is
/// worked out at their first call and kept; changed facts make a new snapshot, so nothing is ever recalculated.
package final class SecuritySnapshot: Sendable {
    package let facts: SecurityFacts
    let plans: [String: SharingPlan]
    let tree: RoleTree
    let graph: GroupGraph
    /// Role → abilities of its profiles; roles with the same profiles share them.
    private let abilitiesOfRole: [RecordID: Abilities]
    private let abilitiesWithoutRole: Abilities
    private let administratorMasks: [String: FieldMask]
    private let cache = Mutex(ReachCache())

    /// - Parameter entities: Those of the enabled modules; all others are unknown. The first of a name counts.
    package init(facts: SecurityFacts, entities: [SecuredEntity]) {
        let named = Dictionary(entities.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let rules = Dictionary(grouping: facts.rules.sorted { $0.id < $1.id }, by: \.entity)
        self.facts = facts
        plans = named.mapValues { SharingPlan($0, entities: named, facts: facts, rules: rules) }
        tree = RoleTree(roles: facts.roles, users: facts.users)
        graph = GroupGraph(groups: facts.groups, tree: tree)
        administratorMasks = named.mapValues { FieldMask(hidden: [], locked: $0.readOnlyFields) }

        func unite(_ profiles: [ProfileFact]) -> Abilities {
            Abilities(profiles: profiles, entities: entities, switches: facts.fieldSwitches)
        }
        var united: [[RecordID]: Abilities] = [:]
        abilitiesOfRole = facts.roles.mapValues { role in
            if let known = united[role.profiles] { return known }
            let abilities = unite(role.profiles.compactMap { facts.profiles[$0] })
            united[role.profiles] = abilities
            return abilities
        }
        abilitiesWithoutRole = unite([facts.systemDefault])
    }

    /// Whether `principal` may do it: with one record, or with the entity as such when `record` is nil.
    package func decide(
        _ principal: Principal, _ verb: AccessVerb, _ entity: String, record: RecordFacts? = nil
    ) -> AccessDecision {
        let question = Question(self, principal, verb, entity, record)
        for step in DecisionStep.all {
            if let decision = step.decide(question) { return decision }
        }
        return question.refuse(14, .noGrant)
    }

    /// Refuses what `decide` refuses.
    ///
    /// - Throws: `unauthenticated` for a user who is gone or inactive; `notFound` for an unknown entity, and for a
    ///   record that the caller may not even view, so that ids do not leak; else `forbidden`. `rule` names the step.
    package func require(
        _ principal: Principal, _ verb: AccessVerb, _ entity: String, record: RecordFacts? = nil
    ) throws(CRMError) {
        let decision = decide(principal, verb, entity, record: record)
        if decision.allowed { return }
        guard let record, decision.step > 2, !decide(principal, .view, entity, record: record).allowed else {
            throw decision.error
        }
        var error = CRMError.recordNotFound(record.id, entity: entity)
        error.detail = decision.message
        throw error
    }

    /// Which fields of the entity the principal may see and write; nothing, where they have no access.
    package func mask(_ principal: Principal, _ entity: String) -> FieldMask {
        guard let plan = plans[entity] else { return .nothing }
        if isAdministrator(principal) { return administratorMasks[entity] ?? .everything }
        guard let user = facts.users[principal.user], user.isActive else { return .nothing }
        if plan.entity.isAdministrative {
            return plan.entity.openFields.map(FieldMask.reading(only:)) ?? .readingAll(but: [])
        }
        return abilities(of: user)[entity].mask
    }

    /// An administrator who is active, or the kernel itself.
    func isAdministrator(_ principal: Principal) -> Bool {
        if principal.source == .kernel { return true }
        guard principal.isAdministrator, let user = facts.users[principal.user] else { return false }
        return user.isAdministrator && user.isActive
    }

    /// A user without a role has the system's default; a role that is not there gives nothing.
    func abilities(of user: UserFact) -> Abilities {
        guard let role = user.role else { return abilitiesWithoutRole }
        return abilitiesOfRole[role] ?? .none
    }

    /// The user's place, worked out at most once a snapshot (or twice, when two threads ask at the same moment).
    func reach(of user: UserFact) -> UserReach {
        if let known = cache.withLock({ $0.users[user.id] }) { return known }
        let reach = UserReach(
            user: user, abilities: abilities(of: user), groups: graph.groups(of: user), tree: tree)
        cache.withLock { $0.users[user.id] = reach }
        return reach
    }

    func withCache<Result: Sendable>(_ body: (inout ReachCache) -> Result) -> Result {
        cache.withLock { cache in body(&cache) }
    }
}

extension AccessDecision {
    /// The refusal as callers see it.
    package var error: CRMError {
        let what = "\(verb.name) on \(entity) is not permitted: \(reason.meaning)"
        var error =
            switch reason {
            case .userUnknown, .userInactive: CRMError(.unauthenticated, reason.meaning)
            case .entityUnknown: CRMError(.notFound, "entity \"\(entity)\" does not exist")
            default: CRMError(.forbidden, what)
            }
        error.rule = "step \(step), \(decidedBy)"
        return error
    }
}
