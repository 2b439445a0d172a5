import CLinux
import Glibc

/// Takes from the process what the network's side of the platform never needs, so that whoever takes it over gets
/// little.
///
/// To be called by the only thread, after the listener is bound and the certificate read, before the loops start.
///
/// What Landlock reaches, and what it does not: files outside the given folders can no longer be opened, TCP
/// connections no longer be made, other processes no longer be signalled. `connect` on a Unix socket with a path,
/// however, is not filtered by the versions of Landlock up to 7: under one uid the endpoint could still knock on
/// `admin.sock`. Only another uid for the endpoint closes that door; then the mode of the socket does.
package enum Confinement {
    /// What has been achieved.
    package enum Files: Equatable, Sendable {
        /// Landlock of this version holds.
        case confined(version: Int)
        /// The system has no Landlock, or refuses it.
        case unconfined(reason: String)
    }

    /// No new rights by exec, no core dump, no debugger of the same user, descriptors for the connections.
    package static func harden(connections: Int) {
        _ = clinux_prctl(PR_SET_NO_NEW_PRIVS, 1)
        _ = clinux_prctl(PR_SET_DUMPABLE, 0)
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        _ = setrlimit(Int32(RLIMIT_CORE.rawValue), &none)
        var files = rlimit()
        let resource = Int32(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &files) == 0 else { return }
        // Beside the connections: sockets to the kernel, epoll, files for a moment.
        files.rlim_cur = min(max(files.rlim_cur, UInt(connections) + 128), files.rlim_max)
        _ = setrlimit(resource, &files)
    }

    private static let readAccess: UInt64 = 1 << 2 | 1 << 3

    /// Leaves nothing to be opened but what lies in these folders, and that for reading.
    package static func confineFiles(readableFolders: [String]) -> Files {
        let version = clinux_landlock_version()
        guard version > 0 else { return .unconfined(reason: "the system has no Landlock") }
        let rules = clinux_landlock_create(
            handledFiles(version), version >= 4 ? 0b11 : 0, version >= 6 ? 0b11 : 0)
        guard rules >= 0 else { return .unconfined(reason: String(cString: strerror(errno))) }
        defer { close(rules) }
        for folder in readableFolders {
            let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            _ = clinux_landlock_allow(rules, descriptor, readAccess)
            close(descriptor)
        }
        guard clinux_landlock_restrict(rules) == 0 else {
            return .unconfined(reason: String(cString: strerror(errno)))
        }
        return .confined(version: Int(version))
    }

    /// Every right over files that the version knows (linux/landlock.h): 13 at first, then to move files between
    /// folders, to truncate, and ioctl on devices.
    private static func handledFiles(_ version: Int32) -> UInt64 {
        let count: UInt64 =
            switch version {
            case 1: 13
            case 2: 14
            case 3, 4: 15
            default: 16
            }
        return 1 << count - 1
    }
}
