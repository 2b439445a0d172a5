import CRMSDK

/// Which stages a pipeline has, and in which order: data on the values of the picklist `pipeline`.
///
/// The attribute `stages` of a pipeline lists keys of `sales_stage`, separated by spaces, in its order. A pipeline
/// without it, as the one that is shipped, has all stages in the picklist's order. A stage may be in several.
enum PipelineStages {
    static let attribute = "stages"

    /// A deal stands in a stage of its pipeline, and moves only where its stage's `next_states` lead.
    ///
    /// A new deal that names a pipeline and no stage begins in the pipeline's first open one.
    static func keep(
        _ change: inout RecordChange, _ definition: EntityDefinition, _ context: any ModuleContext
    ) throws(CRMError) {
        guard change.changes("sales_stage") || change.changes("pipeline") else { return }
        if let pipeline = LifeCycle.state(change, "pipeline", in: definition),
            let keys = keys(of: pipeline), !keys.contains(change["sales_stage"].text ?? "")
        {
            let stages = stages(keys, definition)
            guard change.isNew, !change.given.contains("sales_stage"),
                let first = stages.first(where: { $0.class == .open })
            else { throw refusal(change, pipeline, stages, definition) }
            change["sales_stage"] = .text(first.key)
        }
        try LifeCycle.checkMove(change, "sales_stage", in: definition, context)
    }

    /// The stages of a pipeline in its order; of none, or of one without a list, all stages.
    ///
    /// - Throws: `invalidParameters` for a pipeline that is not there.
    static func stages(of pipeline: Value, in context: any ModuleContext) throws(CRMError) -> [Stage] {
        guard let key = pipeline.text else { return try Stage.all(in: context) }
        let definition = try context.definition(of: "potential")
        let pipelines = definition.fields.first { $0.name == "pipeline" }?.type.values ?? []
        guard let found = pipelines.first(where: { $0.key == key }) else {
            throw CRMError(
                .invalidParameters, "pipeline \"\(key.prefix(60))\" does not exist",
                hint: "There are \(pipelines.map { "\"\($0.key)\"" }.joined(separator: ", ")).")
        }
        guard let keys = keys(of: found) else { return try Stage.all(in: context) }
        return stages(keys, definition)
    }

    private static func keys(of pipeline: PicklistValue) -> [String]? {
        pipeline.attributes[attribute]?.split(separator: " ").map(String.init)
    }

    private static func stages(_ keys: [String], _ definition: EntityDefinition) -> [Stage] {
        let values = definition.fields.first { $0.name == "sales_stage" }?.type.values ?? []
        return keys.compactMap { key in values.first { $0.key == key }.map { Stage($0) } }
    }

    private static func refusal(
        _ change: RecordChange, _ pipeline: PicklistValue, _ stages: [Stage], _ definition: EntityDefinition
    ) -> CRMError {
        let stage = LifeCycle.state(change, "sales_stage", in: definition)?.label ?? ""
        return .invalidRecord(
            "potential",
            [
                FieldProblem(
                    field: "sales_stage", code: "rule",
                    message: "stage \"\(stage)\" is not in the pipeline \"\(pipeline.label)\"")
            ], hint: "It has \(stages.map { "\"\($0.label)\"" }.joined(separator: ", ")).")
    }
}

/// Every stage that a deal was ever in, as one text on the deal: `|prospecting|qualification|`.
///
/// On the deal and not counted from the history, so that a conversion rate is two counts over potentials, under the
/// rights to potentials, and a deal that is created in a stage counts for it without a row of its own.
enum StagesEntered {
    static func adding(_ stage: Stage, to change: RecordChange) -> Value {
        // A deal from before the field was there has been in the stage that it leaves.
        let before = change.old.map { old in
            old["stages_entered"].text ?? old["sales_stage"].text.map { "|\($0)|" } ?? "|"
        }
        let entered = before ?? "|"
        return .text(entered.contains("|\(stage.key)|") ? entered : entered + stage.key + "|")
    }

    /// The deals that were ever in a stage.
    static func filter(_ stage: Stage) -> Filter {
        .any([
            .where("stages_entered", .contains, .text("|\(stage.key)|")),
            .where("sales_stage", .equal, .text(stage.key)),
        ])
    }
}
