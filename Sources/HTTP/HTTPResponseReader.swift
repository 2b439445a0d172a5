/// One whole response.
package struct HTTPResponse: Sendable {
    package var status: UInt16 = 0
    package var fields = HTTPFields()
    package var body: [UInt8] = []
    /// Whether another request may be sent on the connection.
    package var keepsAlive = true
}

/// Reads HTTP/1.1 responses from bytes as they come; the client's half of `HTTPRequestReader`, equally strict.
///
/// Interim answers (1xx) are skipped. The caller says with each `next` whether the request was a HEAD, since only that
/// tells whether a body follows.
package struct HTTPResponseReader: Sendable {
    package enum Outcome: Sendable {
        case needsMore
        case response(HTTPResponse)
        case refused(HTTPRefusal)
    }

    /// What the request was.
    package enum Asked: Sendable {
        case withBody
        /// HEAD: the answer tells a length and has no body.
        case headOnly
    }

    private enum State: Sendable {
        case statusLine
        case fields
        case counted(Int)
        case chunked(ChunkDecoder)
        case untilEnd
    }

    private let limits: HTTPLimits
    private var queue = ByteQueue()
    private var state = State.statusLine
    private var response = HTTPResponse()
    private var framing = Framing()
    private var headStart = 0
    private var hasEnded = false
    private var refusal: HTTPRefusal?

    /// - Parameter limits: by default room for the largest reply of the platform, 16 MiB.
    package init(
        limits: HTTPLimits = HTTPLimits(headBytes: 32 << 10, fields: 100, targetBytes: 0, bodyBytes: 16 << 20)
    ) {
        self.limits = limits
    }

    /// After a refusal nothing is kept any more.
    package mutating func append(_ bytes: ArraySlice<UInt8>) {
        if refusal == nil { queue.append(bytes) }
    }

    /// The other side has closed: a body without a length is whole now, anything else unfinished is refused.
    package mutating func end() { hasEnded = true }

    /// What has come behind the responses so far: of one asked for by `headOnly`, the beginning of its body.
    package mutating func takeRest() -> [UInt8] {
        let rest = Array(queue.bytes[queue.start...])
        queue.skip(rest.count)
        queue.compact()
        return rest
    }

    package mutating func next(_ asked: Asked = .withBody) -> Outcome {
        if let refusal { return .refused(refusal) }
        do throws(HTTPRefusal) {
            if let whole = try advance(asked) { return .response(whole) }
            guard hasEnded else { return .needsMore }
            throw .malformed("the connection ended before the response did")
        } catch {
            refusal = error
            return .refused(error)
        }
    }

    private mutating func advance(_ asked: Asked) throws(HTTPRefusal) -> HTTPResponse? {
        while true {
            switch state {
            case .statusLine:
                guard let line = try takeLine() else { return nil }
                try parseStatusLine(line)
                state = .fields
            case .fields:
                guard let line = try takeLine() else { return nil }
                if line.isEmpty {
                    try finishHead(asked)
                } else {
                    let field = try HTTPFields.parse(queue.bytes, line)
                    guard response.fields.count < limits.fields else {
                        throw HTTPRefusal(431, "there are too many fields")
                    }
                    try framing.note(field, in: queue.bytes)
                    response.fields.append(field.shifted(by: -headStart))
                }
            case .counted(let length):
                guard queue.count >= length else { return nil }
                response.body = Array(queue.bytes[queue.start..<queue.start + length])
                queue.skip(length)
                return finish()
            case .chunked(var decoder):
                let isWhole = try decoder.decode(&queue, into: &response.body, fields: response.fields.count)
                state = .chunked(decoder)
                return isWhole ? finish() : nil
            case .untilEnd:
                guard queue.count <= limits.bodyBytes else { throw HTTPRefusal(413, "the body is too large") }
                guard hasEnded else { return nil }
                response.body = Array(queue.bytes[queue.start...])
                queue.skip(queue.count)
                return finish()
            }
        }
    }

    private mutating func takeLine() throws(HTTPRefusal) -> Range<Int>? {
        switch queue.takeLine(maximum: limits.headBytes - (queue.start - headStart)) {
        case .whole(let line): return line
        case .incomplete: return nil
        case .tooLong: throw HTTPRefusal(431, "the head is too large")
        case .bareLineFeed: throw .malformed("a line does not end with CR LF")
        }
    }

    /// Version, one space, three digits, and perhaps a space and a phrase (RFC 9112 §4).
    private mutating func parseStatusLine(_ line: Range<Int>) throws(HTTPRefusal) {
        headStart = line.lowerBound
        let bytes = queue.bytes[line]
        guard bytes.count >= 12, bytes[line.lowerBound + 8] == ASCII.space,
            ASCII.all(queue.bytes, in: line.lowerBound + 9..<line.lowerBound + 12, are: .digit),
            bytes.count == 12 || bytes[line.lowerBound + 12] == ASCII.space
        else { throw .malformed("the status line is not version and status") }
        framing.version = try Version(bytes.prefix(8))
        response.keepsAlive = framing.version == .http11
        response.status = bytes[(line.lowerBound + 9)..<(line.lowerBound + 12)].reduce(0) {
            $0 * 10 + UInt16($1 - 0x30)
        }
        guard (100...599).contains(response.status) else { throw .malformed("the status is not one") }
    }

    private mutating func finishHead(_ asked: Asked) throws(HTTPRefusal) {
        response.fields.keep(queue.bytes[headStart..<queue.start])
        if framing.closes { response.keepsAlive = false }
        switch (response.status, asked) {
        case (100..<200, _):
            queue.compact()
            startOver()
        case (204, _), (304, _), (_, .headOnly):
            queue.compact()
            state = .counted(0)
        default:
            switch try framing.responseLength(limits: limits) {
            case .counted(let length): state = .counted(length)
            case .chunked: state = .chunked(ChunkDecoder(limits: limits))
            case nil:
                response.keepsAlive = false
                state = .untilEnd
            }
            queue.compact()
        }
    }

    private mutating func finish() -> HTTPResponse {
        queue.compact()
        defer { startOver() }
        return response
    }

    private mutating func startOver() {
        response = HTTPResponse()
        framing = Framing()
        headStart = 0
        state = .statusLine
    }
}
