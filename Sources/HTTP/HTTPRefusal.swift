/// Why a message is not accepted. After one, nothing that follows on the connection can be trusted to be a message:
/// answer with the status and close.
package struct HTTPRefusal: Error, Equatable, Sendable {
    /// 400, 411, 413, 414, 417, 431 or 505.
    package let status: UInt16
    /// What is wrong, for the client: lower case, no full stop, nothing of the client's own bytes.
    package let reason: String

    package init(_ status: UInt16, _ reason: String) {
        self.status = status
        self.reason = reason
    }

    static func malformed(_ reason: String) -> HTTPRefusal { HTTPRefusal(400, reason) }
}

/// How much of one message is taken in before it is refused.
package struct HTTPLimits: Sendable {
    /// Request line, field lines and the empty line together; the trailers of a chunked body count again by themselves.
    package var headBytes: Int
    /// Field lines; trailers count with them.
    package var fields: Int
    package var targetBytes: Int
    package var bodyBytes: Int

    package static let standard = HTTPLimits(
        headBytes: 32 << 10, fields: 100, targetBytes: 8 << 10, bodyBytes: 8 << 20)

    package init(headBytes: Int, fields: Int, targetBytes: Int, bodyBytes: Int) {
        self.headBytes = headBytes
        self.fields = fields
        self.targetBytes = targetBytes
        self.bodyBytes = bodyBytes
    }
}
