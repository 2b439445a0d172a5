import HTTP
import Log
import TLS
import Wire

/// From bytes to requests, and from requests to calls.
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
            case .head(let request, let length, let awaitsContinue):
                take(request, connection, length: length, awaitsContinue: awaitsContinue)
            case .piece(let piece): pass(piece, connection)
            case .end: endUpload(connection)
            case .refused(let refusal) where connection.upload != nil: abortUpload(connection, refusal)
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

    func payContinue(_ connection: ClientConnection) {
        guard connection.owesContinue else { return }
        // A file is asked for by the kernel; any other body by us, when earlier answers have gone.
        if let upload = connection.upload {
            guard upload.isWanted, connection.answers.first?.callID == upload.callID else { return }
        } else if !connection.answers.isEmpty {
            return
        }
        connection.owesContinue = false
        HTTPResponseWriter.writeContinue(into: &connection.output)
        makeDirty(connection)
    }

    private func take(
        _ request: HTTPRequest, _ connection: ClientConnection, length: Int? = 0, awaitsContinue: Bool = false
    ) {
        connection.hasServed = true
        var options = HTTPResponseWriter.Options()
        options.keepsAlive = request.keepsAlive && !isStopping
        options.omitsBody = request.method == .head
        options.requestID =
            request.fields.only("x-request-id").flatMap(RequestIDSource.accepted) ?? requestIDs.next()
        if !options.keepsAlive { connection.isLast = true }
        let decision = Routing.decide(request, isLocal: connection.isLocal)
        if case .refused = decision, Routing.streams(request) {
            // Its body is not read.
            options.keepsAlive = false
            connection.isLast = true
        }
        switch decision {
        case .call(let route, let token): call(route, token: token, request.body, options, connection)
        case .file(let route, let target, let token):
            connection.owesContinue = awaitsContinue
            callFile(route, target, token: token, request, length: length, options, connection)
        case .page(let name): call(.page, token: nil, Array(name.utf8), options, connection)
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
        guard link.acceptsCalls(now: now), link.isReady || route == .rpc, state.isReady || route != .ready
        else {
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
                deadlineMilliseconds: deadline, body: route == .rpc || route == .page ? body : []),
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
}
