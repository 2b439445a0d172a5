import Glibc

/// What the system says of a running process (proc_pid_stat(5)).
struct ProcessFacts: Equatable {
    let parent: pid_t
    /// Clock ticks from the system's start to the process's: with the process id it names one process for ever.
    let startTicks: UInt64

    /// Nil if there is no such process.
    init?(of process: pid_t) {
        guard let text = SmallFile.read("/proc/\(process)/stat") else { return nil }
        self.init(stat: text)
    }

    /// Nil unless the text has the form of `/proc/PID/stat`, or if it is of a process that has ended and only waits
    /// for its parent to take notice.
    init?(stat text: String) {
        // The program's name stands in parentheses, and may contain anything, parentheses too.
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        // proc_pid_stat(5) counts from 1, the name is field 2: state 3, parent 4, start time 22.
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X",
            let parent = pid_t(fields[1]), let startTicks = UInt64(fields[19])
        else { return nil }
        self.parent = parent
        self.startTicks = startTicks
    }
}

/// Files of a few kilobytes, read and replaced whole.
enum SmallFile {
    /// Nil if it could not be read, or is longer than `limit` bytes.
    static func read(_ path: String, limit: Int = 64 << 10) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return read(descriptor, limit: limit)
    }

    static func read(_ descriptor: Int32, limit: Int = 64 << 10) -> String? {
        var bytes: [UInt8] = []
        while bytes.count <= limit {
            let before = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: 4096))
            let count = bytes[before...].withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            bytes.removeLast(4096 - max(0, count))
            if count == 0 { return String(validating: bytes, as: UTF8.self) }
            if count < 0, errno != EINTR { return nil }
        }
        return nil
    }

    /// Replaces the file in one step: a reader sees the old content or the new. Mode 0600.
    ///
    /// - Returns: false if that could not be done; `errno` says why.
    static func replace(_ path: String, with bytes: [UInt8]) -> Bool {
        let draft = "\(path).new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
        return count == bytes.count && rename(draft, path) == 0
    }
}
