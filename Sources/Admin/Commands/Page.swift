import JSON

/// `--limit` and `--cursor`, and the way to the next page.
enum Page {
    static func set(_ line: CommandLine, in parameters: inout Parameters) throws(AdminError) {
        if let text = line.value("limit") {
            guard let limit = Int(text), (1...1000).contains(limit) else {
                throw .usage(
                    "the limit must be 1 to 1000, not \"\(text)\"", hint: "Give --all for everything.")
            }
            parameters.set("limit", limit)
        }
        if let cursor = line.value("cursor") { parameters.set("cursor", cursor) }
    }

    /// Says on stderr that there is more, and how to get it.
    static func tellNext(_ result: JSONNode, _ run: CommandRun) {
        guard let cursor = result["next_cursor"]?.string, run.session.streams.isErrorTerminal else { return }
        run.session.streams.writeError("there is more: add --all, or --cursor \(cursor)\n")
    }
}

/// `--all`: every page of a method, printed as it comes, so that a million rows need no memory.
struct PageWalk {
    private static let pageSize = 500

    let method: String
    let member: String
    let parameters: Parameters

    init(method: String, member: String, _ parameters: Parameters) {
        self.method = method
        self.member = member
        self.parameters = parameters
    }

    /// A table's columns are as wide as each page needs; JSON is one document of all pages.
    func printAll(_ run: CommandRun, columns: [String]?) throws(AdminError) {
        let streams = run.session.streams
        var style = run.output
        var names = run.output.columns ?? columns
        var isFirst = true
        if style.format == .json { streams.write("{\"\(member)\":[") }
        try walk(run) { nodes in
            switch style.format {
            case .json:
                for node in nodes {
                    let shown = JSONText.projected(node, on: style.columns)
                    streams.write((isFirst ? "" : ",") + String(decoding: shown.rawBytes, as: UTF8.self))
                    isFirst = false
                }
            case .jsonl:
                for node in nodes {
                    streams.write(JSONText.compact(JSONText.projected(node, on: style.columns)))
                }
            default:
                let rows = Rows(nodes, columns: names)
                names = rows.columns.map(\.name)
                streams.write(Self.text(rows, style))
                style.hasHeader = false
            }
        }
        if style.format == .json { streams.write("]}\n") }
    }

    private func walk(_ run: CommandRun, _ body: ([JSONNode]) -> Void) throws(AdminError) {
        var cursor: String?
        repeat {
            var page = parameters
            page.set("limit", Self.pageSize)
            if let cursor { page.set("cursor", cursor) }
            let result = try run.call(method, page)
            body(result[member].map { Array($0.elements) } ?? [])
            cursor = result["next_cursor"]?.string
            if run.session.streams.takeInterrupt() { throw .interrupted }
        } while cursor != nil
    }

    private static func text(_ rows: Rows, _ style: OutputStyle) -> String {
        switch style.format {
        case .expanded: TableText.expanded(rows, style) + "\n"
        case .tsv: DelimitedText.tsv(rows, style)
        case .csv: DelimitedText.csv(rows, style)
        case .table, .json, .jsonl: TableText.aligned(rows, style)
        }
    }
}
