import Glibc

/// Reads a secret from the file that an option names. Whoever else may read the file knows the secret, so one
/// that all users of the system may read or write is refused.
enum SecretFile {
    private static let limitBytes = 64 << 10

    /// - Returns: the content without one line end.
    static func read(_ path: String, origin: SettingsOrigin) throws(SettingsError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw SettingsError(
                message:
                    "secret file \"\(path)\" could not be opened (\(origin)): \(String(cString: strerror(errno)))"
            )
        }
        defer { close(descriptor) }
        // Asked of the open file, not of the path, so that what is checked is what is read.
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw SettingsError(message: "secret file \"\(path)\" is not a regular file (\(origin))")
        }
        guard status.st_mode & 0o006 == 0 else {
            throw SettingsError(
                message: "secret file \"\(path)\" is open to every user of the system (\(origin))",
                hint: "Run chmod 600 \(path).")
        }
        guard status.st_size <= limitBytes else {
            throw SettingsError(
                message: "secret file \"\(path)\" is longer than \(limitBytes) bytes (\(origin))")
        }
        return try text(descriptor, path, origin)
    }

    private static func text(
        _ descriptor: Int32, _ path: String, _ origin: SettingsOrigin
    ) throws(SettingsError) -> String {
        var bytes = [UInt8](repeating: 0, count: limitBytes + 1)
        var count = 0
        while count < bytes.count {
            let received = bytes[count...].withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            if received == 0 { break }
            if received > 0 {
                count += received
            } else if errno != EINTR {
                throw SettingsError(message: "secret file \"\(path)\" could not be read (\(origin))")
            }
        }
        bytes.removeLast(bytes.count - count)
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw SettingsError(message: "secret file \"\(path)\" is not UTF-8 text (\(origin))")
        }
        return text
    }
}
