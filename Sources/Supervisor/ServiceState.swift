import JSON

/// What the supervisor leaves in `run/crm.state` for `crm status`: one JSON object, replaced at every change.
struct ServiceState: Equatable {
    struct Process: Equatable {
        var program: String
        /// `starting`, `ready`, `waiting`, `stopping`.
        var phase: String
        /// Nil while it does not run.
        var process: Int32?
        /// When it entered this phase; milliseconds since 1970.
        var since: Int64
        /// Starts after the first.
        var restarts: Int
        /// How it ended last, and why by its own words where it had any; nil if it never did.
        var lastEnd: String?
    }

    /// Where clients connect; nil until the endpoint has been ready.
    var address: String?
    var processes: [Process]

    func encoded() -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("address")
        if let address { writer.string(address) } else { writer.null() }
        writer.key("processes")
        writer.beginArray()
        for process in processes { Self.write(process, to: &writer) }
        writer.endArray()
        writer.endObject()
        return writer.finish()
    }

    private static func write(_ process: Process, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("program")
        writer.string(process.program)
        writer.key("phase")
        writer.string(process.phase)
        writer.key("pid")
        if let id = process.process { writer.int(Int64(id)) } else { writer.null() }
        writer.key("since")
        writer.int(process.since)
        writer.key("restarts")
        writer.int(process.restarts)
        writer.key("last_end")
        if let end = process.lastEnd { writer.string(end) } else { writer.null() }
        writer.endObject()
    }

    /// Nil if the text is not what `encoded` writes.
    init?(decoding text: String) {
        guard let root = try? JSONDocument(parsing: text).root, let list = root["processes"],
            list.kind == .array
        else {
            // Only ours to write: another text means another version, and says nothing to this one.
            return nil
        }
        address = root["address"]?.string
        processes = []
        for node in list.elements {
            guard let program = node["program"]?.string, let phase = node["phase"]?.string,
                let since = node["since"]?.int64, let restarts = node["restarts"]?.int64
            else { return nil }
            processes.append(
                Process(
                    program: program, phase: phase,
                    process: node["pid"]?.int64.flatMap { Int32(exactly: $0) },
                    since: since, restarts: Int(restarts), lastEnd: node["last_end"]?.string))
        }
    }

    init(address: String?, processes: [Process]) {
        self.address = address
        self.processes = processes
    }
}
