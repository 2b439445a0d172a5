import Glibc
import HTTP
import TLS
import Wire

/// A request that has been read and is not answered yet, or whose answer waits for those before it.
struct PendingAnswer {
    /// Zero where the kernel is not asked.
    let callID: UInt64
    let route: Route?
    var options: HTTPResponseWriter.Options
    let startedAt: Milliseconds
    /// When the call is answered without the kernel.
    var deadline: Milliseconds
    /// The whole response, once it is known; of a file what of it has come and not gone to the output.
    var rendered: [UInt8]?
    /// Set while more of a file is to come.
    var download: FileDownload?

    /// Whether something is still to come.
    var isOpen: Bool { rendered == nil || download != nil }
}

/// What is known of one client's connection. The loop moves it along; this type holds the rules that need nothing else:
/// whether more may be read, what the poller shall watch, when patience ends.
final class ClientConnection {
    enum Phase {
        case handshake
        case open
        /// Our last byte is out; what still comes is thrown away until the client closes, so that our answer is not
        /// lost to the reset that closing over unread bytes would send (RFC 9112 §9.6).
        case lingering
    }

    /// What a buffer keeps between answers, so that an idle connection is small.
    private static let keptBytes = 4 << 10
    private static let droppedBytes = 128 << 10

    let slot: Int
    let generation: UInt32
    let descriptor: Int32
    let tls: TLSConnection
    /// Address and port, for the kernel and the log.
    let peer: String
    let source: ConnectionCensus.Source
    let isLocal: Bool

    var phase = Phase.handshake
    var reader = HTTPRequestReader(streams: Routing.streams, bodyLimit: Routing.bodyLimit)
    /// In the order of the requests; only the first is written.
    var answers: [PendingAnswer] = []
    /// No further request is read: one was refused, asked for a close, or the process is ending.
    var isLast = false
    /// The file that the client is sending.
    var upload: FileUpload?
    /// The client waits for 100 Continue, but answers to earlier requests go first.
    var owesContinue = false
    /// What the handshake or the last read waits for: TLS may have to write before it can read on.
    var wants = TLSConnection.Progress.wantRead

    var output: [UInt8] = []
    var written = 0
    /// What the poller watches now.
    var interest: Poller.Events = .readable
    var isRunnable = false
    var isDirty = false

    /// When the present wait began: for the handshake, a head, a body, the next request.
    var waitingSince: Milliseconds
    var readerPhase = HTTPRequestReader.Phase.idle
    var hasServed = false
    var outputSince: Milliseconds = 0
    /// What the loop's budget has been charged with.
    var chargedBytes = 0

    init(
        slot: Int, generation: UInt32, descriptor: Int32, tls: TLSConnection, address: SocketAddress,
        now: Milliseconds
    ) {
        self.slot = slot
        self.generation = generation
        self.descriptor = descriptor
        self.tls = tls
        peer = address.description
        source = ConnectionCensus.Source(address)
        isLocal = address.isLoopback
        waitingSince = now
    }

    deinit { close(descriptor) }

    var token: UInt64 { UInt64(generation) << 32 | UInt64(slot) }

    var hasOutput: Bool { written < output.count }

    /// Whether another request may be taken up: back-pressure by answers that are owed and bytes not yet written.
    func mayRead(_ limits: GatewayLimits) -> Bool {
        // The last request may have a body that is still to come.
        if let upload { return upload.takesMore && output.count - written < limits.outputBytes }
        return !isLast && answers.count < limits.outstandingRequests
            && output.count - written < limits.outputBytes
    }

    /// What the poller shall watch. A connection that may not read is watched for nothing but its end.
    func wantedInterest(_ limits: GatewayLimits) -> Poller.Events {
        switch phase {
        case .handshake: return wants == .wantWrite ? .writable : .readable
        case .lingering: return .readable
        case .open:
            var interest: Poller.Events = []
            if mayRead(limits) { interest.insert(.readable) }
            if hasOutput || wants == .wantWrite { interest.insert(.writable) }
            return interest
        }
    }

    func dropWritten() {
        guard written == output.count else {
            // A long answer that leaves in pieces must not be kept until its end.
            if written >= Self.droppedBytes {
                output.removeSubrange(..<written)
                written = 0
            }
            return
        }
        if output.capacity > Self.keptBytes { output = [] } else { output.removeAll(keepingCapacity: true) }
        written = 0
    }

    /// Notes how far the reader is, so that the right patience is counted from the right moment.
    func noteReaderPhase(now: Milliseconds) {
        let phase = reader.phase
        switch (readerPhase, phase) {
        case (.idle, .idle), (.head, .head), (.body, .body): break
        default: waitingSince = now
        }
        readerPhase = phase
    }

    enum Overdue: String {
        case handshake, write, call, head, body, upload, download, idle, linger
    }

    /// The earliest moment at which patience ends, and with what.
    func deadline(_ limits: GatewayLimits) -> (at: Milliseconds, because: Overdue) {
        switch phase {
        case .handshake: return (waitingSince + limits.handshake.milliseconds, .handshake)
        case .lingering: return (waitingSince + limits.linger.milliseconds, .linger)
        case .open: break
        }
        if hasOutput { return (outputSince + limits.writeStall.milliseconds, .write) }
        if let upload, upload.takesMore {
            return (upload.stretchSince + limits.body.milliseconds, .upload)
        }
        if let first = answers.first, first.download != nil { return (first.deadline, .download) }
        if let first = answers.first(where: { $0.rendered == nil }) { return (first.deadline, .call) }
        switch readerPhase {
        case .idle where hasServed: return (waitingSince + limits.idle.milliseconds, .idle)
        case .idle, .head: return (waitingSince + limits.head.milliseconds, .head)
        case .body(let received):
            return (waitingSince + Self.bodyPatience(received: received, limits), .body)
        }
    }

    /// How long a body may take, once so much of it has come: what came has paid for its seconds at the lowest rate,
    /// beyond the grace, never beyond the limit.
    static func bodyPatience(received: Int, _ limits: GatewayLimits) -> Milliseconds {
        let paid = Milliseconds(received / max(1, limits.bodyBytesPerSecond)) * 1_000
        return min(limits.body.milliseconds, max(limits.bodyGrace.milliseconds, paid))
    }
}
