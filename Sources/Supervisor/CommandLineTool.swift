import Glibc
import Log
import Settings

/// The program `crm`: reads the settings, finds the command, runs it, and turns what becomes of it into an exit code:
/// 0 done, 1 not done, 2 wrongly asked; `crm status` has its own (`StatusReport.Health`).
package enum CommandLineTool {
    /// One row per command: look-up and help text read it.
    private struct Command: Sendable {
        let name: String
        let summary: String
        var takesDemo = false
        /// What has to follow the name; nil for nothing.
        var operand: String?
        let run: @Sendable (Request) throws(SupervisorError) -> Int32
    }

    /// A command of `crm` that is none of this room's: it reads its own arguments.
    package struct OtherCommand: Sendable {
        let name: String
        let summary: String
        let run: @Sendable ([String]) -> Int32

        /// - Parameter run: is given what follows the name, and returns the exit code.
        package init(
            _ name: String, _ summary: String, run: @escaping @Sendable ([String]) -> Int32
        ) {
            self.name = name
            self.summary = summary
            self.run = run
        }
    }

    /// What a command is given.
    private struct Request {
        let folder: DataFolder
        let plan: ServicePlan
        let log: Log
        let isDemo: Bool
        /// What follows the command's name.
        let operand: String
    }

    private static let commands = [
        Command(name: "init", summary: "prepare a new data folder", takesDemo: true, run: initialise),
        Command(
            name: "up", summary: "run everything in the foreground, after init if the folder is new",
            takesDemo: true, run: up),
        Command(
            name: "restore", summary: "prepare a new data folder from a backup", operand: "BACKUP",
            run: restore),
        Command(
            name: "status", summary: "show the processes and what the kernel says of itself", run: status),
        Command(name: "stop", summary: "end everything, and wait for it", run: stop),
        Command(name: "version", summary: "show the version", run: version),
    ]

    /// Loads the demo company while the folder is prepared. Not a setting: it counts once.
    private static let demoFlag = "--demo"

    private static func table(_ others: [OtherCommand]) -> SettingsTable {
        let own = commands.map {
            ([$0.name, $0.operand].compactMap(\.self).joined(separator: " "), $0.summary)
        }
        let lines = own + others.map { ($0.name, $0.summary) }
        return .platform(
            program: "crm",
            summary: "Prepares, runs and watches the platform.\n\ncommands:\n"
                + lines.map { name, summary in "  \(name.padding(to: 14)) \(summary)" }
                .joined(separator: "\n")
                + "\n\ninit and up take --demo: a new folder gets all modules and the demo company, Northwind.",
            options: [.data, .listen, .modules, .backups, .log, .organisation, .currency, .config],
            operands: "COMMAND")
    }

    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - others: commands that other rooms bring.
    /// - Returns: the exit code.
    package static func run(arguments: [String], others: [OtherCommand] = []) -> Int32 {
        if let name = arguments.first, let other = others.first(where: { $0.name == name }) {
            return other.run(Array(arguments.dropFirst()))
        }
        umask(0o077)
        do {
            let table = table(others)
            let settings = try table.read(
                arguments: arguments.filter { $0 != demoFlag }, environment: environment(),
                configFile: SettingsTable.systemConfigFile)
            if settings.wantsHelp {
                print(table.helpText, terminator: "")
                return 0
            }
            let command = try command(settings.operands)
            let isDemo = arguments.contains(demoFlag)
            if isDemo { try checkDemo(command, settings) }
            return try command.run(
                request(settings, isDemo: isDemo, operand: settings.operands.dropFirst().first ?? ""))
        } catch let error as SupervisorError {
            return complain(error.description, code: 1)
        } catch {
            return complain("\(error)", code: 2)
        }
    }

    private static func command(_ operands: [String]) throws(SettingsError) -> Command {
        let names = commands.map(\.name).joined(separator: ", ")
        guard let name = operands.first else {
            throw SettingsError(message: "a command is missing", hint: "Give one of \(names).")
        }
        guard let command = commands.first(where: { $0.name == name }) else {
            throw SettingsError(message: "there is no command \"\(name)\"", hint: "Give one of \(names).")
        }
        let known = command.operand == nil ? 1 : 2
        guard operands.count <= known else {
            throw SettingsError(
                message: "crm \(name) cannot use the argument \"\(operands[known])\"",
                hint: "Run crm --help for its options.")
        }
        guard operands.count == known else {
            throw SettingsError(
                message: "crm \(name) lacks \(command.operand ?? "")", hint: "It is a folder's path.")
        }
        return command
    }

    private static func checkDemo(_ command: Command, _ settings: SettingsValues) throws(SettingsError) {
        guard command.takesDemo else {
            throw SettingsError(
                message: "crm \(command.name) cannot use \(demoFlag)", hint: "crm init and crm up take it.")
        }
        guard settings.origin("organisation") == .defaultValue else {
            throw SettingsError(
                message:
                    "the demo company has the root role \"\(SettingsTable.Option.organisation.defaultText ?? "")\"",
                hint: "Leave organisation out with \(demoFlag), and rename the role afterwards.")
        }
    }

    private static func request(
        _ settings: SettingsValues, isDemo: Bool, operand: String
    ) throws(SupervisorError) -> Request {
        let folder = DataFolder(path: settings.path("data"))
        var environment = environment()
        environment["CRM_LOG"] = settings.string("log")
        // Swift's own report of a trap: the crashed thread's calls, and no registers, which may point at record values.
        if environment["SWIFT_BACKTRACE"] == nil {
            environment["SWIFT_BACKTRACE"] =
                "threads=crashed,registers=none,images=none,symbolicate=fast,limit=32"
        }
        environment["CRM_ORGANISATION"] = settings.string("organisation")
        environment["CRM_CURRENCY"] =
            isDemo && settings.origin("currency") == .defaultValue
            ? DemoCompany.currency : settings.string("currency")
        if let backups = settings.pathIfSet("backups") { environment["CRM_BACKUPS"] = backups }
        if let modules = settings.pathIfSet("modules") { environment["CRM_MODULES"] = modules }
        if let config = settings.pathIfSet("config") { environment["CRM_CONFIG"] = config }
        let plan = ServicePlan(
            folder: folder, listen: settings.addressAndPort("listen").description,
            programs: try ServicePlan.ownFolder(), environment: environment)
        let level = Log.Level(name: settings.string("log")) ?? .info
        return Request(
            folder: folder, plan: plan, log: Log(room: "supervisor", level: level), isDemo: isDemo,
            operand: operand)
    }

    // MARK: The commands

    private static func initialise(_ request: Request) throws(SupervisorError) -> Int32 {
        try Preparation(request.plan, isDemo: request.isDemo).run()
        print("prepared \(request.folder.path); run crm up")
        return 0
    }

    private static func restore(_ request: Request) throws(SupervisorError) -> Int32 {
        try Preparation(request.plan, backup: request.operand).run()
        print("prepared \(request.folder.path); run crm up")
        return 0
    }

    private static func up(_ request: Request) throws(SupervisorError) -> Int32 {
        try Preparation(request.plan, isDemo: request.isDemo).runIfNeeded()
        let path = request.folder.path
        let supervisor = try Supervisor(request.plan, log: request.log) { address in
            print("listening on https://\(address)  (data: \(path), pid \(getpid()))")
            fflush(nil)
        }
        switch supervisor.run() {
        case .stopped: return 0
        case .startRefused(let how):
            throw SupervisorError("could not start: \(how)", hint: "Its last lines above say why.")
        }
    }

    private static func status(_ request: Request) -> Int32 {
        let report = StatusReport(request.folder)
        for line in report.lines { print(line) }
        return report.health.rawValue
    }

    private static func stop(_ request: Request) throws(SupervisorError) -> Int32 {
        guard let running = RunningSupervisor.find(request.folder) else {
            print("not running (data: \(request.folder.path))")
            return 0
        }
        try running.terminate()
        // Each of the two processes has its time; what is added is for the supervisor's own.
        guard running.waitForEnd(Supervision.stopLimit * 2 + .seconds(5)) else {
            throw SupervisorError("process \(running.process) has not ended in time")
        }
        print("stopped")
        return 0
    }

    private static func version(_ request: Request) -> Int32 {
        print("crm \(PlatformVersion.current)")
        return 0
    }

    // MARK: Around them

    private static func complain(_ text: String, code: Int32) -> Int32 {
        DescriptorSink().write("crm: \(text)\n")
        return code
    }

    private static func environment() -> [String: String] {
        var all: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let parts = String(cString: entry).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { all[String(parts[0])] = String(parts[1]) }
            next += 1
        }
        return all
    }
}
