import CRMSDK

/// `sales.rotten`: the open deals that stand in their stage longer than the stage's `limit_days`.
enum RottenDeals {
    static let action = Action(
        "rotten", .reads, summary: "Lists the open deals that have stood too long in their stage.",
        description: """
            Too long is more than the days that the stage allows, its attribute limit_days; a stage without it allows any \
            time. Those that stand longest come first.
            """,
        parameters: [
            Parameter("owner", .field(.owner), "Only this owner's."),
            Parameter("pipeline", .text, "Only this pipeline's."),
            Parameter("limit", .integer, "How many at most, 1 to 1,000; 50 where not given."),
        ],
        result: .object([
            Parameter("count", .integer, "How many there are, also beyond the limit."),
            Parameter(
                "potentials",
                .list(
                    of: .object([
                        Parameter("potential", .id(of: "potential"), "The deal."),
                        Parameter("name", .text, "Its name."),
                        Parameter("stage", .text, "The stage's key."),
                        Parameter("owner", .field(.owner), "Whose it is."),
                        Parameter("days", .integer, "Whole days in the stage."),
                        Parameter("limit_days", .integer, "Days that the stage allows."),
                    ])), "Longest first."),
        ]),
        requires: AccessRight(.view, "potential"), rotten)

    @Sendable
    private static func rotten(
        _ parameters: StructuredValue, _ context: any ModuleContext
    ) throws(CRMError) -> StructuredValue {
        let limit = parameters["limit"]?.value.integer ?? 50
        guard (1...1000).contains(limit) else {
            throw CRMError(.invalidParameters, "a limit is 1 to 1000, not \(limit)")
        }
        let stages = try PipelineStages.stages(of: parameters["pipeline"]?.value ?? .null, in: context)
        let limits = stages.filter { !$0.isClosed && $0.limitDays != nil }
        guard !limits.isEmpty else { return answer(0, []) }
        let late = limits.map { stage in
            Filter.all([
                .where("sales_stage", .equal, .text(stage.key)),
                .where("stage_changed_at", .less, .instant(moment(stage, context))),
            ])
        }
        let filter = Filter.all(DealFigures.conditions(parameters) + [.any(late)])
        let deals = try context.list(
            ListRequest("potential", where: filter, sort: ["stage_changed_at"], limit: Int(limit)))
        let byKey = Dictionary(limits.map { ($0.key, $0) }) { first, _ in first }
        return answer(
            try context.count("potential", where: filter),
            deals.map { row($0, byKey[$0["sales_stage"].text ?? ""], context.now) })
    }

    private static let dayMilliseconds: Int64 = 86_400_000

    /// A deal that came into the stage before it is late.
    private static func moment(_ stage: Stage, _ context: any ModuleContext) -> Instant {
        let days = min(stage.limitDays ?? 0, 36_500)
        return Instant(
            millisecondsSince1970: context.now.millisecondsSince1970 - days * dayMilliseconds)
    }

    private static func row(_ deal: Record, _ stage: Stage?, _ now: Instant) -> StructuredValue {
        let since = deal["stage_changed_at"].instant ?? now
        let days = (now.millisecondsSince1970 - since.millisecondsSince1970) / dayMilliseconds
        return .object([
            "potential": .value(.reference(deal.id)), "name": .value(deal["potential_name"]),
            "stage": .value(deal["sales_stage"]), "owner": .value(deal["owner"]),
            "days": .value(.integer(days)),
            "limit_days": .value(stage?.limitDays.map { .integer($0) } ?? .null),
        ])
    }

    private static func answer(_ count: Int, _ deals: [StructuredValue]) -> StructuredValue {
        .object(["count": .value(.integer(Int64(count))), "potentials": .list(deals)])
    }
}
