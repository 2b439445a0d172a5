import CRMSDK
import Crypto
import Glibc

/// Files read, copied and made durable, by descriptors that follow no link at the end of a path.
enum FileCopy {
    /// What was copied.
    struct Facts {
        let bytes: Int64
        let mode: UInt32
        let digest: SHA256Digest
    }

    private static let pieceBytes = 1 << 20

    /// - Returns: nil when there is no such file.
    static func read(_ path: String, limitBytes: Int) throws(CRMError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw failure("read", path)
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        while let piece = try piece(of: descriptor, path) {
            bytes += piece
            guard bytes.count <= limitBytes else {
                throw CRMError(.unavailable, "\"\(path)\" is longer than \(limitBytes) bytes")
            }
        }
        return bytes
    }

    /// The bytes' count, mode and hash, read to the end.
    static func facts(of path: String) throws(CRMError) -> Facts { try copy(path, to: nil) }

    /// Copies one file; durable when this returns, its name only when its folder is synchronised as well.
    ///
    /// - Parameters:
    ///   - target: must not exist yet; nil only reads.
    ///   - mode: of the copy; nil for the owner's part of the original's.
    static func copy(_ path: String, to target: String?, mode: UInt32? = nil) throws(CRMError) -> Facts {
        let source = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        var status = stat()
        guard source >= 0, fstat(source, &status) == 0 else {
            let error = failure("read", path)
            if source >= 0 { close(source) }
            throw error
        }
        defer { close(source) }
        let mode = mode ?? UInt32(status.st_mode & 0o700)
        guard let target else { return try pass(source, path, to: nil, mode) }
        let written = open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard written >= 0 else { throw failure("make", target) }
        defer { close(written) }
        let facts = try pass(source, path, to: (written, target), mode)
        guard fchmod(written, mode_t(mode)) == 0, fsync(written) == 0 else { throw failure("store", target) }
        return facts
    }

    /// Writes a small file whole, durable when this returns.
    static func write(_ bytes: [UInt8], to path: String) throws(CRMError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("make", path) }
        defer { close(descriptor) }
        guard put(bytes, to: descriptor), fsync(descriptor) == 0 else { throw failure("store", path) }
    }

    /// Makes the names in a folder durable.
    static func synchronise(folder: String) throws(CRMError) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("read", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("store", folder) }
    }

    static func makeFolder(_ path: String) throws(CRMError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("make", path) }
    }

    static func failure(_ verb: String, _ path: String) -> CRMError {
        CRMError(
            .unavailable, "could not \(verb) \"\(path)\": \(String(cString: strerror(errno)))",
            hint: errno == ENOSPC ? "Free some space and try again." : nil)
    }

    private static func pass(
        _ source: Int32, _ path: String, to target: (descriptor: Int32, path: String)?, _ mode: UInt32
    ) throws(CRMError) -> Facts {
        var hash = SHA256()
        var count: Int64 = 0
        while let piece = try piece(of: source, path) {
            hash.update(piece)
            count += Int64(piece.count)
            if let target, !put(piece, to: target.descriptor) { throw failure("write", target.path) }
        }
        return Facts(bytes: count, mode: mode, digest: hash.finalize())
    }

    /// The next bytes; nil at the end.
    private static func piece(of descriptor: Int32, _ path: String) throws(CRMError) -> [UInt8]? {
        var count = 0
        let piece = [UInt8](unsafeUninitializedCapacity: pieceBytes) { buffer, initialized in
            repeat {
                count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            } while count < 0 && errno == EINTR
            initialized = max(0, count)
        }
        guard count >= 0 else { throw failure("read", path) }
        return count == 0 ? nil : piece
    }

    private static func put(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
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
}
