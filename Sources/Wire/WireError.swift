import Glibc

/// What can go wrong on a Unix socket between two of our processes.
///
/// Would-block is a result of the calls, never one of these. After any of these, except `timedOut` while
/// connecting, the connection is of no more use: close it and connect anew.
package enum WireError: Error, Equatable, Sendable {
    /// A frame announced more than `Frame.maximumBytes`; nothing was allocated for it.
    case frameTooLarge(bytes: Int)
    /// A frame's bytes do not follow the layout; the text names the part.
    case malformed(String)
    /// The other side's first frame was not our hello: another protocol, or another version of this one.
    case incompatible(String)
    /// The other side closed the connection.
    case closed
    /// The deadline passed before the operation was complete.
    case timedOut
    /// A listener on this path is alive.
    case addressInUse(path: String)
    /// A system call could not be done; `code` is its errno.
    case system(operation: String, code: Int32)
}

extension WireError: CustomStringConvertible {
    /// One line for a log or a terminal.
    package var description: String {
        switch self {
        case .frameTooLarge(let bytes): "a frame of \(bytes) bytes is over the limit of \(Frame.maximumBytes)"
        case .malformed(let part): "a frame is malformed: \(part)"
        case .incompatible(let reason): "the other side cannot be spoken to: \(reason)"
        case .closed: "the other side closed the connection"
        case .timedOut: "the other side did not answer in time"
        case .addressInUse(let path): "another process already listens on \"\(path)\""
        case .system(let operation, let code): "could not \(operation): \(String(cString: strerror(code)))"
        }
    }

    /// The error of the system call that has just returned -1 on this thread.
    static func last(_ operation: String) -> WireError { .system(operation: operation, code: errno) }
}
