import HTTP
import Log
import Synchronization
import TLS
import Wire

/// From bytes to calls, and from replies to responses.
extension EventLoop {
    /// Takes in what has come, as far as the connection may.
    func readRequests(_ connection: ClientConnection) {
        takeRequests(connection)
        var reads = 0
        do throws(TLSError) {
            while connection.mayRead(limits) {
                guard reads < Self.readsPerTurn else {
                    makeRunnable(connection)
                    break
                }
                let progress = try connection.tls.read(into: &room)
                connection.wants = .wantRead
                switch progress {
                case .done(let count):
                    reads += 1
                    counters.bytesIn.add(count)
                    connection.reader.append(room[..<count])
                    takeRequests(connection)
                    // Nothing is left inside: the poller knows better than another read whether more has come.
                    guard connection.tls.hasPending else { return }
                case .wantRead: return
                case .wantWrite:
                    connection.wants = .wantWrite
                    return
                case .closed:
                    close(connection)
                    return
                }
            }
        } catch {
            note("connection broken", ["peer": connection.peer, "reason": error.message])
            close(connection)
        }
    }

    private func takeRequests(_ connection: ClientConnection) {
        while connection.mayRead(limits) {
            switch connection.reader.next() {
            case .request(let request): take(request, connection)
            case .refused(let refusal): refuse(connection, refusal)
            case .awaitsContinue:
                connection.owesContinue = true
                payContinue(connection)
            case .needsMore:
                connection.noteReaderPhase(now: now)
                charge(connection)
                return
            }
        }
        connection.noteReaderPhase(now: now)
        charge(connection)
    }

    /// Holds the loop to its budget for requests that are still coming.
    private func charge(_ connection: ClientConnection) {
        let held = connection.reader.bufferedBytes
        bufferedBytes += held - connection.chargedBytes
        connection.chargedBytes = held
        if bufferedBytes > limits.bufferedBytes, held > 64 << 10, !connection.isLast {
            refuse(connection, HTTPRefusal(503, "too many large requests are under way"))
        }
    }

    private func payContinue(_ connection: ClientConnection) {
        guard connection.owesContinue, connection.answers.isEmpty else { return }
        connection.owesContinue = false
        HTTPResponseWriter.writeContinue(into: &connection.output)
        makeDirty(connection)
    }

    private func take(_ request: HTTPRequest, _ connection: ClientConnection) {
        connection.hasServed = true
        var options = HTTPResponseWriter.Options()
        options.keepsAlive = request.keepsAlive && !isStopping
        options.omitsBody = request.method == .head
        options.requestID =
            request.fields.only("x-request-id").flatMap(RequestIDSource.accepted) ?? requestIDs.next()
        if !options.keepsAlive { connection.isLast = true }
        switch Routing.decide(request, isLocal: connection.isLocal) {
        case .call(let route, let token): call(route, token: token, request.body, options, connection)
        case .alive:
            options.contentType = "text/plain; charset=utf-8"
            enqueue(connection, status: 200, body: Array("alive\n".utf8)[...], options)
        case .options(let allow):
            options.allow = allow
            enqueue(connection, status: 204, body: [], options)
        case .refused(let refusal, let allow):
            options.allow = allow
            enqueueError(connection, refusal, options)
        }
    }

    private func call(
        _ route: Route, token: [UInt8]?, _ body: [UInt8], _ options: HTTPResponseWriter.Options,
        _ connection: ClientConnection
    ) {
        guard link.acceptsCalls(now: now), link.isReady || route == .rpc else {
            if route == .metrics, connection.isLocal {
                enqueue(connection, status: 200, body: metrics()[...], plainText(options))
            } else {
                enqueueError(
                    connection, HTTPRefusal(503, "the service is not available"), retryAfter(1, options))
            }
            return
        }
        let callID = nextCall << 16 | UInt64(connection.slot)
        nextCall &+= 1
        let deadline = UInt32(clamping: limits.request.milliseconds)
        link.send(
            CallFrame(
                route: route, requestID: options.requestID, token: token, peer: connection.peer,
                deadlineMilliseconds: deadline, body: route == .rpc ? body : []),
            callID: callID)
        connection.answers.append(
            PendingAnswer(
                callID: callID, route: route, options: options, startedAt: now,
                deadline: now + limits.request.milliseconds + 1_000))
    }

    /// Answers a request that cannot be one; nothing more is read from the connection.
    func refuse(_ connection: ClientConnection, _ refusal: HTTPRefusal) {
        var options = HTTPResponseWriter.Options()
        options.keepsAlive = false
        options.requestID = requestIDs.next()
        connection.isLast = true
        enqueueError(connection, refusal, refusal.status == 503 ? retryAfter(1, options) : options)
    }

    /// Answers a call without the kernel.
    func answerUnavailable(_ connection: ClientConnection, _ index: Int) {
        let answer = connection.answers[index]
        let head = ReplyHead(status: 503, retryAfterSeconds: 1, contentKind: .json)
        let body = ErrorBody.render(
            status: 503, message: "the service is not available", requestID: answer.options.requestID)
        finish(connection, index, head, body[...])
    }

    /// The kernel's reply to a call, or ours in its place, takes its turn.
    func finish(_ connection: ClientConnection, _ index: Int, _ head: ReplyHead, _ body: ArraySlice<UInt8>) {
        let answer = connection.answers[index]
        var options = answer.options
        options.retryAfterSeconds = head.retryAfterSeconds
        options.contentType = Self.contentType(head.contentKind)
        if isStopping { options.keepsAlive = false }
        counters.countAnswer(head.status)
        counters.calls.add()
        counters.callMilliseconds.add(Int(now - answer.startedAt))
        var body = body
        switch answer.route {
        case .docs where head.status == 200: options.contentSecurityPolicy = Self.pagePolicy
        case .metrics where head.status == 200:
            body.append(contentsOf: metrics())
            options = plainText(options)
        case .ready where !connection.isLocal:
            // What is not ready is nobody's business out there.
            body = (head.status == 200 ? "{\"ready\":true}" : "{\"ready\":false}").utf8.map { $0 }[...]
            options.contentType = "application/json"
        default: break
        }
        noteError(connection, head.status, options)
        guard index == 0 else {
            var rendered: [UInt8] = []
            writer.write(status: head.status, body: body, options: options, now: wallSeconds, into: &rendered)
            connection.answers[index].rendered = rendered
            return
        }
        if !connection.hasOutput { connection.outputSince = now }
        writer.write(
            status: head.status, body: body, options: options, now: wallSeconds, into: &connection.output)
        connection.answers.removeFirst()
        followUp(connection)
    }

    private func enqueueError(
        _ connection: ClientConnection, _ refusal: HTTPRefusal, _ options: HTTPResponseWriter.Options
    ) {
        var options = options
        options.contentType = "application/json"
        let body = ErrorBody.render(
            status: refusal.status, message: refusal.reason, requestID: options.requestID)
        noteError(connection, refusal.status, options, reason: refusal.reason)
        enqueue(connection, status: refusal.status, body: body[...], options)
    }

    /// An answer that needs no kernel takes its turn.
    private func enqueue(
        _ connection: ClientConnection, status: UInt16, body: ArraySlice<UInt8>,
        _ options: HTTPResponseWriter.Options
    ) {
        counters.countAnswer(status)
        guard connection.answers.isEmpty else {
            var rendered: [UInt8] = []
            writer.write(status: status, body: body, options: options, now: wallSeconds, into: &rendered)
            connection.answers.append(
                PendingAnswer(
                    callID: 0, route: nil, options: options, startedAt: now, deadline: .max,
                    rendered: rendered))
            return
        }
        if !connection.hasOutput { connection.outputSince = now }
        writer.write(status: status, body: body, options: options, now: wallSeconds, into: &connection.output)
        followUp(connection)
    }

    /// After an answer has gone to the output: those behind it that are known follow.
    private func followUp(_ connection: ClientConnection) {
        while let rendered = connection.answers.first?.rendered {
            connection.output.append(contentsOf: rendered)
            connection.answers.removeFirst()
        }
        connection.waitingSince = now
        payContinue(connection)
        makeDirty(connection)
    }

    // MARK: What answers look like

    /// A page of ours: its own styles, no script, nothing from elsewhere, in nobody's frame.
    private static let pagePolicy: StaticString = """
        default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; form-action 'none'; \
        frame-ancestors 'none'
        """

    private static func contentType(_ kind: ContentKind) -> StaticString? {
        switch kind {
        case .none: nil
        case .json: "application/json"
        case .text: "text/plain; charset=utf-8"
        case .html: "text/html; charset=utf-8"
        }
    }

    private func plainText(_ options: HTTPResponseWriter.Options) -> HTTPResponseWriter.Options {
        var options = options
        options.contentType = "text/plain; version=0.0.4; charset=utf-8"
        return options
    }

    private func retryAfter(_ seconds: UInt16, _ options: HTTPResponseWriter.Options)
        -> HTTPResponseWriter.Options
    {
        var options = options
        options.retryAfterSeconds = seconds
        return options
    }

    private func metrics() -> [UInt8] {
        var text: [UInt8] = []
        MetricsText.render(
            state.loops.map(\.counters),
            certificateNotAfter: state.certificateNotAfter.load(ordering: .relaxed), into: &text)
        return text
    }

    private func noteError(
        _ connection: ClientConnection, _ status: UInt16, _ options: HTTPResponseWriter.Options,
        reason: String = ""
    ) {
        guard status >= 400 else { return }
        note(
            "request refused",
            ["status": status, "reason": reason, "request_id": options.requestID, "peer": connection.peer])
    }
}
