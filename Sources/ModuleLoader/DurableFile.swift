import CRMSDK
import Glibc

/// Writes a file whole or not at all: a temporary one beside it, made durable, then renamed over it.
///
/// After a crash either the old or the new bytes are there; a temporary file left behind is overwritten next time.
enum DurableFile {
    static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws(CRMError) {
        let temporary = "\(path).\(getpid()).new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failure(path) }
        var isWritten =
            write(bytes, to: descriptor) && fchmod(descriptor, mode) == 0 && fsync(descriptor) == 0
        isWritten = close(descriptor) == 0 && isWritten
        guard isWritten, rename(temporary, path) == 0, syncFolder(of: path) else {
            let error = failure(path)
            unlink(temporary)
            throw error
        }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var sent = 0
            while sent < buffer.count, let base = buffer.baseAddress {
                let count = Glibc.write(descriptor, base + sent, buffer.count - sent)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }

    /// The rename is durable only when the folder is.
    private static func syncFolder(of path: String) -> Bool {
        guard let slash = path.lastIndex(of: "/") else { return false }
        let descriptor = open(String(path[..<slash]), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fsync(descriptor) == 0
    }

    private static func failure(_ path: String) -> CRMError {
        CRMError(
            .unavailable, "a file of the kernel's could not be written",
            hint: "Look for free space and rights in the data folder.",
            detail: "\(path): \(String(cString: strerror(errno)))")
    }
}
