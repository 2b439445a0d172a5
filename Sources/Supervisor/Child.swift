import Glibc

/// The programs that the supervisor keeps running, in the order of their start.
package enum Child: String, CaseIterable, Sendable {
    case kernel, endpoint

    package var program: String {
        switch self {
        case .kernel: "crm-kernel"
        case .endpoint: "crm-rpc"
        }
    }
}

/// How a process ended, as `waitpid` tells it.
package enum ProcessEnd: Equatable, Sendable, CustomStringConvertible {
    case exited(code: Int32)
    case signalled(Int32)

    /// - Parameter status: as `waitpid` gives it for a process that ended (wait(2)).
    package init(waitStatus status: Int32) {
        let signal = status & 0x7F
        self = signal == 0 ? .exited(code: status >> 8 & 0xFF) : .signalled(signal)
    }

    /// The process did not choose this end.
    package var isCrash: Bool {
        if case .signalled = self { true } else { false }
    }

    /// It ran into something that its code did: a trap, an abort, a wild pointer. Not so a signal from outside.
    package var isFault: Bool {
        if case .signalled(let number) = self { Self.faults.contains(number) } else { false }
    }

    private static let faults: Set<Int32> = [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV]

    package var description: String {
        switch self {
        case .exited(code: 0): "ended"
        case .exited(let code): "ended with code \(code)"
        case .signalled(let number): "was ended by \(Self.names[number] ?? "signal \(number)")"
        }
    }

    /// The end, and why: a program that ends by itself says it in its last line. One that a signal ended was in the
    /// middle of something else, and its last line explains nothing.
    package func withReason(lastLine: String) -> String {
        switch self {
        case .exited(let code) where code != 0 && !lastLine.isEmpty: "\(self): \(lastLine)"
        case .exited, .signalled: description
        }
    }

    /// signal(7), the numbers of x86 and ARM. A Swift trap is SIGILL or SIGTRAP.
    private static let names: [Int32: String] = [
        1: "SIGHUP", 2: "SIGINT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE",
        9: "SIGKILL",
        11: "SIGSEGV", 13: "SIGPIPE", 15: "SIGTERM",
    ]
}
