import CRMSDK

/// One step of the procedure that decides about an action. `all` is the procedure: read from the top, the first step
/// with an answer decides.
struct DecisionStep: Sendable {
    /// 1…14; what belongs to a step without being it has the step's number.
    let number: Int
    /// What the step asks.
    let title: String
    /// Nil: the step does not apply.
    let decide: @Sendable (Question) -> AccessDecision?

    private init(_ number: Int, _ title: String, _ decide: @escaping @Sendable (Question) -> AccessDecision?)
    {
        self.number = number
        self.title = title
        self.decide = decide
    }

    static let all: [DecisionStep] = [
        DecisionStep(1, "the caller is an active user") { question in
            if question.isKernel { return nil }
            guard let user = question.user else { return question.refuse(1, .userUnknown) }
            return user.isActive ? nil : question.refuse(1, .userInactive)
        },
        DecisionStep(2, "the entity is in the installation") { question in
            question.plan == nil ? question.refuse(2, .entityUnknown) : nil
        },
        DecisionStep(3, "the caller is an administrator") { question in
            question.isAdministrator ? question.allow(3, .admin) : nil
        },
        DecisionStep(3, "the entity is for administrators") { question in
            guard let entity = question.plan?.entity, entity.isAdministrative else { return nil }
            let isOpen = question.verb == .view && entity.openFields.map { !$0.isEmpty } ?? true
            return isOpen ? question.allow(3, .openToAll) : question.refuse(3, .administratorsOnly)
        },
        DecisionStep(4, "a profile reads or edits everything") { question in
            guard let abilities = question.abilities else { return nil }
            switch question.verb {
            case .view: return abilities.viewAll ? question.allow(4, .viewAll) : nil
            case .edit: return abilities.editAll ? question.allow(4, .editAll) : nil
            default: return nil
            }
        },
        DecisionStep(5, "a profile gives access to the module") { question in
            question.ability.access ? nil : question.refuse(5, .moduleOff)
        },
        DecisionStep(6, "a profile grants the action") { question in
            question.ability.grants[question.verb] == nil ? question.refuse(6, .actionNotGranted) : nil
        },
        DecisionStep(7, "no record is concerned") { question in
            if question.record != nil, question.verb.reach != nil { return nil }
            var decision = question.allow(7, .granted)
            decision.profile = question.ability.grants[question.verb]
            return decision
        },
        DecisionStep(7, "a utility asks for view or edit as well") { question in
            guard let reach = question.reach, reach.verb != question.verb else { return nil }
            return question.decision(on: reach.verb)
        },
        DecisionStep(8, "the entity is not shareable") { question in
            question.plan?.sharing == .notShareable ? question.allow(8, .notShareable) : nil
        },
        DecisionStep(8, "the record belongs to one that the caller views, or is opened to them") { question in
            question.recordFollowed().map { question.allow(8, .follows($0)) }
                ?? question.opening().map { question.allow(8, $0) }
        },
        DecisionStep(9, "the owner is the caller or a subordinate") { question in
            guard let owner = question.owner else { return nil }
            if owner == question.user?.id { return question.allow(9, .owner) }
            return question.isSuperior(of: owner) ? question.allow(9, .superior) : nil
        },
        DecisionStep(10, "the owner is a group of the caller") { question in
            guard let owner = question.owner else { return nil }
            return question.place?.groups.contains(owner) ?? false ? question.allow(10, .groupMember) : nil
        },
        DecisionStep(11, "the organisation default") { question in
            guard let reach = question.reach, let verdict = question.plan?.verdict(reach) else { return nil }
            return verdict ? question.allow(11, .orgDefault) : question.refuse(11, .orgDefault)
        },
        DecisionStep(12, "a sharing rule on the entity") { question in
            question.directRule().map { question.allow(12, .rule, by: $0) }
        },
        DecisionStep(13, "a sharing rule on a parent's entity") { question in
            question.parentRule().map { question.allow(13, .rule(via: $0.entity), by: $0) }
        },
        DecisionStep(14, "nothing allowed it") { question in
            question.refuse(14, .noGrant)
        },
    ]
}
