import CLinux
import Glibc

/// Who is at the other end of a Unix socket, as the system knows it (unix(7), SO_PEERCRED).
package struct PeerCredentials: Equatable, Sendable {
    package let processID: Int32
    package let userID: UInt32
    package let groupID: UInt32
}

/// One connected Unix stream socket.
///
/// The descriptor is closed when the last reference goes, never earlier, so that no thread can meet a number that has
/// been given to another file; `shutdown` ends the conversation from any thread. Reading and writing may happen on
/// two threads; two writers must agree among themselves. A peer that has gone is an error, never SIGPIPE.
package final class UnixStream: Sendable {
    /// What one attempt to read or write without waiting came to.
    package enum Progress: Equatable, Sendable {
        case bytes(Int)
        case wouldBlock
        /// The other side has closed (reading only).
        case closed
    }

    package enum Blocking: Sendable {
        /// Reads and writes wait, each up to its timeout.
        case waits
        /// Reads and writes never wait; for an event loop.
        case never
    }

    /// For epoll or poll only: never to be closed.
    package let descriptor: Int32

    /// Takes over a connected socket.
    package init(owning descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Connects to the listener at `path`.
    ///
    /// - Throws: `system` with ECONNREFUSED or ENOENT where nobody listens; `timedOut` where the listener's queue stays
    ///   full.
    package static func connect(
        path: String, timeout: Duration = .seconds(5), blocking: Blocking = .waits
    ) throws(WireError) -> UnixStream {
        var address = sockaddr_un()
        guard clinux_unix_address(path, &address) == 0 else {
            throw .system(operation: "connect to \"\(path)\"", code: ENAMETOOLONG)
        }
        let flags = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, flags, 0)
        guard descriptor >= 0 else { throw .last("make a socket") }
        let stream = UnixStream(owning: descriptor)
        let deadline = ContinuousClock.now + timeout
        while true {
            let result = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            if result == 0 { break }
            // A Unix socket answers EAGAIN while the listener's queue is full, and there is nothing to poll for.
            guard errno == EAGAIN || errno == EINTR else { throw .last("connect to \"\(path)\"") }
            guard ContinuousClock.now < deadline else { throw .timedOut }
            usleep(1_000)
        }
        if blocking == .waits { try stream.setBlocking() }
        return stream
    }

    /// Two sockets that are connected to each other.
    package static func pair() throws(WireError) -> (UnixStream, UnixStream) {
        var descriptors: [Int32] = [-1, -1]
        let flags = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, flags, 0, &descriptors) == 0 else { throw .last("make a pair of sockets") }
        return (UnixStream(owning: descriptors[0]), UnixStream(owning: descriptors[1]))
    }

    /// Reads what has come, at most 64 KiB, into the splitter.
    ///
    /// A blocking stream waits up to `timeout` (nil: without end) for the first byte.
    /// - Throws: `timedOut`, or `system`.
    package func read(into splitter: inout FrameSplitter, timeout: Duration? = nil) throws(WireError)
        -> Progress
    {
        try read(timeout: timeout) { splitter.append($0) }
    }

    /// Reads what has come, at most 64 KiB, onto the end of an array.
    package func read(into bytes: inout [UInt8], timeout: Duration? = nil) throws(WireError) -> Progress {
        try read(timeout: timeout) { bytes.append(contentsOf: $0) }
    }

    private func read(
        timeout: Duration?, _ append: (UnsafeRawBufferPointer) -> Void
    ) throws(WireError) -> Progress {
        if let timeout { try wait(for: Int16(POLLIN), until: .now + timeout) }
        let count = withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 1) { room in
            var count: Int
            repeat {
                count = Glibc.read(descriptor, room.baseAddress, room.count)
            } while count < 0 && errno == EINTR
            if count > 0 { append(UnsafeRawBufferPointer(rebasing: room[..<count])) }
            return count
        }
        if count > 0 { return .bytes(count) }
        if count == 0 { return .closed }
        switch errno {
        case EAGAIN: return .wouldBlock
        case ECONNRESET: return .closed
        default: throw .last("read from a socket")
        }
    }

    /// Writes what fits at once of the bytes from `offset` on; on a blocking stream that is at least one byte.
    ///
    /// - Throws: `closed` if the other side has gone.
    package func write(_ bytes: [UInt8], from offset: Int = 0) throws(WireError) -> Progress {
        try write(bytes, from: offset, flags: 0)
    }

    private func write(_ bytes: [UInt8], from offset: Int, flags: Int32) throws(WireError) -> Progress {
        let count = bytes.withUnsafeBytes { buffer in
            let rest = UnsafeRawBufferPointer(rebasing: buffer[offset...])
            var count: Int
            repeat {
                count = send(descriptor, rest.baseAddress, rest.count, flags | Int32(MSG_NOSIGNAL))
            } while count < 0 && errno == EINTR
            return count
        }
        if count >= 0 { return .bytes(count) }
        switch errno {
        case EAGAIN: return .wouldBlock
        case EPIPE, ECONNRESET: throw .closed
        default: throw .last("write to a socket")
        }
    }

    /// Writes all bytes, waiting where the other side is slow.
    ///
    /// - Throws: `timedOut` when `timeout` has passed (some bytes may have left: close the stream), `closed`.
    package func writeAll(_ bytes: [UInt8], timeout: Duration = .seconds(30)) throws(WireError) {
        let deadline = ContinuousClock.now + timeout
        var offset = 0
        while offset < bytes.count {
            switch try write(bytes, from: offset, flags: Int32(MSG_DONTWAIT)) {
            case .bytes(let count): offset += count
            case .wouldBlock, .closed: try wait(for: Int16(POLLOUT), until: deadline)
            }
        }
    }

    private func wait(for events: Int16, until deadline: ContinuousClock.Instant) throws(WireError) {
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { throw .timedOut }
            let milliseconds = left / .milliseconds(1)
            let ready = poll(&entry, 1, Int32(min(milliseconds.rounded(.up), 3_600_000)))
            if ready > 0 { return }
            guard ready == 0 || errno == EINTR else { throw .last("wait for a socket") }
        }
    }

    /// The process at the other end, as it was when it connected.
    package func peerCredentials() throws(WireError) -> PeerCredentials {
        var (process, user, group) = (Int32(0), UInt32(0), UInt32(0))
        guard clinux_peer_credentials(descriptor, &process, &user, &group) == 0 else {
            throw .last("ask who is at the other end")
        }
        return PeerCredentials(processID: process, userID: user, groupID: group)
    }

    /// Ends both directions: a reader on either side sees `closed`. May be called from any thread, more than once.
    package func shutdown() { _ = Glibc.shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Ends our own direction only: the other side sees `closed` after the last byte, and can still answer.
    package func finishWriting() { _ = Glibc.shutdown(descriptor, Int32(SHUT_WR)) }

    private func setBlocking() throws(WireError) {
        let flags = fcntl(descriptor, F_GETFL)
        guard flags >= 0, fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK) == 0 else {
            throw .last("set up a socket")
        }
    }
}
