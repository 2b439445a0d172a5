import CRMSDK
import Identity
import Records
import Registry
import Storage
import Wire

/// Whose file it is, and how they are answered. For as long as the file is on its way the caller is asked for again
/// now and then, so that a session that ends ends the file too.
final class FileCaller: Sendable {
    let services: KernelServices
    let request: RequestFacts
    let callID: UInt64
    let connection: Connection
    /// `file.put` or `file.get`, as the change log and the metrics name it.
    let method: String
    private let place: FileLane.Place
    init(
        _ services: KernelServices, _ request: RequestFacts, callID: UInt64, connection: Connection,
        method: String, place: FileLane.Place
    ) {
        self.services = services
        self.request = request
        self.callID = callID
        self.connection = connection
        self.method = method
        self.place = place
    }

    static func session(_ services: KernelServices, _ request: RequestFacts) -> Session? {
        if let token = request.token {
            return services.identity.authenticate(token: token, peer: request.peer)
        }
        return request.door == .admin ? services.identity.session(forPeerUID: request.peerUserID) : nil
    }

    /// Who calls, as of now.
    ///
    /// - Throws: `unauthenticated`, or `forbidden` where they must do something else first.
    func session() throws(CRMError) -> Session {
        guard let session = Self.session(services, request) else { throw .noSession }
        try session.checkMayCall(method)
        return session
    }

    func context(_ session: Session) -> CallContext {
        CallContext(
            principal: session.principal, source: request.source, method: method,
            requestID: request.requestID, timeZone: session.user.timeZone, language: session.user.language)
    }

    // MARK: Answers

    func send(_ frame: Frame) {
        var bytes: [UInt8] = []
        frame.encode(into: &bytes)
        connection.send(bytes, .now)
    }

    func answer(_ body: [UInt8]) {
        services.metrics.counter(of: method).countSuccess()
        send(ReplyFrame(status: 200, contentKind: .json, body: body))
        connection.close(transfer: callID)
    }

    func refuse(_ error: CRMError) {
        services.metrics.counter(of: method).count(error.kind)
        services.log.refusal(error, of: method, requestID: request.requestID)
        var bytes: [UInt8] = []
        Self.append(error, callID: callID, requestID: request.requestID, to: &bytes)
        connection.send(bytes, .now)
        connection.close(transfer: callID)
    }

    func send(_ reply: ReplyFrame) {
        var bytes: [UInt8] = []
        reply.encode(callID: callID, into: &bytes)
        connection.send(bytes, .now)
    }

    static func append(
        _ error: CRMError, callID: UInt64, requestID: String, to buffer: inout [UInt8]
    ) {
        ReplyComposer.append(
            ErrorObject(error), status: status(of: error), callID: callID, requestID: requestID, to: &buffer)
    }

    /// A request about a file has no call in it that could be refused alone: the status is the refusal's.
    private static let statuses: [CRMError.Kind: UInt16] = [
        .unauthenticated: 401, .forbidden: 403, .notFound: 404, .versionConflict: 409, .duplicate: 409,
        .limitExceeded: 413, .tooManyRequests: 429, .internalError: 500, .unavailable: 503,
    ]

    private static func status(of error: CRMError) -> UInt16 {
        switch error.rule {
        case MediaType.rule: 415
        case FileRange.rule: 416
        default: statuses[error.kind] ?? 400
        }
    }
}
