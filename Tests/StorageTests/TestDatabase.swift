import CRMSDK
import Foundation
import Log
import Query
import Registry
import Storage

/// A database in a fresh folder, closed and gone with this object.
final class TestDatabase: Sendable {
    let folder: String
    let log: MemorySink
    let database: Database

    var path: String { folder + "/crm.sqlite" }
    var writer: StorageWriter { database.writer }

    /// - Parameter folder: an existing one, for opening a database again.
    init(
        folder: String? = nil, mustExist: Bool = false,
        _ change: (inout Database.Options) -> Void = { _ in }
    ) throws {
        self.folder = try folder ?? Self.makeFolder()
        log = MemorySink()
        var options = Database.Options(path: self.folder + "/crm.sqlite", mustExist: mustExist)
        change(&options)
        database = try Database(options: options, log: Log(room: "test", level: .debug, sink: log))
    }

    deinit {
        database.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    static func makeFolder() throws -> String {
        let folder = NSTemporaryDirectory() + "storage-tests-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        return folder
    }

    func reader() throws -> ReadConnection { try database.makeReader() }

    /// The first column of all rows.
    func integers(_ sql: String, _ bindings: [StoredValue] = []) throws -> [Int64] {
        var result: [Int64] = []
        try reader().rows(Statement(sql, bindings)) { row in
            result.append(row.int64(0))
            return .next
        }
        return result
    }

    func texts(_ sql: String) throws -> [String] {
        var result: [String] = []
        try reader().rows(Statement(sql)) { row in
            result.append(row.text(0))
            return .next
        }
        return result
    }

    /// A table to write to, without any meaning.
    func makeTable() throws {
        try writer.perform { transaction throws(CRMError) in
            try transaction.execute(
                Statement("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT UNIQUE, n INTEGER) STRICT"))
        }
    }
}

extension WriteTransaction {
    func insert(_ value: String) throws(CRMError) {
        try execute(Statement("INSERT INTO t (v) VALUES (?1)", [.text(value)]))
    }
}

extension ChangeEntry {
    static func sample(_ number: Int64, kind: ChangeKind = .update) -> ChangeEntry {
        ChangeEntry(
            kind, entity: 3, record: RecordID(number), version: number, actor: RecordID(1), source: "api",
            method: "record.update", payload: Array("{\"amount\":[\(number),\(number + 1)]}".utf8))
    }
}
