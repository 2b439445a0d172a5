package import CRMSDK
package import Crypto
import Glibc
import Synchronization

/// The bytes of files, in a folder beside the database: each once, under the SHA-256 of its bytes.
///
///     files/incoming/…          being received; everything here is thrown away when the kernel starts
///     files/3f/3fa9…            whole, durable, never written again
///
/// A file comes in through `IncomingFile`, and gets its place inside the unit of work that notes it in the database
/// (`WriteTransaction.keep`), on the writer's thread; it is removed on the same thread once the COMMIT that forgot it
/// has returned. So the two can never cross. Killed between the two, the kernel leaves bytes that no row names: `sweep`
/// finds them.
package final class FileStore: Sendable {
    /// What uploads leave to the database, of a disk that fills: a sixteenth of it, at most 256 MiB.
    private static let largestReserve = 256 << 20

    let folder: String
    private let held = Mutex(Held())

    /// Who wants every file that there is to stay for now.
    private struct Held {
        var count = 0
        var hasSkipped = false
    }

    /// - Parameter databasePath: the folder lies beside the database.
    init(databasePath: String) {
        let end = databasePath.lastIndex(of: "/") ?? databasePath.startIndex
        folder = databasePath[..<end] + (end == databasePath.startIndex ? "files" : "/files")
    }

    /// Whether a file was ever received.
    var isThere: Bool { access(folder, F_OK) == 0 }

    private var incoming: String { folder + "/incoming" }

    func path(of digest: SHA256Digest) -> String { "\(subfolder(of: digest))/\(digest.hex)" }
    private func subfolder(of digest: SHA256Digest) -> String { "\(folder)/\(digest.hex.prefix(2))" }

    // MARK: In

    /// Begins to receive a file.
    ///
    /// - Throws: `unavailable` when the disk is full or cannot be written.
    package func receive() throws(CRMError) -> IncomingFile {
        try Self.makeFolder(folder)
        try Self.makeFolder(incoming)
        let path = "\(incoming)/\(Base64URL.encode(SecureRandom.bytes(18)))"
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .file(errno) }
        return IncomingFile(path: path, descriptor: descriptor)
    }

    /// Whether so many bytes would leave the database the room that it needs.
    package func hasRoom(for bytes: Int64) -> Bool {
        var facts = statvfs()
        guard statvfs(folder, &facts) == 0 || statvfs(String(folder.dropLast("/files".count)), &facts) == 0
        else { return true }
        let block = Int64(clamping: facts.f_frsize)
        let (total, free) = (Int64(clamping: facts.f_blocks), Int64(clamping: facts.f_bavail))
        let reserve = min(total / 16 * block, Int64(Self.largestReserve))
        return bytes <= free * block - reserve
    }

    /// Gives a received file its place; called again, it finds it there. For the writer's thread.
    func place(_ content: FileContent) throws(CRMError) {
        let subfolder = subfolder(of: content.digest)
        try Self.makeFolder(subfolder)
        let place = path(of: content.digest)
        if rename(content.path, place) != 0 {
            let code = errno
            // A unit that runs again, or bytes that are there already under the same hash.
            guard code == ENOENT, access(place, R_OK) == 0 else { throw .file(code) }
        }
        try Self.sync(folder: subfolder)
    }

    // MARK: Out

    /// Opens a file; it can be read on although it is removed meanwhile.
    ///
    /// - Throws: `internalError` where the database names a file that is not there: somebody took it away.
    package func open(_ digest: SHA256Digest) throws(CRMError) -> OutgoingFile {
        let descriptor = Glibc.open(path(of: digest), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            guard code != ENOENT else {
                throw CRMError(
                    .internalError, "a file is missing in the data folder", detail: path(of: digest))
            }
            throw .file(code)
        }
        return OutgoingFile(descriptor: descriptor)
    }

    // MARK: Away

    /// For the writer's thread, after the COMMIT that forgot it.
    func remove(_ digest: SHA256Digest) {
        let isHeld = held.withLock { held in
            if held.count > 0 { held.hasSkipped = true }
            return held.count > 0
        }
        if !isHeld { unlink(path(of: digest)) }
    }

    func hold() { held.withLock { $0.count += 1 } }

    /// - Returns: whether files have stayed that must go now.
    func release() -> Bool {
        held.withLock { held in
            held.count -= 1
            guard held.count == 0, held.hasSkipped else { return false }
            held.hasSkipped = false
            return true
        }
    }

    /// Throws away what was being received when the last kernel ended. Before anything is received.
    package func clearIncoming() {
        for name in Self.names(in: incoming) { unlink("\(incoming)/\(name)") }
    }

    /// The hashes under which bytes lie in one of the 256 folders.
    func digests(inFolder number: UInt8) -> [SHA256Digest] {
        let name = (number < 16 ? "0" : "") + String(number, radix: 16)
        return Self.names(in: "\(folder)/\(name)").compactMap { SHA256Digest(hex: $0) }
    }

    // MARK: The system

    private static func makeFolder(_ path: String) throws(CRMError) {
        if mkdir(path, 0o700) == 0 {
            // The name of a new folder must outlive a power cut as well as what is put into it.
            try sync(folder: String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
        } else if errno != EEXIST {
            throw .file(errno)
        }
    }

    private static func sync(folder: String) throws(CRMError) {
        let descriptor = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file(errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .file(errno) }
    }

    private static func names(in folder: String) -> [String] {
        guard let listing = opendir(folder) else { return [] }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}

/// A file that is being received: written to disk and hashed piece by piece. Gone with its last reference, unless it
/// has been given its place. Used by one thread at a time.
package final class IncomingFile {
    private let path: String
    private let descriptor: Int32
    private var hash: SHA256? = SHA256()
    package private(set) var byteCount: Int64 = 0
    /// The first bytes, by which the kind of file is known.
    package private(set) var beginning: [UInt8] = []

    private static let beginningBytes = 512

    init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    /// - Throws: `unavailable` when the disk is full or cannot be written.
    package func append(_ bytes: [UInt8]) throws(CRMError) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                write(descriptor, $0.baseAddress?.advanced(by: offset), $0.count - offset)
            }
            guard count > 0 || errno == EINTR else { throw .file(errno) }
            offset += max(0, count)
        }
        hash?.update(bytes)
        byteCount += Int64(bytes.count)
        if beginning.count < Self.beginningBytes {
            beginning += bytes.prefix(Self.beginningBytes - beginning.count)
        }
    }

    /// Makes what has come durable. Nothing can be appended afterwards.
    package func finish() throws(CRMError) -> FileContent {
        guard let hash = hash.take() else { throw CRMError(.internalError, "a file was finished twice") }
        guard fsync(descriptor) == 0 else { throw .file(errno) }
        return FileContent(digest: hash.finalize(), byteCount: byteCount, path: path)
    }
}

/// A whole file that has no place yet; its `IncomingFile` must outlive it.
package struct FileContent: Sendable {
    package let digest: SHA256Digest
    package let byteCount: Int64
    let path: String
}

/// A file that is being read. Used by one thread at a time.
package final class OutgoingFile {
    private let descriptor: Int32

    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    package var byteCount: Int64 {
        var facts = stat()
        return fstat(descriptor, &facts) == 0 ? Int64(facts.st_size) : 0
    }

    /// Reads at most `limit` bytes; none at the end.
    package func read(at offset: Int64, limit: Int) throws(CRMError) -> [UInt8] {
        var code: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { room, count in
            var got: Int
            repeat {
                got = pread(descriptor, room.baseAddress, limit, off_t(offset))
            } while got < 0 && errno == EINTR
            code = got < 0 ? errno : 0
            count = max(0, got)
        }
        guard code == 0 else { throw .file(code) }
        return bytes
    }
}

extension CRMError {
    /// What the system says about a file in the data folder.
    static func file(_ code: Int32) -> CRMError {
        let detail = String(cString: strerror(code))
        guard code == ENOSPC || code == EDQUOT else {
            return CRMError(
                .unavailable, "the file could not be stored or read", hint: "Try again.", detail: detail)
        }
        return .diskFull
    }
}
