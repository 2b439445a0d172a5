import Glibc
import Settings
import TLS

/// Decides whom to call, from options, environment and configuration file, and connects.
///
/// Without an address it is the socket of the data folder, where the kernel knows the caller by the user id; with one,
/// a remote endpoint, where the caller is whoever the token belongs to.
package enum Connector {
    private static let systemConfigFile = "/etc/crm/crm.json5"

    private static let table = SettingsTable(
        program: "crm-admin", summary: "Administers the platform.",
        options: [
            .init("data", .path, default: "./data", help: "The kernel's data folder."),
            .init("url", .string, help: "A remote endpoint."),
            .init("token", .secret, help: "Who calls a remote endpoint."),
            .init("ca-file", .path, help: "Certificates to believe for a remote endpoint."),
        ],
        // One file serves all programs; these are for the others.
        foreignKeys: ["admin_uids", "listen", "modules", "log", "config", "tls"])

    /// The options that say whom to call.
    static let flags = ["data", "url", "token-file", "ca-file"]

    package static func connect(
        _ session: Session, programVersion: String
    ) throws(AdminError) -> any RPCClient {
        var arguments: [String] = []
        for flag in flags {
            if let value = session.options[flag]?.last { arguments += ["--\(flag)", value] }
        }
        let settings: SettingsValues
        do throws(SettingsError) {
            settings = try table.read(
                arguments: arguments, environment: session.environment, configFile: systemConfigFile)
        } catch {
            throw AdminError(error)
        }
        let token = settings.stringIfSet("token").map { Array($0.utf8) }
        // A data folder named on the command line is meant, whatever address the environment has.
        let isFolderMeant = session.options["data"] != nil && session.options["url"] == nil
        guard let url = settings.stringIfSet("url"), !isFolderMeant else {
            return try SocketClient(
                dataFolder: settings.path("data"), token: token, programVersion: programVersion)
        }
        if let path = settings.pathIfSet("ca-file"), access(path, R_OK) != 0 {
            throw .usage("\"\(path)\" could not be read: \(String(cString: strerror(errno)))")
        }
        let trust: TLSContext.Trust = settings.pathIfSet("ca-file").map { .file(path: $0) } ?? .system
        return try HTTPSClient(try EndpointAddress(url), trust: trust, token: token)
    }
}

extension AdminError {
    init(_ error: SettingsError) {
        self.init(error.message, hint: error.hint, exit: .usage)
    }
}
