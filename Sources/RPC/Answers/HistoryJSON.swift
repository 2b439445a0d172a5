import CRMSDK
import JSON
import Records
import Registry

/// Writes entries of a record's history: `{seq, change_set, at, by, kind, version, source, method, changes}`, each
/// change `{field, old, new}`, of lines `{field, lines}`. An entry about a link also has `relation` and `record`, the
/// other side.
struct HistoryJSON {
    private let records: RecordJSON
    private let values: ValueJSON
    private let reference: (RecordID) throws(CRMError) -> ReferenceFacts
    /// References already looked up: a history names the same few again and again.
    private var known: [RecordID: ReferenceFacts] = [:]

    /// - Parameter reference: looks up how a reference reads for the caller.
    init(
        _ snapshot: KernelSnapshot, reference: @escaping (RecordID) throws(CRMError) -> ReferenceFacts
    ) {
        records = RecordJSON(snapshot)
        values = ValueJSON(snapshot.currencies)
        self.reference = reference
    }

    mutating func write(_ entry: HistoryEntry, to writer: inout JSONWriter) throws(CRMError) {
        writer.beginObject()
        try writeMembers(entry, to: &writer)
        writer.endObject()
    }

    /// A change in the feed: as in a history, and of which record.
    mutating func write(_ entry: FeedEntry, to writer: inout JSONWriter) throws(CRMError) {
        writer.beginObject()
        writer.key("entity")
        writer.string(entry.entity.name)
        writer.key("id")
        writer.int(entry.record.rawValue)
        try writeMembers(entry.change, to: &writer)
        if entry.isPurged {
            writer.key("purged")
            writer.bool(true)
        }
        writer.endObject()
    }

    private mutating func writeMembers(_ entry: HistoryEntry, to writer: inout JSONWriter) throws(CRMError) {
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
        for change in entry.changes { try write(change, to: &writer) }
        for change in entry.lines { try write(change, to: &writer) }
        writer.endArray()
        if let link = entry.link {
            writer.key("relation")
            writer.string(link.relation)
            writer.key("record")
            try write(.reference(link.other), to: &writer)
        }
        if entry.isErased {
            writer.key("erased")
            writer.bool(true)
        }
    }

    private mutating func write(_ change: FieldChange, to writer: inout JSONWriter) throws(CRMError) {
        writer.beginObject()
        writer.key("field")
        writer.string(change.field.name)
        writer.key("old")
        try write(change.old, to: &writer)
        writer.key("new")
        try write(change.new, to: &writer)
        writer.endObject()
    }

    /// `{"field", "lines": [{"id", "kind", "changes"}]}`, kind `added`, `changed` or `removed`.
    private mutating func write(_ change: LineHistory, to writer: inout JSONWriter) throws(CRMError) {
        writer.beginObject()
        writer.key("field")
        writer.string(change.field.name)
        writer.key("lines")
        writer.beginArray()
        for line in change.lines {
            writer.beginObject()
            writer.key("id")
            writer.int(line.id.rawValue)
            writer.key("kind")
            writer.string(line.kind.rawValue)
            writer.key("changes")
            writer.beginArray()
            for field in line.changes { try write(field, to: &writer) }
            writer.endArray()
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }

    /// A value as a record's answer shows it.
    private mutating func write(_ value: Value, to writer: inout JSONWriter) throws(CRMError) {
        guard case .reference(let id) = value else { return values.write(value, to: &writer) }
        let facts: ReferenceFacts
        if let found = known[id] { facts = found } else { facts = try reference(id) }
        known[id] = facts
        writer.beginObject()
        writer.key("id")
        writer.int(id.rawValue)
        writer.key("entity")
        if let entity = facts.entity { writer.string(entity) } else { writer.null() }
        writer.key("label")
        if let label = facts.label { writer.string(label) } else { writer.null() }
        if facts.isDeleted {
            writer.key("deleted")
            writer.bool(true)
        }
        writer.endObject()
    }
}
