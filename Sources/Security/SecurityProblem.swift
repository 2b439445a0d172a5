package import CRMSDK

/// Something that administration refuses or warns of before it stores a change of the facts.
package struct SecurityProblem: Hashable, Sendable {
    package enum Severity: String, Hashable, Sendable {
        /// The change must not be stored.
        case error
        /// It may be, but does not do what was probably meant.
        case warning
    }

    package let severity: Severity
    /// What a program branches on, in snake case.
    package let code: String
    /// One line for people, as in `CRMError.message`.
    package let message: String
    /// The role, group, rule, profile or user that it is about.
    package let subject: RecordID

    package init(severity: Severity, code: String, message: String, subject: RecordID) {
        self.severity = severity
        self.code = code
        self.message = message
        self.subject = subject
    }
}

extension SecurityFacts {
    /// What is wrong with these facts, by kind and id; empty for a sound configuration.
    package func problems(entities: [SecuredEntity]) -> [SecurityProblem] {
        var problems = roleCycles() + rolesWithoutProfiles() + groupCycles()
        for profile in profiles.values.sorted(by: { $0.id < $1.id }) {
            problems += hiddenMandatoryFields(of: profile, entities: entities)
        }
        let snapshot = SecuritySnapshot(facts: self, entities: entities)
        for rule in rules.sorted(by: { $0.id < $1.id }) { problems += snapshot.warnings(for: rule) }
        return problems
    }

    /// Roles that are their own superiors.
    package func roleCycles() -> [SecurityProblem] {
        inCycles(roles.keys) { roles[$0]?.parent.map { [$0] } ?? [] }.map { id in
            SecurityProblem(
                severity: .error, code: "role_cycle",
                message: "role \"\(roleName(id))\" cannot be below itself", subject: id)
        }
    }

    /// Groups that contain themselves.
    package func groupCycles() -> [SecurityProblem] {
        let nested = groups.mapValues { group in
            group.members.compactMap { member -> RecordID? in
                if case .group(let id) = member { id } else { nil }
            }
        }
        return inCycles(groups.keys) { nested[$0] ?? [] }.map { id in
            SecurityProblem(
                severity: .error, code: "group_cycle",
                message: "group \"\(groupName(id))\" cannot be a member of itself", subject: id)
        }
    }

    private func rolesWithoutProfiles() -> [SecurityProblem] {
        roles.values.filter { $0.profiles.isEmpty }.sorted { $0.id < $1.id }.map { role in
            SecurityProblem(
                severity: .error, code: "role_without_profile",
                message: "role \"\(role.name)\" has no profile, so that its users can do nothing",
                subject: role.id)
        }
    }

    /// Whether nobody could administer the installation without this user.
    package func isLastAdministrator(_ user: RecordID) -> Bool {
        let administrators = users.values.filter { $0.isAdministrator && $0.isActive }
        return administrators.count == 1 && administrators[0].id == user
    }

    /// The refusal to deactivate, demote or delete the last active administrator.
    package func lastAdministratorProblem(_ user: RecordID) -> SecurityProblem? {
        guard isLastAdministrator(user) else { return nil }
        return SecurityProblem(
            severity: .error, code: "last_administrator",
            message: "user \"\(userName(user))\" is the last active administrator", subject: user)
    }

    /// Mandatory fields without a default that a profile, or the organisation's switch, hides or locks although the
    /// profile may create records.
    package func hiddenMandatoryFields(
        of profile: ProfileFact, entities: [SecuredEntity]
    ) -> [SecurityProblem] {
        entities.filter { profile.rights(to: $0.name).verbs.contains(.create) }.flatMap { entity in
            entity.mandatoryFields.sorted().compactMap { field in
                let right = profile.right(to: field, of: entity.name)
                if fieldSwitches[entity.name]?[field] == false {
                    return SecurityProblem(
                        severity: .error, code: "mandatory_field_hidden",
                        message:
                            "field \"\(field)\" of \(entity.name) cannot be hidden from everyone: it is mandatory, and "
                            + "profile \"\(profile.name)\" creates records",
                        subject: profile.id)
                }
                if right.visible, !right.readOnly { return nil }
                let state = right.visible ? "read-only" : "hidden"
                return SecurityProblem(
                    severity: .error, code: "mandatory_field_\(right.visible ? "read_only" : "hidden")",
                    message: "field \"\(field)\" of \(entity.name) cannot be \(state) in profile "
                        + "\"\(profile.name)\": it is mandatory, and the profile creates records",
                    subject: profile.id)
            }
        }
    }

    /// The ids from which a way leads back to themselves, ascending.
    private func inCycles(
        _ ids: some Sequence<RecordID>, _ next: (RecordID) -> [RecordID]
    ) -> [RecordID] {
        ids.sorted().filter { start in
            var seen: Set<RecordID> = []
            var pending = next(start)
            while let id = pending.popLast() {
                if id == start { return true }
                if seen.insert(id).inserted { pending += next(id) }
            }
            return false
        }
    }
}
