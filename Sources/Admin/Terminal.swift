import Glibc
import Synchronization

/// The process's own standard streams. Used by one thread.
package final class Terminal: ConsoleStreams {
    package let isOutputTerminal: Bool
    package let isErrorTerminal: Bool
    package let isInteractive: Bool
    private let isColoured: Bool

    package init(environment: [String: String]) {
        isOutputTerminal = isatty(STDOUT_FILENO) == 1
        isErrorTerminal = isatty(STDERR_FILENO) == 1
        isInteractive = isatty(STDIN_FILENO) == 1 && isErrorTerminal
        isColoured = isErrorTerminal && Self.allowsColour(environment)
        watchInterrupts()
    }

    /// `NO_COLOR` (no-color.org) and a terminal that can do nothing forbid it.
    static func allowsColour(_ environment: [String: String]) -> Bool {
        (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    package var width: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    package func write(_ text: String) { write(text, to: STDOUT_FILENO) }

    package func writeError(_ text: String) {
        guard isColoured, text.hasPrefix("error:") else { return write(text, to: STDERR_FILENO) }
        write("\u{1B}[31merror:\u{1B}[0m\(text.dropFirst(6))", to: STDERR_FILENO)
    }

    private func write(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                offset += count
            } else if errno != EINTR {
                // The reader has gone (`| head`), or the disk is full: nothing more can be told.
                exit(errno == EPIPE ? ExitCode.done.rawValue : ExitCode.failed.rawValue)
            }
        }
    }

    package func ask(_ question: String, isSecret: Bool) throws(AdminError) -> String {
        writeError(question)
        var before = termios()
        let isSilenced = isSecret && tcgetattr(STDIN_FILENO, &before) == 0
        if isSilenced {
            var silent = before
            silent.c_lflag &= ~tcflag_t(ECHO)
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        }
        defer {
            if isSilenced {
                tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
                writeError("\n")
            }
        }
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while true {
            let count = read(STDIN_FILENO, &byte, 1)
            if takeInterrupt() { throw .interrupted }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .interrupted }
            if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
    }

    package func takeInterrupt() -> Bool { interrupts.exchange(0, ordering: .relaxed) > 0 }

    /// Ctrl-C is noted; what runs looks at it between two steps. Reads and writes that wait are ended by it.
    private func watchInterrupts() {
        _ = interrupts.load(ordering: .relaxed)
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in
            // The second one ends the program: whatever was to look at the first does not.
            if interrupts.add(1, ordering: .relaxed).oldValue >= 1 { _exit(ExitCode.interrupted.rawValue) }
        }
        sigaction(SIGINT, &action, nil)
        signal(SIGPIPE, SIG_IGN)
    }
}

/// Ctrl-C presses that nobody has looked at yet. Global, since a signal's handler can reach nothing else.
private let interrupts = Atomic<Int>(0)
