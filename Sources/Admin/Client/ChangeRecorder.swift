import JSON

/// Stands before the kernel while a command is only talked about: what it reads it reads, and what it would change
/// is kept instead of sent.
final class ChangeRecorder: RPCClient {
    private let kernel: any RPCClient
    /// What was not sent, as `security.what_if` takes it.
    private(set) var changes: [Parameters] = []
    private var answered: Set<CallTicket> = []
    private var next: UInt64 = 1 << 62

    init(_ kernel: any RPCClient) { self.kernel = kernel }

    var place: String { kernel.place }

    /// Runs a command, its output kept back, and keeps what it would have changed.
    ///
    /// - Throws: usage errors of the command, and one where it changes no rights.
    func record(_ text: String, _ session: Session) throws(AdminError) {
        guard case .run(let line) = try CommandLine.read(try WordSplitter.words(of: text)) else {
            throw .usage("\"\(text)\" is no command")
        }
        var options = line.options
        options["yes"] = [""]
        let before = changes.count
        let silent = Session(
            streams: SilentStreams(), environment: session.environment, options: session.options
        ) { [self] _ throws(AdminError) in self }
        try line.command.body(try CommandRun(line.with(options: options), silent))
        guard changes.count > before else {
            throw .usage(
                "\"\(text)\" changes no rights",
                hint:
                    "Give a command of role, profile, group, sharing or field-access that changes something.")
        }
    }

    func send(_ method: String, _ params: [UInt8]) throws(AdminError) -> CallTicket {
        if Self.reads(method) { return try kernel.send(method, params) }
        guard Self.changesRights(method) else {
            throw .usage(
                "\(method) changes no rights", hint: "What would happen to rights alone can be asked for.")
        }
        var change = Parameters()
        change.set("method", method)
        change.set("params", json: params)
        changes.append(change)
        next += 1
        let ticket = CallTicket(next)
        answered.insert(ticket)
        return ticket
    }

    func answer(to ticket: CallTicket) throws(AdminError) -> JSONNode {
        guard answered.remove(ticket) != nil else { return try kernel.answer(to: ticket) }
        guard let nothing = JSONNode.parsing(#"{"id": null, "warnings": []}"#) else {
            throw AdminError("no answer")
        }
        return nothing
    }

    private static let rights: Set = ["role", "profile", "group", "sharing", "field_access"]

    private static func reads(_ method: String) -> Bool {
        guard let verb = method.split(separator: ".").last else { return false }
        return verb == "list" || verb == "get" || verb == "describe" || verb.hasPrefix("list_")
    }

    private static func changesRights(_ method: String) -> Bool {
        method == "user.set_role" || rights.contains(String(method.prefix { $0 != "." }))
    }
}

/// Nobody reads, nobody answers.
private final class SilentStreams: ConsoleStreams {
    let isOutputTerminal = false
    let isErrorTerminal = false
    let isInteractive = false
    let width = 80

    func write(_ text: String) {}
    func writeError(_ text: String) {}
    func ask(_ question: String, isSecret: Bool) throws(AdminError) -> String { throw .interrupted }
    func takeInterrupt() -> Bool { false }
}
