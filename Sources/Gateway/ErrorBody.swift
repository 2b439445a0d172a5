/// The JSON-RPC error that accompanies an HTTP status which concerns a whole request. Fixed texts; the only thing in
/// them that comes from outside is the request id.
enum ErrorBody {
    private struct Row: Sendable {
        let status: UInt16
        let code: Int
        let kind: StaticString
    }

    private static let rows: [Row] = [
        Row(status: 401, code: -32001, kind: "unauthenticated"),
        Row(status: 403, code: -32002, kind: "forbidden"),
        Row(status: 404, code: -32003, kind: "not_found"),
        Row(status: 429, code: -32007, kind: "too_many_requests"),
        Row(status: 413, code: -32008, kind: "limit_exceeded"),
        Row(status: 414, code: -32008, kind: "limit_exceeded"),
        Row(status: 431, code: -32008, kind: "limit_exceeded"),
        Row(status: 503, code: -32009, kind: "unavailable"),
    ]
    private static let otherwise = Row(status: 400, code: -32600, kind: "invalid_request")

    static func render(status: UInt16, message: String, requestID: String) -> [UInt8] {
        let row = rows.first { $0.status == status } ?? otherwise
        let text = """
            {"jsonrpc":"2.0","error":{"code":\(row.code),"message":"\(escaped(message))",\
            "data":{"kind":"\(row.kind)","request_id":"\(escaped(requestID))"}},"id":null}
            """
        return Array(text.utf8)
    }

    /// Both texts are printable ASCII already; only what ends or escapes a JSON string is left.
    private static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x22 || $0 == 0x5C }) else { return text }
        return text.reduce(into: "") { result, character in
            if character == "\"" || character == "\\" { result.append("\\") }
            result.append(character)
        }
    }
}
