import Synchronization

/// A caller that waits: one connection, one call at a time. For the console, the supervisor and tests.
///
/// Calls from several threads queue behind each other. After an error the connection is closed and every further call
/// throws `closed`; connect anew.
package final class WireClient: Sendable {
    /// What the other side said of itself.
    package let peer: Hello
    private let stream: UnixStream
    private let state: Mutex<State>

    private struct State {
        var splitter: FrameSplitter
        var nextCallID: UInt64 = 1
        var isBroken = false
    }

    /// Connects, and exchanges hellos within `timeout`.
    ///
    /// - Throws: `system` where nobody listens, `incompatible` where it is not our kernel, `timedOut`.
    package init(
        path: String, role: WireRole, programVersion: String, timeout: Duration = .seconds(5)
    ) throws(WireError) {
        stream = try UnixStream.connect(path: path, timeout: timeout)
        var bytes: [UInt8] = []
        Hello(role: role, programVersion: programVersion).encode(into: &bytes)
        try stream.writeAll(bytes, timeout: timeout)
        var splitter = FrameSplitter()
        peer = try Hello(decoding: try Self.nextFrame(of: stream, &splitter, until: .now + timeout))
        state = Mutex(State(splitter: splitter))
    }

    /// Sends one call and waits for its reply, at most `timeout`.
    package func call(
        body: [UInt8], token: [UInt8]? = nil, requestID: String, route: Route = .rpc, peer: String = "local",
        timeout: Duration = .seconds(30)
    ) throws(WireError) -> ReplyFrame {
        let milliseconds = UInt32(clamping: Int64(timeout / .milliseconds(1)))
        return try call(
            CallFrame(
                route: route, requestID: requestID, token: token, peer: peer,
                deadlineMilliseconds: milliseconds,
                body: body),
            timeout: timeout)
    }

    private func call(_ call: CallFrame, timeout: Duration) throws(WireError) -> ReplyFrame {
        guard call.body.count <= CallFrame.maximumBodyBytes else {
            throw .frameTooLarge(bytes: call.body.count)
        }
        let deadline = ContinuousClock.now + timeout
        return try state.withLock { state throws(WireError) in
            guard !state.isBroken else { throw .closed }
            do throws(WireError) {
                let callID = state.nextCallID
                state.nextCallID += 1
                var bytes: [UInt8] = []
                call.encode(callID: callID, into: &bytes)
                try stream.writeAll(bytes, timeout: timeout)
                while true {
                    let frame = try Self.nextFrame(of: stream, &state.splitter, until: deadline)
                    if frame.callID == callID, frame.kind == .reply { return try ReplyFrame(decoding: frame) }
                }
            } catch {
                state.isBroken = true
                stream.shutdown()
                throw error
            }
        }
    }

    private static func nextFrame(
        of stream: UnixStream, _ splitter: inout FrameSplitter, until deadline: ContinuousClock.Instant
    ) throws(WireError) -> Frame {
        while true {
            if let frame = try splitter.next() { return frame }
            let left = ContinuousClock.now.duration(to: deadline)
            if try stream.read(into: &splitter, timeout: left) == .closed { throw .closed }
        }
    }

    /// Ends the connection; a waiting call throws `closed`.
    package func close() { stream.shutdown() }
}
