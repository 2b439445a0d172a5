import Glibc
package import JSON
import Wire

/// Calls the kernel over its administrators' socket, `DATA/run/admin.sock`. The kernel knows the caller by the user id
/// of this process; no token is needed.
///
/// Several calls may be under way; answers may come in any order and are kept until they are fetched.
package final class SocketClient: RPCClient {
    package let place: String
    private let stream: UnixStream
    private let token: [UInt8]?
    private let patience: Duration
    private var splitter = FrameSplitter()
    private var nextCall: UInt64 = 1
    private var answers: [UInt64: [UInt8]] = [:]

    /// Connects, and exchanges hellos.
    ///
    /// - Parameter patience: how long one answer may take.
    package init(
        dataFolder: String, token: [UInt8]? = nil, programVersion: String,
        patience: Duration = .seconds(120)
    ) throws(AdminError) {
        let path = "\(dataFolder)/run/admin.sock"
        place = dataFolder
        self.token = token
        self.patience = patience
        do throws(WireError) {
            stream = try UnixStream.connect(path: path)
            var hello: [UInt8] = []
            Hello(role: .admin, programVersion: programVersion).encode(into: &hello)
            try stream.writeAll(hello)
        } catch {
            throw Self.refusal(error, path)
        }
        do throws(WireError) {
            _ = try Hello(decoding: try nextFrame(until: .now + .seconds(10)))
        } catch {
            throw Self.refusal(error, path)
        }
    }

    package func send(_ method: String, _ params: [UInt8]) throws(AdminError) -> CallTicket {
        let number = takeCallID()
        let body = Conversation.request(number, method, params)
        guard body.count <= CallFrame.maximumBodyBytes else {
            throw AdminError(
                "the call of \(body.count) bytes is over the limit of \(CallFrame.maximumBodyBytes)")
        }
        var bytes: [UInt8] = []
        callFrame(.rpc, body, number).encode(callID: number, into: &bytes)
        try transmit(bytes)
        return CallTicket(number)
    }

    func takeCallID() -> UInt64 {
        defer { nextCall += 1 }
        return nextCall
    }

    func callFrame(_ route: Route, _ body: [UInt8], _ number: UInt64) -> CallFrame {
        CallFrame(
            route: route, requestID: "admin-\(getpid())-\(number)", token: token, peer: "console",
            deadlineMilliseconds: UInt32(clamping: Int64(patience / .milliseconds(1))), body: body)
    }

    func transmit(_ bytes: [UInt8]) throws(AdminError) {
        do throws(WireError) {
            try stream.writeAll(bytes, timeout: patience)
        } catch {
            throw AdminError(
                "the kernel could not be asked: \(error)", hint: "Run crm status to see what it does.")
        }
    }

    package func answer(to ticket: CallTicket) throws(AdminError) -> JSONNode {
        let deadline = ContinuousClock.now + patience
        while true {
            if let body = answers.removeValue(forKey: ticket.number) {
                return try Conversation.result(of: body)
            }
            do throws(WireError) {
                let frame = try nextFrame(until: deadline)
                if frame.kind == .reply { answers[frame.callID] = try ReplyFrame(decoding: frame).body }
            } catch {
                throw Self.noAnswer(error)
            }
        }
    }

    /// The next frame, whatever it is about.
    func anyFrame() throws(AdminError) -> Frame {
        do throws(WireError) { return try nextFrame(until: .now + patience) } catch {
            throw Self.noAnswer(error)
        }
    }

    private static func noAnswer(_ error: WireError) -> AdminError {
        AdminError(
            "the kernel gave no answer: \(error)",
            hint: "What was asked may have been done or not; look before you repeat it.")
    }

    private func nextFrame(until deadline: ContinuousClock.Instant) throws(WireError) -> Frame {
        while true {
            if let frame = try splitter.next() { return frame }
            let left = ContinuousClock.now.duration(to: deadline)
            if try stream.read(into: &splitter, timeout: left) == .closed { throw .closed }
        }
    }

    private static func refusal(_ error: WireError, _ path: String) -> AdminError {
        switch error {
        case .system(_, let code) where code == ENOENT || code == ECONNREFUSED:
            AdminError(
                "no kernel listens on \"\(path)\"",
                hint: "Start it with crm up, or name its data folder with --data or CRM_DATA.")
        case .system(_, let code) where code == EACCES:
            AdminError(
                "the socket \"\(path)\" may not be used by you",
                hint: "Run this as the user who runs the kernel, or go through --url with a token.",
                exit: .notAllowed)
        default: AdminError("the kernel on \"\(path)\" could not be reached: \(error)")
        }
    }
}
