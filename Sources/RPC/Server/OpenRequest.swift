import CRMSDK
import JSON
import Synchronization
import Wire

/// A request whose answer is not complete yet: parts of it are with the writer, the scan lane or another room.
///
/// Each call of the request has a slot; the last one filled makes the reply. Slots are filled once each, from any
/// thread. The order of the replies of a batch is the order of its calls.
final class OpenRequest: Sendable {
    /// What became of one call.
    enum Outcome: Sendable {
        /// A result, as JSON.
        case result([UInt8])
        case refused(ErrorObject)
    }

    struct Slot: Sendable {
        /// The id to be echoed.
        let id: JSONNode?
        /// A notification is carried out and not answered.
        let isAnswered: Bool
        var outcome: Outcome?
    }

    private struct State {
        var slots: [Slot]
        var open: Int
        var isCancelled = false
    }

    let callID: UInt64
    let requestID: String
    let isBatch: Bool
    private let state: Mutex<State>
    private let connection: Connection

    /// - Parameter slots: those that are filled already count as done.
    init(callID: UInt64, requestID: String, isBatch: Bool, slots: [Slot], of connection: Connection) {
        self.callID = callID
        self.requestID = requestID
        self.isBatch = isBatch
        self.connection = connection
        state = Mutex(State(slots: slots, open: slots.count { $0.outcome == nil }))
    }

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// The caller has gone: what has not begun will not begin, and nothing is sent.
    func cancel() { state.withLock { $0.isCancelled = true } }

    /// Fills a slot; the last one sends the reply.
    func fill(_ index: Int, _ outcome: Outcome, sending: Connection.Sending) {
        let complete: [Slot]? = state.withLock { state in
            state.slots[index].outcome = outcome
            state.open -= 1
            guard state.open == 0 else { return nil }
            return state.isCancelled ? [] : state.slots
        }
        guard let complete else { return }
        connection.close(self)
        guard !complete.isEmpty else { return }
        var frame: [UInt8] = []
        ReplyComposer.append(
            complete, isBatch: isBatch, callID: callID, requestID: requestID, status: nil, to: &frame)
        connection.send(frame, sending)
    }
}

/// Makes the reply of a request from what became of its calls.
enum ReplyComposer {
    /// - Parameter status: the status of the request as a whole; nil takes it from the outcomes.
    static func append(
        _ slots: [OpenRequest.Slot], isBatch: Bool, callID: UInt64, requestID: String, status: UInt16?,
        to buffer: inout [UInt8]
    ) {
        let answered = slots.filter(\.isAnswered)
        guard !answered.isEmpty || status != nil else {
            ReplyFrame(status: 204, contentKind: .none, body: []).encode(callID: callID, into: &buffer)
            return
        }
        let whole = isBatch ? WholeStatus() : WholeStatus(answered.first?.outcome)
        let mark = ReplyFrame.begin(
            callID: callID, status: status ?? whole.status, retryAfterSeconds: whole.retryAfterSeconds,
            in: &buffer)
        var writer = JSONWriter(appendingTo: buffer)
        buffer = []
        if isBatch { writer.beginArray() }
        for slot in answered { append(slot, requestID, to: &writer) }
        if isBatch { writer.endArray() }
        buffer = writer.finish()
        let excess = Frame.bytes(since: mark, in: buffer) - Frame.maximumBytes
        guard excess > 0 else { return Frame.finish(mark, in: &buffer) }
        Frame.abandon(mark, in: &buffer)
        appendTooLarge(answered.count == 1 ? answered[0].id : nil, callID, requestID, to: &buffer)
    }

    private static func append(_ slot: OpenRequest.Slot, _ requestID: String, to writer: inout JSONWriter) {
        switch slot.outcome {
        case .result(let bytes): Response.write(result: bytes, id: slot.id, to: &writer)
        case .refused(let error): Response.write(error, id: slot.id, requestID: requestID, to: &writer)
        case nil: preconditionFailure("a reply is made when every slot is filled")
        }
    }

    /// One error for the request as a whole.
    static func append(
        _ error: ErrorObject, status: UInt16 = 200, id: JSONNode? = nil, callID: UInt64, requestID: String,
        to buffer: inout [UInt8]
    ) {
        let slot = OpenRequest.Slot(id: id, isAnswered: true, outcome: .refused(error))
        append([slot], isBatch: false, callID: callID, requestID: requestID, status: status, to: &buffer)
    }

    static func appendTooLarge(
        _ id: JSONNode?, _ callID: UInt64, _ requestID: String, to buffer: inout [UInt8]
    ) {
        var error = CRMError(
            .limitExceeded, "the answer is over the limit of \(ReplyFrame.maximumBodyBytes) bytes")
        error.hint = "Ask for fewer records or fields."
        append(ErrorObject(error), id: id, callID: callID, requestID: requestID, to: &buffer)
    }
}

/// The HTTP status of a request of one call: 200, also for an error of the call, but for what refuses the request as
/// such: 429 and 503.
struct WholeStatus {
    private(set) var status: UInt16 = 200
    private(set) var retryAfterSeconds: UInt16 = 0

    init() {}

    init(_ outcome: OpenRequest.Outcome?) {
        guard case .refused(let error) = outcome else {
            self.init()
            return
        }
        self.init(error)
    }

    init(_ error: ErrorObject) {
        switch error.code {
        case CRMError.Kind.tooManyRequests.rpcCode: status = 429
        case CRMError.Kind.unavailable.rpcCode: status = 503
        default: return
        }
        retryAfterSeconds = UInt16(clamping: error.retryAfterSeconds ?? 1)
    }
}
