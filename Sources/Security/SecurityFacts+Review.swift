import CRMSDK

/// What a change of the facts would break: asked of every unit that changes them, before it commits.
extension SecurityFacts {
    /// The errors in `after` that these facts do not have, first those that name what is in use.
    ///
    /// What was wrong before, because a module brought a mandatory field perhaps, does not stand in the way of others.
    package func errors(after: SecurityFacts, entities: [SecuredEntity]) -> [SecurityProblem] {
        let known = Set(errors(entities: entities).map { [$0.code, $0.subject.description] })
        return danglingReferences(in: after)
            + after.errors(entities: entities).filter { !known.contains([$0.code, $0.subject.description]) }
            + withoutAdministrator(after)
    }

    /// The errors that these facts have once entities are as `after` says, and have not now: a field that becomes
    /// mandatory where a profile that creates cannot write it.
    package func errors(of before: [SecuredEntity], becoming after: [SecuredEntity]) -> [SecurityProblem] {
        let known = Set(errors(entities: before).map(\.message))
        return errors(entities: after).filter { !known.contains($0.message) }
    }

    private func errors(entities: [SecuredEntity]) -> [SecurityProblem] {
        roleCycles() + groupCycles()
            + profiles.values.sorted { $0.id < $1.id }.flatMap {
                hiddenMandatoryFields(of: $0, entities: entities)
            }
    }

    private func withoutAdministrator(_ after: SecurityFacts) -> [SecurityProblem] {
        func active(_ facts: SecurityFacts) -> [UserFact] {
            facts.users.values.filter { $0.isAdministrator && $0.isActive }.sorted { $0.id < $1.id }
        }
        guard active(after).isEmpty, let last = active(self).first else { return [] }
        return [
            SecurityProblem(
                severity: .error, code: "last_administrator",
                message: "user \"\(last.username)\" is the last active administrator", subject: last.id)
        ]
    }

    /// What is gone in `after` although something there still names it.
    private func danglingReferences(in after: SecurityFacts) -> [SecurityProblem] {
        func gone<Fact>(_ facts: KeyPath<SecurityFacts, [RecordID: Fact]>) -> Set<RecordID> {
            Set(self[keyPath: facts].keys).subtracting(after[keyPath: facts].keys)
        }
        let (roles, profiles, groups) = (gone(\.roles), gone(\.profiles), gone(\.groups))
        if roles.isEmpty, profiles.isEmpty, groups.isEmpty { return [] }
        var problems: [SecurityProblem] = []
        func inUse(_ what: String, _ name: String, _ id: RecordID, by user: String) {
            problems.append(
                SecurityProblem(
                    severity: .error, code: "\(what)_in_use",
                    message: "\(what) \"\(name)\" is in use by \(user)", subject: id))
        }
        func party(_ kind: String, _ id: RecordID, by user: String) {
            if kind == "group" {
                if groups.contains(id) { inUse("group", self.groups[id]?.name ?? "", id, by: user) }
            } else if kind != "user", roles.contains(id) {
                inUse("role", self.roles[id]?.name ?? "", id, by: user)
            }
        }
        for user in after.users.values.sorted(by: { $0.id < $1.id }) {
            if let role = user.role { party("role", role, by: "user \"\(user.username)\"") }
        }
        for role in after.roles.values.sorted(by: { $0.id < $1.id }) {
            if let parent = role.parent { party("role", parent, by: "role \"\(role.name)\"") }
            for profile in role.profiles where profiles.contains(profile) {
                inUse("profile", self.profiles[profile]?.name ?? "", profile, by: "role \"\(role.name)\"")
            }
        }
        for group in after.groups.values.sorted(by: { $0.id < $1.id }) {
            for member in group.members { party(member.kind, member.id, by: "group \"\(group.name)\"") }
        }
        for rule in after.rules {
            party(rule.from.kind, rule.from.id, by: "a sharing rule on \(rule.entity)")
            party(rule.to.kind, rule.to.id, by: "a sharing rule on \(rule.entity)")
        }
        return problems
    }
}
