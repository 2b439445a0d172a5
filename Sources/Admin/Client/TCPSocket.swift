import Glibc

/// One TCP connection that never blocks in read or write; waiting is `wait`, with a deadline.
final class TCPSocket {
    enum Event { case readable, writable }

    let descriptor: Int32

    private init(owning descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Connects to the first of the host's addresses that takes the connection.
    static func connect(
        to address: EndpointAddress, until deadline: ContinuousClock.Instant
    ) throws(AdminError) -> TCPSocket {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(address.host, String(address.port), &hints, &list)
        guard status == 0 else {
            throw AdminError(
                "host \"\(address.host)\" is not known: \(String(cString: gai_strerror(status)))")
        }
        defer { freeaddrinfo(list) }
        var lastCode = EHOSTUNREACH
        var next = list
        while let entry = next?.pointee {
            next = entry.ai_next
            let made = socket(
                entry.ai_family,
                entry.ai_socktype | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue),
                entry.ai_protocol)
            guard made >= 0 else { continue }
            let socket = TCPSocket(owning: made)
            lastCode = socket.connect(entry, until: deadline)
            if lastCode == 0 { return socket }
        }
        throw AdminError(
            "could not connect to \(address.authority): \(String(cString: strerror(lastCode)))",
            hint: "Is the platform running there, and the port right?")
    }

    /// - Returns: 0, or the errno.
    private func connect(_ entry: addrinfo, until deadline: ContinuousClock.Instant) -> Int32 {
        if Glibc.connect(descriptor, entry.ai_addr, entry.ai_addrlen) == 0 { return 0 }
        guard errno == EINPROGRESS else { return errno }
        guard wait(for: .writable, until: deadline) else { return ETIMEDOUT }
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
        return code
    }

    /// - Returns: false when the deadline passed first.
    func wait(for event: Event, until deadline: ContinuousClock.Instant) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(event == .readable ? POLLIN : POLLOUT), revents: 0)
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { return false }
            let ready = poll(&entry, 1, Int32(min((left / .milliseconds(1)).rounded(.up), 3_600_000)))
            if ready > 0 { return true }
            guard ready == 0 || errno == EINTR else { return true }
        }
    }
}
