import CRMSDK

/// What becomes of a lead's campaigns when it is converted: its memberships move to the contact, or to the account
/// where there is no contact, each with its response; and a new potential that names no campaign names the newest of
/// them.
///
/// Sleeps without the Sales module. It is done with the module's rights: a membership that the caller may not view
/// would otherwise stay behind with a lead that nobody works on any more.
enum LeadMembership {
    static let hooks = [Hook("move_lead_memberships", on: "lead", [.afterUpdate], move)]

    @Sendable
    private static func move(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError) {
        guard change.changes("converted"), change["converted"] == true else { return }
        let (contact, account) = (change["converted_contact"], change["converted_account"])
        let relation = contact.isNull ? "campaign_account" : "campaign_contact"
        guard let heir = (contact.isNull ? account : contact).reference else { return }
        let (lead, potential) = (change.id, change["converted_potential"].reference)
        try context.elevated(reason: "campaigns of a converted lead") { (context) throws(CRMError) in
            let request = RelatedRequest("campaign_lead", sort: ["-created_at"], limit: 1000)
            var newest: RecordID?
            while true {
                let memberships = try context.related(lead, request)
                newest = newest ?? memberships.first?.record.id
                for membership in memberships {
                    try move(membership, from: lead, to: heir, relation, context)
                }
                if memberships.count < request.limit { break }
            }
            guard let newest, let potential,
                try context.get("potential", potential)["marketing_campaign"].isNull
            else { return }
            _ = try context.update("potential", potential, ["marketing_campaign": .reference(newest)])
        }
    }

    /// Who was a member already keeps the response that is known of them.
    private static func move(
        _ membership: RelatedRecord, from lead: RecordID, to heir: RecordID, _ relation: String,
        _ context: any ModuleContext
    ) throws(CRMError) {
        let (campaign, field) = (membership.record.id, "response_status")
        let isHeir = Filter.where("id", .equal, .reference(heir))
        let known = try context.related(campaign, RelatedRequest(relation, where: isHeir, limit: 1)).first
        if known?.link[field]?.isNull ?? true {
            let response = membership.link[field] ?? .null
            try context.link(campaign, relation, to: heir, response.isNull ? [:] : [field: response])
        }
        try context.unlink(campaign, "campaign_lead", from: lead)
    }
}
