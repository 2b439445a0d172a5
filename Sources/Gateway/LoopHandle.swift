import CLinux
import Glibc
import Synchronization
import TLS

/// What other threads may do to an event loop: leave a command for it and wake it. Also where its counters are read.
final class LoopHandle: Sendable {
    enum Command: Sendable {
        /// Serve this accepted connection; the census has counted it.
        case adopt(descriptor: Int32, peer: SocketAddress)
        /// Use this context for the connections to come.
        case use(TLSContext)
        /// Take no more, finish what is in flight, end.
        case stop
    }

    let counters = Counters()
    /// Connections given to the loop and not yet ended; by it the acceptor finds the loop with the least to do.
    let assigned = Atomic<Int>(0)
    let pollDescriptor: Int32
    let wakeDescriptor: Int32
    private let commands = Mutex<[Command]>([])

    init() throws(GatewayError) {
        pollDescriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        wakeDescriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard pollDescriptor >= 0, wakeDescriptor >= 0 else {
            throw GatewayError("could not set up an event loop: \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(wakeDescriptor) }

    func send(_ command: Command) {
        commands.withLock { $0.append(command) }
        var one: UInt64 = 1
        _ = write(wakeDescriptor, &one, 8)
    }

    /// For the loop itself: what has been left for it.
    func takeCommands() -> [Command] {
        var count: UInt64 = 0
        _ = read(wakeDescriptor, &count, 8)
        return commands.withLock { commands in
            defer { commands = [] }
            return commands
        }
    }
}

/// What all loops of a gateway share.
final class GatewayState: Sendable {
    let settings: GatewaySettings
    let census: ConnectionCensus
    let loops: [LoopHandle]
    let context: Mutex<TLSContext>
    /// Seconds since 1970.
    let certificateNotAfter = Atomic<Int64>(0)
    /// Loops whose connection to the kernel stands.
    let readyLinks = Atomic<Int>(0)

    /// Whether a client is served whichever loop it is given to: what `/readyz` tells.
    var isReady: Bool { readyLinks.load(ordering: .relaxed) == loops.count }

    init(settings: GatewaySettings, context: TLSContext) throws(GatewayError) {
        self.settings = settings
        census = ConnectionCensus(limits: settings.limits)
        self.context = Mutex(context)
        var loops: [LoopHandle] = []
        for _ in 0..<settings.loops { loops.append(try LoopHandle()) }
        self.loops = loops
        certificateNotAfter.store(context.certificate?.notAfterSeconds ?? 0, ordering: .relaxed)
    }
}
