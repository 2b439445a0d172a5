import CRMSDK

extension SecuritySnapshot {
    /// Why a sharing rule, stored or about to be, does nothing or less than it says; empty for one that works.
    package func warnings(for rule: SharingRule) -> [SecurityProblem] {
        guard let plan = plans[rule.entity] else {
            return [
                warning(rule, "rule_entity_unknown", "entity \"\(rule.entity)\" does not exist")
            ]
        }
        var warnings: [SecurityProblem] = []
        if owners([rule.from]).isEmpty {
            warnings.append(
                warning(
                    rule, "rule_from_nobody", "\(facts.partyName(rule.from)) has no users and owns nothing"))
        }
        let receivers = facts.users.values.filter { $0.isActive && reach(of: $0).belongs(to: rule.to) }
        if receivers.isEmpty {
            warnings.append(
                warning(rule, "rule_to_nobody", "\(facts.partyName(rule.to)) has no active users"))
        }
        warnings += [ownWarning(rule, plan, receivers)].compactMap { $0 }
        warnings += rule.related.sorted { $0.key < $1.key }.compactMap { child, permission in
            relatedWarning(rule, child, permission, receivers)
        }
        return warnings
    }

    /// About what the rule gives on its own entity.
    private func ownWarning(
        _ rule: SharingRule, _ plan: SharingPlan, _ receivers: [UserFact]
    ) -> SecurityProblem? {
        if rule.permission == .none {
            return rule.related.values.contains { $0 != .none }
                ? nil : warning(rule, "rule_gives_nothing", "it gives neither read nor read_write")
        }
        if plan.rulesOf != rule.entity {
            return warning(
                rule, "rule_entity_follows",
                "\(rule.entity) follows \(plan.rulesOf): make the rule on \(plan.rulesOf)")
        }
        return inertWarning(rule, plan, rule.permission) ?? moduleOffWarning(rule, rule.entity, receivers)
    }

    /// About what the rule gives on children of the shared records.
    private func relatedWarning(
        _ rule: SharingRule, _ child: String, _ permission: SharingPermission, _ receivers: [UserFact]
    ) -> SecurityProblem? {
        if permission == .none { return nil }
        guard let plan = plans[child] else {
            return warning(rule, "rule_related_unknown", "entity \"\(child)\" does not exist")
        }
        if plan.entity.parentFields[rule.entity] == nil {
            return warning(
                rule, "rule_related_without_field",
                "\(child) has no field that carries rights from \(rule.entity)")
        }
        return inertWarning(rule, plan, permission) ?? moduleOffWarning(rule, child, receivers)
    }

    private func inertWarning(
        _ rule: SharingRule, _ plan: SharingPlan, _ permission: SharingPermission
    ) -> SecurityProblem? {
        let name = plan.entity.name
        if plan.sharing == .notShareable {
            return warning(rule, "rule_not_shareable", "owners do not matter for \(name)")
        }
        let reach: RecordReach = permission == .readWrite ? .edit : .view
        guard plan.verdict(reach) == true else { return nil }
        return warning(
            rule, "rule_inert", "the default of \(name) is \(plan.sharing.name), which gives as much to all")
    }

    private func moduleOffWarning(
        _ rule: SharingRule, _ entity: String, _ receivers: [UserFact]
    ) -> SecurityProblem? {
        if receivers.isEmpty || receivers.contains(where: { abilities(of: $0)[entity].access }) { return nil }
        return warning(
            rule, "rule_module_off", "no profile of \(facts.partyName(rule.to)) gives access to \(entity)")
    }

    private func warning(_ rule: SharingRule, _ code: String, _ why: String) -> SecurityProblem {
        SecurityProblem(
            severity: .warning, code: code,
            message: "the sharing rule on \(rule.entity) from \(facts.partyName(rule.from)) to "
                + "\(facts.partyName(rule.to)) has no effect: \(why)",
            subject: rule.id)
    }
}
