import CRMSDK
import JSON
import Records
import Registry

/// Writes entries of a record's history: `{seq, change_set, at, by, kind, version, source, method, changes}`, each change
/// `{field, old, new}`.
struct HistoryJSON {
    private let records: RecordJSON

    init(_ snapshot: KernelSnapshot) { records = RecordJSON(snapshot) }

    func write(_ entry: HistoryEntry, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("seq")
        writer.int(entry.sequence)
        writer.key("change_set")
        writer.int(entry.changeSet)
        writer.key("at")
        writer.instantString(millisecondsSince1970: entry.at.millisecondsSince1970)
        writer.key("by")
        if let by = entry.by { records.write(person: by, to: &writer) } else { writer.null() }
        writer.key("kind")
        writer.string(entry.kind)
        writer.key("version")
        if let version = entry.version { writer.int(version) } else { writer.null() }
        writer.key("source")
        writer.string(entry.source)
        writer.key("method")
        writer.string(entry.method)
        writer.key("changes")
        writer.beginArray()
        for change in entry.changes {
            writer.beginObject()
            writer.key("field")
            writer.string(change.field.name)
            writer.key("old")
            ValueJSON.write(change.old, to: &writer)
            writer.key("new")
            ValueJSON.write(change.new, to: &writer)
            writer.endObject()
        }
        writer.endArray()
        if entry.isErased {
            writer.key("erased")
            writer.bool(true)
        }
        writer.endObject()
    }
}
