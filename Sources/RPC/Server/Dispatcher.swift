import CRMSDK
import Identity
import JSON
import Log
import Records
import Security
import Storage
import Wire

/// Takes one call frame after the other and answers it, or sees that it is answered: DESIGN's steps 4 to 12.
///
/// Belongs to one connection's thread. A single call that needs nothing but a short read is answered in place: its
/// result is written into the bytes that leave. Everything else becomes an `OpenRequest`.
final class Dispatcher {
    let services: KernelServices
    let scans: ScanPool
    let reader: ReadConnection
    let connection: Connection
    private let log: Log

    /// What looks at a password or a code: once in a request, so that a batch is no way to guess many.
    private static let asksForPassword: Set = [
        "auth.login", "auth.change_password", "second_factor.begin", "second_factor.confirm",
        "second_factor.remove",
    ]

    /// The longest that one request may take.
    static let deadline = Duration.seconds(10)

    init(_ services: KernelServices, scans: ScanPool, reader: ReadConnection, connection: Connection) {
        self.services = services
        self.scans = scans
        self.reader = reader
        self.connection = connection
        log = services.log
    }

    /// Appends the reply to `buffer`, unless it comes later.
    ///
    /// - Throws: `malformed` for a call that breaks the protocol.
    func answer(_ call: CallFrame, callID: UInt64, into buffer: inout [UInt8]) throws(WireError) {
        switch call.route {
        case .rpc: answerRPC(call, callID, &buffer)
        case .metrics:
            // Without a token the network process lets the machine's own callers pass; a token must be a good one.
            if let token = call.token,
                services.identity.authenticate(token: token, peer: call.peer) == nil
            {
                ReplyComposer.append(
                    ErrorObject(.noSession), status: 401, callID: callID, requestID: call.requestID,
                    to: &buffer)
                return
            }
            let text = services.metrics.text(figures: services.figures(scanDepth: scans.depth))
            ReplyFrame(status: 200, contentKind: .text, body: Array(text.utf8)).encode(
                callID: callID, into: &buffer)
        case .ready:
            ReplyFrame(status: 200, contentKind: .text, body: Array("ready\n".utf8))
                .encode(callID: callID, into: &buffer)
        case .getFile, .putFile: try answerFile(call, callID, &buffer)
        case .page: answerPage(call, callID, &buffer)
        case .form: try answerForm(call, callID, &buffer)
        case .docs:
            let table = services.table(for: services.snapshots.current)
            ReplyFrame(status: 200, contentKind: .html, body: services.documents.page(table))
                .encode(callID: callID, into: &buffer)
        }
    }

    // MARK: JSON-RPC

    private func answerRPC(_ call: CallFrame, _ callID: UInt64, _ buffer: inout [UInt8]) {
        let now = ContinuousClock.now
        let given =
            call.deadlineMilliseconds == 0 ? Self.deadline : .milliseconds(Int(call.deadlineMilliseconds))
        let request = RequestFacts(
            requestID: call.requestID, peer: call.peer, token: call.token,
            deadline: now + min(given, Self.deadline), door: connection.door,
            peerUserID: connection.peerUserID)
        let batch = Batch(
            request: request, callID: callID, startedAt: now, snapshot: services.snapshots.current,
            caller: caller(request))
        switch RequestEnvelope(reading: call.body) {
        case .refused(let refusal):
            var status: UInt16 = 200
            if case .notJSON = refusal { status = 400 }
            ReplyComposer.append(
                ErrorObject(refusal), status: status, callID: callID, requestID: call.requestID, to: &buffer)
        case .single(let element): answer(element, batch, &buffer)
        case .batch(let elements): answer(elements, batch, &buffer)
        }
    }

    /// What all calls of one request share.
    private struct Batch: Sendable {
        let request: RequestFacts
        let callID: UInt64
        let startedAt: ContinuousClock.Instant
        let snapshot: KernelSnapshot
        let caller: Session?
    }

    /// A bad token counts as none.
    private func caller(_ request: RequestFacts) -> Session? {
        if let token = request.token {
            return services.identity.authenticate(token: token, peer: request.peer)
        }
        return request.door == .admin ? services.identity.session(forPeerUID: request.peerUserID) : nil
    }

    // MARK: One call

    private func answer(_ element: RequestEnvelope.Element, _ batch: Batch, _ buffer: inout [UInt8]) {
        let call: CallEnvelope
        switch element {
        case .call(let read): call = read
        case .invalid(let id, let reason):
            ReplyComposer.append(
                ErrorObject(invalidRequest: reason), id: id, callID: batch.callID,
                requestID: batch.request.requestID, to: &buffer)
            return
        }
        let mark = ReplyFrame.begin(callID: batch.callID, in: &buffer)
        var writer = JSONWriter(appendingTo: buffer)
        buffer = []
        Response.begin(id: call.id, in: &writer)
        writer.key("result")
        let started = start(call, batch, &writer)
        if case .done = started { writer.endObject() }
        buffer = writer.finish()
        switch started {
        case .done where !call.isNotification:
            guard Frame.bytes(since: mark, in: buffer) <= Frame.maximumBytes else {
                Frame.abandon(mark, in: &buffer)
                ReplyComposer.appendTooLarge(call.id, batch.callID, batch.request.requestID, to: &buffer)
                return
            }
            Frame.finish(mark, in: &buffer)
        case .done:
            Frame.abandon(mark, in: &buffer)
            ReplyFrame(status: 204, contentKind: .none, body: []).encode(callID: batch.callID, into: &buffer)
        case .refused(let error, let isWhole):
            Frame.abandon(mark, in: &buffer)
            // A refusal of the request as a whole is said even to a notification.
            guard isWhole || !call.isNotification else {
                ReplyFrame(status: 204, contentKind: .none, body: []).encode(
                    callID: batch.callID, into: &buffer)
                return
            }
            let slot = OpenRequest.Slot(id: call.id, isAnswered: true, outcome: .refused(error))
            ReplyComposer.append(
                [slot], isBatch: false, callID: batch.callID, requestID: batch.request.requestID,
                status: isWhole ? 401 : nil, to: &buffer)
        case .later(let work, let entry):
            Frame.abandon(mark, in: &buffer)
            let slot = OpenRequest.Slot(id: call.id, isAnswered: !call.isNotification, outcome: nil)
            let open = OpenRequest(
                callID: batch.callID, requestID: batch.request.requestID, isBatch: false, slots: [slot],
                of: connection)
            connection.open(open)
            hand(over: work, of: entry, slot: 0, open, batch)
        }
    }

    // MARK: A batch

    /// What of a batch is not answered in place.
    private enum Rest {
        case work(Work, MethodTable.Entry)
        /// A read with a write in front of it: it begins when that is committed.
        case read(CallEnvelope)
    }

    /// Calls take effect in their order: writes one after the other, and a read sees those in front of it.
    private func answer(_ elements: [RequestEnvelope.Element], _ batch: Batch, _ buffer: inout [UInt8]) {
        var slots: [OpenRequest.Slot] = []
        var later: [(slot: Int, rest: Rest)] = []
        var hasWrite = false
        var known = 0
        var turnedAway = 0
        var isPasswordAsked = false
        for element in elements {
            switch element {
            case .invalid(let id, let reason):
                slots.append(
                    .init(id: id, isAnswered: true, outcome: .refused(ErrorObject(invalidRequest: reason))))
            case .call(let call):
                var writer = JSONWriter()
                var slot = OpenRequest.Slot(id: call.id, isAnswered: !call.isNotification, outcome: nil)
                known += 1
                if hasWrite, reads(call, batch) {
                    later.append((slots.count, .read(call)))
                    slots.append(slot)
                    continue
                }
                if Self.asksForPassword.contains(call.method.string ?? "") {
                    guard !isPasswordAsked else {
                        slot.outcome = .refused(ErrorObject(.onePasswordPerRequest))
                        slots.append(slot)
                        continue
                    }
                    isPasswordAsked = true
                }
                switch start(call, batch, &writer) {
                case .done: slot.outcome = .result(writer.finish())
                case .refused(let error, let isWhole):
                    slot.outcome = .refused(error)
                    if isWhole { turnedAway += 1 }
                case .later(let work, let entry):
                    if case .write = work { hasWrite = true }
                    later.append((slots.count, .work(work, entry)))
                }
                slots.append(slot)
            }
        }
        let isTurnedAway = known > 0 && turnedAway == known
        guard !later.isEmpty else {
            if isTurnedAway, !slots.contains(where: \.isAnswered) {
                ReplyComposer.append(
                    ErrorObject(.noSession), status: 401, callID: batch.callID,
                    requestID: batch.request.requestID, to: &buffer)
                return
            }
            ReplyComposer.append(
                slots, isBatch: true, callID: batch.callID, requestID: batch.request.requestID,
                status: isTurnedAway ? 401 : nil, to: &buffer)
            return
        }
        let open = OpenRequest(
            callID: batch.callID, requestID: batch.request.requestID, isBatch: true, slots: slots,
            of: connection)
        connection.open(open)
        for (slot, rest) in later {
            switch rest {
            case .work(let work, let entry): hand(over: work, of: entry, slot: slot, open, batch)
            case .read(let call): handOver(readBehindWrites: call, slot: slot, open, batch)
            }
        }
    }

    private func reads(_ call: CallEnvelope, _ batch: Batch) -> Bool {
        services.table(for: batch.snapshot)[call.method.string ?? ""]?.method.effect == .reads
    }

    /// Waits in the writer's queue behind the writes, then reads on the scan lane.
    private func handOver(
        readBehindWrites call: CallEnvelope, slot: Int, _ open: OpenRequest, _ batch: Batch
    ) {
        let (services, scans, connection) = (services, scans, connection)
        services.database.writer.submit(deadline: batch.request.deadline) { _ throws(CRMError) in
        } completion: { waited in
            do throws(CRMError) {
                // Without the wait it could be read what was before the writes.
                if case .failure(let error) = waited { throw error }
                try scans.submit(for: batch.caller?.principal.user ?? RecordID(0)) { reader in
                    Dispatcher(services, scans: scans, reader: reader, connection: connection)
                        .read(call, slot: slot, open, batch)
                }
            } catch {
                open.fill(slot, .refused(ErrorObject(error)), sending: .now)
            }
        }
    }

    /// One call of a batch, on what is committed by now.
    private func read(_ call: CallEnvelope, slot: Int, _ open: OpenRequest, _ batch: Batch) {
        let left = (batch.request.deadline - .now) / .milliseconds(1)
        guard left >= 1 else {
            return open.fill(slot, .refused(ErrorObject(.deadlinePassed)), sending: .now)
        }
        reader.statementLimitMilliseconds = Int(left)
        let batch = Batch(
            request: batch.request, callID: batch.callID, startedAt: batch.startedAt,
            snapshot: services.snapshots.current, caller: batch.caller)
        var writer = JSONWriter()
        switch start(call, batch, &writer) {
        case .done: open.fill(slot, .result(writer.finish()), sending: .now)
        case .refused(let error, _): open.fill(slot, .refused(error), sending: .now)
        case .later(.scan(let read), let entry):
            CallFinish(
                entry: entry, slot: slot, open: open, request: batch.request, startedAt: batch.startedAt,
                services: services
            ).scan(read, on: reader)
        case .later(let work, let entry): hand(over: work, of: entry, slot: slot, open, batch)
        }
    }

    // MARK: Steps

    private enum Started {
        case done
        /// `isWhole`: nobody known has called a method that needs somebody.
        case refused(ErrorObject, isWhole: Bool)
        case later(Work, MethodTable.Entry)
    }

    /// Finds the method, holds the caller and the parameters against its row, and runs its handler.
    private func start(_ call: CallEnvelope, _ batch: Batch, _ writer: inout JSONWriter) -> Started {
        let table = services.table(for: batch.snapshot)
        let entry: MethodTable.Entry
        do throws(CRMError) {
            entry = try table.entry(named: call.method.string ?? "")
        } catch {
            return .refused(ErrorObject(error), isWhole: false)
        }
        do throws(CRMError) {
            try admit(batch, to: entry.method)
            try ParameterReading.check(call.parameters, against: entry.method.parameters)
            var scope = CallScope(
                services: services, method: entry.method, snapshot: batch.snapshot, reader: reader,
                request: batch.request, arguments: Arguments(call.parameters), parameters: call.parameters,
                caller: batch.caller, progress: progress(of: batch), writer: JSONWriter(reservingCapacity: 0))
            swap(&scope.writer, &writer)
            defer { swap(&scope.writer, &writer) }
            let work = try entry.method.handler(&scope)
            guard case .done = work else { return .later(try once(work, scope), entry) }
            entry.calls.countSuccess()
            services.metrics.bounded.record(since: batch.startedAt)
            return .done
        } catch {
            let isWhole =
                error.kind == .unauthenticated && batch.caller == nil && entry.method.need != .nothing
            return .refused(refusal(error, of: entry, batch.request), isWhole: isWhole)
        }
    }

    /// A write with an idempotency key is done once.
    private func once(_ work: Work, _ scope: CallScope) throws(CRMError) -> Work {
        guard case .write(let mode, let lane, let unit) = work, let repeatable = try IdempotentCall(scope)
        else {
            return work
        }
        return .write(mode, lane: lane) { transaction, writer throws(CRMError) in
            try repeatable.run(transaction, &writer, unit)
        }
    }

    private func admit(_ batch: Batch, to method: Method) throws(CRMError) {
        guard method.need != .nothing else { return }
        guard let caller = batch.caller else { throw .noSession }
        try caller.checkMayCall(method.name)
        switch method.need {
        case .nothing, .session: return
        case .administrator, .machine:
            guard caller.principal.isAdministrator, batch.snapshot.isAdministrator(caller.principal) else {
                noteRefusal(of: method, to: caller, batch.request)
                var error = CRMError(.forbidden, "\(method.name) is for administrators")
                error.rule = "administrator"
                throw error
            }
        }
    }

    /// Who tries what is for administrators stands in the change log (ASVS 5.0 16.3.2); the refusal does not wait for
    /// it.
    private func noteRefusal(of method: Method, to caller: Session, _ request: RequestFacts) {
        let entry = ChangeEntry(
            .refusal, actor: caller.user.id, source: request.source.name, method: method.name,
            payload: Array("{}".utf8))
        services.database.writer.submit(deadline: nil) { transaction throws(CRMError) in
            _ = try transaction.append(entry)
        } completion: { [log] result in
            guard case .failure(let error) = result else { return }
            log.error("a refusal could not be recorded", ["cause": error.detail ?? error.message])
        }
    }

    /// Progress leaves as data frames, which the network process does not know: on the administrators' socket only.
    private func progress(of batch: Batch) -> (@Sendable (Int64) -> Void)? {
        guard connection.door == .admin else { return nil }
        return { [connection] entries in
            var frame: [UInt8] = []
            Frame(kind: .data, callID: batch.callID, payload: Array("{\"entries\":\(entries)}".utf8))
                .encode(into: &frame)
            connection.send(frame, .now)
        }
    }

    /// What takes longer goes to its own lane; the answer comes back through the slot.
    private func hand(
        over work: Work, of entry: MethodTable.Entry, slot: Int, _ open: OpenRequest, _ batch: Batch
    ) {
        let finish = CallFinish(
            entry: entry, slot: slot, open: open, request: batch.request, startedAt: batch.startedAt,
            services: services)
        switch work {
        case .done: preconditionFailure("done is never later")
        case .scan(let read):
            do throws(CRMError) {
                let principal = batch.caller?.principal.user ?? RecordID(0)
                try scans.submit(for: principal) { reader in finish.scan(read, on: reader) }
            } catch {
                finish.finish(.failure(error), lane: services.metrics.scan, sending: .atEndOfWakeUp)
            }
        case .write(let mode, let lane, let unit):
            // The calls of a batch take effect in their order.
            services.database.writer.submit(
                deadline: batch.request.deadline, mode: mode, lane: open.isBatch ? .ordinary : lane
            ) { transaction throws(CRMError) -> [UInt8] in
                guard !open.isCancelled else { throw .cancelled }
                var writer = JSONWriter()
                try unit(transaction, &writer)
                return writer.finish()
            } completion: { result in
                finish.finish(result, lane: finish.services.metrics.write, sending: .afterGroup)
            }
        case .elsewhere(let run):
            run { result in finish.finish(result, lane: finish.services.metrics.scan, sending: .now) }
        }
    }

    private func refusal(_ error: CRMError, of entry: MethodTable.Entry, _ request: RequestFacts)
        -> ErrorObject
    {
        entry.calls.count(error.kind)
        log.refusal(error, of: entry.method.name, requestID: request.requestID)
        return ErrorObject(error)
    }
}

extension CRMError {
    fileprivate static let onePasswordPerRequest = CRMError(
        .limitExceeded, "a batch can hold one call that takes a password or a code",
        hint: "Send them in requests of their own.")
}
