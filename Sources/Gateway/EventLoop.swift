import CLinux
import Glibc
import HTTP
import Log
import Synchronization
import TLS
import Wire

/// One thread's share of the gateway: its connections, its link to the kernel, and the clock that ends what is late.
///
/// A wake-up goes: events of all sockets → requests are read and encoded as calls → **one** write to the kernel →
/// answers to the clients → whoever is overdue. Nothing here waits except in `Poller.wait`. One of the loops also owns
/// the listener and gives each new connection to the loop with the fewest: with several listeners on one port the
/// system would spread few connections unevenly, and any process of the same user could join them.
final class EventLoop {
    /// Connections whose reading was cut short go on in the next wake-up, so that one cannot starve the others.
    static let readsPerTurn = 16
    /// How long the listener rests when no descriptor is left.
    static let acceptPause: Milliseconds = 200

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

    var listener: TCPListener?
    var acceptAgainAt = Milliseconds.max
    var context: TLSContext
    var connections: [ClientConnection?] = []
    var freeSlots: [Int] = []
    var generation: UInt32 = 0
    /// By slot. Scanned when the earliest may have come: a few microseconds for thousands of connections, where keeping
    /// them sorted would cost at every request.
    var deadlines: [Milliseconds] = []
    var nextScan = Milliseconds.max
    var dirty: [Int] = []
    var runnable: [Int] = []
    /// The descriptor of the kernel's link that the poller knows, and whether it asks for room to write.
    var watchedKernel: Int32?
    var isKernelFull = false
    var nextCall: UInt64 = 1
    var bufferedBytes = 0
    var stopsAt: Milliseconds?

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
        case .upload:
            counters.timeouts.add()
            abortUpload(connection, HTTPRefusal(408, "the file did not come in time"))
        case .download: close(connection)
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
