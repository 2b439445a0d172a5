import CRMSDK
import Crypto
import Foundation
import Log
import Registry
import Storage
import Testing

/// Bytes of files: how they come, where they lie, when they go.
@Suite("Files on disk")
struct FileStoreTests {
    private func keep(_ bytes: [UInt8], for record: Int64, _ test: TestDatabase) throws -> SHA256Digest {
        let file = try test.database.files.receive()
        for start in stride(from: 0, to: bytes.count, by: 1_000) {
            try file.append(Array(bytes[start..<min(start + 1_000, bytes.count)]))
        }
        let content = try file.finish()
        try test.writer.perform { transaction throws(CRMError) in
            try transaction.keep(content)
            try transaction.note(content.digest, of: RecordID(record))
        }
        return content.digest
    }

    private func drop(_ record: Int64, _ test: TestDatabase) throws {
        try test.writer.perform { transaction throws(CRMError) in
            try transaction.dropFiles(of: RecordID(record))
        }
    }

    private func stored(_ test: TestDatabase) -> [String] {
        let files = FileManager.default.subpaths(atPath: test.folder + "/files") ?? []
        return files.map { ($0 as NSString).lastPathComponent }.filter { $0.count == 64 }.sorted()
    }

    private func incoming(_ test: TestDatabase) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: test.folder + "/files/incoming").count
    }

    @Test("what is received piece by piece is there under the hash of all, and is read back at any place")
    func roundTrip() throws {
        let test = try TestDatabase()
        let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let digest = try keep(bytes, for: 1, test)
        #expect(digest == SHA256.hash(bytes))
        #expect(stored(test) == [digest.hex])
        #expect(try incoming(test) == 0)
        let file = try test.database.files.open(digest)
        #expect(file.byteCount == 10_000)
        #expect(try file.read(at: 0, limit: 20_000) == bytes)
        #expect(try file.read(at: 9_998, limit: 10) == Array(bytes.suffix(2)))
        #expect(try file.read(at: 10_000, limit: 10).isEmpty)
    }

    @Test("bytes are there once, and go with the last record that has them")
    func shared() throws {
        let test = try TestDatabase()
        let digest = try keep([1, 2, 3], for: 1, test)
        #expect(try keep([1, 2, 3], for: 2, test) == digest)
        #expect(stored(test) == [digest.hex])
        try drop(1, test)
        #expect(stored(test) == [digest.hex])
        let open = try test.database.files.open(digest)
        try drop(2, test)
        #expect(stored(test) == [])
        #expect(try open.read(at: 0, limit: 9) == [1, 2, 3], "who reads it reads on")
        #expect(throws: CRMError.self) { try test.database.files.open(digest) }
        // And can come again.
        #expect(try keep([1, 2, 3], for: 3, test) == digest)
        #expect(stored(test) == [digest.hex])
    }

    @Test("a file that is not finished, and one whose unit is undone, leave nothing")
    func undone() throws {
        let test = try TestDatabase()
        do {
            let file = try test.database.files.receive()
            try file.append([1, 2, 3])
            #expect(try incoming(test) == 1)
        }
        #expect(try incoming(test) == 0)
        let file = try test.database.files.receive()
        try file.append([4])
        let content = try file.finish()
        #expect(throws: CRMError.self) {
            try test.writer.perform { transaction throws(CRMError) in
                try transaction.keep(content)
                throw CRMError(.invalidRecord, "a hook says no")
            }
        }
        try test.writer.perform { transaction throws(CRMError) in
            _ = try transaction.removeUnlessKnown(content.digest)
        }
        #expect(stored(test) == [])
        withExtendedLifetime(file) {}
    }

    @Test("a kept file stays while another unit is undone; a record cannot have what is not here")
    func unknown() throws {
        let test = try TestDatabase()
        let digest = try keep([1], for: 1, test)
        try test.writer.perform { transaction throws(CRMError) in
            _ = try transaction.removeUnlessKnown(digest)
        }
        #expect(stored(test) == [digest.hex])
        let error = #expect(throws: CRMError.self) {
            try test.writer.perform { transaction throws(CRMError) in
                try transaction.note(SHA256.hash([9]), of: RecordID(1))
            }
        }
        #expect(error?.kind == .invalidParameters)
    }

    @Test("what a killed kernel has left is swept: what was being received at the start, the rest later")
    func swept() throws {
        let test = try TestDatabase()
        let digest = try keep([1, 2, 3], for: 1, test)
        let files = test.folder + "/files"
        let orphan = SHA256.hash([7]).hex
        try FileManager.default.createDirectory(
            atPath: "\(files)/\(orphan.prefix(2))", withIntermediateDirectories: true)
        try Data([7]).write(to: URL(fileURLWithPath: "\(files)/\(orphan.prefix(2))/\(orphan)"))
        try Data([8]).write(to: URL(fileURLWithPath: "\(files)/incoming/half"))
        FileSweep.run(test.database, log: Log(room: "test", level: .debug, sink: test.log))
        #expect(stored(test) == [digest.hex])
        #expect(try incoming(test) == 1, "it may be another upload's")
        test.database.files.clearIncoming()
        #expect(try incoming(test) == 0)
    }

    @Test("while everything is copied nothing goes; what was purged meanwhile goes afterwards")
    func held() throws {
        let test = try TestDatabase()
        let digest = try keep([1, 2, 3], for: 1, test)
        try test.database.keepingFiles { () throws(CRMError) in
            try test.writer.perform { transaction throws(CRMError) in
                try transaction.dropFiles(of: RecordID(1))
            }
            #expect(stored(test) == [digest.hex])
        }
        #expect(stored(test) == [])
    }

    @Test("folders and files are their owner's alone")
    func modes() throws {
        let test = try TestDatabase()
        let digest = try keep([1], for: 1, test)
        let place = test.folder + "/files/" + digest.hex.prefix(2)
        for (path, mode) in [
            (test.folder + "/files", 0o700), (place, 0o700), ("\(place)/\(digest.hex)", 0o600),
        ] {
            let facts = try FileManager.default.attributesOfItem(atPath: path)
            #expect(facts[.posixPermissions] as? Int == mode, "\(path)")
        }
    }
}
