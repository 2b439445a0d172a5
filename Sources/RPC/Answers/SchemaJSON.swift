import CRMSDK
import Installation
import JSON
import Storage

/// Writes what a change of the schema does, or would do: `{steps, findings, notes, tasks}`.
enum SchemaJSON {
    private static let unfit = Parameter(
        "records", .list(of: .object([])), "The first hundred of them: id and value.", required: true)

    static let task: [Parameter] = [
        Parameter("id", .integer, "Of the task.", required: true),
        Parameter(
            "kind", .text,
            "purge_field, purge_entity, purge_module, change_type, merge_value or empty_column.",
            required: true),
        Parameter("entity", .text, "The entity, or the module.", required: true),
        Parameter("field", .text, "The field, where it is about one."),
        Parameter("status", .choice("running", "done", "stopped"), "How it is now.", required: true),
        Parameter("done", .integer, "Records dealt with.", required: true),
        Parameter(
            "unfit", .integer, "Records whose value did not convert, or took the new one against a rule.",
            required: true), unfit,
        Parameter("problem", .text, "Why it stopped."),
    ]

    static let members: [Parameter] = [
        Parameter(
            "steps", .list(of: .text), "What was done or, in a plan or dry run, would be.", required: true),
        Parameter(
            "findings",
            .list(
                of: .object([
                    Parameter(
                        "weight", .choice("note", "warning", "refusal"),
                        "A refusal keeps it from being done.", required: true),
                    Parameter("code", .text, "What a program branches on.", required: true),
                    Parameter("entity", .text, "The entity.", required: true),
                    Parameter("field", .text, "The field, where it is about one."),
                    Parameter("message", .text, "What people read.", required: true),
                    Parameter("count", .integer, "Records that it concerns.", required: true), unfit,
                ])), "What the records say to it.", required: true),
        Parameter("notes", .list(of: .text), "What depends on it.", required: true),
        Parameter("tasks", .list(of: .object(task)), "What goes on in batches.", required: true),
    ]

    static let answer = ParameterType.object(members)

    static func write(_ report: SchemaReport, plan: String? = nil, to writer: inout JSONWriter) {
        writer.beginObject()
        if let plan {
            writer.key("plan")
            writer.string(plan)
        }
        writer.key("steps")
        writer.strings(report.steps)
        writer.key("findings")
        writer.beginArray()
        for finding in report.findings { write(finding, to: &writer) }
        writer.endArray()
        writer.key("notes")
        writer.strings(report.notes)
        write(report.tasks, to: &writer)
        writer.endObject()
    }

    /// The member `tasks`.
    static func write(_ tasks: [SchemaTask], to writer: inout JSONWriter) {
        writer.key("tasks")
        writer.beginArray()
        for task in tasks { write(task, to: &writer) }
        writer.endArray()
    }

    private static func write(_ finding: SchemaFinding, to writer: inout JSONWriter) {
        writer.beginObject()
        for (name, text) in [
            ("weight", finding.weight.rawValue), ("code", finding.code), ("entity", finding.entity),
            ("field", finding.field), ("message", finding.message),
        ] { write(text, as: name, to: &writer) }
        writer.key("count")
        writer.int(finding.count)
        write(finding.records, to: &writer)
        writer.endObject()
    }

    private static func write(_ task: SchemaTask, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("id")
        writer.int(task.id)
        for (name, text) in [
            ("kind", task.order.kind.rawValue), ("entity", task.order.entityName), ("field", task.order.name),
            ("status", task.status.rawValue),
        ] { write(text, as: name, to: &writer) }
        writer.key("done")
        writer.int(task.doneRecords)
        writer.key("unfit")
        writer.int(task.unfitRecords)
        write(task.unfit, to: &writer)
        write(task.problem, as: "problem", to: &writer)
        writer.endObject()
    }

    private static func write(_ text: String?, as name: String, to writer: inout JSONWriter) {
        guard let text else { return }
        writer.key(name)
        writer.string(text)
    }

    private static func write(_ records: [SchemaTask.Unfit], to writer: inout JSONWriter) {
        writer.key("records")
        writer.beginArray()
        for record in records {
            writer.beginObject()
            writer.key("id")
            writer.int(record.id.rawValue)
            writer.key("value")
            writer.string(record.value)
            writer.endObject()
        }
        writer.endArray()
    }
}
