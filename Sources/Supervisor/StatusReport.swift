import CLinux
import Glibc
import JSON
import Log
import Settings
import Wire

/// `crm status`: what the supervisor left in its state file, and what the kernel says of itself, as plain lines.
struct StatusReport {
    enum Health: Int32 {
        case serving = 0
        /// It runs, but a call might not be answered.
        case notReady = 1
        /// As the Linux Standard Base has it for init scripts.
        case notRunning = 3
    }

    private(set) var lines: [String] = []
    private(set) var health = Health.serving

    init(_ folder: DataFolder) {
        guard let running = RunningSupervisor.find(folder) else {
            lines.append("not running (data: \(folder.path))")
            health = .notRunning
            return
        }
        lines.append("data        \(folder.path)")
        addProcesses(folder, supervisor: running.process)
        addKernel(folder)
    }

    // MARK: Processes

    private mutating func addProcesses(_ folder: DataFolder, supervisor: pid_t) {
        guard let text = SmallFile.read(folder.stateFile), let state = ServiceState(decoding: text) else {
            lines.append("crm         pid \(supervisor), starting")
            health = .notReady
            return
        }
        if let address = state.address { lines.append("address     https://\(address)") }
        lines.append("crm         pid \(supervisor)")
        let now = UTCClock.millisecondsSince1970
        for process in state.processes {
            if process.phase != Supervision.Phase.ready(since: .now).name { health = .notReady }
            lines.append(Self.line(process, now: now))
            if let end = process.lastEnd { lines.append("            last \(TerminalText.clean(end))") }
        }
        addIsolation(state.processes.compactMap(\.process))
    }

    static func line(_ process: ServiceState.Process, now: Int64) -> String {
        let name = process.program.padding(to: 11)
        let pid = process.process.map { "pid \($0), " } ?? ""
        let time = Uptime.text(milliseconds: max(0, now - process.since))
        let restarts =
            [0: "", 1: ", restarted once"][process.restarts] ?? ", restarted \(process.restarts) times"
        return "\(name) \(pid)\(process.phase) for \(time)\(restarts)"
    }

    /// The endpoint must not be able to reach the kernel's files. Under one user only Landlock keeps it from them.
    private mutating func addIsolation(_ processes: [pid_t]) {
        let owners = Set(processes.compactMap { Self.owner(of: $0) })
        guard processes.count > 1, owners.count == 1, clinux_landlock_version() < 1 else { return }
        lines.append(
            "warning     crm-kernel and crm-rpc run as one user, and this system has no Landlock: who breaks into"
                + " the endpoint can read the database")
    }

    private static func owner(of process: pid_t) -> uid_t? {
        var status = stat()
        return stat("/proc/\(process)", &status) == 0 ? status.st_uid : nil
    }

    // MARK: The kernel

    private mutating func addKernel(_ folder: DataFolder) {
        do throws(WireError) {
            let client = try WireClient(
                path: folder.adminSocket, role: .admin, programVersion: PlatformVersion.current,
                timeout: .seconds(2))
            defer { client.close() }
            let call = Array(#"{"jsonrpc":"2.0","id":1,"method":"system.status"}"#.utf8)
            let reply = try client.call(body: call, requestID: "crm-status", timeout: .seconds(5))
            addFacts(reply.body)
        } catch {
            lines.append("kernel      does not answer: \(error)")
            health = .notReady
        }
    }

    private mutating func addFacts(_ body: [UInt8]) {
        do throws(JSONError) {
            let answer = try JSONDocument(parsing: body).root
            if let facts = answer["result"] {
                lines.append("kernel")
                lines += FactLines.lines(of: facts, indent: 2)
            } else {
                let message = answer["error"]?["message"]?.string ?? "an answer without a result"
                lines.append("kernel      refuses to tell: \(TerminalText.clean(message))")
            }
        } catch {
            lines.append("kernel      gives an answer that is not JSON")
            health = .notReady
        }
    }
}

/// A JSON value as lines for people: a member each, objects of a list a line each.
enum FactLines {
    static func lines(of node: JSONNode, indent: Int) -> [String] {
        let margin = String(repeating: " ", count: indent)
        return node.members.flatMap { member -> [String] in
            let label = margin + label(member.name)
            switch member.value.kind {
            case .object: return [label] + lines(of: member.value, indent: indent + 2)
            case .array where member.value.elements.contains(where: { $0.kind == .object }):
                return [label] + member.value.elements.map { "\(margin)  \(oneLine($0))" }
            default: return ["\(label.padding(to: 11)) \(oneLine(member.value))"]
            }
        }
    }

    /// The members of an object on one line, the one called `name` bare and first.
    private static func oneLine(_ node: JSONNode) -> String {
        switch node.kind {
        case .object:
            let rest = node.members.filter { $0.name != "name" && !$0.value.isNull }
                .map { "\(label($0.name)) \(oneLine($0.value))" }
            return ((node["name"].map { [oneLine($0)] } ?? []) + rest).joined(separator: ", ")
        case .array:
            let items = node.elements.map { oneLine($0) }
            return items.isEmpty ? "none" : items.joined(separator: ", ")
        case .string: return TerminalText.clean(node.string ?? "")
        case .null: return "none"
        case .bool: return node.bool == true ? "yes" : "no"
        case .number: return node.numberText ?? ""
        }
    }

    private static func label(_ name: String) -> String {
        TerminalText.clean(name).split(separator: "_").joined(separator: " ")
    }
}

/// Text from elsewhere that is about to reach a terminal.
enum TerminalText {
    /// Without what a terminal would act on.
    static func clean(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
                    default: scalar
                    }
                }))
    }
}

/// A length of time as people read it: its two largest units.
enum Uptime {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000),
    ]

    static func text(milliseconds: Int64) -> String {
        let first = units.firstIndex { milliseconds >= $0.milliseconds } ?? units.count - 1
        let large = units[first]
        let text = "\(milliseconds / large.milliseconds) \(large.name)"
        guard first + 1 < units.count else { return text }
        let small = units[first + 1]
        let rest = milliseconds % large.milliseconds / small.milliseconds
        return rest == 0 ? text : "\(text) \(rest) \(small.name)"
    }
}

extension String {
    func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
