import CRMSDK
import Crypto
import JSON
import Registry

/// What a change log entry says about values: `{"amount":[old,new]}` by column, each as its column holds it.
///
/// Columns, not names: a column keeps its name when an administrator renames the field. Blobs are `{"b":"base64"}`.
enum ChangePayload {
    static func encode(_ changes: [(column: String, old: StoredValue, new: StoredValue)]) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 64 * changes.count + 2)
        write(changes, &writer)
        return writer.finish()
    }

    static func write(
        _ changes: [(column: String, old: StoredValue, new: StoredValue)], _ writer: inout JSONWriter
    ) {
        writer.beginObject()
        for change in changes {
            writer.key(change.column)
            writer.beginArray()
            write(change.old, &writer)
            write(change.new, &writer)
            writer.endArray()
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
    static func decode(_ payload: [UInt8]) throws(CRMError) -> [(
        column: String, old: StoredValue, new: StoredValue
    )] {
        changes(try parse(payload))
    }

    static func parse(_ payload: [UInt8]) throws(CRMError) -> JSONNode {
        do throws(JSONError) {
            return try JSONDocument(parsing: payload).root
        } catch {
            throw CRMError(.internalError, "a change log entry cannot be read", detail: error.message)
        }
    }

    static func changes(_ node: JSONNode) -> [(column: String, old: StoredValue, new: StoredValue)] {
        var changes: [(column: String, old: StoredValue, new: StoredValue)] = []
        for (name, pair) in node.members where pair.kind == .array {
            let both = pair.elements.map(stored)
            guard both.count == 2 else { continue }
            changes.append((name, both[0], both[1]))
        }
        return changes
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

/// What a change log entry says about a link: `{"link":{"relation":"campaign_contact","other":17,"values":{…}}}`, the
/// values as `ChangePayload` has them. Nothing in it reads as a change of the record's own columns.
enum LinkPayload {
    static func encode(
        relation: String, other: RecordID, _ changes: [(column: String, old: StoredValue, new: StoredValue)]
    ) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 64 * changes.count + 80)
        writer.beginObject()
        writer.key("link")
        writer.beginObject()
        writer.key("relation")
        writer.string(relation)
        writer.key("other")
        writer.int(other.rawValue)
        writer.key("values")
        ChangePayload.write(changes, &writer)
        writer.endObject()
        writer.endObject()
        return writer.finish()
    }

    struct Content {
        let relation: String
        let other: RecordID
        let changes: [(column: String, old: StoredValue, new: StoredValue)]
    }

    /// Nil for the payload of another kind of entry.
    static func decode(_ payload: [UInt8]) throws(CRMError) -> Content? {
        guard let link = try ChangePayload.parse(payload)["link"], let relation = link["relation"]?.string,
            let other = link["other"]?.int64, let values = link["values"]
        else { return nil }
        return Content(
            relation: relation, other: RecordID(other), changes: ChangePayload.changes(values))
    }
}
