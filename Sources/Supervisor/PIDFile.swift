import CLinux
import Glibc

/// `run/crm.pid`: says which process supervises the data folder, and keeps a second one out.
///
/// One line: process id and start time. The running supervisor holds a lock on the file; the line only tells others
/// whom to ask. The start time keeps a number that the system has given to another process since from being
/// mistaken for it. The file is emptied at the end, never removed: a lock on a removed file protects nothing.
final class PIDFile {
    private let descriptor: Int32

    /// Takes the folder for this process.
    ///
    /// - Throws: if another supervisor has it.
    init(_ folder: DataFolder) throws(SupervisorError) {
        descriptor = open(folder.pidFile, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("open \"\(folder.pidFile)\"") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            var other = ""
            if let running = RunningSupervisor.find(folder) { other = " (process \(running.process))" }
            throw SupervisorError(
                "the platform already runs on \"\(folder.path)\"\(other)",
                hint: "Stop it with crm stop, or choose another folder with --data.")
        }
        let process = getpid()
        let ticks = ProcessFacts(of: process)?.startTicks ?? 0
        let line = Array("\(process) \(ticks)\n".utf8)
        let count = line.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        guard count == line.count, ftruncate(descriptor, off_t(line.count)) == 0 else {
            close(descriptor)
            throw .system("write \"\(folder.pidFile)\"")
        }
    }

    deinit {
        ftruncate(descriptor, 0)
        close(descriptor)
    }
}

/// The supervisor that runs on a data folder, seen from another process.
struct RunningSupervisor: ~Copyable {
    let process: pid_t
    /// A descriptor that stands for exactly that process.
    private let descriptor: Int32

    /// Nil if none runs.
    static func find(_ folder: DataFolder) -> RunningSupervisor? {
        guard let line = SmallFile.read(folder.pidFile) else { return nil }
        let parts = line.split(whereSeparator: \.isWhitespace)
        guard parts.count == 2, let process = pid_t(parts[0]), process > 0, let ticks = UInt64(parts[1])
        else {
            return nil
        }
        // First the descriptor, then the look at the start time: so both mean the same process.
        let descriptor = clinux_process_descriptor(process)
        guard descriptor >= 0 else { return nil }
        guard ProcessFacts(of: process)?.startTicks == ticks else {
            close(descriptor)
            return nil
        }
        return RunningSupervisor(process: process, descriptor: descriptor)
    }

    deinit { close(descriptor) }

    /// Asks it to end.
    func terminate() throws(SupervisorError) {
        guard clinux_signal_process(descriptor, SIGTERM) == 0 || errno == ESRCH else {
            throw .system("signal process \(process)")
        }
    }

    /// Waits for its end; false if it has not come by then.
    func waitForEnd(_ limit: Duration) -> Bool {
        let deadline = ContinuousClock.now + limit
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while true {
            let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
            let ready = poll(&entry, 1, Int32(max(0, left)))
            if ready > 0 { return true }
            guard ready < 0, errno == EINTR else { return false }
        }
    }
}
