import CRMSDK
import JSON
import Records
import Registry
import Storage

/// The one change log: what happened, and proof that nobody changed that.
enum LogMethods {
    static let all: [Method] = [
        Method(
            "log.list", needs: .administrator, .reads, "Entries of the change log, oldest first.",
            "Who did what, when and through which method; not the values, which record.history has.",
            parameters: [
                Parameter(
                    "kind", .text(maximumLength: 60), "Only this, such as create, login, export or schema."),
                Parameter("actor", .id(of: "user"), "Only what this user did."),
                Parameter("record", .id(), "Only what concerns this record."),
                Parameter("change_set", .integer(0...Int.max), "Only this unit of work."),
                Parameter("since", .field(.datetime), "From this moment on."),
                Parameter("until", .field(.datetime), "Before this moment."),
                RecordMethods.limit, RecordMethods.cursor,
            ],
            result: .object([
                Parameter("entries", .list(of: .object([])), "In order, without gaps.", required: true),
                Parameter("next_cursor", .any, "Text for the next page, or null.", required: true),
            ]),
            example: .init(
                parameters:
                    #"{"kind": "schema", "limit": 1}"#,
                result:
                    #"{"entries": [{"seq": 22, "change_set": 3, "at": "2026-11-24T02:20:35.459Z", "by": {"id": 3, "entity": "user", "label": "Administrator"}, "kind": "schema", "entity": null, "record": null, "version": null, "source": "console", "method": "field.create"}], "next_cursor": "22"}"#
            )
        ) { scope throws(CRMError) in
            let limit = Int(scope.arguments.integerIfGiven("limit") ?? 50)
            let after = try PlainCursor.position(scope.arguments.textIfGiven("cursor"))
            let (search, snapshot) = (try search(scope.arguments), scope.snapshot)
            return .scan { reader, writer throws(CRMError) in
                let entries = try ChangeLog.entries(reader, matching: search, after: after, limit: limit)
                let json = RecordJSON(snapshot)
                writer.beginObject()
                writer.key("entries")
                writer.beginArray()
                for logged in entries { write(logged, snapshot, json, to: &writer) }
                writer.endArray()
                writer.key("next_cursor")
                PlainCursor.write(entries.count == limit ? entries.last?.sequence : nil, to: &writer)
                writer.endObject()
            }
        },
        Method(
            "log.verify", needs: .administrator, .reads,
            "Recomputes the log's hash chain from its beginning.",
            "Compare head with one that was noted elsewhere: entries cut off at the end show only so. On the "
                + "administrators' socket progress comes as data frames of {entries}.",
            result: .object([
                Parameter("intact", .boolean, "Whether every entry is as it was written.", required: true),
                Parameter("entries", .integer, "How many are in order.", required: true),
                Parameter("head", .text, "The last one's hash, hexadecimal.", required: true),
                Parameter(
                    "first_broken", .any, "{seq, reason} of the first that is not, or null.", required: true),
            ])
        ) { scope throws(CRMError) in
            let progress = scope.progress
            return .scan { reader, writer throws(CRMError) in
                // Page by page, each a statement of its own: the walk as a whole may take as long as the log is.
                let found = try ChangeLog.verify(reader) { entries in progress?(entries) }
                writer.beginObject()
                writer.key("intact")
                writer.bool(found.firstBroken == nil)
                writer.key("entries")
                writer.int(found.entries)
                writer.key("head")
                writer.string(found.headHash)
                writer.key("first_broken")
                if let broken = found.firstBroken {
                    writer.beginObject()
                    writer.key("seq")
                    writer.int(broken.sequence)
                    writer.key("reason")
                    writer.string(broken.reason)
                    writer.endObject()
                } else {
                    writer.null()
                }
                writer.endObject()
            }
        },
    ]

    private static func search(_ arguments: Arguments) throws(CRMError) -> ChangeLog.Search {
        var search = ChangeLog.Search()
        search.kind = arguments.textIfGiven("kind").map { ChangeKind($0) }
        search.actor = arguments.integerIfGiven("actor").map { RecordID($0) }
        search.record = arguments.integerIfGiven("record").map { RecordID($0) }
        search.changeSet = arguments.integerIfGiven("change_set")
        search.since = arguments.momentIfGiven("since")
        search.until = arguments.momentIfGiven("until")
        return search
    }

    private static func write(
        _ logged: LoggedChange, _ snapshot: KernelSnapshot, _ json: RecordJSON, to writer: inout JSONWriter
    ) {
        let entry = logged.entry
        writer.beginObject()
        writer.key("seq")
        writer.int(logged.sequence)
        writer.key("change_set")
        writer.int(logged.changeSet)
        writer.key("at")
        writer.instant(logged.at)
        writer.key("by")
        if let actor = entry.actor { json.write(person: actor, to: &writer) } else { writer.null() }
        writer.key("kind")
        writer.string(entry.kind.name)
        writer.key("entity")
        if let entity = entry.entity.flatMap({ snapshot.registry.entity(number: $0) }) {
            writer.string(entity.name)
        } else {
            writer.null()
        }
        writer.key("record")
        if let record = entry.record { writer.int(record.rawValue) } else { writer.null() }
        writer.key("version")
        if let version = entry.version { writer.int(version) } else { writer.null() }
        writer.key("source")
        writer.string(entry.source)
        writer.key("method")
        writer.string(entry.method)
        if logged.isErased {
            writer.key("erased")
            writer.bool(true)
        }
        writer.endObject()
    }
}
