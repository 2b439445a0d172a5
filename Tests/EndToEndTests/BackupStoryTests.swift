import Foundation
import JSON
import Synchronization
import TestKit
import Testing

@Suite("End to end: a backup and its drill")
struct BackupStoryTests {
    @Test("made while people write; the data folder is lost; what the backup holds is served again")
    func drill() throws {
        let platform = try TestPlatform()
        try platform.enable("sales")
        let admin = try platform.logIn()
        let before = try (0..<20).map { try admin.create("account", #"{"account_name":"Before \#($0)"}"#) }

        let isOver = Mutex(false)
        let writing = DispatchGroup()
        writing.enter()
        Thread.detachNewThread {
            defer { writing.leave() }
            guard let writer = try? platform.logIn() else { return }
            var number = 0
            while !isOver.withLock({ $0 }) {
                number += 1
                guard (try? writer.create("account", #"{"account_name":"Meanwhile \#(number)"}"#)) != nil
                else { return }
            }
        }
        let made = try platform.admin("backup", "create", "--json")
        isOver.withLock { $0 = true }
        writing.wait()
        #expect(made.code == 0, "\(made)")
        let listed = try platform.admin("backup", "list", "--columns", "folder")
        let backup = try #require(listed.output.split(separator: "\n").last.map(String.init))
        #expect(FileManager.default.fileExists(atPath: backup + "/manifest.json"))
        #expect(try platform.admin("log", "list", "--kind", "backup").output.contains("backup.create"))
        let after = try admin.create("account", #"{"account_name":"After"}"#)

        // Over a folder in use nothing is restored.
        let refused = try platform.run("crm", ["restore", backup])
        #expect(refused.code == 1 && refused.errors.contains("is already prepared"), "\(refused)")

        try platform.stop()
        let lost = platform.folder.path("lost")
        try FileManager.default.moveItem(atPath: platform.dataPath, toPath: lost)
        let kept = backup.replacingOccurrences(of: platform.dataPath, with: lost)
        let restored = try platform.run("crm", ["restore", kept])
        #expect(restored.code == 0, "\(restored)")
        try platform.start()

        let again = try platform.logIn()
        for id in before {
            #expect(
                try again.call("record.get", #"{"id":\#(id),"fields":["version"]}"#)["version"]?.int64 == 1)
        }
        #expect(throws: Caller.Refusal.self) { try again.call("record.get", #"{"id":\#(after)}"#) }
        #expect(try again.call("log.verify")["intact"]?.bool == true)
        _ = try again.create("lead", #"{"last_name":"Sales works","company":"Acme"}"#)

        let wrong = try platform.run("crm", ["restore", "--data", platform.folder.path("new"), "/nowhere"])
        #expect(wrong.code == 1 && wrong.errors.contains(#""/nowhere" is no backup"#), "\(wrong)")
    }
}
