import CRMSDK
import Records
import Registry
import Storage
import Wire

/// The pages of gates: a form is shown, and taken when it is sent, by the same call that programs make.
extension Dispatcher {
    func answerForm(_ frame: CallFrame, _ callID: UInt64, _ buffer: inout [UInt8]) throws(WireError) {
        let form = try FormCall(decoding: frame.body)
        let reply: FormReply
        do throws(CRMError) {
            guard let later = try begin(form, frame, callID) else { return }
            reply = later
        } catch {
            reply = FormReply(error, requestID: frame.requestID, services)
        }
        reply.encode(callID: callID, into: &buffer)
    }

    /// - Returns: nil where the answer comes later.
    private func begin(_ form: FormCall, _ frame: CallFrame, _ callID: UInt64) throws(CRMError) -> FormReply?
    {
        let keeper = services.gateKeeper
        if form.isSent {
            try keeper.admitCall(from: frame.peer)
        } else {
            try keeper.admitLook(from: frame.peer)
        }
        let parts = form.target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let sent =
            form.isSent
            ? FormBody.read(form.body) : FormBody.read(Array((parts.count > 1 ? parts[1] : "").utf8))
        guard let sent else { return FormReply(status: 400, html: PlainPage.unreadable) }
        guard let visit = try visit(form, String(parts[0]), frame) else {
            // Whether there is such a form is not said to who sends one.
            return form.isSent
                ? FormReply(status: 200, html: PlainPage.thanks)
                : FormReply(status: 404, html: PlainPage.missing)
        }
        let values = FormBody.value(sent)
        guard form.isSent else {
            try show(visit, "fill_in", values, [], callID)
            return nil
        }
        try visit.call.admit(from: frame.peer)
        send(visit, values, callID)
        return nil
    }

    /// A page of a gate, and who asks for it.
    private struct Visit: Sendable {
        let call: GateCall
        let show: RegisteredAction
        let send: RegisteredAction
        let key: String
    }

    private func visit(_ form: FormCall, _ key: String, _ frame: CallFrame) throws(CRMError) -> Visit? {
        let snapshot = services.snapshots.current
        let origin = WebOrigin(origin: form.origin, referer: form.referer)
        let way = GateCall.Way(
            peer: frame.peer, requestID: frame.requestID, deadline: .now + Dispatcher.deadline, isPage: true,
            origin: origin?.text, isOwnPage: origin?.authority == form.host.lowercased())
        for gate in snapshot.registry.gates {
            guard let page = gate.gate.page,
                let show = snapshot.registry.actions["\(gate.module).\(page.show)"],
                let send = snapshot.registry.actions["\(gate.module).\(page.send)"],
                let call = try GateCall.through(
                    gate, named: key, to: form.isSent ? send.method : show.method, way, services, snapshot,
                    on: reader)
            else { continue }
            return Visit(call: call, show: show, send: send, key: key)
        }
        return nil
    }

    private func send(_ visit: Visit, _ values: StructuredValue, _ callID: UInt64) {
        let (services, scans, connection) = (services, scans, connection)
        let parameters = StructuredValue.object(["form": .value(.text(visit.key)), "values": values])
        let counter = services.metrics.counter(of: visit.send.method)
        services.database.writer.submit(deadline: visit.call.context.deadline) {
            transaction throws(CRMError) in
            try visit.call.run(visit.send, parameters, in: transaction)
        } completion: { result in
            do throws(CRMError) {
                switch result {
                case .success:
                    counter.countSuccess()
                    Self.thank(visit, callID, services, scans, connection)
                case .failure(let error) where error.kind == .invalidRecord:
                    counter.count(error.kind)
                    try Self.show(
                        visit, "mistakes", values, error.fields, callID, services, scans, connection)
                case .failure(let error):
                    counter.count(error.kind)
                    throw error
                }
            } catch {
                FormReply(error, requestID: visit.call.context.requestID, services).send(
                    callID, on: connection)
            }
        }
    }

    /// Tells that the form was taken, whatever becomes of the gate's own page: what is committed must never look as if
    /// it had to be sent again.
    private static func thank(
        _ visit: Visit, _ callID: UInt64, _ services: KernelServices, _ scans: ScanPool,
        _ connection: Connection
    ) {
        do throws(CRMError) {
            try show(visit, "sent", .object([]), [], callID, services, scans, connection)
        } catch {
            FormReply.thanks(insteadOf: error, visit.call.context.requestID, services)
                .send(callID, on: connection)
        }
    }

    private func show(
        _ visit: Visit, _ moment: String, _ values: StructuredValue, _ problems: [FieldProblem],
        _ callID: UInt64
    ) throws(CRMError) {
        try Self.show(visit, moment, values, problems, callID, services, scans, connection)
    }

    /// On the scan lane, where people without an account share one place in the queue.
    private static func show(
        _ visit: Visit, _ moment: String, _ values: StructuredValue, _ problems: [FieldProblem],
        _ callID: UInt64, _ services: KernelServices, _ scans: ScanPool, _ connection: Connection
    ) throws(CRMError) {
        let told = problems.map { problem in
            StructuredValue.object([
                "field": .value(.text(problem.field)), "message": .value(.text(problem.message)),
            ])
        }
        let parameters = StructuredValue.object([
            "form": .value(.text(visit.key)), "moment": .value(.text(moment)), "values": values,
            "problems": .list(told),
        ])
        try scans.submit(for: RecordID(0)) { reader in
            let reply: FormReply
            do throws(CRMError) {
                reply = try FormReply(
                    visit.call.page(visit.show, parameters, on: reader), isMistaken: moment == "mistakes")
            } catch {
                let requestID = visit.call.context.requestID
                reply =
                    moment == "sent"
                    ? .thanks(insteadOf: error, requestID, services)
                    : FormReply(error, requestID: requestID, services)
            }
            reply.send(callID, on: connection)
        }
    }
}

/// What a browser is answered.
private struct FormReply {
    var status: UInt16
    var retryAfterSeconds: UInt16 = 0
    var head = PageHead()
    var html: String

    init(status: UInt16, html: String) {
        self.status = status
        self.html = html
    }

    /// What the action that shows the page has answered.
    ///
    /// - Throws: `internalError` for addresses that no head can have.
    init(_ page: StructuredValue, isMistaken: Bool) throws(CRMError) {
        html = page["html"]?.value.text ?? PlainPage.thanks
        head = PageHead(
            location: page["location"]?.value.text ?? "", leadsTo: page["leads_to"]?.value.text ?? "")
        guard head.isFit else {
            throw CRMError(.internalError, "a gate's page leads to what is no address with https")
        }
        status = head.location.isEmpty ? isMistaken ? 422 : 200 : 303
    }

    init(_ error: CRMError, requestID: String, _ services: KernelServices) {
        services.log.refusal(error, of: "form", requestID: requestID)
        switch error.kind {
        case .tooManyRequests:
            self.init(status: 429, html: PlainPage.tooMany)
            retryAfterSeconds = UInt16(clamping: error.retryAfterSeconds ?? 60)
        case .internalError: self.init(status: 500, html: PlainPage.unavailable)
        default:
            self.init(status: 503, html: PlainPage.unavailable)
            retryAfterSeconds = UInt16(clamping: error.retryAfterSeconds ?? 1)
        }
    }

    /// Plain thanks where a gate's own page cannot be shown; why stands in the log.
    static func thanks(insteadOf error: CRMError, _ requestID: String, _ services: KernelServices)
        -> FormReply
    {
        services.log.refusal(error, of: "form", requestID: requestID)
        return FormReply(status: 200, html: PlainPage.thanks)
    }

    func encode(callID: UInt64, into buffer: inout [UInt8]) {
        ReplyFrame(
            status: status, retryAfterSeconds: retryAfterSeconds, contentKind: .page, body: head.encode(html)
        ).encode(callID: callID, into: &buffer)
    }

    func send(_ callID: UInt64, on connection: Connection) {
        var bytes: [UInt8] = []
        encode(callID: callID, into: &bytes)
        connection.send(bytes, .now)
    }
}
