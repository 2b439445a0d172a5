import CLinux
import Glibc
import HTTP
import Log
import Synchronization
import TLS
import Wire

/// One thread's share of the gateway: its connections, its link to the kernel, and the clock that ends what is late.
///
/// A wake-up goes: events of all sockets → requests are read and encoded as calls → **one** write to the kernel → answers
/// to the clients → whoever is overdue. Nothing here waits except in `Poller.wait`. One of the loops also owns the
/// listener and gives each new connection to the loop with the fewest: with several listeners on one port the
/// system would spread few connections unevenly, and any process of the same user could join them.
final class EventLoop {
    /// Connections whose reading was cut short go on in the next wake-up, so that one cannot starve the others.
    static let readsPerTurn = 16
    /// How long the listener rests when no descriptor is left.
    private static let acceptPause: Milliseconds = 200

    enum Token {
        static let wake = UInt64.max
        static let listener = UInt64.max - 1
        static let kernel = UInt64.max - 2
    }

    let state: GatewayState
    let handle: LoopHandle
    let log: Log
    let limits: GatewayLimits
    var counters: Counters { handle.counters }

    let poller: Poller
    var link: KernelLink
    var writer = HTTPResponseWriter()
    var requestIDs = RequestIDSource()
    var lines = LineBudget()
    /// Filled by every read; so connections need no room of their own while nothing comes.
    var room = [UInt8](repeating: 0, count: 64 << 10)

    private(set) var now = Clock.monotonicMilliseconds
    var wallSeconds = Clock.wallSeconds

    private var listener: TCPListener?
    private var acceptAgainAt = Milliseconds.max
    private var context: TLSContext
    private(set) var connections: [ClientConnection?] = []
    private var freeSlots: [Int] = []
    private var generation: UInt32 = 0
    /// By slot. Scanned when the earliest may have come: a few microseconds for thousands of connections, where keeping
    /// them sorted would cost at every request.
    private var deadlines: [Milliseconds] = []
    private var nextScan = Milliseconds.max
    private var dirty: [Int] = []
    private var runnable: [Int] = []
    /// The descriptor of the kernel's link that the poller knows, and whether it asks for room to write.
    var watchedKernel: Int32?
    var isKernelFull = false
    var nextCall: UInt64 = 1
    var bufferedBytes = 0
    private(set) var stopsAt: Milliseconds?

    var isStopping: Bool { stopsAt != nil }

    init(_ state: GatewayState, handle: LoopHandle, listener: TCPListener?, log: Log) {
        self.state = state
        self.handle = handle
        self.listener = listener
        self.log = log
        limits = state.settings.limits
        poller = Poller(owning: handle.pollDescriptor)
        context = state.context.withLock { $0 }
        link = KernelLink(state.settings, now: Clock.monotonicMilliseconds)
    }

    /// Runs until a stop has been asked for and nothing is left, or the time for that is over.
    func run() {
        poller.add(handle.wakeDescriptor, .readable, token: Token.wake)
        if let listener { poller.add(listener.descriptor, .readable, token: Token.listener) }
        tendLink()
        while !isFinished {
            let count = poller.wait(milliseconds: timeout())
            now = Clock.monotonicMilliseconds
            wallSeconds = Clock.wallSeconds
            for index in 0..<count { dispatch(poller.event(index)) }
            goOn()
            repeat {
                flushLink()
                flushAnswers()
            } while link.hasOutgoing && !dirty.isEmpty
            tendLink()
            endOverdue()
        }
        for connection in connections { if let connection { close(connection) } }
    }

    private var isFinished: Bool {
        guard let stopsAt else { return false }
        return now >= stopsAt || freeSlots.count == connections.count
    }

    private func timeout() -> Int32 {
        guard runnable.isEmpty, dirty.isEmpty, isKernelFull || !link.hasOutgoing else { return 0 }
        let next = min(nextScan, link.deadline(now: now), acceptAgainAt, stopsAt ?? .max)
        return Int32(clamping: min(max(0, next - now), 60_000))
    }

    private func dispatch(_ event: (events: Poller.Events, token: UInt64)) {
        switch event.token {
        case Token.wake: for command in handle.takeCommands() { obey(command) }
        case Token.listener: acceptAll()
        case Token.kernel: readReplies()
        default:
            let slot = Int(event.token & 0xFFFF_FFFF)
            guard slot < connections.count, let connection = connections[slot],
                connection.token == event.token
            else {
                return
            }
            serve(connection, event.events)
        }
    }

    private func obey(_ command: LoopHandle.Command) {
        switch command {
        case .adopt(let descriptor, let peer): adopt(descriptor, peer)
        case .use(let context): self.context = context
        case .stop: stop()
        }
    }

    // MARK: Connections come and go

    private func acceptAll() {
        guard let listener else { return }
        for _ in 0..<64 {
            switch listener.accept() {
            case .nobody: return
            case .exhausted:
                poller.remove(listener.descriptor)
                acceptAgainAt = now + Self.acceptPause
                note("no descriptor is left for a connection")
                return
            case .connection(let descriptor, let peer): admit(descriptor, peer)
            }
        }
    }

    private func admit(_ descriptor: Int32, _ peer: SocketAddress) {
        switch state.census.admit(ConnectionCensus.Source(peer)) {
        case .admitted: break
        case .full:
            counters.refusedFull.add()
            note("connection refused", ["peer": peer, "limit": "total"])
            Glibc.close(descriptor)
            return
        case .sourceFull:
            counters.refusedSource.add()
            note("connection refused", ["peer": peer, "limit": "source"])
            Glibc.close(descriptor)
            return
        }
        var chosen = handle
        var fewest = handle.assigned.load(ordering: .relaxed)
        for candidate in state.loops {
            let assigned = candidate.assigned.load(ordering: .relaxed)
            if assigned < fewest { (chosen, fewest) = (candidate, assigned) }
        }
        chosen.assigned.add(1, ordering: .relaxed)
        if chosen === handle {
            adopt(descriptor, peer)
        } else {
            chosen.send(.adopt(descriptor: descriptor, peer: peer))
        }
    }

    private func adopt(_ descriptor: Int32, _ peer: SocketAddress) {
        guard !isStopping, let tls = try? TLSConnection(context, descriptor: descriptor) else {
            // No memory for one more, or the process is ending: the client finds the connection closed.
            Glibc.close(descriptor)
            release(ConnectionCensus.Source(peer))
            return
        }
        let slot = freeSlots.popLast() ?? connections.count
        if slot == connections.count {
            connections.append(nil)
            deadlines.append(.max)
        }
        // Never as high as the tokens of listener and kernel.
        generation = (generation &+ 1) & 0x7FFF_FFFF
        let connection = ClientConnection(
            slot: slot, generation: generation, descriptor: descriptor, tls: tls, address: peer, now: now)
        connections[slot] = connection
        poller.add(descriptor, connection.interest, token: connection.token)
        counters.connections.add()
        counters.open.add()
        settle(connection)
    }

    /// Ends a connection at once; calls that nobody waits for any more are cancelled.
    func close(_ connection: ClientConnection) {
        guard connections[connection.slot] === connection else { return }
        for answer in connection.answers where answer.callID != 0 && answer.rendered == nil {
            link.sendCancel(callID: answer.callID)
            counters.cancels.add()
        }
        bufferedBytes -= connection.chargedBytes
        poller.remove(connection.descriptor)
        connections[connection.slot] = nil
        deadlines[connection.slot] = .max
        freeSlots.append(connection.slot)
        counters.open.add(-1)
        release(connection.source)
    }

    private func release(_ source: ConnectionCensus.Source) {
        state.census.release(source)
        handle.assigned.subtract(1, ordering: .relaxed)
    }

    private func stop() {
        guard stopsAt == nil else { return }
        stopsAt = now + limits.drain.milliseconds
        if let listener { poller.remove(listener.descriptor) }
        listener = nil
        acceptAgainAt = .max
        for connection in connections { if let connection { settle(connection) } }
    }

    // MARK: One connection's turn

    private func serve(_ connection: ClientConnection, _ events: Poller.Events) {
        switch connection.phase {
        case .handshake: shakeHands(connection)
        case .lingering: discard(connection)
        case .open:
            if events.contains(.broken), !events.contains(.readable) {
                close(connection)
                return
            }
            if events.contains(.writable), connection.hasOutput { writeOutput(connection) }
            let isReadable = events.contains(.readable) || connection.wants == .wantWrite
            if isReadable, connection.mayRead(limits) { readRequests(connection) }
        }
        settle(connection)
    }

    private func shakeHands(_ connection: ClientConnection) {
        do throws(TLSError) {
            switch try connection.tls.handshake() {
            case .done:
                connection.phase = .open
                connection.wants = .wantRead
                connection.waitingSince = now
                readRequests(connection)
            case .closed:
                counters.handshakeFailures.add()
                close(connection)
            case let want: connection.wants = want
            }
        } catch {
            counters.handshakeFailures.add()
            note("handshake refused", ["peer": connection.peer, "reason": error.message])
            linger(connection)
        }
    }

    /// Our part is over: says so, and stays until the client has, too.
    func linger(_ connection: ClientConnection) {
        if connection.phase == .open { connection.tls.shutdown() }
        Glibc.shutdown(connection.descriptor, Int32(SHUT_WR))
        connection.phase = .lingering
        connection.output = []
        connection.written = 0
        connection.waitingSince = now
    }

    private func discard(_ connection: ClientConnection) {
        let count = recv(connection.descriptor, &room, room.count, 0)
        if count == 0 || count < 0 && errno != EAGAIN && errno != EINTR { close(connection) }
    }

    /// After anything has happened to a connection: what to watch, how long to be patient, whether it is over.
    func settle(_ connection: ClientConnection) {
        guard connections[connection.slot] === connection else { return }
        if connection.phase == .open, !connection.hasOutput, connection.answers.isEmpty {
            if connection.isLast || isStopping && connection.reader.phase == .idle { linger(connection) }
        } else if connection.phase == .handshake, isStopping {
            close(connection)
            return
        }
        let interest = connection.wantedInterest(limits)
        if interest != connection.interest {
            // Reading may go on although nothing more comes: bytes wait inside TLS or the reader.
            if interest.contains(.readable), !connection.interest.contains(.readable),
                connection.phase == .open
            {
                makeRunnable(connection)
            }
            connection.interest = interest
            poller.change(connection.descriptor, interest, token: connection.token)
        }
        let deadline = connection.deadline(limits).at
        deadlines[connection.slot] = deadline
        nextScan = min(nextScan, deadline)
    }

    func makeRunnable(_ connection: ClientConnection) {
        guard !connection.isRunnable else { return }
        connection.isRunnable = true
        runnable.append(connection.slot)
    }

    private func goOn() {
        guard !runnable.isEmpty else { return }
        let slots = runnable
        runnable.removeAll(keepingCapacity: true)
        for slot in slots {
            guard let connection = connections[slot], connection.isRunnable else { continue }
            connection.isRunnable = false
            guard connection.phase == .open, connection.mayRead(limits) else { continue }
            readRequests(connection)
            settle(connection)
        }
    }

    // MARK: Answers leave

    /// Something has been put into the connection's output; it leaves at the end of the wake-up.
    func makeDirty(_ connection: ClientConnection) {
        guard !connection.isDirty else { return }
        connection.isDirty = true
        dirty.append(connection.slot)
    }

    private func flushAnswers() {
        guard !dirty.isEmpty else { return }
        let slots = dirty
        dirty.removeAll(keepingCapacity: true)
        for slot in slots {
            guard let connection = connections[slot], connection.isDirty else { continue }
            connection.isDirty = false
            writeOutput(connection)
            if connection.reader.bufferedBytes > 0, connection.mayRead(limits) { makeRunnable(connection) }
            settle(connection)
        }
    }

    private func writeOutput(_ connection: ClientConnection) {
        do throws(TLSError) {
            while connection.hasOutput {
                guard
                    case .done(let count) = try connection.tls.write(
                        connection.output, from: connection.written)
                else {
                    return
                }
                connection.written += count
                connection.outputSince = now
                counters.bytesOut.add(count)
            }
            connection.dropWritten()
        } catch {
            close(connection)
        }
    }

    // MARK: Time

    private func endOverdue() {
        if now >= acceptAgainAt, let listener {
            acceptAgainAt = .max
            poller.add(listener.descriptor, .readable, token: Token.listener)
        }
        guard now >= nextScan else { return }
        for slot in deadlines.indices where deadlines[slot] <= now {
            guard let connection = connections[slot] else { continue }
            let deadline = connection.deadline(limits)
            if deadline.at <= now { end(connection, deadline.because) }
            settle(connection)
        }
        nextScan = deadlines.min() ?? .max
    }

    private func end(_ connection: ClientConnection, _ overdue: ClientConnection.Overdue) {
        switch overdue {
        case .linger: close(connection)
        case .handshake, .write:
            counters.timeouts.add()
            note("connection too slow", ["peer": connection.peer, "while": overdue.rawValue])
            close(connection)
        case .idle:
            connection.tls.shutdown()
            close(connection)
        case .call:
            guard let index = connection.answers.firstIndex(where: { $0.rendered == nil }) else { return }
            link.sendCancel(callID: connection.answers[index].callID)
            answerUnavailable(connection, index)
        case .head where connection.readerPhase == .idle:
            close(connection)
        case .head, .body:
            counters.timeouts.add()
            refuse(connection, HTTPRefusal(408, "the request did not come in time"))
        }
    }

    // MARK: Log

    /// One line about a client, unless there have been too many this second.
    func note(_ message: String, _ fields: Log.Fields = [:]) {
        guard log.level >= .info, let suppressed = lines.take(now: now) else { return }
        if suppressed > 0 { log.info("lines left out", ["count": suppressed]) }
        log.info(message, fields)
    }
}
