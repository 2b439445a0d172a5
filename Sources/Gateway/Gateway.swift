import Glibc
package import Log
import Synchronization
package import TLS

/// The network's side of the platform: TLS, HTTP and limits in front of the kernel's socket. It passes bodies on
/// unread.
///
/// Order: `init` loads the certificate and binds, `start` begins to serve, `stop` finishes what is in flight and
/// returns when all is done. Each event loop is a thread with its own connection to the kernel; a client stays with the
/// loop that it was given to.
package final class Gateway: Sendable {
    private let state: GatewayState
    private let listener: TCPListener
    private let log: Log
    private let threads = Mutex<[LoopThread]>([])

    /// Where clients connect, with the port that the system chose where none was given.
    package var address: String { listener.address.description }

    /// - Throws: where the certificate cannot be used or the address cannot be had; the message is for a person.
    package init(_ settings: GatewaySettings, log: Log) throws(GatewayError) {
        // OpenSSL writes with write(2): a client that has gone must not end the process.
        signal(SIGPIPE, SIG_IGN)
        let context: TLSContext
        do throws(TLSError) {
            context = try TLSContext(certificatePath: settings.certificatePath, keyPath: settings.keyPath)
        } catch {
            throw GatewayError(error.message, hint: error.hint)
        }
        listener = try TCPListener(settings.listen)
        try Self.check(context, for: listener.address)
        state = try GatewayState(settings: settings, context: context)
        self.log = log
    }

    /// A certificate that nobody vouches for is for this machine only, unless the administrator has put it there.
    private static func check(_ context: TLSContext, for address: SocketAddress) throws(GatewayError) {
        guard let certificate = context.certificate, certificate.isSelfSigned, !address.isLoopback,
            certificate.matches(host: "localhost"), certificate.matches(host: "127.0.0.1")
        else { return }
        throw GatewayError(
            "the self-made certificate is good for this machine only, not for \(address)",
            hint:
                "Give a certificate for the host's name with --certificate and --key, or listen on 127.0.0.1."
        )
    }

    package func start() {
        threads.withLock { threads in
            for (index, handle) in state.loops.enumerated() {
                let (state, log) = (state, log)
                let listener = index == 0 ? listener : nil
                threads.append(
                    LoopThread { EventLoop(state, handle: handle, listener: listener, log: log).run() })
            }
        }
        warnOfExpiry()
    }

    /// Loads the certificate files again for the connections to come; those that stand stay as they are.
    ///
    /// - Throws: where the files cannot be used; the old certificate stays in use.
    package func reloadCertificate() throws(TLSError) {
        let context = try TLSContext(
            certificatePath: state.settings.certificatePath, keyPath: state.settings.keyPath)
        use(context)
        log.info("certificate loaded", ["path": state.settings.certificatePath])
        warnOfExpiry()
    }

    /// Changes the ticket keys. To be called at least daily.
    package func rotateTicketKeys() throws(TLSError) {
        use(try state.context.withLock { $0 }.withFreshTicketKeys())
        warnOfExpiry()
    }

    private func use(_ context: TLSContext) {
        state.context.withLock { $0 = context }
        state.certificateNotAfter.store(context.certificate?.notAfterSeconds ?? 0, ordering: .relaxed)
        for loop in state.loops { loop.send(.use(context)) }
    }

    private func warnOfExpiry() {
        let seconds = state.certificateNotAfter.load(ordering: .relaxed) - Clock.wallSeconds
        let days = seconds / 86_400
        guard days < 30 else { return }
        if seconds <= 0 {
            log.error("certificate has expired", ["path": state.settings.certificatePath])
        } else {
            log.warning("certificate expires soon", ["days": days, "path": state.settings.certificatePath])
        }
    }

    /// Takes no more connections, lets requests in flight finish for `limits.drain`, and returns when all loops have
    /// ended.
    package func stop() {
        for loop in state.loops { loop.send(.stop) }
        let threads = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in threads { thread.join() }
    }
}

/// A thread for a loop that never returns to a pool: it waits in epoll, which no shared pool may.
private final class LoopThread: Sendable {
    private let thread: pthread_t

    init(_ body: @escaping @Sendable () -> Void) {
        final class Box: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        let box = Unmanaged.passRetained(Box(body))
        let code = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
                return nil
            }, box.toOpaque())
        precondition(code == 0, "a process that cannot start a thread cannot serve")
        self.thread = thread
    }

    func join() { pthread_join(thread, nil) }
}
