package import CRMSDK

/// Why a decision fell as it did: the steps tried, the one that decided, and for a refusal what would change it.
package struct Explanation: Hashable, Sendable {
    package let decision: AccessDecision
    /// In the order tried; the last one decided.
    package let steps: [StepOutcome]
    /// The field's own answer, where one was asked for.
    package let field: FieldOutcome?
    /// The smallest changes that together would have allowed it; empty when it is allowed, or when nothing that
    /// administrators can set would do.
    package let remedies: [Remedy]

    /// What one step said.
    package struct StepOutcome: Hashable, Sendable {
        package enum Answer: String, Hashable, Sendable {
            case passed, allowed, refused
        }

        package let number: Int
        package let title: String
        package let answer: Answer
    }

    /// What the principal may do with one field, once the record itself is allowed.
    package struct FieldOutcome: Hashable, Sendable {
        package let field: String
        package let isVisible: Bool
        package let isEditable: Bool
        /// Why not more: nil when it is visible and editable.
        package let message: String?
    }
}

/// A change of the settings that would have allowed what was refused.
package struct Remedy: Hashable, Sendable {
    package let change: Change
    /// For people, with names: `a sharing rule on account from role sales_rep to role agent with read`.
    package let message: String

    package enum Change: Hashable, Sendable {
        case activate(user: RecordID)
        case makeAdministrator(user: RecordID)
        /// A role for a user who has none.
        case giveRole(user: RecordID)
        /// A first profile for a role that has none.
        case giveProfile(role: RecordID)
        /// In any one of the profiles.
        case grantAccess(entity: String, profiles: [RecordID])
        /// In any one of the profiles.
        case grantAction(AccessVerb, entity: String, profiles: [RecordID])
        case share(entity: String, from: SharingParty, to: SharingParty, SharingPermission)
        case join(group: RecordID, user: RecordID)
        case widenDefault(entity: String, to: SharingDefault)
        case switchFieldOn(entity: String, field: String)
        /// In any one of the profiles.
        case showField(entity: String, field: String, profiles: [RecordID])
        /// In any one of the profiles; visible there as well.
        case unlockField(entity: String, field: String, profiles: [RecordID])
    }
}
