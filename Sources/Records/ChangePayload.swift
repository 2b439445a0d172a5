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
        writer.beginObject()
        for change in changes {
            writer.key(change.column)
            writer.beginArray()
            write(change.old, &writer)
            write(change.new, &writer)
            writer.endArray()
        }
        writer.endObject()
        return writer.finish()
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
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(parsing: payload)
        } catch {
            throw CRMError(.internalError, "a change log entry cannot be read", detail: error.message)
        }
        var changes: [(column: String, old: StoredValue, new: StoredValue)] = []
        for (name, pair) in document.root.members where pair.kind == .array {
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
