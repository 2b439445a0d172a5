// One configuration file serves all programs. So what it may set is declared here, once: a program takes the options
// that it reads, and knows the others as not its own instead of refusing the file for them.

extension SettingsTable.Option {
    package static let data = Self(
        "data", .path, default: "./data", help: "The folder that holds everything.")
    package static let listen = Self(
        "listen", .addressAndPort, default: "127.0.0.1:8443",
        help: "Where clients connect; port 0 lets the system choose.")
    package static let modules = Self(
        "modules", .path, help: "The folder of the modules' libraries; by default the programs' own.")
    package static let backups = Self(
        "backups", .path, help: "The folder of the backups; by default backups in the data folder.")
    package static let log = Self(
        "log", .choice(["error", "warning", "info", "debug"]), default: "info", help: "How much is logged.")
    package static let adminUIDs = Self(
        "admin-uids", .list,
        help: "Who besides the platform's own user may use the console without a password: user id=user name."
    )
    package static let endpointUIDs = Self(
        "endpoint-uids", .list,
        help: "Users of this machine that the network process may run as, besides the platform's own.")
    package static let organisation = Self(
        "organisation", .string, default: "Organisation",
        help: "The name of the root role, when data is made new.")
    package static let currency = Self(
        "currency", .string, default: "EUR", help: "The base currency, ISO 4217, when data is made new.")
    package static let certificate = Self(
        "certificate", .path,
        help:
            "PEM file with the certificate and its chain; by default endpoint/certificate.pem in the data folder."
    )
    package static let key = Self(
        "key", .path,
        help: "PEM file with the private key, mode 0600; by default endpoint/key.pem in the data folder.")
    package static let connections = Self(
        "connections", .integer(1...65_000), default: "4096", help: "Open connections, all together.")
    package static let connectionsPerSource = Self(
        "connections-per-source", .integer(1...65_000), default: "256",
        help: "Open connections of one address.")

    package static let sessionIdleMinutes = Self(
        "session-idle-minutes", .integer(1...1_440), default: "30",
        help: "A session that is not used for so long ends.")
    package static let sessionHours = Self(
        "session-hours", .integer(1...720), default: "12",
        help: "A session ends after so long, however much it is used.")
    package static let passwordLength = Self(
        "password-length", .integer(12...64), default: "15",
        help: "The fewest characters of a password that somebody chooses.")
    package static let requireSecondFactor = Self(
        "require-second-factor", .list,
        help: "Who must set up a second factor: administrators, everyone, or names of roles.")
    package static let loginWait = Self(
        "login-wait", .integer(1...900), default: "1",
        help:
            "Seconds that a user name waits after five wrong passwords in a row; doubled by each further one."
    )

    package static let fileLimit = Self(
        "file-limit-mib", .integer(1...1_048_576), default: "1024",
        help: "The largest file that is taken, in MiB (1,048,576 bytes).")

    /// What the configuration file may set, whichever program reads it.
    package static let inFile = [
        data, listen, modules, backups, log, adminUIDs, endpointUIDs, organisation, currency, certificate,
        key,
        connections, connectionsPerSource, loginWait, sessionIdleMinutes, sessionHours, passwordLength,
        requireSecondFactor, fileLimit,
    ]

    package static let config = Self(
        "config", .path,
        help: "The configuration file; \(SettingsTable.systemConfigFile) is read if it exists.")
    /// Between a supervisor and its processes: see `SettingsTable.readyWord`.
    package static let readyDescriptor = Self(
        "ready-fd", .integer(3...1_023), help: "The descriptor on which to say that calls are answered.")
}

extension SettingsTable {
    /// Read where no other file is named.
    package static let systemConfigFile = "/etc/crm/crm.json5"
    /// The line that a process writes on its `ready-fd`, once, when it serves; one that listens on the network adds a
    /// space and its address. Then it closes the descriptor.
    package static let readyWord = "ready"

    /// The table of one of the platform's programs. The file's other keys are another program's.
    package static func platform(
        program: String, summary: String, options: [Option], operands: String? = nil
    ) -> SettingsTable {
        let own = Set(options.map(\.key))
        return SettingsTable(
            program: program, summary: summary, options: options, operands: operands,
            foreignKeys: Set(Option.inFile.map(\.key)).subtracting(own))
    }
}
