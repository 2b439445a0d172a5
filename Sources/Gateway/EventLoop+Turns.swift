import Glibc
import HTTP
import TLS

/// One connection's turn: what its events mean in its phase, and what it is watched for afterwards.
extension EventLoop {
    func serve(_ connection: ClientConnection, _ events: Poller.Events) {
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

    func goOn() {
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
}
