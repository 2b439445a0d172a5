import HTTP
import Log
import Synchronization
import Wire

/// Answers take their turn, in the order of the requests, and what they look like.
extension EventLoop {
    /// The kernel's reply to a call, or ours in its place, takes its turn.
    func finish(
        _ connection: ClientConnection, _ index: Int, _ head: ReplyHead, _ body: ArraySlice<UInt8>,
        page: PageHead? = nil
    ) {
        let answer = connection.answers[index]
        var options = answer.options
        if connection.upload?.callID == answer.callID {
            // Answered before its file was whole: the rest is not read.
            connection.upload = nil
            connection.owesContinue = false
            connection.isLast = true
        }
        if connection.isLast, index == connection.answers.count - 1 { options.keepsAlive = false }
        options.retryAfterSeconds = head.retryAfterSeconds
        options.contentType = Self.contentType(head.contentKind)
        if isStopping { options.keepsAlive = false }
        if let page {
            options.policy = Self.formPolicy(leadsTo: page.leadsTo)
            if !page.location.isEmpty { options.fields.append(("Location", page.location)) }
        }
        counters.countAnswer(head.status)
        counters.calls.add()
        counters.callMilliseconds.add(Int(now - answer.startedAt))
        var body = body
        switch answer.route {
        case .docs where head.status == 200, .page where head.status == 200:
            options.contentSecurityPolicy = Self.pagePolicy
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

    func enqueueError(
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
    func enqueue(
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
    func followUp(_ connection: ClientConnection) {
        while let rendered = connection.answers.first?.rendered {
            if !rendered.isEmpty {
                if !connection.hasOutput { connection.outputSince = now }
                connection.output.append(contentsOf: rendered)
            }
            guard connection.answers[0].download == nil else {
                connection.answers[0].rendered = []
                break
            }
            connection.answers.removeFirst()
        }
        connection.waitingSince = now
        payContinue(connection)
        makeDirty(connection)
    }

    // MARK: What answers look like

    /// A page of ours: its own styles, no script, nothing from elsewhere, in nobody's frame.
    private static let pagePolicy: StaticString = """
        default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
        frame-ancestors 'none'
        """

    private static func contentType(_ kind: ContentKind) -> StaticString? {
        switch kind {
        case .none: nil
        case .json: "application/json"
        case .text: "text/plain; charset=utf-8"
        case .html, .page: "text/html; charset=utf-8"
        // Its head brings its own.
        case .file: nil
        }
    }

    func plainText(_ options: HTTPResponseWriter.Options) -> HTTPResponseWriter.Options {
        var options = options
        options.contentType = "text/plain; version=0.0.4; charset=utf-8"
        return options
    }

    func retryAfter(_ seconds: UInt16, _ options: HTTPResponseWriter.Options)
        -> HTTPResponseWriter.Options
    {
        var options = options
        options.retryAfterSeconds = seconds
        return options
    }

    func metrics() -> [UInt8] {
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
