import CRMSDK
import Crypto
import Glibc

/// 32 secret bytes in a file of their own, 0600, made when they are first asked for.
struct SecretKeyFile {
    let path: String

    private static let byteCount = 32

    func key() throws(CRMError) -> [UInt8] {
        let made = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        if made >= 0 {
            defer { close(made) }
            let key = SecureRandom.bytes(Self.byteCount)
            let written = key.withUnsafeBytes { write(made, $0.baseAddress, $0.count) }
            guard written == key.count, fsync(made) == 0 else {
                unlink(path)
                throw refusal("could not be written")
            }
            return key
        }
        guard errno == EEXIST else { throw refusal("could not be made") }
        return try read()
    }

    private func read() throws(CRMError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else { throw refusal("could not be opened") }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & 0o077 == 0 else {
            throw CRMError(
                .unavailable, "key file \"\(path)\" is open to others", hint: "Set its mode to 0600.")
        }
        var key = [UInt8](repeating: 0, count: Self.byteCount + 1)
        let count = key.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
        guard count == Self.byteCount else {
            throw CRMError(
                .unavailable, "key file \"\(path)\" is damaged",
                hint: "Remove it; open cursors become useless.")
        }
        return Array(key.prefix(count))
    }

    private func refusal(_ what: String) -> CRMError {
        CRMError(.unavailable, "key file \"\(path)\" \(what): \(String(cString: strerror(errno)))")
    }
}
