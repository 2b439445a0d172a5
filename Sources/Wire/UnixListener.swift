import CLinux
import Glibc

/// A Unix stream socket bound to a path, on which others connect.
///
/// The path gets exactly the given mode from its first moment: the mode is set on the socket before it is bound, which
/// Linux applies to the new file. What is found at the path is removed only if it is a socket and nobody answers on
/// it; two processes that start at the same time are kept apart by the lock on the data folder, which the caller holds.
package final class UnixListener: Sendable {
    package let path: String
    private let socket: UnixStream
    /// Device and inode of the file that we made, so that we never remove another's.
    private let device: dev_t
    private let inode: ino_t

    /// For epoll or poll only: never to be closed.
    package var descriptor: Int32 { socket.descriptor }

    /// Binds and listens.
    ///
    /// - Parameter mode: permission bits of the socket file; whoever may write to it may connect.
    /// - Throws: `addressInUse` if a living process listens there; `system` otherwise.
    package init(
        path: String, mode: UInt32 = 0o600, backlog: Int32 = 128, blocking: UnixStream.Blocking = .waits
    ) throws(WireError) {
        let operation = "listen on \"\(path)\""
        var address = sockaddr_un()
        guard clinux_unix_address(path, &address) == 0 else {
            throw .system(operation: operation, code: ENAMETOOLONG)
        }
        try Self.removeStale(path)
        var flags = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        if blocking == .never { flags |= Int32(SOCK_NONBLOCK.rawValue) }
        let made = Glibc.socket(AF_UNIX, flags, 0)
        guard made >= 0 else { throw .last("make a socket") }
        let socket = UnixStream(owning: made)
        guard fchmod(made, mode) == 0 else { throw .last("set the mode of a socket") }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(made, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0 else { throw errno == EADDRINUSE ? .addressInUse(path: path) : .last(operation) }
        var status = stat()
        // The process's mask can only have taken bits away, such as a group's: put them back.
        guard chmod(path, mode) == 0, lstat(path, &status) == 0, listen(made, backlog) == 0 else {
            throw .last(operation)
        }
        self.path = path
        self.socket = socket
        device = status.st_dev
        inode = status.st_ino
    }

    /// Takes the next connection; on a blocking listener waits for it. Nil: nothing waits, or the listener was closed.
    ///
    /// - Throws: `system`, for instance with EMFILE: the connection stays in the queue.
    package func accept(blocking: UnixStream.Blocking = .waits) throws(WireError) -> UnixStream? {
        var flags = Int32(SOCK_CLOEXEC.rawValue)
        if blocking == .never { flags |= Int32(SOCK_NONBLOCK.rawValue) }
        while true {
            let accepted = clinux_accept(descriptor, flags)
            if accepted >= 0 { return UnixStream(owning: accepted) }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EAGAIN, EINVAL: return nil
            default: throw .last("accept a connection")
            }
        }
    }

    /// Stops listening, wakes whoever waits in `accept`, and removes the file if it is still ours.
    package func close() {
        var status = stat()
        if lstat(path, &status) == 0, status.st_dev == device, status.st_ino == inode { unlink(path) }
        socket.shutdown()
    }

    /// Removes a socket that nobody answers on. Anything else at the path stays, and makes `bind` refuse.
    private static func removeStale(_ path: String) throws(WireError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw .system(operation: "listen on \"\(path)\", which is not a socket", code: EEXIST)
        }
        do {
            _ = try UnixStream.connect(path: path, timeout: .seconds(1))
        } catch .system(_, ECONNREFUSED) {
            guard unlink(path) == 0 || errno == ENOENT else {
                throw .last("remove the stale socket \"\(path)\"")
            }
            return
        } catch .system(_, ENOENT) {
            return
        } catch .system(let operation, let code) {
            throw .system(operation: operation, code: code)
        } catch {
            // A full queue is a sign of life too.
        }
        throw .addressInUse(path: path)
    }
}
