import CRMSDK
import JSON
import Records
import Registry
import Storage

extension RecordMethods {
    static let purge = Method(
        "record.purge", needs: .administrator, .writes,
        "Destroys a record that lies in the recycle bin, for good.",
        "Its row, its links and its values in the change log; that something was done, by whom and when, remains, and "
            + "log.verify still holds. Refused while records refer to it, unless references is clear. dry_run says what "
            + "would go.",
        parameters: [
            id, entityIfKnown,
            Parameter(
                "references", .choice("refuse", "clear"),
                "What is done with references to it; refuse where it is not given."), dryRun,
        ],
        result: .object([
            Parameter("id", .id(), "The record that was.", required: true),
            Parameter("entity", .text, "What it was.", required: true),
            Parameter("purged", .boolean, "True.", required: true),
            Parameter("links", .integer, "Links that ended with it.", required: true),
            Parameter("cleared", .integer, "Records whose references were emptied.", required: true),
            Parameter("erased", .integer, "Entries of the change log whose values are gone.", required: true),
        ]), errors: [.notFound, .invalidRecord],
        example: .init(
            parameters: #"{"id": 17, "references": "clear"}"#,
            result:
                #"{"id": 17, "entity": "account", "purged": true, "links": 2, "cleared": 1, "erased": 5}"#)
    ) { scope throws(CRMError) in
        let id = try scope.arguments.id()
        try scope.checkScope(.delete, of: id)
        let name = scope.arguments.textIfGiven("entity")
        let references =
            scope.arguments.textIfGiven("references").flatMap { PurgedReferences(rawValue: $0) } ?? .refuse
        let (records, call) = (scope.services.records, try scope.context())
        return .write(scope.mode) { transaction, writer throws(CRMError) in
            let report = try records.unit(transaction, call) { unit throws(CRMError) in
                try unit.purge(id, entity: name, references: references)
            }
            writer.beginObject()
            writer.key("id")
            writer.int(report.id.rawValue)
            writer.key("entity")
            writer.string(report.entity)
            writer.key("purged")
            writer.bool(true)
            for (name, count) in [
                ("links", report.links), ("cleared", report.cleared), ("erased", report.erased),
            ] {
                writer.key(name)
                writer.int(count)
            }
            writer.endObject()
        }
    }
}
