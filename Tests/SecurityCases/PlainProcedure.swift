package import CRMSDK
package import Security

/// The fourteen steps once more, as plainly as they can be written: no tables, no caches, no sets worked out ahead.
/// Shares nothing with the product but the facts; the property tests hold the product to it.
package struct PlainProcedure {
    private let facts: SecurityFacts
    private let entities: [SecuredEntity]

    package init(facts: SecurityFacts, entities: [SecuredEntity]) {
        self.facts = facts
        self.entities = entities
    }

    package func allows(_ caller: RecordID, _ verb: AccessVerb, _ entity: String, _ record: RecordFacts?)
        -> Bool
    {
        allows(caller, verb, entity, record, path: [])
    }

    private func allows(
        _ caller: RecordID, _ verb: AccessVerb, _ entity: String, _ record: RecordFacts?, path: [String]
    ) -> Bool {
        // 1, 2, 3
        guard let user = facts.users[caller], user.isActive else { return false }
        guard let secured = entities.first(where: { $0.name == entity }) else { return false }
        if user.isAdministrator { return true }
        if secured.isAdministrative { return verb == .view }
        // 4
        let profiles = profiles(of: user)
        if verb == .view, profiles.contains(where: { $0.viewAll || $0.editAll }) { return true }
        if verb == .edit, profiles.contains(where: { $0.editAll }) { return true }
        // 5, 6
        let rights = profiles.map { $0.entities[entity] ?? $0.otherEntities }
        if !rights.contains(where: { $0.access }) { return false }
        if !rights.contains(where: { $0.verbs.contains(verb) }) { return false }
        // 7
        guard let record, verb != .create, verb != .import else { return true }
        if verb == .export { return allows(caller, .view, entity, record, path: path) }
        if ![.view, .edit, .delete].contains(verb) {
            return allows(caller, .edit, entity, record, path: path)
        }
        // 8
        let base = entities.first { $0.name == secured.sharingFollows } ?? secured
        if secured.sharing == .notShareable || base.sharing == .notShareable { return true }
        if verb == .view {
            for target in secured.belongsTo.keys {
                guard let followed = record.belongsTo[target], !(path + [entity]).contains(target) else {
                    continue
                }
                if allows(caller, .view, target, followed, path: path + [entity]) { return true }
            }
            if secured.openings != nil, record.invited.contains(caller) || record.sharedWith.contains(caller)
            {
                return true
            }
        }
        // 9, 10
        if let owner = record.owner {
            if owner == caller { return true }
            if let other = facts.users[owner], isBelow(other.role, user.role) { return true }
            if facts.groups[owner] != nil, isMember(user, of: owner) { return true }
        }
        // 11
        let sharing = facts.defaults[base.name] ?? base.sharing
        if sharing == .publicReadEditDelete { return true }
        if sharing == .publicReadEdit { return verb != .delete }
        if verb == .delete { return false }
        if sharing == .publicRead, verb == .view { return true }
        // 12
        func isEnough(_ permission: SharingPermission) -> Bool {
            permission == .readWrite || (permission == .read && verb == .view)
        }
        for rule in facts.rules where rule.entity == base.name && isEnough(rule.permission) {
            if let owner = record.owner, isWithin(user, rule.to), covers(rule.from, owner) { return true }
        }
        // 13
        for rule in facts.rules {
            guard secured.parentFields[rule.entity] != nil, isEnough(rule.related[entity] ?? .none) else {
                continue
            }
            guard let owner = record.parents[rule.entity] else { continue }
            if isWithin(user, rule.to), covers(rule.from, owner) { return true }
        }
        // 14
        return false
    }

    private func profiles(of user: UserFact) -> [ProfileFact] {
        guard let role = user.role else { return [facts.systemDefault] }
        return (facts.roles[role]?.profiles ?? []).compactMap { facts.profiles[$0] }
    }

    private func isBelow(_ role: RecordID?, _ superior: RecordID?) -> Bool {
        guard let superior else { return false }
        var parent = role.flatMap { facts.roles[$0]?.parent }
        while let role = parent {
            if role == superior { return true }
            parent = facts.roles[role]?.parent
        }
        return false
    }

    /// To-sets: a user within a party.
    private func isWithin(_ user: UserFact, _ party: SharingParty) -> Bool {
        switch party {
        case .role(let role): user.role == role
        case .roleAndSubordinates(let role): user.role == role || isBelow(user.role, role)
        case .group(let group): isMember(user, of: group)
        }
    }

    private func isMember(_ user: UserFact, of group: RecordID) -> Bool {
        (facts.groups[group]?.members ?? []).contains { member in
            switch member {
            case .user(let id): id == user.id
            case .role(let role): user.role == role
            case .roleAndSubordinates(let role): user.role == role || isBelow(user.role, role)
            case .group(let nested): isMember(user, of: nested)
            }
        }
    }

    /// From-sets: an owner, user or group, covered by a party.
    private func covers(_ party: SharingParty, _ owner: RecordID) -> Bool {
        if let user = facts.users[owner] { return isWithin(user, party) }
        guard case .group(let source) = party else { return false }
        return owner == source || isNested(owner, in: source)
    }

    private func isNested(_ group: RecordID, in outer: RecordID) -> Bool {
        (facts.groups[outer]?.members ?? []).contains { member in
            guard case .group(let nested) = member else { return false }
            return nested == group || isNested(group, in: nested)
        }
    }
}

/// A predicate applied to one record, written apart from the product's own.
package func lets(_ predicate: AccessPredicate, _ record: RecordFacts) -> Bool {
    switch predicate {
    case .everything: return true
    case .nothing: return false
    case .owners(let owners): return record.owner.map { Set(owners.ids).contains($0) } ?? false
    case .parent(let entity, _, let owners):
        return record.parents[entity].map { Set(owners.ids).contains($0) } ?? false
    case .belonging(let entity, _, let inner):
        return record.belongsTo[entity].map { lets(inner, $0) } ?? false
    case .inviting(let user, _): return record.invited.contains(user)
    case .sharing(_, let user): return record.sharedWith.contains(user)
    case .any(let branches): return branches.contains { lets($0, record) }
    // Nobody is narrowed to a customer here.
    case .ofCustomer, .having, .all: return false
    }
}
