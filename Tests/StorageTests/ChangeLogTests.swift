import CRMSDK
import Crypto
import Log
import Query
import Registry
import SQLite
import Storage
import Testing

@Suite("Storage: the change log")
struct ChangeLogTests {
    private let test: TestDatabase

    init() throws {
        test = try TestDatabase()
        for number in 1...5 as ClosedRange<Int64> {
            try test.writer.perform { transaction throws(CRMError) in
                try transaction.append(.sample(number))
                try transaction.append(ChangeEntry(.login, source: "api", method: "auth.login"))
            }
        }
    }

    private func verify() throws -> ChangeLog.Verification {
        try ChangeLog.verify(test.reader(), pageSize: 3)
    }

    /// Changes the file behind the platform's back.
    private func tamper(_ sql: String) throws {
        try Connection(path: test.path, access: .readWrite).execute(sql)
    }

    @Test("an untouched log verifies, whatever the page size", arguments: [1, 2, 3, 9, 10, 11, 1_000])
    func verifies(pageSize: Int) throws {
        var progress: [Int64] = []
        let result = try ChangeLog.verify(test.reader(), pageSize: pageSize) { progress.append($0) }
        #expect(result.firstBroken == nil)
        #expect(result.entries == 10)
        #expect(progress.last == 10)
        let head = try test.reader().first(Statement("SELECT hash FROM crm_change WHERE seq = 10")) {
            $0.bytes(0)
        }
        #expect(SHA256Digest(bytes: head ?? [])?.hex == result.headHash)
    }

    @Test("an empty log verifies")
    func empty() throws {
        let result = try ChangeLog.verify(TestDatabase().reader())
        #expect(result.firstBroken == nil && result.entries == 0)
    }

    struct Tampering: Sendable, CustomTestStringConvertible {
        let sql: String
        var sequence: Int64 = 7
        var testDescription: String { sql }
    }

    /// The column's bytes with another first one, whatever that is.
    private static func otherFirstByte(_ column: String) -> String {
        "CAST(iif(substr(\(column), 1, 1) = x'00', x'01', x'00') || substr(\(column), 2) AS BLOB)"
    }

    static let columns: [Tampering] =
        ["change_set", "at", "version", "entity", "record", "actor"].flatMap { column in
            [
                Tampering(sql: "UPDATE crm_change SET \(column) = coalesce(\(column), 0) + 1 WHERE seq = 7"),
                Tampering(sql: "UPDATE crm_change SET \(column) = \(column) - 1 WHERE seq = 7"),
            ]
        }
        + ["source", "method", "kind"].map {
            Tampering(sql: "UPDATE crm_change SET \($0) = \($0) || 'x' WHERE seq = 7")
        }
        + ["entity", "record", "version", "actor"].map {
            Tampering(sql: "UPDATE crm_change SET \($0) = NULL WHERE seq = 7")
        }
        + ["payload_hash", "hash"].map {
            Tampering(sql: "UPDATE crm_change SET \($0) = \(otherFirstByte($0)) WHERE seq = 7")
        }
        + ["salt", "payload"].map {
            Tampering(sql: "UPDATE crm_change_payload SET \($0) = \(otherFirstByte($0)) WHERE seq = 7")
        }
        + [
            Tampering(sql: "UPDATE crm_change SET seq = 70 WHERE seq = 7"),
            Tampering(sql: "UPDATE crm_change_payload SET seq = 70 WHERE seq = 7"),
            Tampering(sql: "DELETE FROM crm_change WHERE seq = 7"),
            Tampering(sql: "DELETE FROM crm_change_payload WHERE seq = 7"),
            Tampering(sql: "DELETE FROM crm_change WHERE seq = 1", sequence: 1),
            Tampering(sql: "INSERT INTO crm_change_payload VALUES (11, x'00', x'00')", sequence: 11),
            Tampering(
                sql: "UPDATE crm_meta SET value = randomblob(16) WHERE key = 'installation'", sequence: 1),
            // Two values that run into each other must not look like two others.
            Tampering(sql: "UPDATE crm_change SET source = 'apir', method = 'ecord.update' WHERE seq = 7"),
        ]

    @Test("a change to any column is found at its entry", arguments: columns)
    func tampering(_ tampering: Tampering) throws {
        try tamper(tampering.sql)
        #expect(try verify().firstBroken?.sequence == tampering.sequence)
    }

    @Test("an entry that was rewritten with a hash of its own breaks the next one")
    func rewritten() throws {
        try tamper(
            "UPDATE crm_change SET payload_hash = randomblob(32), hash = randomblob(32) WHERE seq = 10")
        #expect(try verify().firstBroken?.sequence == 10)
    }

    @Test("an erased payload is excused by its entry alone, and the log stays whole")
    func erase() throws {
        try test.writer.perform { transaction throws(CRMError) in
            try transaction.erasePayloads(
                of: [3, 5, 5], note: ChangeEntry(.erase, source: "console", method: "person.erase"))
        }
        #expect(try verify().firstBroken == nil)
        #expect(try test.integers("SELECT count(*) FROM crm_change_payload WHERE seq IN (3, 5)") == [0])
        let entries = try ChangeLog.entries(test.reader(), after: 2, limit: 3)
        #expect(entries.map(\.isErased) == [true, false, true])
        #expect(
            try ChangeLog.entries(test.reader(), after: 10, limit: 1)[0].entry.payload
                == Array(#"{"erased":[3,5]}"#.utf8))
        try tamper("DELETE FROM crm_change_payload WHERE seq = 7")
        #expect(try verify().firstBroken?.sequence == 7)
    }

    @Test(
        "the entry that excuses others cannot be erased, nor one that does not exist",
        arguments: [11, 12, 0, -1])
    func eraseRefused(sequence: Int64) throws {
        let note = ChangeEntry(.erase, source: "console", method: "person.erase")
        try test.writer.perform { t throws(CRMError) in try t.erasePayloads(of: [3], note: note) }
        #expect(throws: CRMError.self) {
            try test.writer.perform { t throws(CRMError) in
                try t.erasePayloads(of: [4, sequence], note: note)
            }
        }
        #expect(try test.integers("SELECT count(*) FROM crm_change_payload WHERE seq = 4") == [1])
    }

    @Test("the hash is what the format says, computed by hand")
    func format() throws {
        let row = try test.reader().first(
            Statement(
                """
                SELECT (SELECT value FROM crm_meta WHERE key = 'installation'), at, salt, payload, payload_hash, hash,
                    change_set FROM crm_change JOIN crm_change_payload USING (seq) WHERE seq = 1
                """)
        ) { row in
            (row.bytes(0), row.int64(1), row.bytes(2), row.bytes(3), row.bytes(4), row.bytes(5), row.int64(6))
        }
        let (installation, at, salt, payload, payloadHash, hash, changeSet) = try #require(row)
        func number(_ value: Int64) -> [UInt8] {
            [0, 0, 0, 8] + (0..<8).map { UInt8(truncatingIfNeeded: value >> ((7 - $0) * 8)) }
        }
        func text(_ value: String) -> [UInt8] { [0, 0, 0, UInt8(value.utf8.count)] + Array(value.utf8) }
        let origin = SHA256.hash(Array("crm change log 1".utf8) + installation)
        let envelope =
            number(1) + number(changeSet) + number(at) + number(1) + text("api") + text("record.update")
            + text("update") + number(3) + number(1) + number(1)
        #expect(salt.count == 16)
        #expect(SHA256.hash(salt + payload).bytes == payloadHash)
        #expect(SHA256.hash(origin.bytes + envelope + payloadHash).bytes == hash)
    }

    @Test("entries are found by record and by change set, with all they were given")
    func reading() throws {
        let entries = try ChangeLog.entries(test.reader(), record: RecordID(4), limit: 10)
        #expect(entries.map(\.sequence) == [7])
        let entry = try #require(entries.first)
        #expect(entry.entry.kind == .update && entry.entry.entity == 3 && entry.entry.version == 4)
        #expect(entry.entry.actor == RecordID(1) && entry.entry.source == "api")
        #expect(entry.entry.payload == ChangeEntry.sample(4).payload)
        #expect(try ChangeLog.entries(test.reader(), changeSet: entry.changeSet).map(\.sequence) == [7, 8])
        #expect(try ChangeLog.entries(test.reader(), record: RecordID(4), after: 7, limit: 10).isEmpty)
        let login = try ChangeLog.entries(test.reader(), after: 7, limit: 1)[0].entry
        #expect(login.entity == nil && login.record == nil && login.version == nil && login.actor == nil)
    }

    @Test("the head goes to the system log when the database is closed")
    func head() throws {
        let head = try verify().headHash
        test.database.close()
        #expect(test.log.lines.contains { $0.contains("head of the change log") && $0.contains(head) })
    }
}
