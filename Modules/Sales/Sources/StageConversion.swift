import CRMSDK

/// `sales.stage_conversion`: of the deals that entered a stage, how many entered the next, and how many were won.
///
/// The rate from A to B is the deals that were ever in B ÷ those that were ever in A. A deal that came back counts
/// once.
enum StageConversion {
    static let action = Action(
        "stage_conversion", .reads, summary: "How many deals came from each stage to the next, and to a win.",
        description: """
            A deal has entered a stage when it was ever in it, also when it was created there; one that skipped a stage \
            has not entered it, so that a rate can be above 100. Only potentials that the caller may view count.
            """,
        parameters: DealFigures.selection,
        result: .object([
            Parameter(
                "stages",
                .list(
                    of: .object([
                        Parameter("stage", .text, "The stage's key."),
                        Parameter("label", .text, "What people read."),
                        Parameter("class", .text, "open, won or lost."),
                        Parameter("entered", .integer, "Deals that were ever in it."),
                        Parameter(
                            "to_next", .field(.decimal(scale: 2)),
                            "Percent: those in the next stage ÷ these; null at the last open stage and for none."
                        ),
                        Parameter(
                            "to_won", .field(.decimal(scale: 2)),
                            "Percent: those among these that are won; null for none."),
                    ])), "In the pipeline's order.")
        ]),
        requires: AccessRight(.view, "potential"), convert)

    @Sendable
    private static func convert(
        _ parameters: StructuredValue, _ context: any ModuleContext
    ) throws(CRMError) -> StructuredValue {
        let stages = try PipelineStages.stages(of: parameters["pipeline"]?.value ?? .null, in: context)
        let selection = DealFigures.conditions(parameters)
        let won = Filter.where("sales_stage", .isIn, try Stage.keys(of: .won, in: context))
        var entered: [Int64] = []
        var succeeded: [Int64] = []
        for stage in stages {
            let conditions = selection + [StagesEntered.filter(stage)]
            entered.append(Int64(try context.count("potential", where: .all(conditions))))
            succeeded.append(Int64(try context.count("potential", where: .all(conditions + [won]))))
        }
        let rows = stages.indices.map { index in
            let stage = stages[index]
            let hasNext = !stage.isClosed && index + 1 < stages.count && !stages[index + 1].isClosed
            let next = hasNext ? WinRate.share(entered[index + 1], of: entered[index]) : .null
            return StructuredValue.object([
                "stage": .value(.text(stage.key)), "label": .value(.text(stage.label)),
                "class": .value(.text(stage.class.rawValue)), "entered": .value(.integer(entered[index])),
                "to_next": .value(next),
                "to_won": .value(WinRate.share(succeeded[index], of: entered[index])),
            ])
        }
        return .object(["stages": .list(rows)])
    }
}
