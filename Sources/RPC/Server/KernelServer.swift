package import CRMSDK
import Dispatch
import Log
import Storage
import Synchronization
import Wire

/// Listens on the kernel's sockets and serves each connection on a thread of its own.
///
/// Who may connect is said twice: by the mode of the socket's file, and by the list of users held against the system's
/// word for the peer.
package final class KernelServer: Sendable {
    /// A socket to listen on.
    package struct Listening: Sendable {
        package let path: String
        package let mode: UInt32
        package let door: RequestFacts.Door
        /// Users whose processes may connect.
        package let userIDs: Set<UInt32>

        package init(path: String, mode: UInt32 = 0o600, door: RequestFacts.Door, userIDs: Set<UInt32>) {
            self.path = path
            self.mode = mode
            self.door = door
            self.userIDs = userIDs
        }
    }

    /// Connections of all sockets together; the endpoint has one per core.
    private static let connectionLimit = 128

    private struct State {
        var connections: [ObjectIdentifier: Connection] = [:]
        var isStopped = false
    }

    private let services: KernelServices
    private let scans: ScanPool
    private let listeners: [(UnixListener, Listening)]
    private let state = Mutex(State())
    private let dirty = Mutex<[ObjectIdentifier: Outbox]>([:])
    private let ended = DispatchGroup()

    /// Binds every socket; connections are taken from `start` on.
    package init(_ services: KernelServices, _ sockets: [Listening]) throws(CRMError) {
        self.services = services
        scans = try ScanPool(database: services.database)
        var listeners: [(UnixListener, Listening)] = []
        for socket in sockets {
            do throws(WireError) {
                listeners.append((try UnixListener(path: socket.path, mode: socket.mode), socket))
            } catch {
                for (listener, _) in listeners { listener.close() }
                throw CRMError(
                    .unavailable, error.description,
                    hint: "Stop the other kernel, or use another data folder.")
            }
        }
        self.listeners = listeners
    }

    package func start() {
        services.database.writer.afterGroup = { [weak self] in self?.flushGroup() }
        for (index, _) in listeners.enumerated() {
            ended.enter()
            WorkThread.start("accept") { [self] in
                accept(listeners[index].0, listeners[index].1)
                ended.leave()
            }
        }
    }

    /// Takes no further connection and no further request, waits for the answers that are open, at most `patience`.
    package func stop(patience: Duration = .seconds(5)) {
        let open = state.withLock { state in
            state.isStopped = true
            return Array(state.connections.values)
        }
        for (listener, _) in listeners { listener.close() }
        for connection in open { connection.end() }
        _ = ended.wait(timeout: .now() + .milliseconds(Int(patience / .milliseconds(1))))
        scans.stop()
        services.fileLane.stop()
    }

    // MARK: Connections

    private func accept(_ listener: UnixListener, _ socket: Listening) {
        while true {
            do throws(WireError) {
                guard let stream = try listener.accept(blocking: .never) else { return }
                try admit(stream, socket)
            } catch {
                services.log.warning("could not take a connection", ["reason": error.description])
                // Out of descriptors, most likely: the connection stays in the queue; do not spin on it.
                if case .system = error {
                    _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(50))
                }
            }
        }
    }

    private func admit(_ stream: UnixStream, _ socket: Listening) throws(WireError) {
        let peer = try stream.peerCredentials()
        guard socket.userIDs.contains(peer.userID) else {
            services.log.warning(
                "refused a connection of a user who is not on the list",
                ["socket": socket.path, "uid": peer.userID, "pid": peer.processID])
            return stream.shutdown()
        }
        let connection = try Connection(stream, socket.door, peerUserID: peer.userID, server: self)
        let reader: ReadConnection
        do throws(CRMError) {
            reader = try services.database.makeReader()
        } catch {
            services.log.error(
                "could not open a read connection", ["reason": error.message, "detail": error.detail ?? ""])
            return stream.shutdown()
        }
        let isTaken = state.withLock { state in
            guard !state.isStopped, state.connections.count < Self.connectionLimit else { return false }
            state.connections[ObjectIdentifier(connection)] = connection
            return true
        }
        guard isTaken else { return stream.shutdown() }
        let handover = Handover(reader: reader)
        services.metrics.connections.add(1, ordering: .relaxed)
        ended.enter()
        WorkThread.start("rpc") { [self] in
            connection.run(handover.reader, services, scans)
            state.withLock { $0.connections[ObjectIdentifier(connection)] = nil }
            services.metrics.connections.subtract(1, ordering: .relaxed)
            ended.leave()
        }
    }

    /// Moves a connection to the thread that will be its only user.
    private struct Handover: @unchecked Sendable {
        // Ground: the maker keeps no reference, so exactly one thread can reach the connection.
        let reader: ReadConnection
    }

    // MARK: Groups of writes

    /// Called on the writer's thread by each completion of a group.
    func flushAfterGroup(_ outbox: Outbox) { dirty.withLock { $0[ObjectIdentifier(outbox)] = outbox } }

    /// Called on the writer's thread once after the completions of a group.
    private func flushGroup() {
        let outboxes = dirty.withLock { dirty in
            defer { dirty.removeAll(keepingCapacity: true) }
            return Array(dirty.values)
        }
        for outbox in outboxes { outbox.flush(wakingOwner: true) }
    }
}
