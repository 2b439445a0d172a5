import CLinux
import Glibc

/// Gives up what the kernel does not need, before it reads anything: files for others, core dumps, new privileges,
/// being traced (K2 and K4 of SECURITY.md).
enum Hardening {
    /// Whether the program was started with rights that its caller has not, by a set-user-id bit: then its caller's
    /// environment would decide which libraries and modules it loads (M2).
    static var hasForeignRights: Bool { getuid() != geteuid() || getgid() != getegid() }

    static func apply() {
        umask(0o077)
        signal(SIGPIPE, SIG_IGN)
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        _ = clinux_prctl(PR_SET_NO_NEW_PRIVS, 1)
        _ = clinux_prctl(PR_SET_DUMPABLE, 0)
    }
}
