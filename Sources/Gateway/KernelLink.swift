import Wire

/// One loop's connection to the kernel.
///
/// Calls are encoded into one buffer, which `flush` hands to the socket once a wake-up: many small frames cost one
/// write. After a loss the link is tried again with growing pauses; calls made within the first moments of an absence
/// are kept for the new connection, later ones are not accepted. What was sent before a loss is never sent again.
///
/// The loop owns it, asks the poller for it, and passes the time in.
struct KernelLink {
    enum State {
        /// Nobody is there; the next try is due at this time.
        case absent(nextTry: Milliseconds)
        /// Connected; the kernel's hello is due until this time.
        case greeting(UnixStream, until: Milliseconds)
        case ready(UnixStream)
    }

    private static let greetingTime: Milliseconds = 1_000
    private static let longestPause: Milliseconds = 1_000
    /// What is kept for a kernel that does not read, or is not there.
    private static let outgoingLimit = 32 << 20

    private let path: String
    private let programVersion: String
    private let absenceTime: Milliseconds
    private(set) var state: State
    /// Since when no call can be sent; nil while they can.
    private(set) var absentSince: Milliseconds?
    private var pause: Milliseconds = 25
    private var outgoing: [UInt8] = []
    private var sent = 0
    private var splitter = FrameSplitter()

    init(_ settings: GatewaySettings, now: Milliseconds) {
        path = settings.kernelSocketPath
        programVersion = settings.programVersion
        absenceTime = settings.limits.kernelAbsence.milliseconds
        state = .absent(nextTry: now)
        absentSince = now
    }

    var stream: UnixStream? {
        switch state {
        case .absent: nil
        case .greeting(let stream, _), .ready(let stream): stream
        }
    }

    var isReady: Bool { absentSince == nil }

    /// Whether a call can be taken now: it will be sent, or its wait for the kernel ends with the absence.
    func acceptsCalls(now: Milliseconds) -> Bool {
        guard outgoing.count - sent < Self.outgoingLimit else { return false }
        guard let absentSince else { return true }
        return now - absentSince < absenceTime
    }

    /// When something must be done although nothing has come: the next try, the end of a greeting or of an absence.
    func deadline(now: Milliseconds) -> Milliseconds {
        let next: Milliseconds =
            switch state {
            case .absent(let nextTry): nextTry
            case .greeting(_, let until): until
            case .ready: .max
            }
        guard let absentSince, now - absentSince < absenceTime else { return next }
        return min(next, absentSince + absenceTime)
    }

    // MARK: Life

    /// Tries to connect, and begins to greet. Never waits; on a refusal the next try is set.
    mutating func connect(now: Milliseconds) {
        do {
            let stream = try UnixStream.connect(path: path, timeout: .zero, blocking: .never)
            var hello: [UInt8] = []
            Hello(role: .endpoint, programVersion: programVersion).encode(into: &hello)
            // The hello goes alone: calls that are held wait for the kernel's.
            guard case .bytes(hello.count) = try stream.write(hello) else { throw WireError.timedOut }
            splitter = FrameSplitter()
            state = .greeting(stream, until: now + Self.greetingTime)
        } catch {
            lose(now: now)
        }
    }

    /// Gives the connection up. Calls encoded for a connection that stood are dropped, since they may have left; those
    /// held for one that never stood stay.
    mutating func lose(now: Milliseconds) {
        if isReady {
            absentSince = now
            dropHeld()
        }
        state = .absent(nextTry: now + pause)
        pause = min(pause * 2, Self.longestPause)
    }

    /// Drops the calls that were held for the kernel.
    mutating func dropHeld() {
        guard !isReady else { return }
        outgoing = []
        sent = 0
    }

    // MARK: Frames

    mutating func send(_ call: CallFrame, callID: UInt64) { call.encode(callID: callID, into: &outgoing) }

    mutating func sendCancel(callID: UInt64) {
        guard isReady else { return }
        Frame(kind: .cancel, callID: callID).encode(into: &outgoing)
    }

    /// A frame that belongs to a call which has been sent.
    mutating func send(_ frame: Frame) {
        guard isReady else { return }
        frame.encode(into: &outgoing)
    }

    var hasOutgoing: Bool { isReady && sent < outgoing.count }

    /// Writes what the socket takes.
    mutating func flush() throws(WireError) {
        guard case .ready(let stream) = state else { return }
        while sent < outgoing.count {
            guard case .bytes(let count) = try stream.write(outgoing, from: sent) else { return }
            sent += count
        }
        if outgoing.capacity > 256 << 10 { outgoing = [] } else { outgoing.removeAll(keepingCapacity: true) }
        sent = 0
    }

    /// Reads once what has come.
    ///
    /// - Returns: whether there may be more.
    mutating func fill() throws(WireError) -> Bool {
        guard let stream else { return false }
        switch try stream.read(into: &splitter) {
        case .bytes(let count): return count == 64 << 10
        case .wouldBlock: return false
        case .closed: throw .closed
        }
    }

    /// The next frame about a call that has come whole; the hello is taken care of here.
    mutating func nextFrame() throws(WireError) -> Frame? {
        while let frame = try splitter.next() {
            if case .greeting(let stream, _) = state {
                let hello = try Hello(decoding: frame)
                guard hello.role == .kernel else { throw .incompatible("it is not the kernel") }
                state = .ready(stream)
                absentSince = nil
                pause = 25
                continue
            }
            guard frame.kind != .hello, frame.kind != .call else {
                throw .malformed("the kernel sent a frame of kind \(frame.kind)")
            }
            return frame
        }
        return nil
    }
}
