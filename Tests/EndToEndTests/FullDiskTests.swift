import Foundation
import Glibc
import HTTP
import JSON
import TestKit
import Testing

@Suite(
    "End to end: a full disk",
    .enabled(if: SmallDisk.isPermitted, "mounting a small disk needs rights that this process does not have"))
struct FullDiskTests {
    @Test(
        "writes and files are refused by name, nothing is half done, reads go on; with room again all works")
    func fullDisk() throws {
        let platform = try TestPlatform(diskBytes: 48 << 20)
        try platform.enable("collaboration")
        let admin = try platform.logIn()
        let kernel = try platform.processID(of: "crm-kernel")
        let document = try admin.create("document", #"{"title":"Large"}"#)
        try refuseLargeFiles(platform, admin, document)

        let ballast = try Ballast(at: "\(platform.dataPath)/ballast")
        var acknowledged: [String] = []
        let refusal = try write(until: 400, admin, &acknowledged)
        let refused = try #require(refusal, "the disk did not fill")
        #expect(refused.status == 503 && refused.code == -32009 && refused.kind == "unavailable")
        #expect(refused.message == "the disk with the data is full")
        #expect(refused.hint?.contains("free some space") == true)
        // A whole batch too, of which the first part would have had room.
        let create =
            #"{"method":"record.create","params":{"entity":"account","values":{"account_name":"Batch","description":"\#(Self.text)"}}}"#
        let batch = #"{"operations":[\#([String](repeating: create, count: 20).joined(separator: ","))]}"#
        #expect(try admin.refusal(of: "batch.execute", batch).code == -32009)
        let file = try platform.newClient().send(
            "PUT", "/files/\(document)", fields: [("Authorization", "Bearer \(admin.token ?? "")")],
            body: [UInt8](repeating: 1, count: 100_000))
        #expect(file.status == 503)
        #expect(try admin.count("account") == acknowledged.count, "reads go on, and nothing is half done")

        ballast.remove()
        #expect(try write(until: 5, admin, &acknowledged) == nil)
        #expect(try admin.count("account") == acknowledged.count)
        #expect(try platform.processID(of: "crm-kernel") == kernel, "the kernel lived through it")
        #expect(try platform.admin("log", "verify").code == 0)
        try platform.restart()
        let names = try platform.logIn().texts(of: "account_name", "account", #""limit":1000,"sort":["id"]"#)
        #expect(names == acknowledged)
        #expect(!platform.logs.contains("the last end was not clean"))
    }

    private static let text = String(repeating: "x", count: 60_000)

    /// - Returns: the refusal that ended it early.
    private func write(until count: Int, _ admin: Caller, _ acknowledged: inout [String]) throws -> Caller
        .Refusal?
    {
        for _ in 0..<count {
            let name = "Account \(acknowledged.count)"
            do {
                try admin.call(
                    "record.create",
                    #"{"entity":"account","values":{"account_name":"\#(name)","description":"\#(Self.text)"}}"#
                )
                acknowledged.append(name)
            } catch let refusal as Caller.Refusal {
                return refusal
            }
        }
        return nil
    }

    /// Larger than the disk: told so before a byte has come, and where nobody knew, while it comes.
    private func refuseLargeFiles(_ platform: TestPlatform, _ admin: Caller, _ id: Int64) throws {
        let authorization = "Authorization: Bearer \(admin.token ?? "")\r\n"
        let told = try platform.newClient()
        try told.write(
            Array(
                ("PUT /files/\(id) HTTP/1.1\r\nHost: a\r\n\(authorization)Content-Length: 100000000\r\n"
                    + "Expect: 100-continue\r\n\r\n").utf8))
        let refused = try told.response()
        #expect(refused.status == 503)
        let error = try JSONDocument(parsing: refused.body).root["error"]
        #expect(error?["message"]?.string == "the disk with the data is full")

        let untold = try platform.newClient()
        try untold.write(
            Array(
                ("PUT /files/\(id) HTTP/1.1\r\nHost: a\r\n\(authorization)Transfer-Encoding: chunked\r\n\r\n"
                    + "5000000\r\n").utf8))
        let piece = [UInt8](repeating: 7, count: 1 << 20)
        // The endpoint answers in the midst of it and closes: the rest cannot be sent.
        for _ in 0..<80 { guard (try? untold.write(piece)) != nil else { break } }
        let incoming = "\(platform.dataPath)/kernel/files/incoming"
        try eventually(orThrow: { platform.failure("something is left") }) {
            try FileManager.default.contentsOfDirectory(atPath: incoming).isEmpty
        }
        #expect(try admin.call("record.get", #"{"id":\#(id)}"#)["file"]?.isNull == true)
    }
}

/// A file that takes all the room that is left on its disk.
private struct Ballast {
    private let path: String

    init(at path: String) throws {
        self.path = path
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let page = [UInt8](repeating: 0, count: 4_096)
        while page.withUnsafeBytes({ Glibc.write(descriptor, $0.baseAddress, $0.count) }) > 0 {}
        try #require(errno == ENOSPC)
    }

    func remove() { unlink(path) }
}
