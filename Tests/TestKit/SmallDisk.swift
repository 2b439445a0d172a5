import Glibc

/// A disk in memory, mounted on a folder of its own: small, so that a test can fill it. Gone with its last reference.
package final class SmallDisk: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private let path: String

    package init(at path: String, bytes: Int) throws {
        self.path = path
        guard mkdir(path, 0o700) == 0, mount("none", path, "tmpfs", 0, "size=\(bytes),mode=0700") == 0 else {
            throw Failure(description: "no disk on \(path): \(String(cString: strerror(errno)))")
        }
    }

    // Whoever still has files open there keeps them until they close them.
    deinit { umount2(path, Int32(MNT_DETACH)) }

    /// Whether this process may mount: where it may not, tests that need it are skipped, and say so.
    package static let isPermitted: Bool = {
        guard let folder = try? TemporaryFolder() else { return false }
        return (try? SmallDisk(at: folder.path("disk"), bytes: 1 << 20)) != nil
    }()
}
