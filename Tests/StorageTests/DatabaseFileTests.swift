import CRMSDK
import Foundation
import Glibc
import Log
import Query
import Registry
import SQLite
import Storage
import Testing

@Suite("Storage: the database file")
struct DatabaseFileTests {
    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int)
    }

    /// Opens the database in a folder and answers the refusal.
    private func refusal(_ folder: String, mustExist: Bool = true) -> CRMError? {
        #expect(throws: CRMError.self) { _ = try TestDatabase(folder: folder, mustExist: mustExist) }
    }

    @Test("file, log and index of the log are closed to others")
    func modes() throws {
        let test = try TestDatabase()
        try test.makeTable()
        for suffix in ["", "-wal", "-shm"] { #expect(try mode(test.path + suffix) == 0o600) }
    }

    @Test("the settings that hold for a lifetime are those of the design")
    func settings() throws {
        let test = try TestDatabase()
        let connection = try Connection(path: test.path, access: .readOnly)
        #expect(try connection.texts("PRAGMA journal_mode") == ["wal"])
        #expect(try connection.integer("PRAGMA page_size") == 4_096)
        #expect(try connection.integer("PRAGMA application_id") == 0x43524D31)
        let writer = try test.writer.perform { transaction throws(CRMError) in
            var values: [Int64] = []
            for pragma in [
                "synchronous", "foreign_keys", "secure_delete", "trusted_schema", "wal_autocheckpoint",
            ] {
                values.append(try transaction.first(Statement("PRAGMA \(pragma)")) { $0.int64(0) } ?? -1)
            }
            return values
        }
        #expect(writer[0...3] == [2, 1, 1, 0])
    }

    @Test("what was stored is there after closing and opening, counters included")
    func reopening() throws {
        let folder = try TestDatabase.makeFolder()
        let first = try TestDatabase(folder: folder)
        try first.makeTable()
        _ = try first.writer.perform { t throws(CRMError) in
            try t.insert("a")
            try t.append(.sample(1))
            return try t.nextRecordID()
        }
        first.database.close()
        let second = try TestDatabase(folder: folder, mustExist: true)
        #expect(try second.texts("SELECT v FROM t") == ["a"])
        let next = try second.writer.perform { t throws(CRMError) in
            (try t.nextRecordID(), try t.append(.sample(2)))
        }
        #expect(next == (RecordID(2), 2))
        #expect(try ChangeLog.verify(second.reader()).firstBroken == nil)
        #expect(!second.log.lines.contains { $0.contains("not clean") })
        withExtendedLifetime(first) {}
    }

    @Test("a copy of file and log taken while the writer runs opens, is checked, and holds whole units only")
    func recovery() throws {
        let test = try TestDatabase()
        try test.makeTable()
        let writer = test.writer
        for number in 0..<200 {
            writer.submit(deadline: nil) { t throws(CRMError) in
                try t.insert("a\(number)")
                try t.append(.sample(Int64(number)))
                try t.insert("b\(number)")
            } completion: { _ in
            }
        }
        try writer.perform { _ throws(CRMError) in }
        let acknowledged = 200
        let copy = try TestDatabase.makeFolder()
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(
                atPath: test.path + suffix, toPath: copy + "/crm.sqlite" + suffix)
        }
        // What a crash leaves of a transaction that was being written: half a frame at the end.
        let log = try #require(FileHandle(forUpdatingAtPath: copy + "/crm.sqlite-wal"))
        try log.seekToEnd()
        try log.write(contentsOf: Data(repeating: 0x5A, count: 3_000))
        try log.close()

        let recovered = try TestDatabase(folder: copy, mustExist: true)
        #expect(recovered.log.lines.contains { $0.contains("not clean") })
        #expect(try recovered.integers("SELECT count(*) FROM t") == [Int64(acknowledged * 2)])
        #expect(try ChangeLog.verify(recovered.reader()).entries == Int64(acknowledged))
        #expect(try ChangeLog.verify(recovered.reader()).firstBroken == nil)
    }

    @Test("a log cut off anywhere leaves a prefix of the units, each of them whole", arguments: 0..<8)
    func cutLog(part: Int) throws {
        let test = try TestDatabase()
        try test.makeTable()
        for number in 0..<20 {
            try test.writer.perform { t throws(CRMError) in
                try t.insert("a\(number)")
                try t.append(.sample(Int64(number)))
                try t.insert("b\(number)")
            }
        }
        let copy = try TestDatabase.makeFolder()
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(
                atPath: test.path + suffix, toPath: copy + "/crm.sqlite" + suffix)
        }
        let length = try #require(
            try FileManager.default.attributesOfItem(atPath: copy + "/crm.sqlite-wal")[.size] as? Int)
        // Behind the tables' own making, which is in the first quarter of the log or in the file already.
        truncate(copy + "/crm.sqlite-wal", length * (part + 16) / 24)
        let recovered = try TestDatabase(folder: copy, mustExist: true)
        let rows = try recovered.integers("SELECT count(*) FROM t")[0]
        let entries = try ChangeLog.verify(recovered.reader())
        #expect(entries.firstBroken == nil)
        #expect(rows == entries.entries * 2)
        #expect(entries.entries <= 20)
    }

    @Test("a missing database is refused where it must exist, with the way to make one")
    func missing() throws {
        let folder = try TestDatabase.makeFolder()
        let error = refusal(folder)
        #expect(error?.message == "database file \"\(folder)/crm.sqlite\" does not exist")
        #expect(error?.hint == "Run crm init.")
    }

    @Test("a file of a newer kernel is refused and left as it is")
    func newer() throws {
        let folder = try TestDatabase.makeFolder()
        let test = try TestDatabase(folder: folder)
        test.database.close()
        try Connection(path: test.path, access: .readWrite)
            .execute("UPDATE crm_meta SET value = 999 WHERE key = 'schema_version'")
        let error = refusal(folder)
        #expect(
            error?.message == "database file \"\(test.path)\" was written by a newer version of this program")
        #expect(error?.hint?.contains("999") == true)
    }

    @Test("a file that is no database, or another program's, is refused")
    func foreign() throws {
        let folder = try TestDatabase.makeFolder()
        let path = folder + "/crm.sqlite"
        try Data(repeating: 0x41, count: 8_192).write(to: URL(fileURLWithPath: path))
        chmod(path, 0o600)
        #expect(refusal(folder)?.message == "database file \"\(path)\" is not a database")
        try FileManager.default.removeItem(atPath: path)
        try Connection(path: path, access: .create).execute("CREATE TABLE notes (text)")
        chmod(path, 0o600)
        #expect(refusal(folder)?.message == "database file \"\(path)\" is not a database")
    }

    @Test("a file that others can read is refused")
    func tooOpen() throws {
        let folder = try TestDatabase.makeFolder()
        let test = try TestDatabase(folder: folder)
        test.database.close()
        chmod(test.path, 0o640)
        #expect(refusal(folder)?.message.contains("can be read by other users") == true)
    }

    @Test("a file damaged inside is refused after an end that was not clean")
    func damaged() throws {
        let test = try TestDatabase()
        try test.makeTable()
        for _ in 0..<20 {
            try test.writer.perform { t throws(CRMError) in
                for _ in 0..<50 { try t.insert(UUID().uuidString + String(repeating: "x", count: 200)) }
            }
        }
        let copy = try TestDatabase.makeFolder()
        try Connection(path: test.path, access: .readWrite).checkpoint(.truncate)
        try FileManager.default.copyItem(atPath: test.path, toPath: copy + "/crm.sqlite")
        let file = try #require(FileHandle(forUpdatingAtPath: copy + "/crm.sqlite"))
        for page in stride(from: 60, to: 70, by: 1) {
            try file.seek(toOffset: UInt64(page * 4_096))
            try file.write(contentsOf: Data(repeating: 0xEE, count: 4_096))
        }
        try file.close()
        let error = refusal(copy)
        #expect(error?.message == "database file \"\(copy)/crm.sqlite\" is damaged")
    }

    @Test("the write-ahead log is moved into the file while the database is in use")
    func checkpoints() throws {
        let test = try TestDatabase()
        try test.makeTable()
        func size(_ path: String) -> Int {
            (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
        }
        // The checkpoint runs beside the writer: it must come before 200 MB were written.
        let big = String(repeating: "x", count: 100_000)
        var number = 0
        while size(test.path) < 4_000_000, number < 2_000 {
            try test.writer.perform { [number] t throws(CRMError) in try t.insert("\(number)" + big) }
            number += 1
        }
        #expect(number < 2_000)
        test.database.close()
        #expect(size(test.path) > number * 100_000)
        #expect(size(test.path + "-wal") == 0)
    }

    @Test("a statement of a reader that runs too long ends in limitExceeded")
    func statementLimit() throws {
        let test = try TestDatabase { $0.statementLimitMilliseconds = 1 }
        let reader = try test.reader()
        let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        let error = #expect(throws: CRMError.self) { try reader.rows(Statement(endless)) { _ in .next } }
        #expect(error?.kind == .limitExceeded)
        #expect(try reader.first(Statement("SELECT 1")) { $0.int64(0) } == 1)
    }

    @Test("too few or too many values for a statement are our fault, not the caller's")
    func bindings() throws {
        let reader = try TestDatabase().reader()
        for values in [[], [.integer(1), .integer(2)]] as [[StoredValue]] {
            let error = #expect(throws: CRMError.self) {
                try reader.rows(Statement("SELECT ?1", values)) { _ in .next }
            }
            #expect(error?.kind == .internalError)
        }
    }

    @Test("a plan is read as indented lines")
    func queryPlan() throws {
        let test = try TestDatabase()
        try test.makeTable()
        let lines = try test.reader().queryPlan(Statement("SELECT * FROM t WHERE v = ?1", [.text("a")]))
        #expect(lines.count == 1 && lines[0].contains("sqlite_autoindex_t_1"))
    }
}

@Suite("Storage: the lock of a data folder")
struct DataFolderLockTests {
    private func folder() throws -> String {
        let folder = try TestDatabase.makeFolder()
        try DataFolderLock.makeFolders(folder)
        return folder
    }

    @Test("a second kernel is told which folder and which process")
    func second() throws {
        let folder = try folder()
        let lock = try DataFolderLock(folder: folder)
        #expect(lock.databasePath == folder + "/kernel/crm.sqlite")
        let error = #expect(throws: CRMError.self) { _ = try DataFolderLock(folder: folder) }
        #expect(
            error?.message == "data folder \"\(folder)\" is in use by another kernel (process \(getpid()))")
        withExtendedLifetime(lock) {}
    }

    @Test("a folder that was let go can be taken again")
    func again() throws {
        let folder = try folder()
        for _ in 0..<2 { _ = try DataFolderLock(folder: folder) }
    }

    struct Mode: Sendable, CustomTestStringConvertible {
        let part: String
        let mode: mode_t
        let allowed: Bool
        var testDescription: String { "\(part.isEmpty ? "folder" : part) \(String(mode, radix: 8))" }
    }

    @Test(
        "a folder wider than its owner is refused with the command that closes it",
        arguments: [
            Mode(part: "", mode: 0o700, allowed: true), Mode(part: "", mode: 0o710, allowed: true),
            Mode(part: "", mode: 0o750, allowed: false), Mode(part: "", mode: 0o701, allowed: false),
            Mode(part: "", mode: 0o755, allowed: false), Mode(part: "", mode: 0o720, allowed: false),
            Mode(part: "/kernel", mode: 0o700, allowed: true),
            Mode(part: "/kernel", mode: 0o710, allowed: false),
            Mode(part: "/kernel", mode: 0o704, allowed: false),
        ])
    func modes(_ sample: Mode) throws {
        let folder = try folder()
        chmod(folder + sample.part, sample.mode)
        guard !sample.allowed else {
            _ = try DataFolderLock(folder: folder)
            return
        }
        let error = #expect(throws: CRMError.self) { _ = try DataFolderLock(folder: folder) }
        #expect(error?.message == "data folder \"\(folder + sample.part)\" is open to other users")
        #expect(error?.hint == "Run chmod 700 \"\(folder + sample.part)\".")
    }

    @Test("a missing folder, and a file or link in its place, are refused")
    func notAFolder() throws {
        let folder = try TestDatabase.makeFolder()
        #expect(throws: CRMError.self) { _ = try DataFolderLock(folder: folder + "/none") }
        #expect(throws: CRMError.self) { _ = try DataFolderLock(folder: folder) }
        try FileManager.default.createSymbolicLink(atPath: folder + "/kernel", withDestinationPath: "/tmp")
        #expect(throws: CRMError.self) { _ = try DataFolderLock(folder: folder) }
    }
}
