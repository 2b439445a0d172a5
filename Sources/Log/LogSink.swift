import Glibc
import Synchronization

/// Where finished lines go. A sink must not throw, and must keep lines whole when threads write at once.
package protocol LogSink: Sendable {
    /// - Parameter line: ends with the only line feed that it has.
    func write(_ line: String)
}

/// Standard error, or another open descriptor: one `write(2)` per line, so that lines of several threads, and of
/// several processes on one pipe (up to PIPE_BUF bytes), do not mix.
///
/// What cannot be written is lost: a full disk or a closed pipe must not stop the service. For the latter the
/// program must ignore SIGPIPE, which a library does not decide.
package struct DescriptorSink: LogSink {
    private let descriptor: Int32

    /// - Parameter descriptor: stays the caller's, and must stay open.
    package init(borrowing descriptor: Int32 = STDERR_FILENO) {
        self.descriptor = descriptor
    }

    package func write(_ line: String) {
        var rest = Array(line.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written > 0 {
                rest.removeFirst(written)
            } else if errno != EINTR {
                return
            }
        }
    }
}

/// Keeps the lines in memory, for tests that ask what was logged.
package final class MemorySink: LogSink {
    private let stored = Mutex<[String]>([])

    package init() {}

    /// The lines so far, without their line feeds.
    package var lines: [String] { stored.withLock { $0 } }

    package func write(_ line: String) {
        stored.withLock { $0.append(String(line.dropLast())) }
    }
}
