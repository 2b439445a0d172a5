/// What a gateway is told when it starts.
package struct GatewaySettings: Sendable {
    /// Where clients connect: "127.0.0.1:8443", "[::]:443"; port 0 lets the system choose.
    package var listen: String
    /// PEM files; the key must be ours and mode 0600.
    package var certificatePath: String
    package var keyPath: String
    /// The kernel's socket for the endpoint.
    package var kernelSocketPath: String
    /// Event loops, a thread each.
    package var loops: Int
    package var limits: GatewayLimits
    /// For the hello and the log.
    package var programVersion: String

    package init(
        listen: String, certificatePath: String, keyPath: String, kernelSocketPath: String, loops: Int,
        limits: GatewayLimits = GatewayLimits(), programVersion: String
    ) {
        self.listen = listen
        self.certificatePath = certificatePath
        self.keyPath = keyPath
        self.kernelSocketPath = kernelSocketPath
        self.loops = max(1, loops)
        self.limits = limits
        self.programVersion = programVersion
    }
}

/// What clients are held to. Times are on the monotonic clock.
package struct GatewayLimits: Sendable {
    /// Open connections, all together, and from one source: an IPv4 address, or a /64 of IPv6.
    package var connections = 4_096
    package var connectionsPerSource = 256
    /// Requests of one connection that are not answered yet; further ones stay unread.
    package var outstandingRequests = 16
    /// Bytes of answers that wait for a slow client before nothing more is read from it.
    package var outputBytes = 1 << 20
    /// Bytes of requests that one loop holds for all its connections; beyond, bodies over 64 KiB are refused with 503.
    package var bufferedBytes = 128 << 20

    package var handshake = Duration.seconds(10)
    /// From the first byte of a request to the end of its head; also from the handshake to the first byte.
    package var head = Duration.seconds(10)
    package var body = Duration.seconds(30)
    /// From here on a body must have come at `bodyBytesPerSecond` on average.
    package var bodyGrace = Duration.seconds(5)
    package var bodyBytesPerSecond = 500
    /// Between an answer and the next request.
    package var idle = Duration.seconds(60)
    /// Without any progress while an answer is being written.
    package var writeStall = Duration.seconds(30)
    /// While a file is received, `body.seconds * bodyBytesPerSecond` bytes must come within each `body`; while one is
    /// sent, `writeStall` counts. The kernel is given so long for a piece, and to store a file that is whole.
    package var fileWork = Duration.seconds(120)
    /// What the kernel is given for a call; a second more, and the call is answered without it.
    package var request = Duration.seconds(10)
    /// How long calls are held for a kernel that is not there (it may be restarting) before they are refused.
    package var kernelAbsence = Duration.milliseconds(800)
    /// After our last byte, how long a client may go on sending before the connection is cut.
    package var linger = Duration.seconds(2)
    /// What requests in flight are given at the end of the process.
    package var drain = Duration.seconds(5)

    package init() {}
}

/// Milliseconds on the monotonic clock, as the loops count time.
typealias Milliseconds = Int64

extension Duration {
    var milliseconds: Milliseconds { Milliseconds(self / .milliseconds(1)) }
}

/// Why a gateway cannot start.
package struct GatewayError: Error, Equatable, Sendable, CustomStringConvertible {
    /// One line: lower case, no full stop.
    package let message: String
    /// One sentence of advice; nil where there is none.
    package let hint: String?

    package init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    package var description: String { message }
}
