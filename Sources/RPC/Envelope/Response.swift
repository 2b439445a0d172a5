import JSON

/// Writes response objects (JSON-RPC 2.0 §5) into the bytes that leave.
///
/// A result is written in place: `begin`, the result's value, `endResult`; if the result cannot be completed,
/// `replaceWithError` takes back what was written of it.
enum Response {
    /// `{"jsonrpc":"2.0","id":…`, so that the members of either outcome can follow.
    static func begin(id: JSONNode?, in writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("jsonrpc")
        writer.string("2.0")
        writer.key("id")
        if let id { writer.raw(id) } else { writer.null() }
    }

    /// A whole response that carries an error.
    static func write(
        _ error: ErrorObject, id: JSONNode?, requestID: String, to writer: inout JSONWriter
    ) {
        begin(id: id, in: &writer)
        writer.key("error")
        error.write(to: &writer, requestID: requestID)
        writer.endObject()
    }

    /// A whole response that carries a result which is JSON already.
    static func write(result: [UInt8], id: JSONNode?, to writer: inout JSONWriter) {
        begin(id: id, in: &writer)
        writer.key("result")
        writer.raw(result)
        writer.endObject()
    }
}
