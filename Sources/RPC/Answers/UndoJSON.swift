import CRMSDK
import JSON
import Records

/// Writes what an undo has done and what it has left.
enum UndoJSON {
    static let members: [Parameter] = [
        Parameter(
            "change_set", .integer, "The undo's own number, by which it can be undone.", required: true),
        Parameter(
            "restored",
            .list(
                of: .object([
                    Parameter("id", .id(), "The record.", required: true),
                    Parameter("entity", .text, "Its entity.", required: true),
                    Parameter(
                        "action", .choice("deleted", "restored", "updated"), "What became of it.",
                        required: true),
                    Parameter(
                        "fields", .list(of: .text), "Those that have their old values.", required: true),
                ])), "By the latest change first.", required: true),
        Parameter(
            "links",
            .list(
                of: .object([
                    Parameter("relation", .text, "Its name.", required: true),
                    Parameter("from", .id(), "The record that it goes out from.", required: true),
                    Parameter("to", .id(), "The other record.", required: true),
                    Parameter(
                        "action", .choice("unlinked", "linked", "changed"), "What became of the link.",
                        required: true),
                ])), "Links that are as they were.", required: true),
        left,
    ]

    static let left = Parameter(
        "left",
        .list(
            of: .object([
                Parameter("record", .id(), "The record.", required: true),
                Parameter("entity", .text, "Its entity.", required: true),
                Parameter("field", .any, "The field, or null for the whole record.", required: true),
                Parameter("why", .text, "For a person.", required: true),
                Parameter("changed_in", .integer, "The change set that stands in the way."),
            ])), "What is as it was before.", required: true)

    static func writeMembers(_ report: UndoReport, to writer: inout JSONWriter) {
        writer.key("change_set")
        writer.int(report.changeSet)
        writer.key("restored")
        writer.beginArray()
        for restored in report.restored {
            writer.beginObject()
            writer.key("id")
            writer.int(restored.record.rawValue)
            writer.key("entity")
            writer.string(restored.entity)
            writer.key("action")
            writer.string(restored.action.rawValue)
            writer.key("fields")
            writer.strings(restored.fields)
            writer.endObject()
        }
        writer.endArray()
        writer.key("links")
        writer.beginArray()
        for link in report.links {
            writer.beginObject()
            writer.key("relation")
            writer.string(link.relation)
            writer.key("from")
            writer.int(link.from.rawValue)
            writer.key("to")
            writer.int(link.to.rawValue)
            writer.key("action")
            writer.string(link.action.rawValue)
            writer.endObject()
        }
        writer.endArray()
        writer.key("left")
        writer.beginArray()
        for left in report.left { left.write(to: &writer) }
        writer.endArray()
    }
}
