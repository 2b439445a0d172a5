import CLinux
import Glibc

/// The signals that the supervisor answers to, as a descriptor to poll instead of handlers that interrupt it.
final class SignalInbox {
    let descriptor: Int32

    /// Call it on the first thread, before there are others: threads inherit what is blocked.
    init(_ numbers: [Int32]) throws(SupervisorError) {
        var mask = sigset_t()
        sigemptyset(&mask)
        for number in numbers { sigaddset(&mask, number) }
        guard sigprocmask(SIG_BLOCK, &mask, nil) == 0 else { throw .system("block signals") }
        descriptor = signalfd(-1, &mask, Int32(SFD_CLOEXEC) | Int32(SFD_NONBLOCK))
        guard descriptor >= 0 else { throw .system("listen for signals") }
    }

    deinit { close(descriptor) }

    /// The next signal that has come; nil if none waits.
    func next() -> Int32? {
        var information = signalfd_siginfo()
        let count = withUnsafeMutableBytes(of: &information) { read(descriptor, $0.baseAddress, $0.count) }
        return count == MemoryLayout<signalfd_siginfo>.size ? Int32(information.ssi_signo) : nil
    }
}
