import CRMSDK

/// One move of a potential from one stage to the next: how the time-in-stage and conversion figures are made.
///
/// A row closes the stage that was left with the figures that it *had*: amount, probability and closing date as
/// they stood before the move. Rows are the module's: nobody writes them by hand, and they belong to whom the
/// potential belonged when it moved.
enum StageHistory {
    static let definition = EntityDefinition(
        "stage_history", label: "Stage change", plural: "Stage history",
        fields: FieldDefinition.section(
            "Move",
            .reference("potential", "Potential", to: "potential").mandatory().indexed(),
            .text("from_stage", "From").help("The stage's key, whether or not the pipeline still has it."),
            .text("to_stage", "To"),
            .reference("currency", "Currency", to: "currency"),
            .money("amount", "Amount", currencyField: "currency"),
            .percent("probability", "Probability"),
            .date("closing_date", "Closing date"),
            .integer("seconds_in_from", "Seconds in the stage left").range("0", nil),
            .datetime("changed_at", "Changed at").indexed(),
            .reference("changed_by", "Changed by", to: "user")
        ).map { $0.readOnly() }
    )
    .labelled(by: "from_stage", "to_stage")
    .sorted(by: "-changed_at")
    .listing("potential", "from_stage", "to_stage", "amount", "seconds_in_from", "changed_at", "changed_by")
    .index("potential", "changed_at")
    .sharing(.private)

    static let hooks = [
        Hook("keep_stage_history", on: "potential", [.afterUpdate], keep)
    ]

    @Sendable
    private static func keep(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError) {
        guard let old = change.old, change.changes("sales_stage") else { return }
        let row = row(old, to: change, context)
        try context.elevated(reason: "stage history of a potential") { (context) throws(CRMError) in
            _ = try context.create("stage_history", row)
        }
    }

    private static func row(
        _ old: Record, to change: RecordChange, _ context: any ModuleContext
    ) -> [String: Value] {
        var row: [String: Value] = [
            "potential": .reference(change.id),
            "from_stage": old["sales_stage"],
            "to_stage": change["sales_stage"],
            "changed_at": .instant(context.now),
            "changed_by": .reference(context.caller.user),
            "owner": change["owner"],
        ]
        for field in ["currency", "amount", "probability", "closing_date"] { row[field] = old[field] }
        if let since = (old["stage_changed_at"].instant ?? old["created_at"].instant) {
            let milliseconds = context.now.millisecondsSince1970 - since.millisecondsSince1970
            row["seconds_in_from"] = .integer(max(0, milliseconds / 1000))
        }
        return row.filter { !$0.value.isNull }
    }
}
