import Foundation
import HTTP
import JSON
import TestKit
import Testing

/// What clients of any make expect of the endpoint, tried with OpenSSL's own client and with bare bytes over TLS.
@Suite("End to end: the endpoint as other programs see it", .onePlatform())
struct EndpointTests {
    private let platform: TestPlatform

    init() throws { platform = try OnePlatform.current }

    static let hasOpenSSL = FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")

    /// Runs OpenSSL's client against the endpoint.
    private func connect(_ arguments: [String], input: String) throws -> String {
        let path = platform.folder.path("input-\(UInt64.random(in: .min ... .max))")
        try Data(input.utf8).write(to: URL(fileURLWithPath: path))
        let words = [
            "openssl", "s_client", "-connect", platform.address, "-CAfile", platform.certificatePath,
        ]
        let command = (words + arguments).map { "'\($0)'" }.joined(separator: " ")
        return try TestProcess.run("/bin/sh", ["-c", "\(command) < '\(path)' 2>&1"]).output
    }

    @Test(
        "a TLS session is resumed by its ticket, in both versions",
        .enabled(if: hasOpenSSL, "there is no /usr/bin/openssl"), arguments: ["tls1_2", "tls1_3"])
    func resumption(_ version: String) throws {
        let file = platform.folder.path("session-\(version)")
        let request = "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        let first = try connect(["-\(version)", "-ign_eof", "-sess_out", file], input: request)
        #expect(first.contains("New, TLSv1") && first.contains("alive"), "\(first)")
        let second = try connect(["-\(version)", "-ign_eof", "-sess_in", file], input: request)
        #expect(second.contains("Reused, TLSv1") && second.contains("alive"), "\(second)")
    }

    @Test(
        "older versions of TLS and ciphers without authentication are not spoken",
        .enabled(if: hasOpenSSL, "there is no /usr/bin/openssl"),
        arguments: [
            ["-tls1_1"], ["-tls1"], ["-tls1_2", "-cipher", "AES128-SHA"],
            ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256"],
        ])
    func oldVersions(_ arguments: [String]) throws {
        let output = try connect(arguments, input: "")
        #expect(output.contains("Cipher is (NONE)"), "\(output)")
    }

    @Test(
        "pipelined calls, whole and in chunks, in one write or byte by byte: answered in order on one connection"
    )
    func pipelining() throws {
        let client = try platform.newClient()
        let token = try #require(try platform.logIn().token)
        let head =
            "POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nAuthorization: Bearer \(token)\r\n"
        func body(_ id: Int) -> String { #"{"jsonrpc":"2.0","id":\#(id),"method":"auth.whoami"}"# }
        func whole(_ id: Int) -> String { "\(head)Content-Length: \(body(id).utf8.count)\r\n\r\n\(body(id))" }
        func chunked(_ id: Int) -> String {
            let text = body(id)
            let (a, b) = (text.prefix(7), text.dropFirst(7))
            return "\(head)Transfer-Encoding: chunked\r\n\r\n7;x=\"y\"\r\n\(a)\r\n"
                + "\(String(b.utf8.count, radix: 16))\r\n\(b)\r\n0\r\nTrailer: dropped\r\n\r\n"
        }
        try client.write(Array((1...8).map { $0 % 2 == 0 ? chunked($0) : whole($0) }.joined().utf8))
        for id in 1...8 { try expect(id, of: client) }
        for byte in Array((chunked(9) + whole(10)).utf8) { try client.write([byte]) }
        for id in 9...10 { try expect(id, of: client) }
    }

    private func expect(_ id: Int, of client: HTTPSClient) throws {
        let answer = try JSONDocument(parsing: try client.response().body).root
        #expect(answer["id"]?.int64 == Int64(id) && answer["result"] != nil, "\(answer.text)")
    }

    @Test("the page of methods names every method of the discovery document, and runs nothing")
    func docs() throws {
        let answer = try platform.newClient().send("GET", "/docs")
        #expect(answer.status == 200)
        #expect(answer.fields.text("Content-Type") == "text/html; charset=utf-8")
        #expect(answer.fields.text("Content-Security-Policy")?.contains("script-src") == false)
        let page = String(decoding: answer.body, as: UTF8.self)
        #expect(!page.contains("<script"))
        let methods = try Caller(platform).call("rpc.discover").array("methods").map { try $0.string("name") }
        #expect(methods.count > 50)
        for method in methods + ["job.list"] {
            #expect(page.contains(method), "\(method) is not on the page")
        }
        #expect(page.contains("/files/"))
    }

    @Test("scheduled jobs are told to administrators")
    func jobs() throws {
        try platform.enable("inventory")
        let admin = try platform.logIn()
        let jobs = try admin.call("job.list").array("jobs")
        #expect(jobs.contains { $0["name"]?.string == "inventory.recurring_invoices" })
        try eventually(orThrow: { platform.failure("the job does not run") }) {
            let job = try admin.call("job.list").array("jobs").first { $0["runs"]?.int64 == 1 }
            return job?["next_run"]?.string != nil && job?["last_run"]?.string != nil
                && job?["last_error"]?.isNull == true
        }
        #expect(try Caller(platform).refusal(of: "job.list").status == 401)
        let listed = try platform.admin("job", "list", "--columns", "name,runs,failures")
        #expect(listed.output.contains("inventory.recurring_invoices"), "\(listed)")
    }
}

@Suite("End to end: another certificate")
struct CertificateReloadTests {
    @Test(
        "SIGHUP to crm makes the endpoint show another certificate; connections that stand go on; a bad one changes nothing"
    )
    func reload() throws {
        let platform = try TestPlatform()
        let admin = try platform.logIn()
        let former = try Files.contents(platform.certificatePath)
        let standing = try platform.newClient()
        #expect(try standing.send("GET", "/livez").status == 200)
        let endpoint = try platform.processID(of: "crm-rpc")

        let other = platform.folder.path("other")
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: false)
        let made = try TestProcess.run(
            "\(BuildFolder.path)/crm-rpc", ["make-certificate", "--data", other])
        try #require(made.code == 0, "\(made)")
        for name in ["certificate.pem", "key.pem"] {
            let place = "\(platform.dataPath)/endpoint/\(name)"
            // Renamed into place, as every tool that renews certificates does.
            try Files.contents("\(other)/endpoint/\(name)").write(to: URL(fileURLWithPath: place + ".next"))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: place + ".next")
            try #require(rename(place + ".next", place) == 0)
        }
        try former.write(to: URL(fileURLWithPath: platform.folder.path("former.pem")))
        platform.process.send(SIGHUP)
        try eventually(orThrow: { platform.failure("the old certificate is still shown") }) {
            // Trusts what lies there now, and nothing else.
            (try? platform.newClient().send("GET", "/livez").status) == 200
        }
        #expect(throws: (any Error).self) {
            try platform.newClient(trusting: platform.folder.path("former.pem"))
        }
        #expect(try standing.send("GET", "/livez").status == 200, "the connection went on")
        #expect(try platform.processID(of: "crm-rpc") == endpoint, "the process went on")
        _ = try admin.call("auth.whoami")

        try Data("no certificate".utf8).write(to: URL(fileURLWithPath: platform.certificatePath + ".bad"))
        let good = platform.folder.path("good.pem")
        try Files.contents(platform.certificatePath).write(to: URL(fileURLWithPath: good))
        try #require(rename(platform.certificatePath + ".bad", platform.certificatePath) == 0)
        let before = platform.logs.components(separatedBy: "certificate").count
        platform.process.send(SIGHUP)
        try eventually(orThrow: { platform.failure("the bad certificate is not told") }) {
            platform.logs.components(separatedBy: "certificate").count > before
        }
        let client = try platform.newClient(trusting: good)
        #expect(try client.send("GET", "/livez").status == 200)
    }
}
