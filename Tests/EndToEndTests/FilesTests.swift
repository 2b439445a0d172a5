import Foundation
import HTTP
import JSON
import TestKit
import Testing

/// Files over the real endpoint: sent, fetched, refused, broken off.
@Suite("End to end: files", .onePlatform(with: "collaboration"))
struct FilesTests {
    private let platform: TestPlatform
    private let admin: Caller

    init() throws {
        platform = try OnePlatform.current
        admin = try platform.logIn()
    }

    private func fields(_ more: [(String, String)] = [], of caller: Caller? = nil) -> [(String, String)] {
        more + [("Authorization", "Bearer \((caller ?? admin).token ?? "")")]
    }

    private func send(
        _ method: String, _ target: String, _ more: [(String, String)] = [], _ body: [UInt8] = [],
        as caller: Caller? = nil
    ) throws -> HTTPResponse {
        try platform.newClient().send(method, target, fields: fields(more, of: caller), body: body)
    }

    private func kind(_ response: HTTPResponse) throws -> String? {
        try JSONDocument(parsing: response.body).root["error"]?["data"]?["kind"]?.string
    }

    private var incoming: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: "\(platform.dataPath)/kernel/files/incoming"))
            ?? []
    }

    private func document(_ title: String) throws -> Int64 {
        try admin.create("document", #"{"title":"\#(title)"}"#)
    }

    @Test("a file is sent, is a field of its record, and comes back whole, in part, and as its head alone")
    func roundTrip() throws {
        let id = try document("Offer")
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let put = try send("PUT", "/files/\(id)?name=Angebot%20M%C3%BCller.bin", [], bytes)
        #expect(put.status == 200, "\(String(decoding: put.body, as: UTF8.self))")
        let file = try #require(try admin.call("record.get", #"{"id":\#(id)}"#)["file"])
        #expect(file["name"]?.string == "Angebot Müller.bin")
        #expect(file["size"]?.int64 == 300_000)

        let got = try send("GET", "/files/\(id)")
        #expect(got.status == 200 && got.body == bytes)
        #expect(
            got.fields.text("Content-Disposition")?.hasPrefix("attachment; filename=\"Angebot M_ller.bin\"")
                == true)
        #expect(got.fields.text("X-Content-Type-Options") == "nosniff")
        #expect(got.fields.text("Content-Security-Policy")?.contains("sandbox") == true)
        let tag = try #require(got.fields.text("ETag"))
        #expect(tag == "\"\(file["sha256"]?.string ?? "")\"")

        let part = try send("GET", "/files/\(id)", [("Range", "bytes=299990-"), ("If-Range", tag)])
        #expect(part.status == 206 && part.body == Array(bytes.suffix(10)))
        #expect(part.fields.text("Content-Range") == "bytes 299990-299999/300000")
        #expect(
            try send("GET", "/files/\(id)", [("Range", "bytes=0-1"), ("If-Range", "\"other\"")]).status == 200
        )
        #expect(try send("GET", "/files/\(id)", [("Range", "bytes=300000-")]).status == 416)
        let head = try send("HEAD", "/files/\(id)")
        #expect(head.status == 200 && head.body.isEmpty && head.fields.text("Content-Length") == "300000")
        // Taken away by a call, it is not there any more; the history still tells of it.
        try admin.call("record.update", #"{"id":\#(id),"values":{"file":null}}"#)
        #expect(try send("GET", "/files/\(id)").status == 404)
        let refusal = try admin.refusal(
            of: "record.update", #"{"id":\#(id),"values":{"file":{"sha256":"00"}}}"#)
        #expect(refusal.fields == ["file"])
    }

    @Test(
        "chunks, an empty file, and a call behind a file on the same connection: each is answered in its turn"
    )
    func framing() throws {
        let id = try document("Chunks")
        let client = try platform.newClient()
        let authorization = "Authorization: Bearer \(admin.token ?? "")\r\n"
        let head = "HTTP/1.1\r\nHost: \(client.host)\r\n\(authorization)"
        let pipelined =
            "PUT /files/\(id) \(head)Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nT: x\r\n\r\n"
            + "GET /files/\(id) \(head)\r\n" + "GET /livez \(head)\r\n"
            + "PUT /files/\(id) \(head)Content-Length: 0\r\n\r\n"
            + "GET /files/\(id) \(head)Connection: close\r\n\r\n"
        // In pieces that end anywhere.
        var rest = Array(pipelined.utf8)[...]
        while !rest.isEmpty {
            try client.write(Array(rest.prefix(37)))
            rest = rest.dropFirst(37)
        }
        #expect(try client.response().status == 200)
        let got = try client.response()
        // Asked for before the file was stored, perhaps: then there was none.
        #expect(got.status == 404 || got.body == Array("hello world".utf8))
        #expect(try client.response().body == Array("alive\n".utf8))
        #expect(try client.response().status == 200)
        let last = try client.response()
        #expect(last.status == 404 || last.body.isEmpty || last.body == Array("hello world".utf8))
    }

    @Test(
        "a client that waits is told to go on once the file would be taken, or is refused before it has sent a byte"
    )
    func expectation() throws {
        let id = try document("Waiting")
        for (target, expected) in [("\(id)", UInt16(200)), ("999999", 404), ("\(id)?field=title", 404)] {
            let client = try platform.newClient()
            try client.write(
                Array(
                    ("PUT /files/\(target) HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(admin.token ?? "")\r\n"
                        + "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n").utf8))
            // The reader passes interim answers over: what is refused is answered without a body sent.
            if expected == 200 { try client.write([1, 2, 3]) }
            #expect(try client.response().status == expected, "\(target)")
        }
    }

    @Test("what is wrong is refused, by its status and kind, and leaves nothing")
    func refusals() throws {
        let id = try document("Refused")
        let account = try admin.create("account", #"{"account_name":"Acme"}"#)
        let pdf = Array("%PDF-1.7 x".utf8)
        let wrong = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
        let rows: [(String, String, [(String, String)], UInt16, String)] = [
            ("GET", "/files/\(id)", [], 404, "not_found"), ("GET", "/files/999999", [], 404, "not_found"),
            ("GET", "/files/x", [], 404, "not_found"), ("PUT", "/files/\(account)", [], 404, "not_found"),
            ("PUT", "/files/\(id)?nam=x", [], 400, "invalid_params"),
            ("PUT", "/files/\(id)", [("Content-Type", "image/png")], 415, "invalid_params"),
            ("PUT", "/files/\(id)", [("Content-Type", "nonsense")], 415, "invalid_params"),
            ("PUT", "/files/\(id)", [("Content-Digest", wrong)], 400, "invalid_params"),
            ("PUT", "/files/\(id)", [("Content-Digest", "md5=:x:")], 400, "invalid_params"),
        ]
        for (method, target, more, status, kind) in rows {
            let answer = try send(method, target, more, method == "PUT" ? pdf : [])
            #expect(answer.status == status, "\(method) \(target) \(more)")
            #expect(try self.kind(answer) == kind, "\(method) \(target) \(more)")
        }
        #expect(try platform.newClient().send("GET", "/files/\(id)").status == 401)
        #expect(try platform.newClient().send("PUT", "/files/\(id)", body: pdf).status == 401)
        #expect(try send("DELETE", "/files/\(id)").status == 405)
        #expect(try admin.call("record.get", #"{"id":\#(id)}"#)["file"]?.isNull == true)
    }

    @Test("HTML and SVG are given out as bytes without a meaning, to be saved")
    func activeContent() throws {
        let id = try document("Page")
        for body in ["<html><script>alert(1)</script>", "<svg onload=\"alert(1)\">"] {
            #expect(try send("PUT", "/files/\(id)?name=page.html", [], Array(body.utf8)).status == 200)
            let got = try send("GET", "/files/\(id)")
            #expect(got.fields.text("Content-Type") == "application/octet-stream")
            #expect(got.fields.text("Content-Disposition")?.hasPrefix("attachment;") == true)
            #expect(got.body == Array(body.utf8))
        }
    }

    @Test("a client that goes away in the midst of a file leaves nothing of it")
    func brokenOff() throws {
        let id = try document("Broken")
        do {
            let client = try platform.newClient()
            try client.write(
                Array(
                    ("PUT /files/\(id) HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(admin.token ?? "")\r\n"
                        + "Content-Length: 1000000\r\n\r\n").utf8) + [UInt8](repeating: 7, count: 50_000))
            try eventually(orThrow: { platform.failure("nothing is received") }) { !incoming.isEmpty }
        }
        try eventually(orThrow: { platform.failure("\(incoming) is left") }) { incoming.isEmpty }
        #expect(try admin.call("record.get", #"{"id":\#(id)}"#)["file"]?.isNull == true)
    }

    @Test("clients that fetch slowly hold up nobody")
    func slowClients() throws {
        let id = try document("Slow")
        let bytes = [UInt8](repeating: 9, count: 4 << 20)
        #expect(try send("PUT", "/files/\(id)", [], bytes).status == 200)
        // More than the kernel has threads for files.
        let slow = try (0..<12).map { _ in
            let client = try platform.newClient()
            try client.write(
                Array(
                    "GET /files/\(id) HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(admin.token ?? "")\r\n\r\n"
                        .utf8))
            return client
        }
        #expect(try send("GET", "/files/\(id)").body.count == bytes.count)
        for client in slow { #expect(try client.response().body.count == bytes.count) }
    }

    @Test("the console sends, fetches and attaches; what is there is not written over")
    func console() throws {
        let id = try document("From the console")
        let text = "what was agreed\n"
        try platform.folder.write(text, to: "agreed.txt")
        let path = platform.folder.path("agreed.txt")
        let put = try platform.admin("file", "put", "\(id)", path, "--name", "Agreed.txt")
        #expect(put.code == 0 && put.output.contains("Agreed.txt"), "\(put)")
        #expect(try platform.admin("file", "get", "\(id)", "-").output == text)
        let copy = platform.folder.path("copy.txt")
        #expect(try platform.admin("file", "get", "\(id)", copy).code == 0)
        #expect(try String(decoding: Files.contents(copy), as: UTF8.self) == text)
        #expect(try platform.admin("file", "get", "\(id)", copy).errors.contains("is there already"))
        #expect(try platform.admin("file", "get", "\(id)", copy, "--overwrite").code == 0)
        #expect(try platform.admin("file", "get", "999999", "-").code == 5)

        let account = try admin.create("account", #"{"account_name":"Attached"}"#)
        let attached = try platform.admin("file", "attach", "\(account)", path, "--title", "Agreement")
        #expect(attached.code == 0, "\(attached)")
        let filter = #"{"entity":"document","filter":["related_to","=",\#(account)]}"#
        let documents = try admin.call("record.list", filter).array("records")
        #expect(documents.count == 1 && documents[0]["file"]?["name"]?.string == "agreed.txt")
        // The same by the network.
        try platform.folder.write(try #require(admin.token), to: "token-\(id)")
        let far = try TestProcess.run(
            "\(BuildFolder.path)/crm-admin",
            [
                "--url", "https://\(platform.address)", "--ca-file", platform.certificatePath, "--token-file",
                platform.folder.path("token-\(id)"), "file", "get", "\(id)", "-",
            ])
        #expect(far.code == 0 && far.output == text, "\(far)")
    }
}

/// What a file meets when the platform itself is in trouble.
@Suite("End to end: files and accidents")
struct FileAccidentTests {
    @Test("beyond the limit nothing is stored, told before or only while it comes; at the limit it is")
    func limit() throws {
        let platform = try TestPlatform(settings: ["CRM_FILE_LIMIT_MIB": "1"])
        try platform.enable("collaboration")
        let admin = try platform.logIn()
        let id = try admin.create("document", #"{"title":"Large"}"#)
        let field = ("Authorization", "Bearer \(admin.token ?? "")")
        let whole = [UInt8](repeating: 1, count: 1 << 20)
        #expect(
            try platform.newClient().send("PUT", "/files/\(id)", fields: [field], body: whole).status == 200)
        let client = try platform.newClient()
        try client.write(
            Array(
                ("PUT /files/\(id) HTTP/1.1\r\nHost: a\r\n\(field.0): \(field.1)\r\nContent-Length: 1048577\r\n"
                    + "Expect: 100-continue\r\n\r\n").utf8))
        let told = try client.response()
        #expect(told.status == 413)
        let error = try JSONDocument(parsing: told.body).root["error"]
        #expect(error?["message"]?.string == "the file is over the limit of 1048576 bytes")
        #expect(error?["data"]?["kind"]?.string == "limit_exceeded")
        // Unannounced, in chunks.
        let other = try platform.newClient()
        try other.write(
            Array(
                ("PUT /files/\(id) HTTP/1.1\r\nHost: a\r\n\(field.0): \(field.1)\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "100001\r\n").utf8) + whole + Array("x\r\n0\r\n\r\n".utf8))
        #expect(try other.response().status == 413)
        let size = try admin.call("record.get", #"{"id":\#(id)}"#)["file"]?["size"]?.int64
        #expect(size == 1 << 20, "the file that was there is there")
    }

    @Test(
        "a kernel that is killed while a file comes leaves nothing of it, and takes it from the beginning again"
    )
    func killed() throws {
        let platform = try TestPlatform()
        try platform.enable("collaboration")
        let admin = try platform.logIn()
        let id = try admin.create("document", #"{"title":"Cut"}"#)
        let field = "Authorization: Bearer \(admin.token ?? "")\r\n"
        let incoming = "\(platform.dataPath)/kernel/files/incoming"
        func names() -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: incoming)) ?? [] }
        let client = try platform.newClient()
        try client.write(
            Array("PUT /files/\(id) HTTP/1.1\r\nHost: a\r\n\(field)Content-Length: 500000\r\n\r\n".utf8)
                + [UInt8](repeating: 7, count: 50_000))
        try eventually(orThrow: { platform.failure("nothing is received") }) { !names().isEmpty }
        let killed = try platform.killKernel()
        #expect(try client.response().status == 503)
        try platform.waitForNewKernel(after: killed)
        #expect(names() == [])
        let bytes = [UInt8](repeating: 8, count: 500_000)
        let again = try platform.newClient().send(
            "PUT", "/files/\(id)", fields: [("Authorization", "Bearer \(admin.token ?? "")")], body: bytes)
        #expect(again.status == 200)
        #expect(try platform.admin("log", "verify").code == 0)
    }
}
