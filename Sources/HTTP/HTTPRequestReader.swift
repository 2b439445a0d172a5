/// Reads HTTP/1.1 requests from bytes as they come. A value without I/O and without a clock.
///
/// Bytes are appended in any pieces; `next` answers what can be said about them, one request at a time, so that
/// pipelined requests come out in order. The outcome never depends on where the pieces were cut.
///
/// Strict by choice where RFC 9112 leaves room, because every leniency here is a way to make two readers disagree on
/// where a request ends: CR LF only, no folded lines, no space before a colon, one Host, one Content-Length of digits
/// or one `Transfer-Encoding: chunked` but never both. HTTP/1.0 is served, without keep-alive and without chunks, since
/// health checks still speak it; other major versions are refused with 505. One empty line before a request is let
/// pass.
///
/// After a refusal every further `next` returns the same refusal: answer it and close.
///
/// Requests that `streams` picks by their head come in parts: the head, the body's pieces as they come, the end. Their
/// bodies have no limit here, and nothing of them is kept.
package struct HTTPRequestReader: Sendable {
    package enum Outcome: Sendable {
        case needsMore
        /// The client waits for `100 Continue` before it sends the body. Comes at most once a request.
        case awaitsContinue
        case request(HTTPRequest)
        case refused(HTTPRefusal)
        /// A request whose body follows in pieces; its length where it was told.
        case head(HTTPRequest, length: Int?, awaitsContinue: Bool)
        case piece([UInt8])
        /// The streamed body is whole.
        case end
    }

    /// How far the request is that is being read; what a timeout depends on.
    package enum Phase: Equatable, Sendable {
        /// Nothing of a request has come.
        case idle
        case head
        /// So many bytes of the body have been decoded.
        case body(receivedBytes: Int)
    }

    private enum State: Sendable {
        case requestLine
        case fields
        case counted(Int)
        case chunked(ChunkDecoder)
        case streamed(left: Int)
        case streamedChunks(ChunkDecoder, isWhole: Bool)
    }

    /// Longest method, two spaces, version, CR LF: what a request line has beside its target.
    private static let requestLineRoom = 32 + 2 + 8 + 2

    private let limits: HTTPLimits
    private let streams: @Sendable (HTTPRequest) -> Bool
    private let bodyLimit: @Sendable (HTTPRequest) -> Int?
    private var queue = ByteQueue()
    private var state = State.requestLine
    private var request = HTTPRequest()
    private var framing = Framing()
    private var headStart = 0
    private var hasSkippedEmptyLine = false
    private var refusal: HTTPRefusal?
    private var streamedBytes = 0

    /// - Parameter bodyLimit: the most bytes that the body of a request may have, where that is less than `limits` say.
    package init(
        limits: HTTPLimits = .standard, streams: @escaping @Sendable (HTTPRequest) -> Bool = { _ in false },
        bodyLimit: @escaping @Sendable (HTTPRequest) -> Int? = { _ in nil }
    ) {
        self.limits = limits
        self.streams = streams
        self.bodyLimit = bodyLimit
    }

    package var phase: Phase {
        switch state {
        case .requestLine: queue.count == 0 && !hasSkippedEmptyLine ? .idle : .head
        case .fields: .head
        case .counted: .body(receivedBytes: queue.count)
        case .chunked: .body(receivedBytes: request.body.count)
        case .streamed, .streamedChunks: .body(receivedBytes: streamedBytes)
        }
    }

    /// Bytes taken in that no outcome has used yet.
    package var bufferedBytes: Int { queue.count + request.body.count }

    /// After a refusal nothing is kept any more.
    package mutating func append(_ bytes: ArraySlice<UInt8>) {
        if refusal == nil { queue.append(bytes) }
    }

    /// Returns the next request, or why there is none.
    package mutating func next() -> Outcome {
        if let refusal { return .refused(refusal) }
        do throws(HTTPRefusal) {
            return try advance()
        } catch {
            refusal = error
            queue.removeAll()
            request = HTTPRequest()
            return .refused(error)
        }
    }

    private mutating func advance() throws(HTTPRefusal) -> Outcome {
        while true {
            switch state {
            case .requestLine:
                guard let line = try takeRequestLine() else { return .needsMore }
                guard !line.isEmpty else { continue }
                try parseRequestLine(line)
                state = .fields
            case .fields:
                guard let line = try takeFieldLine() else { return .needsMore }
                guard line.isEmpty else {
                    try parseField(line)
                    continue
                }
                state = try finishHead()
                if let head = streamedHead { return head }
                if framing.expectsContinue, !bodyIsHere { return .awaitsContinue }
            case .counted(let length):
                guard queue.count >= length else { return .needsMore }
                if length > 0 {
                    request.body = Array(queue.bytes[queue.start..<queue.start + length])
                    queue.skip(length)
                }
                return finish()
            case .chunked(var decoder):
                // Given back below: while it works, the state holds no second copy of it.
                let isWhole = try decoder.decode(&queue, into: &request.body, fields: request.fields.count)
                state = .chunked(decoder)
                return isWhole ? finish() : .needsMore
            case .streamed(let left):
                guard left > 0 else { return finishStream() }
                let count = min(left, queue.count)
                guard count > 0 else { return .needsMore }
                let piece = Array(queue.bytes[queue.start..<queue.start + count])
                queue.skip(count)
                queue.compact()
                state = .streamed(left: left - count)
                streamedBytes += count
                return .piece(piece)
            case .streamedChunks(var decoder, let isWhole):
                guard !isWhole else { return finishStream() }
                var piece: [UInt8] = []
                let isEnd = try decoder.decode(&queue, into: &piece, fields: request.fields.count)
                queue.compact()
                state = .streamedChunks(decoder, isWhole: isEnd)
                streamedBytes += piece.count
                if !piece.isEmpty { return .piece(piece) }
                if !isEnd { return .needsMore }
            }
        }
    }

    /// What is said of a request whose body comes in pieces, when its head is whole.
    private var streamedHead: Outcome? {
        switch state {
        case .streamed(let left):
            .head(
                request, length: left, awaitsContinue: framing.expectsContinue && left > 0 && queue.count == 0
            )
        case .streamedChunks:
            .head(request, length: nil, awaitsContinue: framing.expectsContinue && queue.count == 0)
        default: nil
        }
    }

    private mutating func finishStream() -> Outcome {
        streamedBytes = 0
        _ = finish()
        return .end
    }

    private mutating func finish() -> Outcome {
        queue.compact()
        let whole = request
        request = HTTPRequest()
        framing = Framing()
        state = .requestLine
        headStart = 0
        hasSkippedEmptyLine = false
        return .request(whole)
    }

    // MARK: The head

    private mutating func takeRequestLine() throws(HTTPRefusal) -> Range<Int>? {
        switch queue.takeLine(maximum: limits.targetBytes + Self.requestLineRoom) {
        case .whole(let line):
            guard line.isEmpty else { return line }
            guard !hasSkippedEmptyLine else { throw .malformed("there is no request line") }
            hasSkippedEmptyLine = true
            queue.compact()
            return line
        case .incomplete: return nil
        case .tooLong: throw HTTPRefusal(414, "the request target is too long")
        case .bareLineFeed: throw .malformed("a line does not end with CR LF")
        }
    }

    private mutating func takeFieldLine() throws(HTTPRefusal) -> Range<Int>? {
        switch queue.takeLine(maximum: limits.headBytes - (queue.start - headStart)) {
        case .whole(let line): return line
        case .incomplete: return nil
        case .tooLong: throw HTTPRefusal(431, "the head is too large")
        case .bareLineFeed: throw .malformed("a line does not end with CR LF")
        }
    }

    /// Method, one space, target, one space, version (RFC 9112 §3).
    private mutating func parseRequestLine(_ line: Range<Int>) throws(HTTPRefusal) {
        let bytes = queue.bytes[line]
        headStart = line.lowerBound
        guard let firstSpace = bytes.firstIndex(of: ASCII.space),
            let secondSpace = bytes[(firstSpace + 1)...].firstIndex(of: ASCII.space)
        else { throw .malformed("the request line is not method, target and version") }
        let method = line.lowerBound..<firstSpace
        guard (1...32).contains(method.count), ASCII.all(queue.bytes, in: method, are: .token) else {
            throw .malformed("the method is not a token")
        }
        request.method = HTTPMethod(queue.bytes[method])
        let target = firstSpace + 1..<secondSpace
        guard target.count <= limits.targetBytes else {
            throw HTTPRefusal(414, "the request target is too long")
        }
        let version = try Version(queue.bytes[(secondSpace + 1)..<line.upperBound])
        request.keepsAlive = version == .http11
        framing.version = version
        try parseTarget(target)
    }

    private mutating func parseTarget(_ target: Range<Int>) throws(HTTPRefusal) {
        let path = try RequestTarget.path(of: queue.bytes, target, method: request.method)
        let question = queue.bytes[path].firstIndex(of: ASCII.question)
        request.pathRange = path.lowerBound - headStart..<(question ?? path.upperBound) - headStart
        if let question { request.queryRange = question + 1 - headStart..<path.upperBound - headStart }
    }

    private mutating func parseField(_ line: Range<Int>) throws(HTTPRefusal) {
        let field = try HTTPFields.parse(queue.bytes, line)
        guard request.fields.count < limits.fields else {
            throw HTTPRefusal(431, "there are too many fields")
        }
        try framing.note(field, in: queue.bytes)
        request.fields.append(field.shifted(by: -headStart))
    }

    /// Settles how the body is framed (RFC 9112 §6.3), and keeps the head's bytes.
    private mutating func finishHead() throws(HTTPRefusal) -> State {
        request.fields.keep(queue.bytes[headStart..<queue.start])
        if framing.closes { request.keepsAlive = false }
        let isStreamed = streams(request)
        var limits = limits
        // Half of what can be counted: the decoder of chunks adds to it.
        if isStreamed { limits.bodyBytes = .max / 2 }
        if let least = bodyLimit(request) { limits.bodyBytes = min(limits.bodyBytes, least) }
        let length = try framing.bodyLength(method: request.method, limits: limits)
        queue.compact()
        if isStreamed {
            switch length {
            case .counted(let bytes): return .streamed(left: bytes)
            case .chunked: return .streamedChunks(ChunkDecoder(limits: limits), isWhole: false)
            }
        }
        switch length {
        case .counted(let bytes): return .counted(bytes)
        case .chunked: return .chunked(ChunkDecoder(limits: limits))
        }
    }

    private var bodyIsHere: Bool {
        if case .counted(let length) = state { return queue.count >= length }
        return queue.count > 0
    }
}
