import Backup
import CRMSDK
import Core
import Crypto
import Dispatch
import Foundation
import Identity
import Installation
import JSON
import Log
import Query
import RPC
import Records
import Registry
import Security
import Storage
import Wire

/// A whole kernel with its sockets: a real database in a folder of its own, served to this process.
///
/// Beside the kernel's own entities it has three actions: `core.block` reads and waits, `core.hold` writes and waits,
/// both until `release`; `core.echo` answers its parameters.
final class TestKernel: Sendable {
    let folder: String
    let database: Database
    let installation: Installation
    let identity: IdentityService
    let services: KernelServices
    let server: KernelServer
    let log = MemorySink()
    let gate: Gate

    static let password = "plenty of quiet otters"

    /// - Parameter extend: what the core module has beside that.
    init(_ extend: (inout ModuleManifest) -> Void = { _ in }) throws {
        // Socket paths are short: 107 bytes at most.
        folder = "/tmp/crm-rpc-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(
            atPath: folder + "/kernel", withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        let log = Log(room: "test", level: .debug, sink: log)
        let gate = Gate()
        self.gate = gate
        database = try Database(
            options: .init(path: folder + "/kernel/crm.sqlite", mustExist: false), log: log)
        var core = CoreModule().manifest
        core.entities.append(Self.sample)
        core.actions = [gate.block, gate.hold, Self.echo]
        extend(&core)
        installation = try Installation.start(
            Installation.Setup(
                database: database, core: core, dataFolder: folder, modulesFolder: "/nonexistent",
                cursorKey: Array(repeating: 7, count: 32), log: log))
        let records = installation.recordService
        try database.writer.perform { transaction throws(CRMError) in
            try FirstRecords.make(.init(), records, in: transaction)
        }
        var configuration = IdentityService.Configuration()
        configuration.hashing = PasswordHashing(
            encode: { password in "plain:" + password },
            verify: { password, encoded in
                Scrypt.Verification(valid: encoded == "plain:" + password, needsRehash: false)
            }, dummy: "plain:")
        let snapshots = installation.snapshots
        identity = try IdentityService(database: database, configuration: configuration, log: log) {
            SnapshotUsers(snapshots.current)
        }
        _ = try identity.createFirstCredential(
            user: FirstRecords.administrator, username: "admin", password: Self.password, mustChange: false)
        services = KernelServices(
            database: database, installation: installation, identity: identity,
            backups: BackupFolder(
                path: folder + "/backups", database: database, kernelFolder: folder + "/kernel",
                version: "1.2.3"),
            log: log, programVersion: "1.2.3")
        server = try KernelServer(
            services,
            [
                .init(path: folder + "/endpoint.sock", door: .endpoint, userIDs: [geteuid()]),
                .init(path: folder + "/admin.sock", door: .admin, userIDs: [geteuid()]),
            ])
        server.start()
    }

    deinit {
        gate.release(1_000)
        server.stop()
        identity.close()
        database.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    // MARK: Calling

    /// On the administrators' socket, as the first administrator.
    func admin() throws -> TestClient { try TestClient(self, "admin.sock", .admin) }

    func endpoint() throws -> TestClient { try TestClient(self, "endpoint.sock", .endpoint) }

    /// One field of every type that is written, none of them mandatory.
    static let sample = EntityDefinition(
        "sample", label: "Sample", plural: "Samples",
        fields: [
            .text("a_text", "Text").indexed(), .longtext("a_longtext", "Long text"),
            .email("an_email", "E-mail"),
            .phone("a_phone", "Phone"), .url("a_url", "Address"), .boolean("a_boolean", "Boolean"),
            .integer("an_integer", "Integer").indexed(), .decimal("a_decimal", "Decimal", scale: 3),
            .percent("a_percent", "Percent"), .reference("a_currency", "Currency", to: "currency"),
            .money("a_money", "Amount", currencyField: "a_currency"), .money("base_money", "Base amount"),
            .date("a_date", "Date"), .datetime("a_moment", "Moment"),
            .picklist("a_choice", "Choice", labels: ["Red", "Green", "Light Blue"]),
            .reference("an_account", "Account", to: "account"), .reference("anything", "Anything"),
            .autonumber("a_number", "Number", "S0000"),
        ]
    ).labelled(by: "a_text").sorted(by: "a_text").listing("a_text")

    private static let echo = Action(
        "echo", .reads, summary: "Answers its parameters.",
        parameters: [
            Parameter("amount", ParameterType.field(.money()), "An amount.", required: true),
            Parameter("day", .date, "A day."), Parameter("flags", .list(of: .boolean), "Several."),
            Parameter("values", .values(of: "account"), "Of an account."),
        ], result: .any
    ) { parameters, _ in parameters }
}

/// Two actions that wait until they are let go.
final class Gate: Sendable {
    private let opened = DispatchSemaphore(value: 0)
    private let entered = DispatchSemaphore(value: 0)

    func release(_ count: Int = 1) { for _ in 0..<count { opened.signal() } }
    /// Waits until an action has come to the gate.
    func waitForEntry() { entered.wait() }

    var block: Action {
        Action("block", .reads, summary: "Waits.", result: .any) { [self] _, _ in
            entered.signal()
            opened.wait()
            return .object(["waited": .value(true)])
        }
    }

    var hold: Action {
        Action("hold", .writes, summary: "Waits in the writer.", result: .any) { [self] _, _ in
            entered.signal()
            opened.wait()
            return .object(["waited": .value(true)])
        }
    }
}

/// What a call came to.
struct Answer {
    let status: UInt16
    let json: JSONNode?

    var result: JSONNode? { json?["result"] }
    var code: Int64? { json?["error"]?["code"]?.int64 }
    var message: String? { json?["error"]?["message"]?.string }
    var data: JSONNode? { json?["error"]?["data"] }

    init(_ reply: ReplyFrame) throws {
        status = reply.status
        json = reply.body.isEmpty ? nil : try JSONDocument(parsing: reply.body).root
    }
}

/// A caller that keeps its kernel alive.
final class TestClient {
    private let kernel: TestKernel
    private let wire: WireClient

    init(_ kernel: TestKernel, _ socket: String, _ role: WireRole) throws {
        self.kernel = kernel
        wire = try WireClient(path: "\(kernel.folder)/\(socket)", role: role, programVersion: "1")
    }

    /// Sends a body as it is.
    func send(_ body: String, token: String? = nil) throws -> Answer {
        try Answer(wire.call(body: Array(body.utf8), token: token.map { Array($0.utf8) }, requestID: "r-1"))
    }

    @discardableResult
    func call(_ method: String, _ parameters: String = "{}", token: String? = nil) throws -> Answer {
        try send(#"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(parameters)}"#, token: token)
    }

    func reply(_ route: Route, token: String? = nil) throws -> ReplyFrame {
        try wire.call(body: [], token: token.map { Array($0.utf8) }, requestID: "r", route: route)
    }
}

extension JSONNode {
    /// Without blanks, as text.
    var text: String { String(decoding: rawBytes, as: UTF8.self) }
}
