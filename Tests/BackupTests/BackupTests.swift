import Backup
import CRMSDK
import Crypto
import Foundation
import Log
import Storage
import Testing

@Suite("Backup: a checked copy of a running installation")
final class BackupTests {
    private let folder = NSTemporaryDirectory() + "crm-backup-\(UUID().uuidString)"
    private let database: Database
    private let backups: BackupFolder
    private let noon = Instant("2026-11-23T12:00:00Z")!

    init() throws {
        let kernel = folder + "/kernel"
        for path in [kernel, kernel + "/modules"] {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        database = try Database(
            options: .init(path: kernel + "/crm.sqlite", mustExist: false),
            log: Log(room: "test", level: .warning, sink: MemorySink()))
        backups = BackupFolder(
            path: folder + "/backups", database: database, kernelFolder: kernel, version: "1.2.3")
        try Self.write("library", to: kernel + "/modules/a.so", mode: 0o500)
        try Self.write("key", to: kernel + "/cursor.key", mode: 0o600)
        // Of this machine and this run alone.
        for name in ["lock", "quarantine", "initial-admin-password", "modules/b.so.17.new"] {
            try Self.write("x", to: "\(kernel)/\(name)", mode: 0o600)
        }
        try append(3)
    }

    deinit {
        database.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    private static func write(_ text: String, to path: String, mode: Int) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    private func append(_ count: Int) throws {
        for _ in 0..<count {
            try database.writer.perform { transaction throws(CRMError) in
                try transaction.append(ChangeEntry(.login, source: "api", method: "auth.login"))
            }
        }
    }

    private func paths(in folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    private func emptyFolder(_ name: String) throws -> String {
        let path = "\(folder)/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        return path
    }

    @Test("files of records are in it, those that are being received are not")
    func filesOfRecords() throws {
        let received = try database.files.receive()
        try received.append([1, 2, 3])
        let content = try received.finish()
        try database.writer.perform { transaction throws(CRMError) in
            try transaction.keep(content)
            try transaction.note(content.digest, of: RecordID(7))
        }
        let coming = try database.files.receive()
        try coming.append([4])
        let made = try backups.make(at: noon)
        let hex = content.digest.hex
        let copied = try paths(in: "\(backups.path)/\(made.name)/kernel").filter { $0.hasPrefix("files/") }
        #expect(copied == ["files/\(hex.prefix(2))", "files/\(hex.prefix(2))/\(hex)"])
        withExtendedLifetime(coming) {}
    }

    @Test("what is restored is what was there, with its modes, and without what is of the moment")
    func roundTrip() throws {
        let made = try backups.make(at: noon)
        #expect(made.name == "2026-11-23T12-00-00Z")
        #expect(made.version == "1.2.3")
        #expect(made.log.sequence == 3)
        try append(2)

        let restored = try emptyFolder("restored")
        let restoration = try Restoration(backup: "\(backups.path)/\(made.name)")
        #expect(restoration.madeAt == noon)
        #expect(try restoration.place(into: restored) == made.log)
        #expect(try paths(in: restored) == ["crm.sqlite", "cursor.key", "modules", "modules/a.so"])
        #expect(try mode(restored + "/crm.sqlite") == 0o600)
        #expect(try mode(restored + "/modules/a.so") == 0o500)
        #expect(FileManager.default.contents(atPath: restored + "/modules/a.so") == Data("library".utf8))

        let copy = try Database(
            options: .init(path: restored + "/crm.sqlite"),
            log: Log(room: "test", level: .warning, sink: MemorySink()))
        defer { copy.close() }
        let verified = try ChangeLog.verify(copy.makeReader())
        #expect(verified.firstBroken == nil)
        #expect(verified.entries == 3)
        #expect(verified.headHash == made.log.hash)
    }

    @Test("the newest are kept, and nothing that we have not made is removed")
    func keeping() throws {
        for hour in 0..<4 as Range<Int64> {
            let moment = Instant(millisecondsSince1970: noon.millisecondsSince1970 + hour * 3_600_000)
            // A folder of an administrator's own, with a copy in it, is not ours to remove.
            if hour == 1 {
                try FileManager.default.copyItem(
                    atPath: backups.path + "/2026-11-23T12-00-00Z", toPath: backups.path + "/before the move")
            }
            _ = try backups.make(at: moment, keep: hour < 3 ? nil : 2)
        }
        let left = try backups.list().map(\.name)
        #expect(left == ["2026-11-23T14-00-00Z", "2026-11-23T15-00-00Z", "before the move"])
    }

    @Test("what a kill left is removed by the next; a second one in the same second is refused")
    func leftovers() throws {
        let partial = backups.path + "/.2026-11-23T11-00-00Z"
        try FileManager.default.createDirectory(
            atPath: partial + "/kernel", withIntermediateDirectories: true)
        _ = try backups.make(at: noon)
        #expect(!FileManager.default.fileExists(atPath: partial))
        #expect(throws: CRMError.self) { try backups.make(at: noon) }
        #expect(try backups.list().count == 1)
    }

    @Test("a backup that cannot be written leaves nothing, and says which file")
    func unwritable() throws {
        try Self.write("a file where the folder should be", to: backups.path, mode: 0o600)
        let error = try #require(throws: CRMError.self) { try backups.make(at: noon) }
        #expect(error.message.contains(backups.path))
        #expect(try backups.list().isEmpty)
    }

    /// Something that happened to a backup, and what the refusal names.
    struct Damage: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let names: String
        let happen: @Sendable (String) throws -> Void

        init(_ description: String, names: String, _ happen: @escaping @Sendable (String) throws -> Void) {
            testDescription = description
            self.names = names
            self.happen = happen
        }

        /// The manifest, changed.
        init(_ old: String, to new: String) {
            self.init("manifest: \(old) → \(new)", names: "manifest.json") { backup in
                let path = backup + "/manifest.json"
                let text = try String(contentsOfFile: path, encoding: .utf8)
                let changed = text.replacingOccurrences(of: old, with: new)
                try #require(changed != text)
                try Data(changed.utf8).write(to: URL(fileURLWithPath: path))
            }
        }
    }

    @Test(
        "a damaged backup is refused, and the refusal names what is wrong",
        arguments: [
            Damage("a byte of the database", names: "crm.sqlite") { backup in
                let file = try FileHandle(forUpdating: URL(fileURLWithPath: backup + "/kernel/crm.sqlite"))
                try file.seek(toOffset: 20_000)
                try file.write(contentsOf: Data([0xFF]))
            },
            Damage("a file is shorter", names: "cursor.key") { backup in
                try BackupTests.write("ke", to: backup + "/kernel/cursor.key", mode: 0o600)
            },
            Damage("a file is missing", names: "modules/a.so") { backup in
                try FileManager.default.removeItem(atPath: backup + "/kernel/modules/a.so")
            },
            Damage("a link in place of a file", names: "cursor.key") { backup in
                try FileManager.default.removeItem(atPath: backup + "/kernel/cursor.key")
                try FileManager.default.createSymbolicLink(
                    atPath: backup + "/kernel/cursor.key", withDestinationPath: "/etc/hostname")
            },
            Damage("no manifest", names: "is no backup") { backup in
                try FileManager.default.removeItem(atPath: backup + "/manifest.json")
            },
            Damage(#""format":1"#, to: #""format":2"#),
            Damage(#""path":"cursor.key""#, to: #""path":"../cursor.key""#),
            Damage(#""path":"cursor.key""#, to: #""path":"/etc/crm""#),
            Damage(#""path":"cursor.key""#, to: #""path":"modules//x""#),
            Damage(#""path":"cursor.key""#, to: #""path":"modules/a.so""#),
            Damage(#""path":"crm.sqlite""#, to: #""path":"crm.db""#),
            Damage(#""mode":320"#, to: #""mode":511"#),
            Damage(#"{"format""#, to: #"["format""#),
            Damage("the log ends elsewhere", names: "change log") { backup in
                let path = backup + "/manifest.json"
                let text = try String(contentsOfFile: path, encoding: .utf8)
                try Data(text.replacingOccurrences(of: #""seq":3"#, with: #""seq":2"#).utf8)
                    .write(to: URL(fileURLWithPath: path))
            },
        ])
    func damaged(_ damage: Damage) throws {
        let made = try backups.make(at: noon)
        let backup = "\(backups.path)/\(made.name)"
        try damage.happen(backup)
        let restored = try emptyFolder("restored")
        let error = try #require(throws: CRMError.self) {
            try Restoration(backup: backup).place(into: restored)
        }
        #expect(error.message.contains(damage.names), "\(error.message)")
    }

    @Test("files that are there already are not written over")
    func occupied() throws {
        let made = try backups.make(at: noon)
        let restored = try emptyFolder("restored")
        try Self.write("mine", to: restored + "/cursor.key", mode: 0o600)
        #expect(throws: CRMError.self) {
            try Restoration(backup: "\(backups.path)/\(made.name)").place(into: restored)
        }
        #expect(FileManager.default.contents(atPath: restored + "/cursor.key") == Data("mine".utf8))
    }
}
