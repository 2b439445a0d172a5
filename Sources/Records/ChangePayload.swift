import CRMSDK
import Crypto
import JSON
import Registry

/// What a change log entry says about values: `{"amount":[old,new]}` by column, each as its column holds it.
///
/// Columns, not names: a column keeps its name when an administrator renames the field. Blobs are `{"b":"base64"}`.
///
/// Lines stand as an object under the column of their field, with the columns that changed of each line that did, by
/// the line's id: `{"items":{"17":{"position":[1,2],"quantity":[null,20000]}}}`. A line was there before if its old
/// position is not null (or is not named), and is there after if its new one is not: so a whole record can be brought
/// back to what it was before the entry, exactly.
enum ChangePayload {
    /// One column, from one value to another.
    typealias StoredChange = (column: String, old: StoredValue, new: StoredValue)

    /// The lines in one field that changed, each by its columns.
    struct StoredLines {
        let column: String
        let lines: [(id: RecordID, changes: [StoredChange])]
    }

    /// What is told of a new record: each value that is not null.
    static func encode(
        new values: some Sequence<(Field, StoredValue)>, reservingCapacity capacity: Int = 64
    ) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: capacity)
        writer.beginObject()
        for (field, value) in values where value != .null {
            writer.key(field.column)
            writer.beginArray()
            writer.null()
            write(value, &writer)
            writer.endArray()
        }
        writer.endObject()
        return writer.finish()
    }

    static func encode(_ changes: [StoredChange], _ lines: [LinesChange] = []) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 64 * changes.count + 2)
        write(changes, lines, &writer)
        return writer.finish()
    }

    /// Two payloads that name different columns, as one.
    static func joined(_ first: [UInt8], _ second: [UInt8]) -> [UInt8] {
        // An empty object has no member to set a comma behind.
        guard first.count > 2 else { return second }
        guard second.count > 2 else { return first }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(first.count + second.count)
        bytes += first[..<(first.count - 1)]
        bytes.append(UInt8(ascii: ","))
        bytes += second[1...]
        return bytes
    }

    static func write(_ changes: [StoredChange], _ lines: [LinesChange], _ writer: inout JSONWriter) {
        writer.beginObject()
        for change in changes {
            writer.key(change.column)
            writer.beginArray()
            write(change.old, &writer)
            write(change.new, &writer)
            writer.endArray()
        }
        for change in lines { write(change, &writer) }
        writer.endObject()
    }

    private static func write(_ change: LinesChange, _ writer: inout JSONWriter) {
        writer.key(change.field.column)
        writer.beginObject()
        for line in change.lines {
            writer.key(line.id.description)
            writer.beginObject()
            for column in line.columns {
                writer.key(column.field.column)
                writer.beginArray()
                write(column.old, &writer)
                write(column.new, &writer)
                writer.endArray()
            }
            writer.endObject()
        }
        writer.endObject()
    }

    private static func write(_ value: StoredValue, _ writer: inout JSONWriter) {
        switch value {
        case .null: writer.null()
        case .integer(let number): writer.int(number)
        case .text(let text): writer.string(text)
        case .blob(let bytes):
            writer.beginObject()
            writer.key("b")
            writer.string(Base64.encode(bytes))
            writer.endObject()
        }
    }

    /// - Throws: `internalError` when the bytes are not a payload, which the hash chain should have told before.
    static func decode(_ payload: [UInt8]) throws(CRMError) -> [StoredChange] {
        columns(try document(payload).root)
    }

    static func document(_ payload: [UInt8]) throws(CRMError) -> JSONDocument {
        do throws(JSONError) {
            return try JSONDocument(parsing: payload)
        } catch {
            throw CRMError(.internalError, "a change log entry cannot be read", detail: error.message)
        }
    }

    /// The lines of an entry: by the column of their field, each with what changed of it.
    static func decodeLines(_ payload: [UInt8]) throws(CRMError) -> [StoredLines] {
        try document(payload).root.members.compactMap { column, lines in
            guard lines.kind == .object else { return nil }
            return StoredLines(
                column: column,
                lines: lines.members.compactMap { id, line in
                    Int64(id).map { (RecordID($0), columns(line)) }
                })
        }
    }

    static func columns(_ object: JSONNode) -> [StoredChange] {
        object.members.compactMap { name, pair in
            guard pair.kind == .array else { return nil }
            let both = pair.elements.map(stored)
            return both.count == 2 ? (name, both[0], both[1]) : nil
        }
    }

    private static func stored(_ node: JSONNode) -> StoredValue {
        switch node.kind {
        case .number: node.int64.map(StoredValue.integer) ?? .null
        case .string: .text(node.string ?? "")
        case .object: .blob(node["b"]?.string.flatMap(Base64.decode) ?? [])
        case .null, .bool, .array: .null
        }
    }
}

/// What a change log entry says about a link: `{"link":{"relation":"campaign_contact","other":17,"made":true,
/// "values":{…}}}`, the values as `ChangePayload` has them; `made` where the two were not linked before. Each link is
/// told twice in a row, first in the history of the side that the relation goes out from. Nothing in it reads as a
/// change of the record's own columns.
enum LinkPayload {
    static func encode(
        relation: String, other: RecordID, isNew: Bool, _ changes: [ChangePayload.StoredChange]
    ) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 64 * changes.count + 80)
        writer.beginObject()
        writer.key("link")
        writer.beginObject()
        writer.key("relation")
        writer.string(relation)
        writer.key("other")
        writer.int(other.rawValue)
        if isNew {
            writer.key("made")
            writer.bool(true)
        }
        writer.key("values")
        ChangePayload.write(changes, [], &writer)
        writer.endObject()
        writer.endObject()
        return writer.finish()
    }

    struct Content {
        let relation: String
        let other: RecordID
        /// Whether the two were not linked before.
        let isNew: Bool
        let changes: [ChangePayload.StoredChange]
    }

    /// Nil for the payload of another kind of entry.
    static func decode(_ payload: [UInt8]) throws(CRMError) -> Content? {
        guard let link = try ChangePayload.document(payload).root["link"],
            let relation = link["relation"]?.string,
            let other = link["other"]?.int64, let values = link["values"]
        else { return nil }
        return Content(
            relation: relation, other: RecordID(other), isNew: link["made"]?.bool == true,
            changes: ChangePayload.columns(values))
    }
}
