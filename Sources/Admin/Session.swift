/// What outlives one command: the connection, what the entities look like, and the settings. Used by one thread.
package final class Session {
    package let streams: any ConsoleStreams
    package let environment: [String: String]
    /// Options given before the commands of a session: they hold for each of its commands.
    package let options: [String: [String]]
    /// `\x`: one line per field instead of a table.
    package var isExpanded = false

    private let connect: (Session) throws(AdminError) -> any RPCClient
    private var open: (any RPCClient)?
    private var directory: EntityDirectory?

    package init(
        streams: any ConsoleStreams, environment: [String: String], options: [String: [String]] = [:],
        connect: @escaping (Session) throws(AdminError) -> any RPCClient
    ) {
        self.streams = streams
        self.environment = environment
        self.options = options
        self.connect = connect
    }

    /// The same streams and environment, with the options of one command line.
    package func with(options: [String: [String]]) -> Session {
        let merged = self.options.merging(options) { _, given in given }
        return Session(streams: streams, environment: environment, options: merged, connect: connect)
    }

    /// Connects when it is first needed.
    package func client() throws(AdminError) -> any RPCClient {
        if let open { return open }
        let made = try connect(self)
        open = made
        return made
    }

    /// After an error the connection may be of no more use: the next command makes a new one.
    package func reconnect() { open = nil }

    package var isConnected: Bool { open != nil }

    /// What the entities look like, asked for once and kept.
    package func entities() throws(AdminError) -> EntityDirectory {
        if let directory { return directory }
        let made = EntityDirectory(try client())
        directory = made
        return made
    }

    /// Forgets what the entities look like: a command has changed one.
    package func forgetEntities() { directory = nil }

    package func setting(_ option: String, variable: String) -> String? {
        options[option]?.last ?? environment[variable].flatMap { $0.isEmpty ? nil : $0 }
    }
}
