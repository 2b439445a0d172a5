import CRMSDK

/// The products that a lead took an interest in interest the account and the contact that it was converted into. Sleeps
/// without the Sales module.
enum LeadInterest {
    static let hooks = [Hook("share_lead_interest", on: "lead", [.afterUpdate], share)]

    @Sendable
    private static func share(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError) {
        guard change.changes("converted"), change["converted"] == true else { return }
        let heirs = ["account", "contact"].compactMap { entity in
            change["converted_\(entity)"].reference.map { (relation: "product_\(entity)", id: $0) }
        }
        let lead = change.id
        try context.elevated(reason: "products of a converted lead") { (context) throws(CRMError) in
            let request = RelatedRequest("product_lead", sort: ["id"], limit: 1000)
            for product in try context.related(lead, request) {
                for heir in heirs { try context.link(product.record.id, heir.relation, to: heir.id) }
            }
        }
    }
}
