import JSON

/// Imports that were made: which there are, and the way back.
enum ImportLedgerCommands {
    private static let columns = [
        "id", "entity", "file", "by", "state", "undoes", "created", "updated", "unchanged", "skipped",
        "failed",
        "started_at",
    ]

    static let all: [Command] = [
        Command(
            "import", "list", .reads, "imports, the newest first",
            details:
                "Yours; to an administrator everybody's. An undo is in the list, too: undoes says of which import.",
            options: [
                .init("limit", "NUMBER", help: "How many at most; 50 if not given."),
                .init("cursor", "TEXT", help: "Where to go on."), .init("all", help: "Every import."),
            ],
            examples: ["import list", "import list --limit 5 --columns id,file,state,created"]
        ) { run throws(AdminError) in
            guard !run.line.has("all") else {
                return try PageWalk(method: "import.list", member: "imports", Parameters())
                    .printAll(run, columns: columns)
            }
            var parameters = Parameters()
            try Page.set(run.line, in: &parameters)
            let result = try run.call("import.list", parameters)
            run.printRecords(result, in: "imports", columns: columns)
            Page.tellNext(result, run)
        },
        Command(
            "import", "show", .reads, "one import; of an undo also what it has left",
            operands: [.init("NUMBER", .number)],
            options: [.init("cursor", "TEXT", help: "Where to go on with what was left.")],
            examples: ["import show 5"]
        ) { run throws(AdminError) in
            var parameters = Parameters()
            parameters.set("id", try number(try run.required(0)))
            if let cursor = run.line.value("cursor") { parameters.set("cursor", cursor) }
            let result = try run.call("import.show", parameters)
            guard run.output.format.isTable else { return run.printObject(result) }
            let names = result.members.map(\.0).filter { $0 != "left" && $0 != "next_cursor" }
            run.printObject(result, columns: names)
            if result["left"].map({ $0.count > 0 }) == true {
                run.session.streams.write("\n")
                run.printRecords(result, in: "left", columns: leftColumns)
            }
            Page.tellNext(result, run)
        },
        Command(
            "import", "undo", .destroys(question: "Undo"), "take back what imports have written",
            details: """
                Records that an import made go to the recycle bin, those that it changed get their old values back. What has
                been changed since is left and listed, unless --force is given. The work is done in parts, beside everybody
                else's; when it is broken off, the same command goes on. The undo is an import itself and can be undone by its
                own number. Of several imports the newest is undone first. Ends with 7 where something was left.
                """,
            operands: [.init("NUMBER", .number), .init("NUMBER", .number, .any)],
            options: [.init("force", help: "Put old values back over what has been changed since.")],
            examples: ["import undo 5 --dry-run", "import undo 5 6 7 --yes"]
        ) { run throws(AdminError) in
            try ImportUndoRun(run).undo(
                try run.line.operands.map { text throws(AdminError) in try number(text) })
        },
    ]

    static let leftColumns = ["record", "records", "entity", "field", "why", "changed_in"]

    private static func number(_ text: String) throws(AdminError) -> Int {
        guard let number = Int(text), number > 0 else {
            throw .usage("an import has a number, unlike \"\(text)\"", hint: "import list shows them.")
        }
        return number
    }
}

/// Asks for part after part of an undo until it is done, and tells what came of it.
struct ImportUndoRun {
    private let run: CommandRun

    init(_ run: CommandRun) { self.run = run }

    private static let counted = ["deleted", "restored", "updated"]

    private struct Result {
        let number: Int
        var undo: Int64 = 0
        var counts = [Int64](repeating: 0, count: counted.count)
        var unseen: Int64 = 0
        var left: [JSONNode] = []

        /// Records that were left: several fields of one count once.
        var leftRecords: Int { Set(left.compactMap { $0["record"]?.int64 }).count + Int(unseen) }
    }

    func undo(_ numbers: [Int]) throws(AdminError) {
        let order = Set(numbers).sorted(by: >)
        let names = order.map(String.init).joined(separator: ", ")
        try run.confirm(order.count == 1 ? "import \(names)" : "imports \(names)")
        var results: [Result] = []
        do throws(AdminError) {
            for number in order { results.append(try undo(number)) }
        } catch {
            // What was done is told, whatever ended it.
            if !results.isEmpty { try print(results) }
            throw error
        }
        try print(results)
        let left = results.reduce(0) { $0 + $1.leftRecords }
        guard left == 0 else {
            throw AdminError(
                "\(left) record\(left == 1 ? " was" : "s were") left",
                hint: "See the list; --force overwrites later changes.", exit: .partial)
        }
    }

    private func undo(_ number: Int) throws(AdminError) -> Result {
        var result = Result(number: number)
        var cursor: String?
        while true {
            var parameters = run.writeParameters
            parameters.set("id", number)
            if run.line.has("force") { parameters.set("force", true) }
            if let cursor { parameters.set("cursor", cursor) }
            let part = try run.call("import.undo", parameters)
            take(part, into: &result)
            guard part["state"]?.string == "undoing" else { break }
            cursor = part["next_cursor"]?.string
            if run.session.streams.takeInterrupt() {
                throw AdminError(
                    "interrupted: import \(number) is taken back in part",
                    hint: "Run the same command again to go on.", exit: .interrupted)
            }
        }
        if run.session.streams.isErrorTerminal { run.session.streams.writeError("\r\u{1B}[K") }
        return result
    }

    private func take(_ part: JSONNode, into result: inout Result) {
        result.undo = part["undo"]?.int64 ?? 0
        for (index, name) in Self.counted.enumerated() { result.counts[index] += part[name]?.int64 ?? 0 }
        result.unseen += part["unseen"]?.int64 ?? 0
        result.left += part["left"].map { Array($0.elements) } ?? []
        guard run.session.streams.isErrorTerminal else { return }
        let done = result.counts.reduce(0, +)
        run.session.streams.writeError("\r\u{1B}[Kimport \(result.number): \(done) records taken back")
    }

    private func print(_ results: [Result]) throws(AdminError) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("imports")
        writer.beginArray()
        for result in results { write(result, to: &writer) }
        writer.endArray()
        writer.key("left")
        writer.beginArray()
        for node in results.flatMap(\.left) { writer.raw(node) }
        writer.endArray()
        writer.endObject()
        let bytes = writer.finish()
        guard let whole = try? JSONDocument(parsing: bytes).root else {
            throw AdminError("the undo's result could not be read")
        }
        guard run.output.format.isTable else { return run.printRecords(whole, in: "imports", columns: nil) }
        run.printRecords(whole, in: "imports", columns: ["id", "undo"] + Self.counted + ["left_alone"])
        if whole["left"].map({ $0.count > 0 }) == true {
            run.session.streams.write("\n")
            run.printRecords(
                whole, in: "left", columns: ImportLedgerCommands.leftColumns.filter { $0 != "records" })
        }
    }

    private func write(_ result: Result, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("id")
        writer.int(result.number)
        writer.key("undo")
        if run.isDryRun { writer.null() } else { writer.int(result.undo) }
        for (name, count) in zip(Self.counted, result.counts) {
            writer.key(name)
            writer.int(count)
        }
        writer.key("left_alone")
        writer.int(result.leftRecords)
        writer.endObject()
    }
}
