import Synchronization
import Wire

/// The bytes on their way to one connection's other end: whole frames, from any thread, in the order in which they were
/// put in.
///
/// Nobody waits here: what the socket does not take at once stays, and the connection's own thread sends it when the
/// socket has room, woken by `wake`.
final class Outbox: Sendable {
    /// Beyond this many waiting bytes the connection's thread reads no further request.
    static let highWaterBytes = 32 << 20

    private static let keptBytes = 256 << 10

    private struct State {
        var pending: [UInt8] = []
        var sent = 0
        var isClosed = false
        var isWakeSent = false
    }

    private let state = Mutex(State())
    private let stream: UnixStream
    /// The near end is written to, the far end is polled by the connection's thread.
    private let wakeSender: UnixStream
    let wakeReceiver: UnixStream

    init(_ stream: UnixStream) throws(WireError) {
        self.stream = stream
        (wakeSender, wakeReceiver) = try UnixStream.pair()
    }

    var waitingBytes: Int { state.withLock { $0.pending.count - $0.sent } }

    /// Puts frames in without sending; `flush` follows.
    func append(_ frames: [UInt8]) {
        state.withLock { state in
            guard !state.isClosed else { return }
            if state.pending.isEmpty {
                state.pending = frames
            } else {
                state.pending.append(contentsOf: frames)
            }
        }
    }

    /// Sends what the socket takes at once. What remains wakes the connection's thread, unless it is the caller.
    func flush(wakingOwner: Bool) {
        state.withLock { state in
            while !state.isClosed, state.sent < state.pending.count {
                do throws(WireError) {
                    guard case .bytes(let count) = try stream.write(state.pending, from: state.sent) else {
                        break
                    }
                    state.sent += count
                } catch {
                    state.isClosed = true
                }
            }
            if state.isClosed || state.sent == state.pending.count {
                state.pending.removeAll(keepingCapacity: state.pending.capacity <= Self.keptBytes)
                state.sent = 0
            } else {
                // What has left is let go although something always follows.
                if state.sent > Self.keptBytes {
                    state.pending.removeSubrange(..<state.sent)
                    state.sent = 0
                }
                if wakingOwner { wake(&state) }
            }
        }
    }

    /// Ends the wait of the connection's thread.
    func wakeOwner() { state.withLock { wake(&$0) } }

    private func wake(_ state: inout State) {
        guard !state.isWakeSent else { return }
        state.isWakeSent = true
        // One byte in an empty socket never waits; if it cannot be sent, the owner has gone.
        _ = try? wakeSender.write([1])
    }

    /// Called by the owner once it is awake.
    func takeWake() {
        state.withLock { state in
            guard state.isWakeSent else { return }
            state.isWakeSent = false
            var bytes: [UInt8] = []
            _ = try? wakeReceiver.read(into: &bytes)
        }
    }

    func close() {
        state.withLock { state in
            state.isClosed = true
            state.pending = []
            state.sent = 0
        }
    }
}
