/// What a frame is about. Replies may come in any order; the call id joins them to their call.
package enum FrameKind: UInt8, Sendable, CaseIterable {
    /// The first frame in each direction: who speaks, and which version of the wire.
    case hello = 1
    /// One request, whole: `CallFrame`.
    case call = 2
    /// The answer to a call, whole: `ReplyFrame`.
    case reply = 3
    /// A piece of a large body that belongs to a call.
    case data = 4
    /// Permission to send so many more bytes of a call's data.
    case credit = 5
    /// The last frame of a call's data.
    case end = 6
    /// The caller has gone; the answer is no longer wanted. Carries nothing.
    case cancel = 7
}

/// The unit that two of our processes exchange: a kind, the call it belongs to, and a payload.
///
/// Layout, little endian: `u32` length of what follows it, `u8` kind, `u8` and `u16` reserved (zero), `u64` call id,
/// payload. A whole frame is at most `maximumBytes`; a longer one is refused from its length alone.
package struct Frame: Equatable, Sendable {
    /// 16 MiB, header included.
    package static let maximumBytes = 16 << 20
    /// Bytes before the payload.
    package static let headerBytes = 16

    package var kind: FrameKind
    /// Chosen by the caller, unique among its open calls; zero in a hello.
    package var callID: UInt64
    package var payload: [UInt8]

    package init(kind: FrameKind, callID: UInt64, payload: [UInt8] = []) {
        self.kind = kind
        self.callID = callID
        self.payload = payload
    }

    /// Appends the frame to a buffer of outgoing bytes.
    package func encode(into buffer: inout [UInt8]) {
        let mark = Frame.begin(kind, callID: callID, in: &buffer)
        buffer.append(contentsOf: payload)
        Frame.finish(mark, in: &buffer)
    }

    /// Appends a header whose length is not yet known. The caller appends the payload, then calls `finish`.
    ///
    /// So a payload is written once, straight into the bytes that leave.
    package static func begin(_ kind: FrameKind, callID: UInt64, in buffer: inout [UInt8]) -> FrameMark {
        let mark = FrameMark(offset: buffer.count)
        buffer.append(littleEndian: UInt32(0))
        buffer.append(littleEndian: UInt32(kind.rawValue))
        buffer.append(littleEndian: callID)
        return mark
    }

    /// Writes the length of the frame begun at `mark`, which ends where the buffer ends now.
    ///
    /// - Precondition: the frame is within `maximumBytes`; whoever makes payloads of unknown size asks
    ///   `bytes(since:)` first.
    package static func finish(_ mark: FrameMark, in buffer: inout [UInt8]) {
        let total = buffer.count - mark.offset
        precondition(total >= headerBytes && total <= maximumBytes, "a frame outgrew its maximum")
        let length = UInt32(total - 4)
        for byte in 0..<4 {
            buffer[mark.offset + byte] = UInt8(truncatingIfNeeded: length >> (8 * UInt32(byte)))
        }
    }

    /// The size of the frame begun at `mark`, header included.
    package static func bytes(since mark: FrameMark, in buffer: [UInt8]) -> Int { buffer.count - mark.offset }

    /// Takes an unfinished frame back, as if it had never been begun.
    package static func abandon(_ mark: FrameMark, in buffer: inout [UInt8]) {
        buffer.removeSubrange(mark.offset...)
    }
}

/// Where an unfinished frame begins in its buffer.
package struct FrameMark: Sendable {
    let offset: Int
}
