import Foundation
import HTTP
package import JSON
import TLS

/// The whole platform as an operator starts it: `crm up` on a temporary data folder, on a port of the system's
/// choice, spoken to over real TLS with the certificate that it made. Everything ends with the last reference.
///
/// ```
/// let platform = try TestPlatform()
/// let token = try platform.logIn()
/// let made = try platform.call("record.create", #"{"entity":"account","values":{"name":"Acme"}}"#, token: token)
/// ```
package final class TestPlatform {
    /// An error that the platform answered.
    package struct Refusal: Error, CustomStringConvertible {
        package let code: Int64
        package let message: String
        /// `error.data`; nil if there was none.
        package let data: JSONNode?

        package var description: String { "\(code) \(message)" }
    }

    package static let administratorPassword = "a password for tests only"

    package let folder: TemporaryFolder
    /// `127.0.0.1:PORT`.
    package private(set) var address = ""
    private var process: TestProcess
    private var client: HTTPSClient?
    private var nextID = 1

    package var dataPath: String { folder.path("data") }
    package var certificatePath: String { "\(dataPath)/endpoint/certificate.pem" }
    /// What the platform has logged; for the message of a test that fails.
    package var logs: String { process.standardError }

    /// Prepares the folder, starts everything, and returns when a call would be answered.
    ///
    /// - Parameter programs: the folder of the programs.
    package init(programs: String = BuildFolder.path) throws {
        folder = try TemporaryFolder()
        try folder.write(Self.administratorPassword, to: "password")
        process = try Self.start(programs, folder)
        address = try Self.waitForAddress(process)
        try waitUntilReady()
    }

    deinit {
        process.send(SIGTERM)
        process.waitForEnd()
    }

    /// Ends everything as an operator would, and starts it again on the same data.
    package func restart(programs: String = BuildFolder.path) throws {
        client = nil
        try stop()
        process = try Self.start(programs, folder)
        address = try Self.waitForAddress(process)
        try waitUntilReady()
    }

    /// Ends everything and checks that it ended well.
    package func stop() throws {
        process.send(SIGTERM)
        let code = process.waitForEnd()
        guard code == 0 else { throw process.failure("crm up ended with code \(code)") }
    }

    private static func start(_ programs: String, _ folder: TemporaryFolder) throws -> TestProcess {
        try TestProcess(
            "\(programs)/crm", ["up", "--data", folder.path("data"), "--listen", "127.0.0.1:0"],
            environment: ["CRM_ADMIN_PASSWORD_FILE": folder.path("password"), "CRM_LOG": "debug"])
    }

    private static func waitForAddress(_ process: TestProcess) throws -> String {
        try process.waitForOutput("address") { output in
            guard let start = output.range(of: "listening on https://")?.upperBound,
                let end = output[start...].firstIndex(of: " ")
            else { return nil }
            return String(output[start..<end])
        }
    }

    // MARK: Calls

    /// Logs the first administrator in.
    ///
    /// - Returns: the token for `call`.
    package func logIn(_ username: String = "admin", _ password: String = administratorPassword) throws
        -> String
    {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("username")
        writer.string(username)
        writer.key("password")
        writer.string(password)
        writer.endObject()
        let answer = try call("auth.login", String(decoding: writer.finish(), as: UTF8.self))
        guard let token = answer["token"]?.string else {
            throw process.failure("auth.login answers no token")
        }
        return token
    }

    /// One JSON-RPC call.
    ///
    /// - Parameter params: JSON text.
    /// - Returns: the `result`.
    /// - Throws: `Refusal` for an error that the platform answered; anything else with the platform's logs.
    package func call(_ method: String, _ params: String = "{}", token: String? = nil) throws -> JSONNode {
        let body = "{\"jsonrpc\":\"2.0\",\"id\":\(nextID),\"method\":\"\(method)\",\"params\":\(params)}"
        nextID += 1
        let answer = try post(body, token: token).json
        if let result = answer?["result"] { return result }
        guard let error = answer?["error"], let code = error["code"]?.int64,
            let message = error["message"]?.string
        else { throw process.failure("\(method) was not answered in JSON-RPC") }
        throw Refusal(code: code, message: message, data: error["data"])
    }

    /// One POST to `/rpc`, as raw as a test wants it.
    ///
    /// - Returns: the HTTP status, the text, and the text as JSON; nil if it is none.
    package func post(
        _ body: String, token: String? = nil, contentType: String = "application/json"
    ) throws -> (status: UInt16, text: String, json: JSONNode?) {
        var fields = [("Content-Type", contentType)]
        if let token { fields.append(("Authorization", "Bearer \(token)")) }
        let response = try connected { try $0.send("POST", "/rpc", fields: fields, body: Array(body.utf8)) }
        return (response.status, String(decoding: response.body, as: UTF8.self), Self.json(response.body))
    }

    /// - Returns: the HTTP status and the text.
    package func get(_ target: String) throws -> (status: UInt16, text: String) {
        let response = try connected { try $0.send("GET", target) }
        return (response.status, String(decoding: response.body, as: UTF8.self))
    }

    /// A connection of its own, which trusts the platform's own certificate and nothing else.
    package func newClient() throws -> HTTPSClient {
        try HTTPSClient(address: address, trust: .file(path: certificatePath))
    }

    /// Keeps one connection for all calls; one that has broken is not used again.
    private func connected<Result>(_ body: (HTTPSClient) throws -> Result) throws -> Result {
        do {
            let client = try client ?? newClient()
            self.client = client
            return try body(client)
        } catch {
            client = nil
            throw process.failure("\(error)")
        }
    }

    private static func json(_ bytes: [UInt8]) -> JSONNode? {
        // What is not JSON is nil here, and shown as text.
        (try? JSONDocument(parsing: bytes))?.root
    }

    // MARK: Accidents

    /// Kills the kernel as a power cut would, and returns when the supervisor's new one answers.
    package func kill9Kernel() throws {
        guard let killed = try processID(of: "crm-kernel") else { throw process.failure("no kernel runs") }
        kill(killed, SIGKILL)
        try eventually("a new kernel") {
            let now = try processID(of: "crm-kernel")
            return now != nil && now != killed
        }
        try waitUntilReady()
    }

    /// The process id of one of the programs, as the supervisor notes it; nil while it does not run.
    package func processID(of program: String) throws -> Int32? {
        let text = try String(contentsOfFile: "\(dataPath)/run/crm.state", encoding: .utf8)
        let processes = try JSONDocument(parsing: text).root["processes"]
        let row = processes?.elements.first { $0["program"]?.string == program }
        return row?["pid"]?.int64.flatMap { Int32(exactly: $0) }
    }

    private func waitUntilReady() throws {
        try eventually("readiness") { try get("/readyz").status == 200 }
    }

    /// Asks again and again until the answer is yes: for what announces itself to nobody.
    private func eventually(_ what: String, limit: Duration = .seconds(60), _ isSo: () throws -> Bool) throws
    {
        let deadline = ContinuousClock.now + limit
        while try !isSo() {
            guard ContinuousClock.now < deadline else { throw process.failure("no \(what) within \(limit)") }
            sched_yield()
        }
    }
}
