import COpenSSL
import Crypto
import Glibc

/// Reads and writes the files that hold certificates and private keys. A key is read only from a regular file of ours
/// that nobody else may read, checked on the same descriptor it is read from.
enum PEMFile {
    private static let maximumBytes = 1 << 20

    /// Who may read the file.
    enum Secrecy {
        case anyone
        /// Owned by the user of this process, mode 0600 or narrower.
        case ownerOnly
    }

    static func read(_ path: String, secrecy: Secrecy) throws(TLSError) -> [UInt8] {
        let descriptor = open(
            path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (secrecy == .ownerOnly ? O_NOFOLLOW : 0))
        guard descriptor >= 0 else { throw failure("read", path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("read", path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw TLSError(.file, "\"\(path)\" is not a regular file")
        }
        if secrecy == .ownerOnly {
            guard status.st_uid == geteuid() else {
                throw TLSError(
                    .file, "the key \"\(path)\" belongs to another user",
                    hint: "Run: chown \(geteuid()) \(path)")
            }
            guard status.st_mode & 0o077 == 0 else {
                throw TLSError(
                    .file, "the key \"\(path)\" can be read by others", hint: "Run: chmod 600 \(path)")
            }
        }
        return try contents(of: descriptor, path)
    }

    private static func contents(of descriptor: Int32, _ path: String) throws(TLSError) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            guard count >= 0 else { throw failure("read", path) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: piece[..<count])
            guard bytes.count <= maximumBytes else { throw TLSError(.file, "\"\(path)\" is too large") }
        }
    }

    /// Writes a file whole or not at all: beside the path, to the disk, then into its place.
    static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws(TLSError) {
        let temporary = "\(path).\(Hexadecimal.encode(SecureRandom.bytes(6)))"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw failure("write", temporary) }
        var isWritten = fchmod(descriptor, mode) == 0
        var offset = 0
        while isWritten, offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            isWritten = count > 0
            offset += max(count, 0)
        }
        isWritten = isWritten && fsync(descriptor) == 0
        let code = errno
        close(descriptor)
        if isWritten, rename(temporary, path) == 0 { return }
        let cause = isWritten ? errno : code
        unlink(temporary)
        throw TLSError(.file, "could not write \"\(path)\": \(String(cString: strerror(cause)))")
    }

    private static func failure(_ verb: String, _ path: String) -> TLSError {
        TLSError(.file, "could not \(verb) \"\(path)\": \(String(cString: strerror(errno)))")
    }
}

extension OpaquePointer {
    /// Gives `body` a BIO that reads the bytes.
    static func withReader<Result>(
        of bytes: [UInt8], _ body: (OpaquePointer) throws(TLSError) -> Result
    ) throws(TLSError) -> Result {
        guard let bio = BIO_new(BIO_s_mem()) else {
            throw TLSError(.file, "there is no memory for a certificate")
        }
        defer { BIO_free(bio) }
        BIO_write(bio, bytes, Int32(bytes.count))
        return try body(bio)
    }

    /// The bytes that `body` writes to a BIO; nil if it answers anything but 1.
    static func writtenBytes(_ body: (OpaquePointer) -> Int32) -> [UInt8]? {
        guard let bio = BIO_new(BIO_s_mem()) else { return nil }
        defer { BIO_free(bio) }
        guard body(bio) == 1 else { return nil }
        var start: UnsafeMutablePointer<CChar>?
        let count = copenssl_memory_contents(bio, &start)
        guard let start, count > 0 else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }
}
