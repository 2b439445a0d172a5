package import CRMSDK
import Glibc

/// Holds a data folder for one kernel: an `flock` on `kernel/lock` in it, which ends with the process.
///
/// The folders must belong to this user and be closed to others, since sockets, keys and data lie in them.
package final class DataFolderLock: Sendable {
    private let descriptor: Int32

    /// The folder with the database and the modules.
    package let kernelFolder: String

    package var databasePath: String { kernelFolder + "/crm.sqlite" }

    /// Makes the folder and its `kernel` part, 0700, where they are missing.
    package static func makeFolders(_ folder: String) throws(CRMError) {
        for path in [folder, folder + "/kernel"] where mkdir(path, 0o700) != 0 && errno != EEXIST {
            throw CRMError(
                .unavailable, "data folder \"\(path)\" could not be made: \(String(cString: strerror(errno)))"
            )
        }
    }

    /// - Throws: `unavailable` when a folder is missing, another user's or open to others, and when another kernel
    ///   holds it, naming that kernel's process.
    package init(folder: String) throws(CRMError) {
        kernelFolder = folder + "/kernel"
        // Others of the group may pass through, for the sockets in `run`, but see and write nothing.
        try Self.check(folder, forbidden: 0o067, wanted: "700")
        try Self.check(kernelFolder, forbidden: 0o077, wanted: "700")
        let path = kernelFolder + "/lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw CRMError(
                .unavailable, "lock file \"\(path)\" could not be opened: \(String(cString: strerror(errno)))"
            )
        }
        // The object is whole already: its deinit closes the file.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw CRMError(
                .unavailable,
                "data folder \"\(folder)\" is in use by another kernel\(Self.holder(descriptor))",
                hint: "Stop it first, or name another data folder.")
        }
        writeHolder()
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    private static func check(_ path: String, forbidden: mode_t, wanted: String) throws(CRMError) {
        var facts = stat()
        guard lstat(path, &facts) == 0 else {
            throw CRMError(
                .unavailable, "data folder \"\(path)\" does not exist", hint: "Run crm init.",
                detail: String(cString: strerror(errno)))
        }
        guard facts.st_mode & S_IFMT == S_IFDIR else {
            throw CRMError(.unavailable, "data folder \"\(path)\" is not a folder")
        }
        guard facts.st_uid == geteuid() else {
            throw CRMError(.unavailable, "data folder \"\(path)\" belongs to another user")
        }
        guard facts.st_mode & forbidden == 0 else {
            throw CRMError(
                .unavailable, "data folder \"\(path)\" is open to other users",
                hint: "Run chmod \(wanted) \"\(path)\".")
        }
    }

    private static func holder(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 20)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        let digits = bytes.prefix(max(0, count)).prefix { (0x30...0x39).contains($0) }
        return digits.isEmpty ? "" : " (process \(String(decoding: digits, as: UTF8.self)))"
    }

    /// For people and for the message of a second kernel; the lock holds without it.
    private func writeHolder() {
        let text = Array("\(getpid())\n".utf8)
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.count, 0)
    }
}
