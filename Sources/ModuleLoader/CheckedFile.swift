import CRMSDK
import Glibc

/// Opens files without trusting the path: no symbolic link at its end, a regular file, of bounded size, read once
/// through one descriptor, so that what was checked is what is used.
enum CheckedFile {
    /// More than any module: 256 MiB.
    static let sizeLimitBytes = 256 << 20

    /// What messages call a file: its last component. Paths go to the log only.
    static func label(_ path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return name.hasSuffix(".so") ? "module file \"\(name)\"" : "file \"\(name)\""
    }

    /// The bytes of a module's file, wherever it lies.
    ///
    /// - Parameter ownerOnly: Also demands that it belongs to this process's user and that nobody may write to it.
    static func read(_ path: String, ownerOnly: Bool = false) throws(CRMError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw refusal(opening: path, errno) }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw refusal(opening: path, errno) }
        try check(facts, path, ownerOnly: ownerOnly)
        return try bytes(of: descriptor, count: Int(facts.st_size), path)
    }

    private static func check(_ facts: stat, _ path: String, ownerOnly: Bool) throws(CRMError) {
        let file = label(path)
        guard facts.st_mode & S_IFMT == S_IFREG else {
            throw CRMError(
                .invalidParameters, "\(file) is not a regular file", hint: "Give the library itself.",
                detail: path)
        }
        guard facts.st_size <= sizeLimitBytes else {
            throw CRMError(
                .limitExceeded, "\(file) is larger than \(sizeLimitBytes >> 20) MiB",
                hint: "Strip its debug information.", detail: path)
        }
        guard facts.st_mode & S_IWOTH == 0 else {
            throw CRMError(
                .invalidParameters, "\(file) is writable by everyone",
                hint: "Take that right away (chmod o-w) after making sure that it is the file you mean.",
                detail: path)
        }
        guard !ownerOnly || (facts.st_uid == geteuid() && facts.st_mode & 0o277 == 0) else {
            throw CRMError(
                .invalidParameters, "\(file) in the kernel's store has another owner or wider rights",
                hint: "Enable the module from its source again.", detail: path)
        }
    }

    /// Exactly the file's bytes; a file that shrinks or grows meanwhile is refused.
    private static func bytes(of descriptor: Int32, count: Int, _ path: String) throws(CRMError) -> [UInt8] {
        var filled = 0
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count + 1) { buffer, initialized in
            while filled < buffer.count, let base = buffer.baseAddress {
                let got = Glibc.read(descriptor, base + filled, buffer.count - filled)
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = errno }
                guard got > 0 else { break }
                filled += got
            }
            initialized = filled
        }
        guard failure == 0 else { throw refusal(opening: path, failure) }
        guard bytes.count == count else {
            throw CRMError(
                .unavailable, "\(label(path)) changed while it was read",
                hint: "Try again when it is complete.",
                detail: path)
        }
        return bytes
    }

    private static func refusal(opening path: String, _ code: Int32) -> CRMError {
        let file = label(path)
        let detail = "\(path): \(String(cString: strerror(code)))"
        switch code {
        case ENOENT, ENOTDIR:
            return CRMError(
                .notFound, "\(file) does not exist", hint: "Check the name and the modules folder.",
                detail: detail)
        case ELOOP:
            return CRMError(
                .invalidParameters, "\(file) is a symbolic link", hint: "Give the file that it points to.",
                detail: detail)
        case EACCES, EPERM:
            return CRMError(
                .invalidParameters, "\(file) may not be read by the kernel",
                hint: "Let the kernel's user read it.", detail: detail)
        default:
            return CRMError(
                .unavailable, "\(file) could not be read", hint: "Look into the kernel's log.", detail: detail
            )
        }
    }
}
