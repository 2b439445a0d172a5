package import CRMSDK

extension SecuritySnapshot {
    /// Answers `decide` step by step, and what would have changed a refusal.
    ///
    /// - Parameter field: Asks for this field as well: to be seen, or for any verb but view and export to be written.
    package func explain(
        _ principal: Principal, _ verb: AccessVerb, _ entity: String, record: RecordFacts? = nil,
        field: String? = nil
    ) -> Explanation {
        let question = Question(self, principal, verb, entity, record)
        var steps: [Explanation.StepOutcome] = []
        var decision = question.refuse(14, .noGrant)
        for step in DecisionStep.all {
            let answer = step.decide(question)
            steps.append(
                Explanation.StepOutcome(
                    number: step.number, title: step.title,
                    answer: answer.map { $0.allowed ? .allowed : .refused } ?? .passed))
            if let answer {
                decision = answer
                break
            }
        }
        var changes = decision.allowed ? [] : question.changesToAllow(decision)
        let outcome = field.map { fieldOutcome($0, of: entity, for: principal) }
        if let outcome, let plan = plans[entity] { changes += question.changesToOpen(outcome, plan) }
        return Explanation(
            decision: decision, steps: steps, field: outcome,
            remedies: changes.map { Remedy(change: $0, message: $0.message(facts)) })
    }

    private func fieldOutcome(
        _ field: String, of entity: String, for principal: Principal
    ) -> Explanation.FieldOutcome {
        let mask = mask(principal, entity)
        let (isVisible, isEditable) = (mask.isVisible(field), mask.isEditable(field))
        let isSwitchedOff = facts.fieldSwitches[entity]?[field] == false
        let why =
            if isVisible, isWrittenBySystem(field, of: entity) {
                "field \"\(field)\" is written by the system"
            } else if isVisible {
                "no profile of the caller lets field \"\(field)\" be written"
            } else if isSwitchedOff {
                "field \"\(field)\" is switched off for the organisation"
            } else {
                "no profile of the caller shows field \"\(field)\""
            }
        return Explanation.FieldOutcome(
            field: field, isVisible: isVisible, isEditable: isEditable,
            message: isEditable ? nil : why)
    }

    func isWrittenBySystem(_ field: String, of entity: String) -> Bool {
        FieldMask.systemFields.contains(field)
            || plans[entity]?.entity.readOnlyFields.contains(field) ?? false
    }
}

extension Question {
    /// The profiles that an administrator could change for this caller.
    private var profiles: [RecordID] {
        user?.role == nil ? [] : abilities?.profiles.map(\.id) ?? []
    }

    fileprivate func changesToAllow(_ refusal: AccessDecision) -> [Remedy.Change] {
        guard let user, let plan else { return [] }
        switch refusal.step {
        case 1: return [.activate(user: user.id)]
        case 2: return []
        case 3: return [.makeAdministrator(user: user.id)]
        default: return abilityChanges(user) + recordChanges(user, plan)
        }
    }

    private func abilityChanges(_ user: UserFact) -> [Remedy.Change] {
        // What reads or edits everything needs neither access nor the action.
        func isGranted(_ verb: AccessVerb) -> Bool {
            ability.grants[verb] != nil || (verb == .view && abilities?.viewAll ?? false)
                || (verb == .edit && abilities?.editAll ?? false)
        }
        var needed = [verb]
        if record != nil, let reach, reach.verb != verb { needed.append(reach.verb) }
        let missing = needed.filter { !isGranted($0) }
        if ability.access && missing.isEmpty { return [] }
        guard let role = user.role, snapshot.facts.roles[role] != nil else {
            return [.giveRole(user: user.id)]
        }
        if profiles.isEmpty { return [.giveProfile(role: role)] }
        let access: [Remedy.Change] =
            ability.access ? [] : [.grantAccess(entity: entity, profiles: profiles)]
        return access + missing.map { .grantAction($0, entity: entity, profiles: profiles) }
    }

    /// What the record's own protection lacks, whatever the profiles say.
    private func recordChanges(_ user: UserFact, _ plan: SharingPlan) -> [Remedy.Change] {
        guard record != nil, let reach else { return [] }
        let seesAll = reach == .view && abilities?.viewAll ?? false
        let editsAll = reach == .edit && abilities?.editAll ?? false
        if seesAll || editsAll { return [] }
        for step in DecisionStep.all where step.number >= 8 {
            guard let decision = step.decide(self) else { continue }
            return decision.allowed ? [] : [changeToReach(reach, user, plan)]
        }
        return []
    }

    private func changeToReach(_ reach: RecordReach, _ user: UserFact, _ plan: SharingPlan) -> Remedy.Change {
        let facts = snapshot.facts
        let ownersGroup = owner.flatMap { facts.groups[$0]?.id }
        let ownersParty =
            ownersGroup.map(SharingParty.group)
            ?? owner.flatMap { facts.users[$0]?.role }.map(SharingParty.role)
        if let permission = reach.neededPermission, let from = ownersParty, let role = user.role {
            return .share(entity: plan.rulesOf, from: from, to: .role(role), permission)
        }
        if let group = ownersGroup { return .join(group: group, user: user.id) }
        let wide: SharingDefault =
            switch reach {
            case .view: .publicRead
            case .edit: .publicReadEdit
            case .delete: .publicReadEditDelete
            }
        return .widenDefault(entity: plan.rulesOf, to: wide)
    }

    fileprivate func changesToOpen(
        _ outcome: Explanation.FieldOutcome, _ plan: SharingPlan
    ) -> [Remedy.Change] {
        let (field, mustWrite) = (outcome.field, reach != .view)
        if mustWrite ? outcome.isEditable : outcome.isVisible { return [] }
        if mustWrite, snapshot.isWrittenBySystem(field, of: entity) || isAdministrator { return [] }
        guard !plan.entity.isAdministrative, user?.isActive ?? false else { return [] }
        var changes: [Remedy.Change] = []
        if snapshot.facts.fieldSwitches[entity]?[field] == false {
            changes.append(.switchFieldOn(entity: entity, field: field))
        }
        let rights = (abilities?.profiles ?? []).filter { $0.rights(to: entity).access }
            .map { $0.right(to: field, of: entity) }
        let isShown = rights.contains(where: \.visible) || abilities?.viewAll ?? false
        let isUnlocked = rights.contains { $0.visible && !$0.readOnly } || abilities?.editAll ?? false
        if mustWrite, !isUnlocked {
            changes.append(.unlockField(entity: entity, field: field, profiles: profiles))
        } else if !isShown {
            changes.append(.showField(entity: entity, field: field, profiles: profiles))
        }
        return changes
    }
}

extension Remedy.Change {
    func message(_ facts: SecurityFacts) -> String {
        switch self {
        case .activate(let user): "user \(facts.userName(user)) made active"
        case .makeAdministrator(let user): "user \(facts.userName(user)) made an administrator"
        case .giveRole(let user): "a role for user \(facts.userName(user)) whose profiles permit it"
        case .giveProfile(let role): "a profile for role \(facts.roleName(role)) that permits it"
        case .grantAccess(let entity, let profiles):
            "access to \(entity) in \(facts.oneOf(profiles))"
        case .grantAction(let verb, let entity, let profiles):
            "the action \(verb.name) on \(entity) in \(facts.oneOf(profiles))"
        case .share(let entity, let from, let to, let permission):
            "a sharing rule on \(entity) from \(facts.partyName(from)) to \(facts.partyName(to)) "
                + "with \(permission.rawValue)"
        case .join(let group, let user):
            "user \(facts.userName(user)) made a member of group \(facts.groupName(group))"
        case .widenDefault(let entity, let sharing): "the default of \(entity) set to \(sharing.name)"
        case .switchFieldOn(let entity, let field):
            "field \(field) of \(entity) switched on for the organisation"
        case .showField(let entity, let field, let profiles):
            "field \(field) of \(entity) made visible in \(facts.oneOf(profiles))"
        case .unlockField(let entity, let field, let profiles):
            "field \(field) of \(entity) made visible and editable in \(facts.oneOf(profiles))"
        }
    }
}

extension SecurityFacts {
    func userName(_ id: RecordID) -> String { users[id]?.username ?? "\(id)" }
    func roleName(_ id: RecordID) -> String { roles[id]?.name ?? "\(id)" }
    func groupName(_ id: RecordID) -> String { groups[id]?.name ?? "\(id)" }

    func partyName(_ party: SharingParty) -> String {
        switch party {
        case .role(let role): "role \(roleName(role))"
        case .roleAndSubordinates(let role): "role \(roleName(role)) and subordinates"
        case .group(let group): "group \(groupName(group))"
        }
    }

    fileprivate func oneOf(_ ids: [RecordID]) -> String {
        let names = ids.map { profiles[$0]?.name ?? "\($0)" }
        return switch names.count {
        case 0: "a profile of the caller's role"
        case 1: "profile \(names[0])"
        default: "one of the profiles \(names.joined(separator: ", "))"
        }
    }
}
