import Foundation
import JSON
import TestKit
import Testing

@Suite("End to end: a start that cannot be is refused in one line")
struct RefusedStartTests {
    /// The same refusal by whoever is started, with the exit code 1 and no trace of a crash.
    private func expect(_ finished: TestProcess.Finished, says words: String...) {
        #expect(finished.code == 1, "\(finished)")
        let message = finished.errors.split(separator: "\n").first { $0.hasPrefix("crm") }
        for word in words { #expect(message?.contains(word) == true, "\(finished)") }
        #expect(finished.errors.contains("hint: "), "\(finished)")
        #expect(!finished.errors.contains("Fatal error"))
    }

    @Test("a second kernel and a second supervisor on one data folder")
    func secondKernel() throws {
        let platform = try TestPlatform()
        expect(try platform.run("crm-kernel", ["serve"]), says: "in use by another kernel", platform.dataPath)
        expect(
            try platform.run("crm", ["up", "--listen", "127.0.0.1:0"]), says: "already runs",
            platform.dataPath)
        #expect(try platform.logIn().call("auth.whoami")["by"]?.string == "session")
    }

    @Test("a port that is in use")
    func portInUse() throws {
        let first = try TestPlatform()
        let second = try TestPlatform()
        try second.stop()
        expect(
            try second.run("crm", ["up", "--listen", first.address]),
            says: "could not listen on \(first.address)")
        #expect(try Caller(first).get("/readyz").status == 200)
        try second.start()
        #expect(try second.logIn().call("log.verify")["intact"]?.bool == true)
    }

    @Test("a data folder that others may enter", arguments: ["crm", "crm-kernel"])
    func openFolder(_ program: String) throws {
        let platform = try TestPlatform()
        try platform.stop()
        try setMode(0o755, of: platform.dataPath)
        let arguments = program == "crm" ? ["up", "--listen", "127.0.0.1:0"] : ["serve"]
        expect(try platform.run(program, arguments), says: "open to other users", platform.dataPath)
        try setMode(0o700, of: platform.dataPath)
        try platform.start()
    }

    private func setMode(_ mode: Int, of path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    @Test("a database file that is damaged", arguments: ["its head", "everything", "cut off"])
    func damagedDatabase(_ damage: String) throws {
        let platform = try TestPlatform()
        try platform.stop()
        let url = URL(fileURLWithPath: platform.databasePath)
        var bytes = try [UInt8](Data(contentsOf: url))
        switch damage {
        case "its head": for index in 0..<64 { bytes[index] ^= 0x5A }
        case "cut off": bytes.removeLast(bytes.count / 2)
        default:
            for index in bytes.indices.dropFirst(100) {
                bytes[index] = UInt8(truncatingIfNeeded: index &* 31)
            }
        }
        try Data(bytes).write(to: url)
        expect(try platform.run("crm-kernel", ["serve"]), says: platform.databasePath)
        let up = try platform.run("crm", ["up", "--listen", "127.0.0.1:0"])
        #expect(up.code == 1 && up.errors.contains(platform.databasePath), "\(up)")
    }

    @Test("a folder that is somebody else's, and a kernel without a data folder")
    func foreignFolder() throws {
        let folder = try TemporaryFolder()
        try folder.write("text", to: "notes.txt")
        expect(
            try TestProcess("\(BuildFolder.path)/crm", ["up", "--data", folder.path]).finish(),
            says: "neither empty nor a data folder", folder.path)
        let missing = folder.path("missing")
        expect(
            try TestProcess("\(BuildFolder.path)/crm-kernel", ["serve", "--data", missing]).finish(),
            says: missing)
        #expect(!FileManager.default.fileExists(atPath: missing))
    }
}
