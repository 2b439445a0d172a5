import Glibc
import Log

/// `kernel/quarantine`: the crashes that happened in module code, a line each, from which the kernel decides at its
/// start which modules stay out. The kernel owns the file; the supervisor adds a line only while no kernel runs.
///
/// The line is the owner's, `Quarantine.Crash` in the room ModuleLoader: `instant phase module reason`. A test holds
/// the two together.
struct CrashLedger {
    let path: String

    /// The hook's name while a module is being loaded; nothing else may be called so.
    static let loadingHook = "(loading)"

    /// - Returns: false if the line could not be written; `errno` says why.
    func note(_ call: ModuleCalls.Call, reason: String, at millisecondsSince1970: Int64) -> Bool {
        let instant = UTCClock.format(millisecondsSince1970: millisecondsSince1970)
        let phase = call.hook == Self.loadingHook ? "loading" : "running"
        let line = Array("\(instant) \(phase) \(call.module) \(reason)\n".utf8)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let count = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        return count == line.count && fsync(descriptor) == 0
    }
}
