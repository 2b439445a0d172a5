import Foundation
import Synchronization
import Testing
import Wire

/// Stands in for the kernel: listens where the gateway looks for it, answers calls by a rule or lets the test answer.
final class TestKernel: Sendable {
    struct Call: Sendable {
        let id: UInt64
        let frame: CallFrame
        let stream: UnixStream
    }

    private struct State {
        var calls: [Call] = []
        var cancels: [UInt64] = []
        var streams: [UnixStream] = []
        var mostFramesInOneRead = 0
        /// Connections that are greeted; others wait.
        var greetings: Int
        var unanswered: [UnixStream] = []
    }

    private let listener: UnixListener
    private let answer: @Sendable (CallFrame) -> ReplyFrame?
    private let state: Mutex<State>

    /// - Parameters:
    ///   - greetings: How many connections are greeted; the others are left waiting until `greetOthers`.
    ///   - answer: nil leaves the call to the test.
    init(
        path: String, greetings: Int = .max,
        answer: @escaping @Sendable (CallFrame) -> ReplyFrame? = { _ in nil }
    ) throws {
        state = Mutex(State(greetings: greetings))
        listener = try UnixListener(path: path)
        self.answer = answer
        Thread.detachNewThread { [self] in
            while let stream = try? listener.accept() {
                state.withLock { $0.streams.append(stream) }
                Thread.detachNewThread { [self] in try? serve(stream) }
            }
        }
    }

    /// Greets the connections that wait, and those to come.
    func greetOthers() {
        let waiting = state.withLock { state in
            state.greetings = .max
            defer { state.unanswered = [] }
            return state.unanswered
        }
        for stream in waiting { Thread.detachNewThread { [self] in try? serve(stream) } }
    }

    private func serve(_ stream: UnixStream) throws {
        let isGreeted = state.withLock { state in
            guard state.greetings > 0 else {
                state.unanswered.append(stream)
                return false
            }
            if state.greetings != .max { state.greetings -= 1 }
            return true
        }
        guard isGreeted else { return }
        var hello: [UInt8] = []
        Hello(role: .kernel, programVersion: "test").encode(into: &hello)
        try stream.writeAll(hello)
        var splitter = FrameSplitter()
        while try stream.read(into: &splitter) != .closed {
            var frames: [Frame] = []
            while let frame = try splitter.next() { frames.append(frame) }
            state.withLock { $0.mostFramesInOneRead = max($0.mostFramesInOneRead, frames.count) }
            for frame in frames { try take(frame, stream) }
        }
    }

    private func take(_ frame: Frame, _ stream: UnixStream) throws {
        switch frame.kind {
        case .cancel: state.withLock { $0.cancels.append(frame.callID) }
        case .call:
            let call = Call(id: frame.callID, frame: try CallFrame(decoding: frame), stream: stream)
            if let reply = answer(call.frame) {
                try self.reply(to: call, reply)
            } else {
                state.withLock { $0.calls.append(call) }
            }
        default: break
        }
    }

    func reply(to call: Call, _ reply: ReplyFrame) throws {
        var bytes: [UInt8] = []
        reply.encode(callID: call.id, into: &bytes)
        try call.stream.writeAll(bytes)
    }

    /// The next call that is left to the test.
    func nextCall() throws -> Call {
        try eventually { self.state.withLock { $0.calls.isEmpty ? nil : $0.calls.removeFirst() } }
    }

    var waitingCalls: Int { state.withLock { $0.calls.count } }
    var cancels: [UInt64] { state.withLock { $0.cancels } }
    var mostFramesInOneRead: Int { state.withLock { $0.mostFramesInOneRead } }

    /// Goes away as a killed process does.
    func die() {
        listener.close()
        for stream in state.withLock({ $0.streams }) { stream.shutdown() }
    }
}

/// Asks again until there is an answer; far beyond any honest waiting time it gives up.
func eventually<Value>(_ attempt: () throws -> Value?) throws -> Value {
    let end = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < end {
        if let value = try attempt() { return value }
        usleep(2_000)
    }
    throw GaveUp()
}

struct GaveUp: Error {}
