import CLinux
import Glibc

/// A non-blocking TCP socket on which clients connect.
final class TCPListener: Sendable {
    let descriptor: Int32
    /// With the port that the system chose, where none was given.
    let address: SocketAddress

    /// - Throws: with a hint where the port is taken or may not be taken.
    init(_ text: String) throws(GatewayError) {
        guard let wanted = SocketAddress(text) else {
            throw GatewayError(
                "\"\(text)\" is not an address to listen on",
                hint: "Give an IP address and a port: 127.0.0.1:8443.")
        }
        let flags = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        descriptor = socket(wanted.isIPv4 ? AF_INET : AF_INET6, flags, 0)
        guard descriptor >= 0 else { throw Self.failure(wanted) }
        do throws(GatewayError) { address = try Self.bind(descriptor, to: wanted) } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    private static func bind(_ descriptor: Int32, to wanted: SocketAddress) throws(GatewayError)
        -> SocketAddress
    {
        // An address in TIME_WAIT from our own last run must not keep us from starting.
        descriptor.setOption(SOL_SOCKET, SO_REUSEADDR, 1)
        if !wanted.isIPv4 { descriptor.setOption(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
        guard wanted.withSystemAddress({ Glibc.bind(descriptor, $0, $1) }) == 0,
            listen(descriptor, 1_024) == 0
        else {
            throw failure(wanted)
        }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard result == 0, let address = SocketAddress(storage) else { throw failure(wanted) }
        return address
    }

    enum Accepted {
        case connection(descriptor: Int32, peer: SocketAddress)
        case nobody
        /// No descriptor or memory is left: try again later.
        case exhausted
    }

    func accept() -> Accepted {
        var storage = sockaddr_storage()
        while true {
            let flags = Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
            let accepted = clinux_accept_from(descriptor, &storage, flags)
            if accepted >= 0 {
                guard let peer = SocketAddress(storage) else {
                    close(accepted)
                    continue
                }
                // Answers leave whole: waiting for more to fill a packet would only delay them.
                accepted.setOption(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
                accepted.setOption(SOL_SOCKET, SO_KEEPALIVE, 1)
                return .connection(descriptor: accepted, peer: peer)
            }
            switch errno {
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
            case EAGAIN, EINVAL, EBADF: return .nobody
            // accept(2): errors of the connection that never came to be are to be tried past.
            default: continue
            }
        }
    }

    private static func failure(_ address: SocketAddress) -> GatewayError {
        let hint: String? =
            switch errno {
            case EADDRINUSE: "Another program uses this port: stop it, or listen on another one."
            case EACCES: "Ports below 1024 need root or CAP_NET_BIND_SERVICE: take a higher one."
            case EADDRNOTAVAIL: "This machine does not have that address."
            default: nil
            }
        return GatewayError("could not listen on \(address): \(String(cString: strerror(errno)))", hint: hint)
    }
}

extension Int32 {
    /// setsockopt with a number; a refusal changes comfort, never correctness.
    fileprivate func setOption(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        _ = setsockopt(self, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
