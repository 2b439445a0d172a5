/// Takes a chunked body apart (RFC 9112 §7.1), as strictly as its grammar is written: a size is 1 to 8 hexadecimal
/// digits, directly followed by CRLF or an extension, which is dropped; trailers are counted and dropped.
struct ChunkDecoder: Sendable {
    private enum State: Sendable {
        case size
        case data(left: Int)
        case dataEnd
        case trailers
    }

    private let limits: HTTPLimits
    private var state = State.size
    /// Extensions and trailers, all of them together.
    private var overheadBytes = 0
    private var trailers = 0

    init(limits: HTTPLimits) { self.limits = limits }

    /// Moves what can be decoded from the queue onto the body; true when the body is whole.
    ///
    /// - Parameter fields: field lines of the head, which count with the trailers.
    mutating func decode(
        _ queue: inout ByteQueue, into body: inout [UInt8], fields: Int
    ) throws(HTTPRefusal) -> Bool {
        while true {
            switch state {
            case .size:
                guard let line = try takeLine(&queue) else { return false }
                let size = try chunkSize(queue.bytes, line)
                guard body.count + size <= limits.bodyBytes else {
                    throw HTTPRefusal(413, "the body is too large")
                }
                state = size == 0 ? .trailers : .data(left: size)
            case .data(let left):
                let count = min(left, queue.count)
                body.append(contentsOf: queue.bytes[queue.start..<queue.start + count])
                queue.skip(count)
                guard count == left else {
                    queue.compact()
                    state = .data(left: left - count)
                    return false
                }
                state = .dataEnd
            case .dataEnd:
                guard let first = queue.bytes[queue.start...].first else { return false }
                guard first == ASCII.carriageReturn else {
                    throw .malformed("a chunk is longer than its size")
                }
                guard queue.count >= 2 else { return false }
                guard queue.bytes[queue.start + 1] == ASCII.lineFeed else {
                    throw .malformed("a chunk is longer than its size")
                }
                queue.skip(2)
                state = .size
            case .trailers:
                guard let line = try takeLine(&queue) else { return false }
                if line.isEmpty { return true }
                _ = try HTTPFields.parse(queue.bytes, line)
                trailers += 1
                try count(overhead: line.count + 2)
                guard fields + trailers <= limits.fields else {
                    throw HTTPRefusal(431, "there are too many fields")
                }
            }
        }
    }

    private mutating func takeLine(_ queue: inout ByteQueue) throws(HTTPRefusal) -> Range<Int>? {
        switch queue.takeLine(maximum: limits.headBytes) {
        case .whole(let line): return line
        case .incomplete:
            queue.compact()
            return nil
        case .tooLong: throw HTTPRefusal(431, "a line of the chunked body is too long")
        case .bareLineFeed: throw .malformed("a line does not end with CR LF")
        }
    }

    private mutating func chunkSize(_ bytes: [UInt8], _ line: Range<Int>) throws(HTTPRefusal) -> Int {
        var size = 0
        var index = line.lowerBound
        while index < line.upperBound, let digit = ASCII.hexadecimal(bytes[index]) {
            guard index - line.lowerBound < 8 else { throw .malformed("a chunk size has more than 8 digits") }
            size = size << 4 | digit
            index += 1
        }
        guard index > line.lowerBound else { throw .malformed("a chunk size is not a number") }
        if index < line.upperBound {
            guard bytes[index] == ASCII.semicolon, ASCII.all(bytes, in: index..<line.upperBound, are: .value)
            else {
                throw .malformed("a chunk size is not a number")
            }
            try count(overhead: line.upperBound - index)
        }
        return size
    }

    private mutating func count(overhead bytes: Int) throws(HTTPRefusal) {
        overheadBytes += bytes
        guard overheadBytes <= limits.headBytes else {
            throw HTTPRefusal(431, "the chunked body has too many extensions or trailers")
        }
    }
}
