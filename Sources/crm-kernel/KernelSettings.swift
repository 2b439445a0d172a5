import Foundation
import Identity
import Log
import Settings

/// The options of `crm-kernel`, and how it says that something is wrong with them.
struct KernelSettings {
    static let version = PlatformVersion.current

    static let table = SettingsTable.platform(
        program: "crm-kernel", summary: "Owns the data: the database, the modules, who may do what.",
        options: [
            .data, .modules, .backups, .log, .adminUIDs, .endpointUIDs, .organisation, .currency, .loginWait,
            .sessionIdleMinutes, .sessionHours, .passwordLength, .requireSecondFactor, .fileLimit,
            .config,
            .readyDescriptor,
            .init(
                "admin-password", .secret,
                help: "The first administrator's password; else one is made (init)."),
        ],
        operands: "init|serve|restore BACKUP|version")

    let values: SettingsValues

    init(_ values: SettingsValues) { self.values = values }

    static func read() -> SettingsValues {
        do throws(SettingsError) {
            return try table.read(
                arguments: Array(CommandLine.arguments.dropFirst()),
                environment: ProcessInfo.processInfo.environment,
                configFile: SettingsTable.systemConfigFile)
        } catch {
            fail(error.message, hint: error.hint, code: 2)
        }
    }

    /// Ends the program with one line, and one of advice.
    static func fail(_ message: String, hint: String? = nil, code: Int32 = 1) -> Never {
        let lines = ["crm-kernel: \(message)"] + (hint.map { ["hint: \($0)"] } ?? [])
        FileHandle.standardError.write(Data((lines.joined(separator: "\n") + "\n").utf8))
        exit(code)
    }

    var log: Log {
        Log(room: "kernel", level: values.wantsHelp ? .info : Log.Level(name: values.string("log")) ?? .info)
    }

    /// Without a slash at its end, so that paths below it can be compared.
    var dataFolder: String {
        let path = URL(fileURLWithPath: values.path("data")).standardizedFileURL.path
        return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    var modulesFolder: String {
        if let path = values.pathIfSet("modules") { return path }
        let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "."
        return (program as NSString).deletingLastPathComponent
    }

    var backupsFolder: String { values.pathIfSet("backups") ?? dataFolder + "/backups" }

    /// Users of this machine and whom they are for us: our own is the first administrator, unless it is named.
    var consoleUsers: [UInt32: String] {
        var users = [geteuid(): "admin"]
        for entry in values.list("admin-uids") {
            let parts = entry.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let user = UInt32(parts[0]) else {
                Self.fail(
                    "option admin-uids cannot be \"\(entry)\"",
                    hint: "Give UID=USER NAME, such as 1000=admin.", code: 2)
            }
            users[user] = String(parts[1])
        }
        return users
    }

    /// How people log in, and for how long.
    func apply(to configuration: inout IdentityService.Configuration) {
        configuration.consoleUsers = consoleUsers
        configuration.sessions.idleSeconds = Int64(values.integer("session-idle-minutes")) * 60
        configuration.sessions.absoluteSeconds = Int64(values.integer("session-hours")) * 3_600
        configuration.passwords.minimumLength = values.integer("password-length")
        configuration.passwords.names.append(values.string("organisation"))
        configuration.logins.firstWaitSeconds = Int64(values.integer("login-wait"))
        configuration.secondFactors = SecondFactorPolicy(values.list("require-second-factor"))
    }

    var endpointUsers: Set<UInt32> {
        var users: Set = [geteuid()]
        for entry in values.list("endpoint-uids") {
            guard let user = UInt32(entry) else {
                Self.fail(
                    "option endpoint-uids cannot be \"\(entry)\"", hint: "Give the number of a user.", code: 2
                )
            }
            users.insert(user)
        }
        return users
    }
}
