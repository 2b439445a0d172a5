/// Cuts a stream of bytes into frames. Pure and incremental: any split of the stream gives the same frames.
///
/// Bytes are appended as they come, then `next` is called until it returns nil. Each payload is copied once. A frame
/// over the maximum, an unknown kind or a reserved bit is refused from the header alone; after a refusal the stream
/// has no known boundary any more, so every further `next` throws the same error.
package struct FrameSplitter: Sendable {
    /// Capacity that an empty splitter keeps between bursts.
    private static let keptBytes = 256 << 10

    private var buffer: [UInt8] = []
    private var start = 0
    private var refusal: WireError?

    package init() {}

    /// Bytes that have come and do not yet make a whole frame.
    package var pendingBytes: Int { buffer.count - start }

    package mutating func append(_ bytes: some Collection<UInt8>) {
        discardRead()
        buffer.append(contentsOf: bytes)
    }

    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        discardRead()
        buffer.append(contentsOf: bytes)
    }

    /// Returns the next whole frame, or nil when more bytes are needed.
    ///
    /// - Throws: `frameTooLarge` or `malformed`; then the connection must be closed.
    package mutating func next() throws(WireError) -> Frame? {
        if let refusal { throw refusal }
        do { return try cut() } catch {
            refusal = error
            buffer = []
            start = 0
            throw error
        }
    }

    private mutating func cut() throws(WireError) -> Frame? {
        guard pendingBytes >= 4 else { return nil }
        let total = 4 + Int(integer(at: start, bytes: 4))
        guard total <= Frame.maximumBytes else { throw .frameTooLarge(bytes: total) }
        guard total >= Frame.headerBytes else { throw .malformed("the length is shorter than a header") }
        guard pendingBytes >= 8 else { return nil }
        guard let kind = FrameKind(rawValue: buffer[start + 4]) else {
            throw .malformed("kind \(buffer[start + 4]) is unknown")
        }
        guard integer(at: start + 5, bytes: 3) == 0 else { throw .malformed("a reserved byte is not zero") }
        guard pendingBytes >= total else {
            buffer.reserveCapacity(start + total)
            return nil
        }
        let callID = integer(at: start + 8, bytes: 8)
        let payload = Array(buffer[start + Frame.headerBytes..<start + total])
        start += total
        return Frame(kind: kind, callID: callID, payload: payload)
    }

    private func integer(at offset: Int, bytes count: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(buffer[offset + index]) << UInt64(8 * index) }
        return value
    }

    /// Drops what has been handed out, moving the rest only when that is cheap or most of the buffer is read.
    private mutating func discardRead() {
        guard start > 0 else { return }
        if start == buffer.count {
            if buffer.capacity > Self.keptBytes {
                buffer = []
            } else {
                buffer.removeAll(keepingCapacity: true)
            }
            start = 0
        } else if start > buffer.count / 2 {
            buffer.removeSubrange(..<start)
            start = 0
        }
    }
}
