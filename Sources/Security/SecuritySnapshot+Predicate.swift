package import CRMSDK

extension SecuritySnapshot {
    /// The records of an entity with which `decide` would allow the verb; `nothing` where the entity itself is refused.
    ///
    /// For a verb that concerns no record (`create`, `import`): everything or nothing.
    package func predicate(
        _ principal: Principal, _ verb: AccessVerb, _ entity: String
    ) -> AccessPredicate {
        guard let record = plans[entity]?.entity.lineOf else { return whole(principal, verb, entity) }
        // A line is there for whoever has its record.
        let inner = whole(principal, verb, record)
        return inner == .nothing ? .nothing : .belonging(entity: record, field: "parent", inner)
    }

    /// What rights give; of that, for a customer, what is theirs.
    private func whole(
        _ principal: Principal, _ verb: AccessVerb, _ entity: String
    ) -> AccessPredicate {
        let permitted = predicate(principal, verb, entity, followedFrom: [])
        guard let customer = principal.customer, verb.reach != nil else { return permitted }
        return .allOf([permitted, records(of: customer, entity)])
    }

    private func predicate(
        _ principal: Principal, _ verb: AccessVerb, _ entity: String, followedFrom: [String]
    ) -> AccessPredicate {
        let question = Question(self, principal, verb, entity, nil)
        for step in DecisionStep.all where step.number < 7 {
            if let decision = step.decide(question) { return decision.allowed ? .everything : .nothing }
        }
        guard let reach = verb.reach, let user = question.user, let plan = question.plan else {
            return .everything
        }
        if reach.verb != verb { return predicate(principal, reach.verb, entity, followedFrom: followedFrom) }
        if plan.sharing == .notShareable || plan.verdict(reach) ?? false { return .everything }

        let follows = reach == .view && !plan.entity.belongsTo.isEmpty
        if follows, !followedFrom.isEmpty {
            return rows(of: plan, reach, for: user, principal, followedFrom: followedFrom)
        }
        // An administrator's rights, and those that principal and facts disagree about, were settled above.
        let key = ReachCache.Key(user: user.id, entity: entity, reach: reach)
        if let known = withCache({ $0.predicate(key) }) { return known }
        let predicate = rows(of: plan, reach, for: user, principal, followedFrom: followedFrom)
        withCache { $0.keep(predicate, for: key) }
        return predicate
    }

    /// Steps 8 to 14 for an entity whose default leaves it open.
    private func rows(
        of plan: SharingPlan, _ reach: RecordReach, for user: UserFact, _ principal: Principal,
        followedFrom: [String]
    ) -> AccessPredicate {
        let place = self.reach(of: user)
        var branches: [AccessPredicate] = []
        var owners = own(user)
        if plan.verdict(reach) == nil, let needed = reach.neededPermission {
            let sources = plan.direct.filter { $0.permission >= needed && place.belongs(to: $0.to) }.map(
                \.from)
            owners = owners.union(self.owners(sources))
            for parent in plan.parents {
                let sources = parent.rules.filter {
                    $0.related[plan.entity.name, default: .none] >= needed && place.belongs(to: $0.to)
                }
                let owners = interned(self.owners(sources.map(\.from)))
                branches.append(.parent(entity: parent.entity, field: parent.field, owners: owners))
            }
        }
        if reach == .view {
            let path = followedFrom + [plan.entity.name]
            for (target, field) in plan.entity.belongsTo where !path.contains(target) {
                let inner = predicate(principal, .view, target, followedFrom: path)
                branches.append(.belonging(entity: target, field: field, inner))
            }
            if let openings = plan.entity.openings {
                branches.append(.inviting(user.id, relation: openings.invitation))
                branches.append(.sharing(openings.sharing, with: user.id))
            }
        }
        branches.append(.owners(interned(owners)))
        return .anyOf(branches)
    }

    /// The user, their subordinates and their groups: whose records they edit and delete under any default.
    func own(_ user: UserFact) -> OwnerSet {
        if let known = withCache({ $0.own(user.id) }) { return known }
        var ids = Array(reach(of: user).groups)
        ids.append(user.id)
        if let role = user.role { ids += tree.users(below: role) }
        let owners = interned(OwnerSet(ids))
        withCache { $0.keep(own: owners, of: user.id) }
        return owners
    }

    /// The owners within any of the from-sets.
    func owners(_ parties: [SharingParty]) -> OwnerSet {
        let parties = Set(parties)
        if parties.count == 1, let only = parties.first { return owners(only) }
        // Hundreds of rules may name the same people again and again: each is sorted once.
        var ids: Set<RecordID> = []
        for party in parties { ids.formUnion(owners(party).ids) }
        return OwnerSet(ids)
    }

    private func owners(_ party: SharingParty) -> OwnerSet {
        if let known = withCache({ $0.owners(party) }) { return known }
        let owners =
            switch party {
            case .role(let role): OwnerSet(tree.users(in: role))
            case .roleAndSubordinates(let role): OwnerSet(tree.users(inBranchOf: role))
            case .group(let group): groupOwners(group)
            }
        withCache { $0.keep(owners, of: party) }
        return owners
    }

    /// The group, groups nested in it, and all effective members.
    private func groupOwners(_ group: RecordID) -> OwnerSet {
        guard facts.groups[group] != nil else { return .empty }
        let users = graph.members(of: group).filter { facts.users[$0] != nil }
        return OwnerSet([Array(graph.groups(within: group)), users].joined())
    }

    private func interned(_ owners: OwnerSet) -> OwnerSet { withCache { $0.interned(owners) } }
}
