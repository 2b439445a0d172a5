import Glibc
import Synchronization
import TLS

/// How connections come to a loop and leave it: accepting, counting, handing on to the loop with the fewest, closing.
extension EventLoop {
    func acceptAll() {
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

    func adopt(_ descriptor: Int32, _ peer: SocketAddress) {
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
        for answer in connection.answers where answer.callID != 0 && answer.isOpen {
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

    func stop() {
        guard stopsAt == nil else { return }
        stopsAt = now + limits.drain.milliseconds
        if let listener { poller.remove(listener.descriptor) }
        listener = nil
        acceptAgainAt = .max
        for connection in connections { if let connection { settle(connection) } }
    }
}
