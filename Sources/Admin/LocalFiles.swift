import Crypto
import Foundation

/// A file of this machine that is sent: read twice, for its hash and for its bytes, never whole in memory.
final class SentFile {
    /// The last part of its path.
    let name: String
    let length: Int64
    private let path: String
    private let descriptor: Int32
    private var offset: Int64 = 0

    private static let pieceBytes = 64 << 10

    init(_ path: String) throws(AdminError) {
        self.path = path
        name = (path as NSString).lastPathComponent
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw AdminError("\"\(path)\" could not be opened: \(String(cString: strerror(errno)))")
        }
        var facts = stat()
        let isFile = fstat(descriptor, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
        length = Int64(facts.st_size)
        guard isFile else {
            close(descriptor)
            throw AdminError("\"\(path)\" is not a file")
        }
    }

    deinit { close(descriptor) }

    func digest() throws(AdminError) -> [UInt8] {
        var hash = SHA256()
        while true {
            let piece = try next()
            guard !piece.isEmpty else { break }
            hash.update(piece)
        }
        offset = 0
        return hash.finalize().bytes
    }

    /// The next piece; empty at the end.
    func next() throws(AdminError) -> [UInt8] {
        var room = [UInt8](repeating: 0, count: Int(min(Int64(Self.pieceBytes), length - offset)))
        let count = room.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
        guard count == room.count else {
            throw AdminError("\"\(path)\" could not be read, or changes while it is sent")
        }
        offset += Int64(count)
        return room
    }
}

/// A file that is fetched: written beside its place under another name, and put there when it is whole and has the hash
/// that was announced. `-` is standard output.
final class DownloadedFile {
    /// Nil for standard output.
    let path: String?
    private let part: String
    private let descriptor: Int32
    private let facts: FileFacts
    private var hash: SHA256? = SHA256()
    private var isWhole = false

    init(_ wanted: String?, _ facts: FileFacts, overwriting: Bool) throws(AdminError) {
        self.facts = facts
        guard wanted != "-" else {
            path = nil
            part = ""
            descriptor = STDOUT_FILENO
            return
        }
        var place = wanted ?? Self.safe(facts.name)
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: place, isDirectory: &isFolder), isFolder.boolValue {
            place += "/" + Self.safe(facts.name)
        }
        guard overwriting || !FileManager.default.fileExists(atPath: place) else {
            throw AdminError("\"\(place)\" is there already", hint: "Name another place, or add --overwrite.")
        }
        path = place
        part = "\(place).\(getpid()).part"
        descriptor = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw AdminError("\"\(part)\" could not be made: \(String(cString: strerror(errno)))")
        }
    }

    deinit {
        guard path != nil else { return }
        close(descriptor)
        if !isWhole { unlink(part) }
    }

    /// What another machine calls a file is a name here, and nothing else.
    private static func safe(_ name: String) -> String {
        let plain = name.replacing("/", with: "_").replacing("\0", with: "_")
        return plain.hasPrefix(".") || plain.isEmpty ? "file" + plain : plain
    }

    func append(_ bytes: [UInt8]) throws(AdminError) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                write(descriptor, $0.baseAddress?.advanced(by: offset), $0.count - offset)
            }
            guard count > 0 || errno == EINTR else {
                throw AdminError("the file could not be written: \(String(cString: strerror(errno)))")
            }
            offset += max(0, count)
        }
        hash?.update(bytes)
    }

    func finish() throws(AdminError) {
        let digest = hash.take()?.finalize().hex
        guard facts.sha256 == nil || digest == facts.sha256 else {
            throw AdminError(
                "the file that came has another SHA-256 than was announced", hint: "Fetch it again.")
        }
        guard let path else { return }
        guard fsync(descriptor) == 0, rename(part, path) == 0 else {
            throw AdminError("\"\(path)\" could not be written: \(String(cString: strerror(errno)))")
        }
        isWhole = true
    }
}
