import CRMSDK

/// `sales.pipeline`: how many potentials stand in each stage and what they are worth.
enum Pipeline {
    static let action = Action(
        "pipeline", .reads, summary: "Counts and sums potentials by stage.",
        description: """
            One entry per stage in the pipeline's order, empty stages too; amounts per currency. Only potentials \
            that the caller may view count.
            """,
        parameters: [
            Parameter("owner", .field(.owner), "Only this owner's."),
            Parameter("pipeline", .text, "Only this pipeline's deals and stages."),
        ],
        result: .object([
            Parameter(
                "stages",
                .list(
                    of: .object([
                        Parameter("stage", .text, "The stage's key."),
                        Parameter("label", .text, "What people read."),
                        Parameter("class", .text, "open, won or lost."),
                        Parameter("count", .integer, "Potentials in the stage."),
                        Parameter(
                            "amounts",
                            .list(
                                of: .object([
                                    Parameter("currency", .id(of: "currency"), "Null is the base currency."),
                                    Parameter("amount", .field(.money()), "Sum of amounts, or null."),
                                    Parameter(
                                        "weighted", .field(.money()), "Sum of forecast amounts, or null."),
                                ])), "One entry per currency."),
                    ])), "In the pipeline's order.")
        ]),
        requires: AccessRight(.view, "potential"), pipeline)

    @Sendable
    private static func pipeline(
        _ parameters: StructuredValue, _ context: any ModuleContext
    ) throws(CRMError) -> StructuredValue {
        let groups = try context.aggregate(
            AggregateRequest(
                "potential", where: .all(DealFigures.conditions(parameters)),
                groupBy: [.init("sales_stage"), .init("currency")],
                measures: [.count, .sum("amount"), .sum("forecast_amount")]))
        let byStage = Dictionary(grouping: groups) { $0.keys[0].text ?? "" }
        let stages = try PipelineStages.stages(of: parameters["pipeline"]?.value ?? .null, in: context).map {
            entry($0, byStage[$0.key] ?? [])
        }
        return .object(["stages": .list(stages)])
    }

    private static func entry(_ stage: Stage, _ groups: [AggregateGroup]) -> StructuredValue {
        let count = groups.reduce(0) { $0 + ($1.figures[0].integer ?? 0) }
        let amounts = groups.map { group in
            StructuredValue.object([
                "currency": .value(group.keys[1]), "amount": .value(group.figures[1]),
                "weighted": .value(group.figures[2]),
            ])
        }
        return .object([
            "stage": .value(.text(stage.key)), "label": .value(.text(stage.label)),
            "class": .value(.text(stage.class.rawValue)), "count": .value(.integer(count)),
            "amounts": .list(amounts),
        ])
    }
}
