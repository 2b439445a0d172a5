import HTTP
import Log
import Wire

/// Files pass through in pieces, both ways under credit: of a file that a slow client sends or fetches never more than
/// a window is here, and none in the kernel's way.
extension EventLoop {
    // MARK: From the client

    /// A call about a file, from its head alone.
    ///
    /// - Parameter length: of the body that follows in pieces; nil where it is not told.
    func callFile(
        _ route: Route, _ target: String, token: [UInt8]?, _ request: HTTPRequest, length: Int?,
        _ options: HTTPResponseWriter.Options, _ connection: ClientConnection
    ) {
        guard link.isReady, link.acceptsCalls(now: now) else {
            // The body of a file that nobody takes is not read.
            var options = retryAfter(1, options)
            if route == .putFile {
                options.keepsAlive = false
                connection.isLast = true
            }
            return enqueueError(connection, HTTPRefusal(503, "the service is not available"), options)
        }
        var file = FileCall(target: target)
        file.isHeadOnly = request.method == .head
        file.length = route == .putFile ? length.map { UInt64($0) } : 0
        file.contentType = text(request, "content-type")
        file.digest =
            text(request, "content-digest").isEmpty
            ? text(request, "repr-digest") : text(request, "content-digest")
        file.range = text(request, "range")
        file.ifRange = text(request, "if-range")
        let callID = nextCall << 16 | UInt64(connection.slot)
        nextCall &+= 1
        link.send(
            CallFrame(
                route: route, requestID: options.requestID, token: token, peer: connection.peer,
                deadlineMilliseconds: UInt32(clamping: limits.request.milliseconds), body: file.encode()),
            callID: callID)
        if route == .putFile {
            connection.upload = FileUpload(callID: callID, stretchSince: now)
        } else if !file.isHeadOnly {
            link.send(.credit(FileCall.windowBytes, callID: callID))
        }
        connection.answers.append(
            PendingAnswer(
                callID: callID, route: route, options: options, startedAt: now,
                deadline: now + limits.request.milliseconds + 1_000))
    }

    /// A field that stands once; empty where it does not.
    func text(_ request: HTTPRequest, _ name: StaticString) -> String {
        request.fields.only(name).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    func pass(_ piece: [UInt8], _ connection: ClientConnection) {
        guard var upload = connection.upload else { return }
        var rest = piece[...]
        while !rest.isEmpty {
            let part = rest.prefix(FileCall.pieceBytes)
            link.send(Frame(kind: .data, callID: upload.callID, payload: Array(part)))
            rest = rest.dropFirst(part.count)
        }
        upload.take(piece.count, now: now, limits)
        connection.upload = upload
    }

    /// The file is whole; what comes next on the connection is another request.
    func endUpload(_ connection: ClientConnection) {
        guard let upload = connection.upload else { return }
        link.send(Frame(kind: .end, callID: upload.callID))
        allowFileWork(upload.callID, connection)
        connection.upload = nil
        connection.waitingSince = now
    }

    /// What is being sent cannot be had, or is not wanted any more: nothing more is read from the connection.
    func abortUpload(_ connection: ClientConnection, _ refusal: HTTPRefusal) {
        guard let callID = connection.upload?.callID,
            let index = connection.answers.firstIndex(where: { $0.callID == callID })
        else { return }
        link.sendCancel(callID: callID)
        let body = ErrorBody.render(
            status: refusal.status, message: refusal.reason,
            requestID: connection.answers[index].options.requestID)
        finish(
            connection, index, ReplyHead(status: refusal.status, retryAfterSeconds: 0, contentKind: .json),
            body[...])
    }

    private func allowFileWork(_ callID: UInt64, _ connection: ClientConnection) {
        guard let index = connection.answers.firstIndex(where: { $0.callID == callID }) else { return }
        connection.answers[index].deadline = now + limits.fileWork.milliseconds
    }

    /// The kernel takes more of the file.
    func takeCredit(_ frame: Frame, _ connection: ClientConnection) throws(WireError) {
        let bytes = try frame.credit()
        guard connection.upload?.callID == frame.callID else { return }
        connection.upload?.give(bytes, now: now)
        allowFileWork(frame.callID, connection)
        payContinue(connection)
        settle(connection)
    }

    // MARK: To the client

    /// The head of a file takes its place; its bytes follow as they come.
    func beginFile(_ connection: ClientConnection, _ index: Int, _ head: ReplyHead, _ body: ArraySlice<UInt8>)
    {
        let file: FileHead
        do throws(WireError) { file = try FileHead(decoding: body) } catch {
            log.error("the kernel's head of a file cannot be used", ["reason": error])
            return answerUnavailable(connection, index)
        }
        var options = connection.answers[index].options
        options.contentSecurityPolicy = Self.filePolicy
        options.fields = file.fields.map { ($0.name, $0.value) }
        if isStopping { options.keepsAlive = false }
        counters.countAnswer(head.status)
        counters.calls.add()
        counters.callMilliseconds.add(Int(now - connection.answers[index].startedAt))
        var rendered: [UInt8] = []
        let length = Int(clamping: file.length)
        writer.writeHead(
            status: head.status, length: length, options: options, now: wallSeconds, into: &rendered)
        connection.answers[index].rendered = rendered
        connection.answers[index].deadline = now + limits.fileWork.milliseconds
        if !options.omitsBody, length > 0 {
            connection.answers[index].download = FileDownload(
                left: length, outstanding: FileCall.windowBytes)
        }
        if index == 0 { followUp(connection) }
    }

    func takeData(_ frame: Frame, _ index: Int, _ connection: ClientConnection) throws(WireError) {
        guard var download = connection.answers[index].download else { return }
        download.left -= frame.payload.count
        download.outstanding -= frame.payload.count
        guard download.left >= 0, download.outstanding >= 0 else {
            throw .malformed("the kernel sent more of a file than it may")
        }
        connection.answers[index].download = download
        connection.answers[index].deadline = now + limits.fileWork.milliseconds
        connection.answers[index].rendered?.append(contentsOf: frame.payload)
        if index == 0 { followUp(connection) }
    }

    /// The kernel has sent a file, or has given up in the midst of it: then the client can be told by nothing but the
    /// end of the connection.
    func endFile(_ frame: Frame, _ index: Int, _ connection: ClientConnection) {
        guard let download = connection.answers[index].download else { return }
        guard download.left == 0, frame.kind == .end else { return close(connection) }
        connection.answers[index].download = nil
        if index == 0 { followUp(connection) }
    }

    /// Lets the kernel send what the client has room for, of the file that is its turn.
    func topUp(_ connection: ClientConnection) {
        guard var download = connection.answers.first?.download else { return }
        let waiting = connection.output.count - connection.written
        guard let room = download.grant(waiting: waiting) else { return }
        connection.answers[0].download = download
        link.send(.credit(room, callID: connection.answers[0].callID))
    }

    /// A file is data: nothing in it is ever run in our name.
    private static let filePolicy: StaticString = "default-src 'none'; frame-ancestors 'none'; sandbox"
}
