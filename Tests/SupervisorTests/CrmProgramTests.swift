import Foundation
import TestKit
import Testing

/// The real `crm` in a folder of its own, beside a kernel and an endpoint that are shell scripts: they follow the
/// protocol between a supervisor and its processes, and nothing more.
private struct Installation {
    let folder: TemporaryFolder
    var data: String { folder.path("data") }

    static let kernel = """
        case $1 in
        init) echo "password: once"; exit ${KERNEL_INIT:-0} ;;
        serve)
            echo "kernel serves $*" >&2
            if [ -n "${KERNEL_REFUSES:-}" ]; then echo "the database is damaged" >&2; exit 1; fi
            trap 'echo "kernel ends" >&2; exit 0' TERM
            echo ready >&3; exec 3>&-
            while :; do sleep 1 & wait $!; done ;;
        esac
        """

    static let endpoint = """
        case $1 in
        make-certificate) echo "certificate made" ;;
        serve)
            echo "endpoint serves $*" >&2
            trap 'echo "endpoint ends" >&2; exit 0' TERM
            trap 'echo "endpoint reloads" >&2' HUP
            echo "ready 127.0.0.1:54321" >&3; exec 3>&-
            while :; do sleep 1 & wait $!; done ;;
        esac
        """

    init() throws {
        folder = try TemporaryFolder()
        try FileManager.default.copyItem(atPath: "\(BuildFolder.path)/crm", toPath: folder.path("crm"))
        try folder.write("#!/bin/sh\n\(Self.kernel)\n", to: "crm-kernel", mode: 0o755)
        try folder.write("#!/bin/sh\n\(Self.endpoint)\n", to: "crm-rpc", mode: 0o755)
    }

    func crm(_ arguments: String..., environment: [String: String] = [:]) throws -> TestProcess {
        let own = ["CRM_CONFIG": folder.path("crm.json5")].merging(environment) { $1 }
        if !FileManager.default.fileExists(atPath: folder.path("crm.json5")) {
            try folder.write("{ data: \"\(data)\", listen: \"127.0.0.1:0\" }\n", to: "crm.json5")
        }
        return try TestProcess(folder.path("crm"), arguments, environment: own)
    }

    func up(environment: [String: String] = [:]) throws -> TestProcess {
        let process = try crm("up", environment: environment)
        _ = try process.waitForOutput("announcement") { $0.contains("listening on") ? true : nil }
        return process
    }

    /// The process ids that the log names as ready, in order, of one program.
    func readied(_ program: String, _ log: String) -> [Int32] {
        log.split(separator: "\n").filter { $0.contains("ready program=\(program) pid=") }.compactMap {
            $0.split(separator: "=").last.flatMap { Int32($0) }
        }
    }
}

@Suite("crm: the program, with processes of its own")
struct CrmProgramTests {
    private let installation: Installation

    init() throws { installation = try Installation() }

    @Test("up prepares an empty folder, starts in order, announces once, and ends in order")
    func upAndDown() throws {
        let crm = try installation.up()
        #expect(crm.standardOutput.contains("password: once\ncertificate made\n"))
        #expect(
            crm.standardOutput.contains(
                "listening on https://127.0.0.1:54321  (data: \(installation.data), pid \(crm.processID))\n"))
        crm.send(SIGHUP)
        _ = try crm.waitForError("reload") { $0.contains("endpoint reloads") ? true : nil }
        crm.send(SIGTERM)
        #expect(crm.waitForEnd() == 0)
        let log = crm.standardError
        let order = try ["kernel serves", "endpoint serves", "endpoint ends", "kernel ends"].map {
            try #require(log.range(of: $0)).lowerBound
        }
        #expect(order == order.sorted())
    }

    @Test("a killed kernel is started again; the endpoint stays")
    func restart() throws {
        let crm = try installation.up()
        let first = try #require(installation.readied("crm-kernel", crm.standardError).first)
        kill(first, SIGKILL)
        let second = try crm.waitForError("second kernel") { log -> Int32? in
            let all = installation.readied("crm-kernel", log)
            return all.count > 1 ? all[1] : nil
        }
        #expect(second != first)
        #expect(installation.readied("crm-rpc", crm.standardError).count == 1)
        let status = try installation.crm("status")
        #expect(status.waitForEnd() == 1)
        #expect(status.standardOutput.contains("restarted once"))
        #expect(status.standardOutput.contains("last was ended by SIGKILL"))
        crm.send(SIGINT)
        #expect(crm.waitForEnd() == 0)
    }

    @Test("stop ends it and waits; status tells")
    func stop() throws {
        let crm = try installation.up()
        let stop = try installation.crm("stop")
        #expect(stop.waitForEnd() == 0)
        #expect(stop.standardOutput == "stopped\n")
        #expect(crm.waitForEnd() == 0)
        let status = try installation.crm("status")
        #expect(status.waitForEnd() == 3)
        #expect(status.standardOutput == "not running (data: \(installation.data))\n")
        #expect(try installation.crm("stop").waitForEnd() == 0)
    }

    @Test("a second supervisor is refused, and the first goes on")
    func second() throws {
        let crm = try installation.up()
        let other = try installation.crm("up")
        #expect(other.waitForEnd() == 1)
        #expect(
            other.standardError.contains(
                "already runs on \"\(installation.data)\" (process \(crm.processID))"))
        crm.send(SIGTERM)
        #expect(crm.waitForEnd() == 0)
    }

    @Test("a process id that another process has now is not taken for ours")
    func reusedProcessID() throws {
        #expect(try installation.crm("init").waitForEnd() == 0)
        let stale = "\(installation.data)/run/crm.pid"
        try Data("\(getpid()) 1\n".utf8).write(to: URL(fileURLWithPath: stale))
        #expect(try installation.crm("status").waitForEnd() == 3)
        #expect(try installation.crm("stop").waitForEnd() == 0)
    }

    @Test("a kernel that refuses to start ends crm up with its words")
    func refusal() throws {
        let crm = try installation.crm("up", environment: ["KERNEL_REFUSES": "1"])
        #expect(crm.waitForEnd() == 1)
        #expect(crm.standardError.contains("the database is damaged\n"))
        #expect(crm.standardError.contains("crm: could not start: crm-kernel ended with code 1\n"))
        #expect(!crm.standardOutput.contains("listening"))
    }

    @Test("the processes end when the supervisor is killed")
    func orphans() throws {
        let crm = try installation.up()
        crm.send(SIGKILL)
        #expect(crm.waitForEnd() == 128 + SIGKILL)
        // Both hold the lock's folder only through their parent: a new one starts cleanly.
        let again = try installation.up()
        again.send(SIGTERM)
        #expect(again.waitForEnd() == 0)
    }

    @Test("a preparation that fails is not taken for a prepared folder")
    func failedPreparation() throws {
        let first = try installation.crm("init", environment: ["KERNEL_INIT": "1"])
        #expect(first.waitForEnd() == 1)
        #expect(first.standardError.contains("crm-kernel ended with code 1"))
        for command in ["init", "up"] {
            let next = try installation.crm(command)
            #expect(next.waitForEnd() == 1)
            #expect(next.standardError.contains("broke off"))
        }
    }

    @Test("init is refused where there is a data folder already")
    func initTwice() throws {
        #expect(try installation.crm("init").waitForEnd() == 0)
        let again = try installation.crm("init")
        #expect(again.waitForEnd() == 1)
        #expect(again.standardError.contains("is already prepared"))
    }

    // MARK: The demo company

    /// The folder with the demo company's files, and a console that writes down what it is asked.
    private func demo(console: String = "exit 0") throws -> [String: String] {
        try installation.folder.write(
            "#!/bin/sh\necho \"$*\" >> '\(installation.folder.path("asked"))'\n\(console)\n", to: "crm-admin",
            mode: 0o755)
        try FileManager.default.createDirectory(
            atPath: installation.folder.path("company/demo/northwind"), withIntermediateDirectories: true)
        try FileManager.default.createDirectory(
            atPath: installation.folder.path("company/import"), withIntermediateDirectories: true)
        try installation.folder.write("{}", to: "company/import/northwind.json5")
        return ["CRM_DEMO": installation.folder.path("company")]
    }

    private func asked() -> [Substring] {
        let text = try? String(contentsOfFile: installation.folder.path("asked"), encoding: .utf8)
        return (text ?? "").split(separator: "\n")
    }

    private func upWithDemo(_ environment: [String: String]) throws -> TestProcess {
        let crm = try installation.crm("up", "--demo", environment: environment)
        _ = try crm.waitForOutput("announcement") { $0.contains("listening on") ? true : nil }
        crm.send(SIGTERM)
        #expect(crm.waitForEnd() == 0)
        return crm
    }

    @Test("up --demo fills a new folder once, and from then on is as up")
    func demoTwice() throws {
        let environment = try demo()
        _ = try upWithDemo(environment)
        let first = asked()
        #expect(first.count == 6)
        #expect(first.allSatisfy { $0.hasPrefix("--data \(installation.data) ") })
        #expect(
            first.last?.contains(
                "import --mapping \(installation.folder.path("company"))/import/northwind.json5") == true)
        let second = try upWithDemo(environment)
        #expect(asked() == first)
        #expect(!second.standardOutput.contains("password"))
        #expect(try installation.crm("init", "--demo", environment: environment).finish().code == 1)
        let plain = try installation.up()
        plain.send(SIGTERM)
        #expect(plain.waitForEnd() == 0)
    }

    @Test("the demo company is not mixed with a folder's own data")
    func demoIntoOwnData() throws {
        let environment = try demo()
        #expect(try installation.crm("init").finish().code == 0)
        let refused = try installation.crm("up", "--demo", environment: environment).finish()
        #expect(refused.code == 1)
        #expect(
            refused.errors.contains("which was made without it\nhint: Name a new folder with --data."),
            "\(refused)")
        #expect(asked().isEmpty)
    }

    @Test("where the demo company cannot be loaded, the folder counts as unfinished")
    func demoBreaksOff() throws {
        let environment = try demo(console: "exit 7")
        let refused = try installation.crm("up", "--demo", environment: environment).finish()
        #expect(refused.code == 1)
        #expect(refused.errors.contains("crm-admin ended with code 7"), "\(refused)")
        #expect(asked().count == 1)
        let next = try installation.crm("up", "--demo", environment: environment).finish()
        #expect(next.code == 1 && next.errors.contains("broke off"), "\(next)")
    }

    @Test("without the company's files nothing is made")
    func demoNotInstalled() throws {
        let environment = try demo()
        try FileManager.default.removeItem(atPath: installation.folder.path("company/import/northwind.json5"))
        let refused = try installation.crm("up", "--demo", environment: environment).finish()
        #expect(refused.code == 1)
        #expect(refused.errors.contains("the demo company is not installed: "), "\(refused)")
        #expect(!FileManager.default.fileExists(atPath: installation.data))
    }

    @Test(
        "what is wrongly asked is refused with advice",
        arguments: [
            (["status", "--demo"], "crm status cannot use --demo"),
            (
                ["init", "--demo", "--organisation", "Acme"],
                "the demo company has the root role \"Organisation\""
            ),
            (["sing"], "there is no command \"sing\""), ([], "a command is missing"),
            (["up", "now"], "crm up cannot use the argument \"now\""),
            (["up", "--lisen", "x"], "no option --lisen"),
            (["up", "--listen", "8443"], "option listen cannot be \"8443\""),
        ])
    func usage(_ arguments: [String], _ message: String) throws {
        let crm = try TestProcess(installation.folder.path("crm"), arguments)
        #expect(crm.waitForEnd() == 2)
        #expect(crm.standardError.contains(message))
    }

    @Test("version and help")
    func helpful() throws {
        let version = try installation.crm("version")
        #expect(version.waitForEnd() == 0)
        #expect(version.standardOutput.hasPrefix("crm "))
        let help = try installation.crm("--help")
        #expect(help.waitForEnd() == 0)
        for command in ["init", "up", "status", "stop", "version"] {
            #expect(help.standardOutput.contains("  \(command) "))
        }
    }
}
