import CRMSDK
import JSON
import Records
import Registry

/// Writes imports as the ledger has them.
struct ImportJSON {
    private let snapshot: KernelSnapshot

    init(_ snapshot: KernelSnapshot) { self.snapshot = snapshot }

    static let members: [Parameter] =
        [
            Parameter("id", .integer, "Its number.", required: true),
            Parameter(
                "entity", .any, "Of which records; null where its module is not there.", required: true),
            Parameter("file", .any, "In the importer's words, or null.", required: true),
            Parameter("by", .any, "Who began it.", required: true),
            Parameter(
                "state", .choice("running", "finished", "undoing", "undone"), "How far it has come.",
                required: true),
            Parameter("match_on", .list(of: .text), "As it was begun.", required: true),
            Parameter("mode", .any, "As it was begun; null for an undo.", required: true),
            Parameter("on_match", .any, "As it was begun; null for an undo.", required: true),
            Parameter("atomic", .choice("row", "all"), "As it was begun.", required: true),
            Parameter("undoes", .any, "The import that this one takes back, or null.", required: true),
            Parameter("undone_by", .any, "The last undo of it, or null.", required: true),
            Parameter("started_at", .field(.datetime), "When it was begun.", required: true),
            Parameter("ended_at", .any, "When it was finished or taken back, or null.", required: true),
        ]
        + ImportFacts.Counts.names.map {
            Parameter($0.name, .integer, $0.meaning, required: true)
        }

    static let example =
        #"{"id": 5, "entity": "account", "file": "accounts.csv", "#
        + #""by": {"id": 1, "entity": "user", "label": "Ada Lovelace"}, "state": "running", "#
        + #""match_on": ["account_name"], "mode": "upsert", "on_match": "overwrite", "atomic": "row", "#
        + #""undoes": null, "undone_by": null, "started_at": "2026-11-22T15:24:20.123Z", "ended_at": null, "#
        + #""created": 0, "updated": 0, "unchanged": 0, "skipped": 0, "failed": 0, "#
        + #""deleted": 0, "restored": 0, "left_alone": 0}"#

    func write(_ facts: ImportFacts, to writer: inout JSONWriter) {
        writer.beginObject()
        writeMembers(facts, to: &writer)
        writer.endObject()
    }

    func writeMembers(_ facts: ImportFacts, to writer: inout JSONWriter) {
        writer.key("id")
        writer.int(facts.id)
        write("entity", snapshot.registry.entity(number: facts.entity)?.name, to: &writer)
        write("file", facts.file, to: &writer)
        writer.key("by")
        RecordJSON(snapshot).write(person: facts.actor, to: &writer)
        writer.key("state")
        writer.string(facts.state.rawValue)
        writer.key("match_on")
        writer.strings(facts.settings.matchOn)
        write("mode", facts.settings.mode, to: &writer)
        write("on_match", facts.settings.onMatch, to: &writer)
        writer.key("atomic")
        writer.string(facts.settings.isWhole ? "all" : "row")
        for (key, number) in [("undoes", facts.undoes), ("undone_by", facts.undoneBy)] {
            writer.key(key)
            if let number { writer.int(number) } else { writer.null() }
        }
        writer.key("started_at")
        writer.instant(facts.startedAt)
        writer.key("ended_at")
        if let end = facts.endedAt { writer.instant(end) } else { writer.null() }
        for count in ImportFacts.Counts.names {
            writer.key(count.name)
            writer.int(facts.counts[keyPath: count.path])
        }
    }

    private func write(_ key: String, _ text: String?, to writer: inout JSONWriter) {
        writer.key(key)
        if let text { writer.string(text) } else { writer.null() }
    }
}
