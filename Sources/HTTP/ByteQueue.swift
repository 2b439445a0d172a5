import Glibc

/// Bytes that have come and are not yet used, from which whole lines are taken.
///
/// Offsets are from the start of `bytes` and stay true until `compact`.
struct ByteQueue: Sendable {
    /// What an empty queue keeps, so that an idle connection is small.
    private static let keptBytes = 2 << 10

    private(set) var bytes: [UInt8] = []
    /// The first byte that is not used.
    private(set) var start = 0
    /// Where the search for the end of the line goes on: no byte is looked at twice.
    private var searched = 0

    var count: Int { bytes.count - start }

    mutating func append(_ more: ArraySlice<UInt8>) { bytes.append(contentsOf: more) }

    /// Takes bytes that are not a line.
    mutating func skip(_ count: Int) {
        start += count
        searched = start
    }

    /// Drops what is used. Called when no offset is held any more.
    mutating func compact() {
        if start == bytes.count {
            if bytes.capacity > Self.keptBytes { bytes = [] } else { bytes.removeAll(keepingCapacity: true) }
        } else if start > 0 {
            bytes.removeSubrange(..<start)
        }
        searched = max(0, searched - start)
        start = 0
    }

    mutating func removeAll() {
        bytes = []
        start = 0
        searched = 0
    }

    enum Line {
        case whole(Range<Int>)
        case incomplete
        /// No line end within the maximum.
        case tooLong
        /// A line feed without its carriage return (RFC 9112 §2.2 lets a recipient accept it; we do not).
        case bareLineFeed
    }

    /// Takes the next line, without its CRLF. The outcome does not depend on how the bytes were split.
    ///
    /// - Parameter maximum: bytes of the line with its CRLF.
    mutating func takeLine(maximum: Int) -> Line {
        guard let end = nextLineFeed() else {
            searched = bytes.count
            return count > maximum ? .tooLong : .incomplete
        }
        guard end - start < maximum else { return .tooLong }
        guard end > start, bytes[end - 1] == ASCII.carriageReturn else { return .bareLineFeed }
        let line = start..<end - 1
        start = end + 1
        searched = start
        return .whole(line)
    }

    private func nextLineFeed() -> Int? {
        bytes.withUnsafeBytes { buffer in
            guard searched < buffer.count, let base = buffer.baseAddress else { return nil }
            guard let hit = memchr(base + searched, Int32(ASCII.lineFeed), buffer.count - searched) else {
                return nil
            }
            return UnsafeRawPointer(hit) - base
        }
    }
}
