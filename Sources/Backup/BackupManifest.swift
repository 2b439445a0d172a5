import CRMSDK
import Crypto
import JSON
import Storage

/// What is in a backup: `manifest.json` in its folder, written last. Without it a backup is none.
///
/// ```json
/// {"format": 1, "made_at": "2026-11-23T01:05:00.000Z", "version": "1.0.0",
///  "log": {"seq": 9241, "hash": "…"},
///  "files": [{"path": "crm.sqlite", "bytes": 11935744, "mode": 384, "sha256": "…"}]}
/// ```
struct BackupManifest {
    struct File {
        /// Relative to the backup's `kernel` folder and to a data folder's.
        let path: String
        let bytes: Int64
        let mode: UInt32
        let digest: SHA256Digest
    }

    static let fileName = "manifest.json"
    /// Grows when an older program could not restore what a newer one wrote.
    private static let format: Int64 = 1
    private static let sizeLimitBytes = 256 << 20

    var madeAt: Instant
    var version: String
    var log: DatabaseCopy.LogHead
    var files: [File]

    var bytes: Int64 { files.reduce(0) { $0 + $1.bytes } }

    func json() -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("format")
        writer.int(Self.format)
        writer.key("made_at")
        writer.instantString(millisecondsSince1970: madeAt.millisecondsSince1970)
        writer.key("version")
        writer.string(version)
        writer.key("log")
        writer.beginObject()
        writer.key("seq")
        writer.int(log.sequence)
        writer.key("hash")
        writer.string(log.hash)
        writer.endObject()
        writer.key("files")
        writer.beginArray()
        for file in files {
            writer.beginObject()
            writer.key("path")
            writer.string(file.path)
            writer.key("bytes")
            writer.int(file.bytes)
            writer.key("mode")
            writer.int(Int64(file.mode))
            writer.key("sha256")
            writer.string(file.digest.hex)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.finish()
    }
}

extension BackupManifest {
    /// Reads a manifest as something from outside: a path in it that leaves the folder is refused.
    ///
    /// - Throws: `unavailable`, naming the backup.
    init(ofBackup folder: String) throws(CRMError) {
        let path = "\(folder)/\(Self.fileName)"
        guard let bytes = try FileCopy.read(path, limitBytes: Self.sizeLimitBytes) else {
            throw CRMError(
                .unavailable, "\"\(folder)\" is no backup: it has no \(Self.fileName)",
                hint: "Name the folder of one backup, such as backups/2026-11-23T01-05-00Z.")
        }
        guard let document = try? JSONDocument(parsing: bytes, sizeLimitBytes: Self.sizeLimitBytes),
            let manifest = Self(document.root)
        else {
            throw CRMError(
                .unavailable, "\"\(path)\" cannot be read as a backup's list of files",
                hint: "It was changed, or a newer version of this program wrote it.")
        }
        self = manifest
    }

    private init?(_ root: JSONNode) {
        guard root["format"]?.int64 == Self.format,
            let moment = root["made_at"]?.string, let madeAt = Instant(moment),
            let version = root["version"]?.string,
            let sequence = root["log"]?["seq"]?.int64, let hash = root["log"]?["hash"]?.string,
            let list = root["files"], list.kind == .array
        else { return nil }
        self.madeAt = madeAt
        self.version = version
        log = DatabaseCopy.LogHead(sequence: sequence, hash: hash)
        files = []
        for node in list.elements {
            guard let path = node["path"]?.string, Self.staysInside(path),
                let bytes = node["bytes"]?.int64, bytes >= 0,
                let mode = node["mode"]?.int64, let bits = UInt32(exactly: mode), bits & ~0o700 == 0,
                let text = node["sha256"]?.string, let digest = SHA256Digest(hex: text)
            else { return nil }
            files.append(File(path: path, bytes: bytes, mode: bits, digest: digest))
        }
        guard files.contains(where: { $0.path == KernelFiles.database }),
            Set(files.map(\.path)).count == files.count
        else { return nil }
    }

    private static func staysInside(_ path: String) -> Bool {
        !path.utf8.contains(0)
            && path.split(separator: "/", omittingEmptySubsequences: false)
                .allSatisfy { !["", ".", ".."].contains($0) }
    }
}
