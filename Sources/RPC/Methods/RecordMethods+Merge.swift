import CRMSDK
import JSON
import Records
import Registry
import Storage

extension RecordMethods {
    static let merge = Method(
        "record.merge", needs: .session, .writes, "Makes one record of several that mean the same.",
        "Whatever refers to the losers, names them in lines or is linked with them is moved to the master, also what the "
            + "caller may not view; links and taggings that would double are dropped, and of their values the further one "
            + "is kept. The losers go to the recycle bin. Needs the rights to edit and to delete all of them. "
            + "change.undo takes the answer's change_set back; dry_run says what would move.",
        parameters: [
            Parameter("master", .id(), "The record that stays.", required: true),
            Parameter(
                "losers", .list(of: .id()), "The others, of the same entity; at most 9.", required: true),
            entityIfKnown,
            Parameter(
                "fields", .any,
                "By field name the id of the record that the value comes from; the master's own where it is not given."
            ), dryRun,
        ],
        result: .object([
            Parameter("id", .id(), "The master.", required: true),
            Parameter("entity", .text, "What it is.", required: true),
            Parameter("merged", .list(of: .id()), "The losers.", required: true),
            Parameter("references", .integer, "References that name the master now.", required: true),
            Parameter("lines", .integer, "Records of which lines name the master now.", required: true),
            Parameter("links", .integer, "Links that were moved.", required: true),
            Parameter("dropped", .integer, "Links and taggings that would have doubled.", required: true),
            Parameter("fields", .list(of: .text), "Fields that have a loser's value.", required: true),
            Parameter("change_set", .integer, "What change.undo takes the merge back by.", required: true),
        ]), errors: [.notFound, .invalidRecord, .duplicate, .limitExceeded],
        example: .init(
            parameters: #"{"master": 17, "losers": [23], "fields": {"phone": 23}}"#,
            result:
                #"{"id": 17, "entity": "account", "merged": [23], "references": 4, "lines": 0, "links": 1, "dropped": 0, "fields": ["phone"], "change_set": 12}"#
        )
    ) { scope throws(CRMError) in
        // What refers to the losers may be of any module.
        try ChangeMethods.refuseNarrowedKey(scope)
        let master = try scope.arguments.id("master")
        let losers = try scope.arguments.node("losers").elements.compactMap(\.int64).map { RecordID($0) }
        let choices = try choices(scope.arguments)
        let name = scope.arguments.textIfGiven("entity")
        let (records, call) = (scope.services.records, try scope.context())
        return .write(scope.mode) { transaction, writer throws(CRMError) in
            let report = try records.unit(transaction, call) { unit throws(CRMError) in
                try unit.merge(master, entity: name, losers: losers, choices: choices)
            }
            write(report, changeSet: transaction.changeSet, to: &writer)
        }
    }

    private static func choices(_ arguments: Arguments) throws(CRMError) -> [String: RecordID] {
        guard let node = arguments["fields"], node.kind != .null else { return [:] }
        guard node.kind == .object else {
            throw CRMError(.invalidParameters, "parameter \"fields\" must be an object of ids by field name")
        }
        var choices: [String: RecordID] = [:]
        for (name, value) in node.members.map({ ($0.name, $0.value) }) {
            guard let id = value.int64 else {
                throw CRMError(
                    .invalidParameters, "parameter \"fields.\(name.prefix(60))\" must be the id of a record")
            }
            choices[name] = RecordID(id)
        }
        return choices
    }

    private static func write(_ report: MergeReport, changeSet: Int64, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("id")
        writer.int(report.master.rawValue)
        writer.key("entity")
        writer.string(report.entity)
        writer.key("merged")
        writer.beginArray()
        for id in report.losers { writer.int(id.rawValue) }
        writer.endArray()
        for (name, count) in [
            ("references", report.references), ("lines", report.lines), ("links", report.links),
            ("dropped", report.dropped),
        ] {
            writer.key(name)
            writer.int(count)
        }
        writer.key("fields")
        writer.beginArray()
        for name in report.fields { writer.string(name) }
        writer.endArray()
        writer.key("change_set")
        writer.int(changeSet)
        writer.endObject()
    }
}
