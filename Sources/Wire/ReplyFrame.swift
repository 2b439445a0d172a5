/// What the body of a reply is; the endpoint makes the Content-Type header of it.
package enum ContentKind: UInt8, Sendable, CaseIterable {
    /// No body and no Content-Type.
    case none = 0
    case json = 1
    case text = 2
    case html = 3
    /// The body is a `FileHead`; what it announces follows as data.
    case file = 4
    /// The body is a `PageHead` and then HTML.
    case page = 5
}

/// The kernel's answer to one call: the HTTP status of the whole request and the body as it shall leave.
///
/// Payload: `u16` status, `u16` Retry-After in seconds (zero: none), `u8` content kind, then the body to the end.
package struct ReplyFrame: Equatable, Sendable {
    /// The largest body that fits a frame.
    package static let maximumBodyBytes = Frame.maximumBytes - Frame.headerBytes - prefixBytes
    /// Bytes of the payload before the body.
    package static let prefixBytes = 5

    /// 200 for a call that was understood, 204 where nothing is answered, else the status of the whole request.
    package var status: UInt16
    /// Only with 429 and 503.
    package var retryAfterSeconds: UInt16
    package var contentKind: ContentKind
    package var body: [UInt8]

    package init(
        status: UInt16, retryAfterSeconds: UInt16 = 0, contentKind: ContentKind = .json, body: [UInt8]
    ) {
        self.status = status
        self.retryAfterSeconds = retryAfterSeconds
        self.contentKind = contentKind
        self.body = body
    }

    /// Appends the reply as one frame.
    ///
    /// - Precondition: the body is within `maximumBodyBytes`.
    package func encode(callID: UInt64, into buffer: inout [UInt8]) {
        buffer.reserveCapacity(buffer.count + Frame.headerBytes + Self.prefixBytes + body.count)
        let mark = Self.begin(
            callID: callID, status: status, retryAfterSeconds: retryAfterSeconds, contentKind: contentKind,
            in: &buffer)
        buffer.append(contentsOf: body)
        Frame.finish(mark, in: &buffer)
    }

    /// Appends everything before the body; the caller appends the body to the same buffer, then calls
    /// `Frame.finish`. So the body is written once, where it leaves from.
    package static func begin(
        callID: UInt64, status: UInt16 = 200, retryAfterSeconds: UInt16 = 0, contentKind: ContentKind = .json,
        in buffer: inout [UInt8]
    ) -> FrameMark {
        let mark = Frame.begin(.reply, callID: callID, in: &buffer)
        buffer.append(littleEndian: status)
        buffer.append(littleEndian: retryAfterSeconds)
        buffer.append(contentKind.rawValue)
        return mark
    }

    /// Reads the payload of a frame of kind `reply`.
    package init(decoding frame: Frame) throws(WireError) {
        let (head, body) = try Self.split(frame)
        self.init(
            status: head.status, retryAfterSeconds: head.retryAfterSeconds, contentKind: head.contentKind,
            body: Array(body))
    }

    /// The same without a copy of the body: what stands before it, and where it lies in the frame.
    package static func split(_ frame: Frame) throws(WireError) -> (head: ReplyHead, body: ArraySlice<UInt8>)
    {
        guard frame.kind == .reply else { throw .malformed("a reply was expected") }
        var reader = ByteReader(frame.payload)
        let status = try reader.integer(UInt16.self, "the status")
        guard (200...599).contains(status) else { throw .malformed("status \(status) is not one") }
        let retryAfter = try reader.integer(UInt16.self, "Retry-After")
        let rawKind = try reader.integer(UInt8.self, "the content kind")
        guard let kind = ContentKind(rawValue: rawKind) else {
            throw .malformed("content kind \(rawKind) is unknown")
        }
        let body = frame.payload[reader.offset...]
        guard kind != .none || body.isEmpty else { throw .malformed("a body without a kind") }
        return (ReplyHead(status: status, retryAfterSeconds: retryAfter, contentKind: kind), body)
    }
}

/// What a reply says beside its body.
package struct ReplyHead: Equatable, Sendable {
    package let status: UInt16
    package let retryAfterSeconds: UInt16
    package let contentKind: ContentKind

    package init(status: UInt16, retryAfterSeconds: UInt16, contentKind: ContentKind) {
        self.status = status
        self.retryAfterSeconds = retryAfterSeconds
        self.contentKind = contentKind
    }
}
