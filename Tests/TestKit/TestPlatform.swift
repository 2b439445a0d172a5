import Foundation
import JSON
import Synchronization
import TLS

/// The whole platform as an operator starts it: `crm up` on a temporary data folder, on a port of the system's
/// choice, spoken to over real TLS with the certificate that it made. Everything ends with the last reference.
///
/// ```
/// let platform = try TestPlatform()
/// let admin = try platform.logIn()
/// let made = try admin.call("record.create", #"{"entity":"account","values":{"account_name":"Acme"}}"#)
/// ```
package final class TestPlatform: Sendable {
    /// Where the first administrator's password comes from.
    package enum FirstPassword: Sendable {
        /// `administratorPassword`, through a file, as scripts do it.
        case given
        /// The platform makes one and writes it into a file.
        case generated
    }

    private struct Running {
        var process: TestProcess
        /// `127.0.0.1:PORT`.
        var address: String
        /// What ended processes have logged.
        var earlierLogs = ""
    }

    package static let administratorPassword = "a password for tests only"

    /// The disk that the data folder is on, where it has one of its own; before the folder, since it must go first.
    private let disk: SmallDisk?
    package let folder: TemporaryFolder
    private let programs: String
    private let options: [String]
    private let environment: [String: String]
    private let running: Mutex<Running>

    package var dataPath: String { folder.path("data") }
    package var databasePath: String { "\(dataPath)/kernel/crm.sqlite" }
    package var certificatePath: String { "\(dataPath)/endpoint/certificate.pem" }
    package var address: String { running.withLock { $0.address } }
    /// The process of `crm up`.
    package var process: TestProcess { running.withLock { $0.process } }
    /// What the platform has logged, over all restarts.
    package var logs: String { running.withLock { $0.earlierLogs + $0.process.standardError } }

    /// Prepares the folder, starts everything, and returns when a call would be answered.
    ///
    /// - Parameters:
    ///   - firstPassword: for the user `admin`.
    ///   - programs: the folder of the programs.
    ///   - settings: `CRM_…` of the environment.
    ///   - options: further arguments of `crm up`.
    ///   - diskBytes: gives the data folder a disk of its own of that size; see `SmallDisk.isPermitted`.
    package init(
        firstPassword: FirstPassword = .given, programs: String = BuildFolder.path,
        settings: [String: String] = [:], options: [String] = [], diskBytes: Int? = nil
    ) throws {
        folder = try TemporaryFolder()
        let data = folder.path("data")
        disk = try diskBytes.map { try SmallDisk(at: data, bytes: $0) }
        try folder.write(Self.administratorPassword, to: "password")
        self.programs = programs
        self.options = options
        var environment = ["CRM_LOG": "debug"].merging(settings) { _, given in given }
        if firstPassword == .given { environment["CRM_ADMIN_PASSWORD_FILE"] = folder.path("password") }
        self.environment = environment
        let process = try Self.start(programs, folder, options, environment)
        running = Mutex(Running(process: process, address: try Self.waitForAddress(process)))
        try waitUntilReady()
    }

    deinit {
        process.send(SIGTERM)
        process.waitForEnd()
    }

    /// Ends everything as an operator would, and starts it again on the same data.
    package func restart() throws {
        try stop()
        try start()
    }

    /// Ends everything and checks that it ended well.
    package func stop() throws {
        process.send(SIGTERM)
        let code = process.waitForEnd()
        guard code == 0 else { throw failure("crm up ended with code \(code)") }
    }

    /// Starts everything again after `stop`.
    package func start() throws {
        let process = try Self.start(programs, folder, options, environment)
        running.withLock {
            $0.earlierLogs += $0.process.standardError
            $0.process = process
        }
        let address = try Self.waitForAddress(process)
        running.withLock { $0.address = address }
        try waitUntilReady()
    }

    private static func start(
        _ programs: String, _ folder: TemporaryFolder, _ options: [String], _ environment: [String: String]
    ) throws -> TestProcess {
        try TestProcess(
            "\(programs)/crm", ["up", "--data", folder.path("data"), "--listen", "127.0.0.1:0"] + options,
            environment: environment)
    }

    private static func waitForAddress(_ process: TestProcess) throws -> String {
        try process.waitForOutput("address") { output in
            guard let start = output.range(of: "listening on https://")?.upperBound,
                let end = output[start...].firstIndex(of: " ")
            else { return nil }
            return String(output[start..<end])
        }
    }

    /// An error that shows what the platform wrote.
    package func failure(_ what: String) -> TestProcess.Failure { process.failure(what) }

    // MARK: Clients

    /// Logs somebody in.
    ///
    /// - Throws: `Caller.Refusal` if the platform does not let them.
    package func logIn(_ username: String = "admin", _ password: String = administratorPassword) throws
        -> Caller
    {
        let answer = try Caller(self).call(
            "auth.login", #"{"username":\#(username.jsonText),"password":\#(password.jsonText)}"#)
        guard let token = answer["token"]?.string else { throw failure("auth.login answers no token") }
        return Caller(self, token: token)
    }

    /// A connection of its own, which trusts the platform's own certificate, or the one given, and nothing else.
    package func newClient(trusting certificate: String? = nil) throws -> HTTPSClient {
        try HTTPSClient(address: address, trust: .file(path: certificate ?? certificatePath))
    }

    /// Runs one of the programs on the platform's data folder, to its end.
    package func run(_ program: String, _ arguments: [String]) throws -> TestProcess.Finished {
        try TestProcess("\(programs)/\(program)", ["--data", dataPath] + arguments).finish()
    }

    /// Runs a command of the administrator's console.
    package func admin(_ arguments: String...) throws -> TestProcess.Finished {
        try run("crm-admin", arguments)
    }

    // MARK: Accidents

    /// Kills the kernel as a power cut would; `waitForNewKernel` returns when the supervisor's new one answers.
    ///
    /// - Returns: the process that was killed.
    @discardableResult
    package func killKernel() throws -> Int32 {
        guard let killed = try processID(of: "crm-kernel") else { throw failure("no kernel runs") }
        kill(killed, SIGKILL)
        return killed
    }

    /// Waits until another kernel than `former` answers.
    package func waitForNewKernel(after former: Int32) throws {
        try eventually(orThrow: { failure("no new kernel") }) {
            let now = try processID(of: "crm-kernel")
            return now != nil && now != former
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

    package func waitUntilReady() throws {
        let caller = Caller(self)
        try eventually(orThrow: { failure("the platform is not ready") }) {
            try caller.get("/readyz").status == 200
        }
    }
}
