import CRMSDK
import JSON
import Log
import Storage

/// The end of a call that ran elsewhere.
struct CallFinish: Sendable {
    let entry: MethodTable.Entry
    let slot: Int
    let open: OpenRequest
    let request: RequestFacts
    let startedAt: ContinuousClock.Instant
    let services: KernelServices

    func scan(
        _ read: @Sendable (ReadConnection, inout JSONWriter) throws(CRMError) -> Void,
        on reader: ReadConnection
    ) {
        var result: Result<[UInt8], CRMError>
        do throws(CRMError) {
            guard !open.isCancelled else { throw .cancelled }
            let left = (request.deadline - .now) / .milliseconds(1)
            guard left >= 1 else { throw .deadlinePassed }
            reader.statementLimitMilliseconds = Int(left)
            reader.isUnwanted = { [open] in open.isCancelled }
            defer { reader.isUnwanted = nil }
            var writer = JSONWriter(reservingCapacity: 16 << 10)
            try read(reader, &writer)
            result = .success(writer.finish())
        } catch {
            result = .failure(open.isCancelled ? .cancelled : error)
        }
        finish(result, lane: services.metrics.scan, sending: .now)
    }

    func finish(_ result: Result<[UInt8], CRMError>, lane: LatencyHistogram, sending: Connection.Sending) {
        lane.record(since: startedAt)
        switch result {
        case .success(let bytes):
            entry.calls.countSuccess()
            open.fill(slot, .result(bytes), sending: sending)
        case .failure(let error):
            entry.calls.count(error.kind)
            services.log.refusal(error, of: entry.method.name, requestID: request.requestID)
            open.fill(slot, .refused(ErrorObject(error)), sending: sending)
        }
    }
}

extension CRMError {
    static let cancelled = CRMError(.unavailable, "the caller has gone")
    static let deadlinePassed = CRMError(
        .limitExceeded, "the call took longer than its time", hint: "Ask for less, or try again later.")
}

extension Log {
    /// An internal error is a bug and is logged with its cause; other refusals only for whoever looks for a fault.
    func refusal(_ error: CRMError, of method: String, requestID: String) {
        if error.kind == .internalError {
            self.error(
                error.message,
                ["method": method, "request_id": requestID, "detail": error.detail ?? "none"])
        } else {
            debug(
                "refused",
                [
                    "method": method, "request_id": requestID, "kind": error.kind.name,
                    "detail": error.detail ?? "none",
                ])
        }
    }
}
