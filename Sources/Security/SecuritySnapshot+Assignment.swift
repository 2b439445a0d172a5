package import CRMSDK

extension SecuritySnapshot {
    /// Whether `principal` may make `owner` the owner of a record that they may create or edit.
    ///
    /// Administrators and `edit_all`: any user and group, inactive ones too. Under a public default: every active user
    /// and every group. Under `private`: oneself, subordinates, own groups, and owners whom a read_write rule reaches.
    /// The decision's steps are those of the procedure that ask the same of a record's owner.
    package func mayAssign(
        _ principal: Principal, entity: String, to owner: RecordID
    ) -> AccessDecision {
        let question = Question(self, principal, .edit, entity, RecordFacts(id: owner, owner: owner))
        for step in DecisionStep.all where step.number <= 2 {
            if let decision = step.decide(question) { return decision }
        }
        guard facts.users[owner] != nil || facts.groups[owner] != nil else {
            return question.refuse(2, .ownerUnknown)
        }
        if question.isAdministrator { return question.allow(3, .admin) }
        guard let plan = question.plan, !plan.entity.isAdministrative else {
            return question.refuse(3, .administratorsOnly)
        }
        if question.abilities?.editAll ?? false { return question.allow(4, .editAll) }
        if let user = facts.users[owner], !user.isActive { return question.refuse(9, .ownerInactive) }
        if plan.sharing == .notShareable { return question.allow(8, .notShareable) }
        if plan.sharing != .private { return question.allow(11, .orgDefault) }
        for step in DecisionStep.all where [9, 10, 12].contains(step.number) {
            if let decision = step.decide(question) { return decision }
        }
        return question.refuse(14, .noGrant)
    }
}
