import CRMSDK

/// What a campaign has earned: the amounts of won potentials that name it, summed in the base currency.
///
/// Sleeps without the Sales module: the field below is added when potentials are there. The sum is made anew with each
/// change of such a potential, in the same unit of work, over all potentials, whoever changes one: a figure that
/// depended on the reader's rights would be no figure.
enum CampaignRevenue {
    static let potentialFields = EntityExtension(
        "potential",
        fields: [
            .reference("marketing_campaign", "Campaign", to: "campaign").indexed()
                .help("What produced this deal; its amount counts for the campaign when it is won.")
        ])

    static let hooks = [
        Hook(
            "count_campaign_revenue", on: "potential",
            [.afterCreate, .afterUpdate, .afterDelete, .afterRestore], count)
    ]

    @Sendable
    private static func count(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError) {
        guard matters(change) else { return }
        let campaigns = [change.old?["marketing_campaign"].reference, change["marketing_campaign"].reference]
        for campaign in Set(campaigns.compactMap { $0 }).sorted() {
            try context.elevated(reason: "revenue of a campaign") { (context) throws(CRMError) in
                try store(revenue(of: campaign, context), on: campaign, context)
            }
        }
    }

    /// A move to the recycle bin or out of it changes no field and matters always.
    private static func matters(_ change: RecordChange) -> Bool {
        let fields = ["marketing_campaign", "sales_stage", "amount", "currency"]
        return fields.contains { change.changes($0) } || change.old?.values == change.values
    }

    /// A campaign that has gone meanwhile is left alone: it is summed up when it is restored and a deal changes.
    private static func store(
        _ revenue: Money?, on campaign: RecordID, _ context: any ModuleContext
    ) throws(CRMError) {
        let found = try context.list(
            ListRequest("campaign", where: .where("id", .equal, .reference(campaign)), limit: 1))
        guard let record = found.first else { return }
        let value = revenue.map { Value.money($0) } ?? .null
        guard record["actual_revenue"] != value else { return }
        _ = try context.update("campaign", campaign, ["actual_revenue": value])
    }

    /// Nil when nothing has been won.
    private static func revenue(
        of campaign: RecordID, _ context: any ModuleContext
    ) throws(CRMError) -> Money? {
        let won = try wonStages(context)
        guard !won.isEmpty else { return nil }
        let groups = try context.aggregate(
            AggregateRequest(
                "potential",
                where: .all([
                    .where("marketing_campaign", .equal, .reference(campaign)),
                    .where("sales_stage", .isIn, .list(won)),
                ]), groupBy: [.init("currency")], measures: [.sum("amount")]))
        var total: Money?
        for group in groups {
            guard let amount = group.figures[0].money else { continue }
            let converted = try BaseCurrency.amount(amount, in: group.keys[0].reference, context)
            total = try total?.adding(converted) ?? converted
        }
        return total
    }

    private static func wonStages(_ context: any ModuleContext) throws(CRMError) -> [Value] {
        let stages = try context.definition(of: "potential").fields.first { $0.name == "sales_stage" }
        return (stages?.type.values ?? []).filter { $0.attributes[LifeCycle.stateClass] == "won" }
            .map { .text($0.key) }
    }
}
