package import CRMSDK

/// Allowed or refused, and what decided it.
package struct AccessDecision: Hashable, Sendable {
    package let allowed: Bool
    /// The step of the procedure that decided, 1…14, see `DecisionStep`.
    package let step: Int
    package let reason: Reason
    /// The sharing rule that allowed.
    package var rule: RecordID?
    /// The profile that grants the action, for a decision without a record.
    package var profile: RecordID?
    package let verb: AccessVerb
    package let entity: String

    init(_ allowed: Bool, step: Int, _ reason: Reason, verb: AccessVerb, entity: String) {
        self.allowed = allowed
        self.step = step
        self.reason = reason
        self.verb = verb
        self.entity = entity
    }

    /// The reason with the rule's id: `owner`, `rule 7`, `rule 7 via account`.
    package var decidedBy: String {
        guard let rule else { return reason.name }
        let (word, rest) = (Reason.rule.name, reason.name.dropFirst(Reason.rule.name.count))
        return "\(word) \(rule)\(rest)"
    }

    /// One line for people.
    package var message: String {
        "\(verb.name) on \(entity) is \(allowed ? "allowed" : "refused") at step \(step), \(decidedBy): "
            + reason.meaning
    }

    /// Why a decision fell as it did; a struct, so that the list can grow.
    package struct Reason: Hashable, Sendable {
        /// What programs and the table of cases call it.
        package let name: String
        /// The rest of a sentence for people.
        package let meaning: String

        private init(_ name: String, _ meaning: String) {
            self.name = name
            self.meaning = meaning
        }

        package static let userUnknown = Self("user unknown", "there is no such user")
        package static let userInactive = Self("user inactive", "an inactive user can do nothing")
        package static let entityUnknown = Self("entity unknown", "the entity is not in this installation")
        package static let admin = Self("admin", "administrators may do everything")
        package static let openToAll = Self("open to all", "everyone with a session may read it")
        package static let administratorsOnly = Self("administrators only", "only administrators may do it")
        package static let viewAll = Self("view_all", "a profile reads every record of every module")
        package static let editAll = Self("edit_all", "a profile edits every record of every module")
        package static let moduleOff = Self("module off", "no profile gives access to the module")
        package static let actionNotGranted = Self("action not granted", "no profile grants the action")
        package static let granted = Self("granted", "a profile grants the action")
        package static let notShareable = Self("not shareable", "the right to the module alone decides")
        package static let owner = Self("owner", "the caller owns the record")
        package static let superior = Self("superior", "the owner's role is below the caller's")
        package static let groupMember = Self("group member", "the caller is a member of the owning group")
        package static let orgDefault = Self("org default", "the organisation default decides it")
        package static let rule = Self("rule", "a sharing rule reaches from the owner to the caller")
        package static let noGrant = Self(
            "no grant", "neither ownership, nor the default, nor a sharing rule gives it")
        package static let ownerUnknown = Self("owner unknown", "there is no such user or group")
        package static let ownerInactive = Self("owner inactive", "an inactive user gets no records")

        package static let invited = Self("invited", "the caller is invited to it")
        package static let shared = Self("shared", "its owner shares it with the caller")

        /// A sharing rule on the entity of the parent record.
        package static func rule(via parent: String) -> Self {
            Self("rule via \(parent)", "a sharing rule on the parent \(parent) carries over")
        }
        /// The record belongs to another, which the caller views.
        package static func follows(_ entity: String) -> Self {
            Self("follows \(entity)", "it is seen by whoever views the \(entity) it belongs to")
        }
    }
}

/// What a verb asks of a single record: three depths, to which every verb comes down.
enum RecordReach: Hashable, Sendable {
    case view, edit, delete
}

extension AccessVerb {
    /// Combining records of one entity that mean the same.
    package static let mergeDuplicates = utility("merge_duplicates")
    /// Writing letters to records.
    package static let mailMerge = utility("mail_merge")
    /// Making account, contact and potential of a lead.
    package static let convertLead = utility("convert_lead")

    /// Nil for what concerns no record that exists.
    var reach: RecordReach? {
        switch self {
        case .create, .import: nil
        case .view, .export, .mailMerge: .view
        case .delete: .delete
        default: .edit
        }
    }
}

extension RecordReach {
    var verb: AccessVerb {
        switch self {
        case .view: .view
        case .edit: .edit
        case .delete: .delete
        }
    }

    /// What a sharing rule must give; nil where no rule is enough.
    var neededPermission: SharingPermission? {
        switch self {
        case .view: .read
        case .edit: .readWrite
        case .delete: nil
        }
    }
}
