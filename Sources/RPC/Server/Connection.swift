import CRMSDK
import Glibc
import Log
import Storage
import Synchronization
import Wire

/// One connection of another process of ours: its thread, its read connection, its open requests.
///
/// All frames that have come are handled per wake-up, their reads on one state of the database, and their replies leave
/// in one write. Replies of the writer's thread leave in one write per group, those of other threads at once.
final class Connection: Sendable {
    /// When a reply leaves.
    enum Sending: Sendable {
        case now
        /// With the others of the writer's group.
        case afterGroup
        /// The connection's own thread sends when it has handled what has come.
        case atEndOfWakeUp
    }

    /// Requests whose answers are not complete; beyond it nothing more is read.
    private static let openLimit = 1024

    let door: RequestFacts.Door
    let peerUserID: UInt32
    private let stream: UnixStream
    private let outbox: Outbox
    private let requests = Mutex<[UInt64: OpenRequest]>([:])
    private let transfers = Mutex<[UInt64: any FileTransfer]>([:])
    private let isEnding = Atomic<Bool>(false)
    private let server: KernelServer

    init(_ stream: UnixStream, _ door: RequestFacts.Door, peerUserID: UInt32, server: KernelServer)
        throws(WireError)
    {
        self.stream = stream
        self.door = door
        self.peerUserID = peerUserID
        self.server = server
        outbox = try Outbox(stream)
    }

    // MARK: Open requests

    func open(_ request: OpenRequest) { requests.withLock { $0[request.callID] = request } }

    func close(_ request: OpenRequest) {
        let left = requests.withLock { requests in
            requests[request.callID] = nil
            return requests.count
        }
        // Whoever waits for room, or for the last answer before the end, is told.
        if left == Self.openLimit - 1 || (left == 0 && isEnding.load(ordering: .relaxed)) {
            outbox.wakeOwner()
        }
    }

    func open(_ transfer: any FileTransfer, callID: UInt64) { transfers.withLock { $0[callID] = transfer } }

    func close(transfer callID: UInt64) {
        // Let go outside the lock: its last reference closes and removes a file.
        let transfer = transfers.withLock { $0.removeValue(forKey: callID) }
        withExtendedLifetime(transfer) {}
    }

    private var openCount: Int { requests.withLock { $0.count } }

    func send(_ frame: [UInt8], _ sending: Sending) {
        outbox.append(frame)
        switch sending {
        case .now: outbox.flush(wakingOwner: true)
        case .afterGroup: server.flushAfterGroup(outbox)
        case .atEndOfWakeUp: break
        }
    }

    // MARK: The thread

    /// No more requests are read; what is open is answered, then the thread ends.
    func end() {
        isEnding.store(true, ordering: .relaxed)
        outbox.wakeOwner()
    }

    /// Serves until the other side goes, breaks the protocol, or `end` is called and the last answer has left.
    func run(_ reader: ReadConnection, _ services: KernelServices, _ scans: ScanPool) {
        defer {
            outbox.close()
            for request in requests.withLock({ $0.values }) { request.cancel() }
            for transfer in transfers.withLock({ Array($0.values) }) { transfer.cancel() }
            stream.shutdown()
        }
        let dispatcher = Dispatcher(services, scans: scans, reader: reader, connection: self)
        var splitter = FrameSplitter()
        do throws(WireError) {
            try greet(&splitter, services.programVersion)
            while true {
                let isEnding = isEnding.load(ordering: .relaxed)
                if isEnding, openCount == 0, outbox.waitingBytes == 0 { return }
                let wantsMore =
                    !isEnding && openCount < Self.openLimit && outbox.waitingBytes < Outbox.highWaterBytes
                guard wait(reading: wantsMore) else { continue }
                if try stream.read(into: &splitter) == .closed { return }
                var replies: [UInt8] = []
                try reader.sharingSnapshot { () throws(WireError) in
                    while let frame = try splitter.next() { try handle(frame, dispatcher, &replies) }
                }
                if !replies.isEmpty { outbox.append(replies) }
                outbox.flush(wakingOwner: false)
            }
        } catch {
            services.metrics.refusedFrames.add(1, ordering: .relaxed)
            services.log.warning("connection ended", ["reason": error.description, "uid": peerUserID])
        }
    }

    /// Waits until something can be read (true), or something else happened: a wake, room in the socket.
    private func wait(reading: Bool) -> Bool {
        var events: Int16 = reading ? Int16(POLLIN) : 0
        if outbox.waitingBytes > 0 { events |= Int16(POLLOUT) }
        var entries = [
            pollfd(fd: stream.descriptor, events: events, revents: 0),
            pollfd(fd: outbox.wakeReceiver.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&entries, 2, -1) > 0 else { return false }
        if entries[1].revents != 0 { outbox.takeWake() }
        let happened = Int32(entries[0].revents)
        if happened & Int32(POLLOUT) != 0 { outbox.flush(wakingOwner: false) }
        // A hang-up is read too: the read says that it is one.
        return happened & Int32(POLLIN) != 0 || happened & Int32(POLLHUP | POLLERR) != 0
    }

    private func greet(_ splitter: inout FrameSplitter, _ version: String) throws(WireError) {
        let deadline = ContinuousClock.now + .seconds(5)
        while true {
            if let frame = try splitter.next() {
                _ = try Hello(decoding: frame)
                break
            }
            if try stream.read(into: &splitter, timeout: deadline - .now) == .closed { throw .closed }
        }
        var bytes: [UInt8] = []
        Hello(role: .kernel, programVersion: version).encode(into: &bytes)
        outbox.append(bytes)
        outbox.flush(wakingOwner: false)
    }

    private func handle(_ frame: Frame, _ dispatcher: Dispatcher, _ replies: inout [UInt8]) throws(WireError)
    {
        switch frame.kind {
        case .call:
            try dispatcher.answer(try CallFrame(decoding: frame), callID: frame.callID, into: &replies)
        case .cancel:
            requests.withLock { $0[frame.callID] }?.cancel()
            transfers.withLock { $0[frame.callID] }?.cancel()
        // Of a file that has been answered already, pieces may still come.
        case .data, .credit, .end: try transfers.withLock { $0[frame.callID] }?.take(frame)
        case .hello, .reply:
            throw .malformed("a frame of kind \(frame.kind) was not expected")
        }
    }
}
