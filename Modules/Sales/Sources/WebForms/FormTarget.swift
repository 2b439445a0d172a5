import CRMSDK

/// What a form's submission can become. A row for each entity; nothing else names one.
struct FormTarget: Sendable {
    let entity: String
    let label: String
    /// The field by which somebody is known.
    let email: String
    /// The text that what was sent is added to where comments are not there.
    let notes: String
    /// How its members are called by a campaign.
    let campaignRelation: String
    /// Those that may still be added to.
    let open: Filter

    static let all = [
        FormTarget(
            entity: "lead", label: "Lead", email: "email", notes: "description",
            campaignRelation: "campaign_lead", open: .where("converted", .notEqual, true))
    ]

    static func named(_ entity: String?) throws(CRMError) -> FormTarget {
        guard let target = all.first(where: { $0.entity == entity }) else {
            throw CRMError(.internalError, "a form makes no \(entity ?? "record")")
        }
        return target
    }
}
