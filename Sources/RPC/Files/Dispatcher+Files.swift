import CRMSDK
import Crypto
import Identity
import Records
import Registry
import Security
import Storage
import Wire

/// The beginning of a file's way: who asks, for which record, and whether they may, as of this moment.
extension Dispatcher {
    func answerFile(_ call: CallFrame, _ callID: UInt64, _ buffer: inout [UInt8]) throws(WireError) {
        let head = try FileCall(decoding: call.body)
        do throws(CRMError) {
            if call.route == .putFile {
                try take(head, call, callID)
            } else {
                try give(head, call, callID)
            }
        } catch {
            services.log.refusal(error, of: Self.method(call.route), requestID: call.requestID)
            services.metrics.counter(of: Self.method(call.route)).count(error.kind)
            FileCaller.append(error, callID: callID, requestID: call.requestID, to: &buffer)
        }
    }

    private static func method(_ route: Route) -> String { route == .putFile ? "file.put" : "file.get" }

    /// Who calls, and the field that they mean.
    private func admit(
        _ call: CallFrame, _ callID: UInt64, _ target: FileTarget, for verb: AccessVerb
    ) throws(CRMError) -> (FileCaller, FileField) {
        let request = RequestFacts(
            requestID: call.requestID, peer: call.peer, token: call.token,
            deadline: .now + Dispatcher.deadline, door: connection.door, peerUserID: connection.peerUserID)
        guard let session = FileCaller.session(services, request) else { throw .noSession }
        let method = Self.method(call.route)
        try session.checkMayCall(method)
        let caller = FileCaller(
            services, request, callID: callID, connection: connection, method: method,
            place: try services.fileLane.place(for: session.principal.user))
        let field = try services.records.fileField(
            caller.context(session), services.snapshots.current, on: reader, of: target.record,
            named: target.field, for: verb)
        try CallScope.check(session, verb, field.entity)
        return (caller, field)
    }

    private func take(_ head: FileCall, _ call: CallFrame, _ callID: UInt64) throws(CRMError) {
        let target = try FileTarget(head.target)
        let (caller, field) = try admit(call, callID, target, for: .edit)
        let upload = try FileUpload(caller, services.fileLane, head, target, field)
        connection.open(upload, callID: callID)
        upload.begin()
    }

    private func give(_ head: FileCall, _ call: CallFrame, _ callID: UInt64) throws(CRMError) {
        let target = try FileTarget(head.target)
        let (caller, field) = try admit(call, callID, target, for: .view)
        guard let file = field.file, let digest = SHA256Digest(hex: file.sha256) else {
            throw CRMError(
                .notFound, "\(field.entity.name) \(target.record) has no file", hint: "Send one with PUT.")
        }
        let outgoing = try services.database.files.open(digest)
        guard outgoing.byteCount == file.byteCount else {
            throw CRMError(.internalError, "a file is not as long as it was", detail: file.sha256)
        }
        let tag = "\"\(file.sha256)\""
        let isPart = !head.isHeadOnly && (head.ifRange.isEmpty || head.ifRange == tag)
        var part = FileRange(start: 0, count: file.byteCount)
        var fields: [FileHead.Field] = [
            .init("Content-Type", MediaType.answered(file.mediaType)),
            .init("Content-Disposition", FileDisposition.attachment(file.name)),
            .init("ETag", tag), .init("Accept-Ranges", "bytes"),
            .init("Repr-Digest", "sha-256=:\(Base64.encode(digest.bytes)):"),
        ]
        var status: UInt16 = 200
        switch isPart ? FileRange.read(head.range, of: file.byteCount) : .whole {
        case .whole: break
        case .part(let range):
            status = 206
            part = range
            let last = range.start + range.count - 1
            fields.append(.init("Content-Range", "bytes \(range.start)-\(last)/\(file.byteCount)"))
        case .outside:
            var error = CRMError(
                .invalidParameters, "the range is not in the file, which has \(file.byteCount) bytes")
            error.rule = FileRange.rule
            throw error
        }
        // At once: the first data must not overtake it.
        caller.send(
            ReplyFrame(
                status: status, contentKind: .file,
                body: FileHead(length: UInt64(part.count), fields: fields).encode()))
        guard !head.isHeadOnly, part.count > 0 else {
            return services.metrics.counter(of: caller.method).countSuccess()
        }
        connection.open(FileDownload(caller, services.fileLane, outgoing, part), callID: callID)
    }
}
