import JSON

/// What has been changed, and how to take it back.
enum ChangeCommands {
    private static let columns = [
        "seq", "change_set", "at", "by", "kind", "entity", "id", "version", "method", "changes",
    ]

    static let all: [Command] = [
        Command(
            "change", "list", .reads, "changes of records, in order",
            details: "Who follows the changes gives --after the last seq of the list before; none is missed.",
            options: [
                .init("after", "NUMBER", .number, help: "Only what came after this seq."),
                .init("entities", "NAMES", .entity, help: "Only records of these, by commas."),
                .init("limit", "NUMBER", help: "How many at most; 50 if not given."),
                .init("cursor", "TEXT", help: "Where to go on."), .init("all", help: "Every change."),
            ],
            examples: ["change list --entities account,contact", "change list --after 4711 --output jsonl"]
        ) { run throws(AdminError) in
            try list(run)
        },
        Command(
            "change", "undo", .destroys(question: "Undo"), "take back what a change set has done to records",
            details: """
                A change set is the work of one call; log list, change list and record history show its number. What was
                made goes to the recycle bin, what was deleted comes back, changed fields get their old values, links are
                as they were. What has
                been changed since is left and listed, unless --force is given. The undo is a change set itself.
                Ends with 7 where something was left.
                """,
            operands: [.init("NUMBER", .number)],
            options: [.init("force", help: "Overwrite what has been changed since.")],
            examples: ["change undo 17 --dry-run", "change undo 17 --yes"]
        ) { run throws(AdminError) in
            try undo(run)
        },
    ]

    private static func list(_ run: CommandRun) throws(AdminError) {
        var parameters = Parameters()
        if let text = run.line.value("entities") {
            parameters.set("entities", text.split(separator: ",").map(String.init))
        }
        if run.line.has("all"), run.line.value("after") == nil {
            try PageWalk(method: "change.list", member: "changes", parameters).printAll(run, columns: columns)
            return
        }
        if let text = run.line.value("after") { parameters.set("after", try number(text, "--after")) }
        try Page.set(run.line, in: &parameters)
        let result = try run.call("change.list", parameters)
        run.printRecords(result, in: "changes", columns: columns)
        Page.tellNext(result, run)
    }

    private static func undo(_ run: CommandRun) throws(AdminError) {
        let number = try number(try run.required(0), "change undo")
        try run.confirm("change set \(number)")
        var parameters = run.writeParameters
        parameters.set("change_set", number)
        if run.line.has("force") { parameters.set("force", true) }
        let result = try run.call("change.undo", parameters)
        let left = result["left"].map { Array($0.elements) } ?? []
        if run.output.format.isTable {
            run.printRecords(result, in: "restored", columns: ["id", "entity", "action", "fields"])
            if result["links"].map({ $0.count > 0 }) == true {
                run.printRecords(result, in: "links", columns: ["relation", "from", "to", "action"])
            }
            if !left.isEmpty {
                run.printRecords(
                    result, in: "left", columns: ["record", "entity", "field", "why", "changed_in"])
            }
        } else {
            run.printObject(result)
        }
        let restored = result["restored"]?.count ?? 0
        run.say(
            "\(restored) of \(Self.records(result)) records undone, as change set "
                + (result["change_set"]?.numberText ?? "?"))
        guard left.isEmpty else {
            throw AdminError(
                "something was left as it is", hint: "See the list; --force overwrites later changes.",
                exit: .partial)
        }
    }

    /// Records that were restored or left.
    private static func records(_ result: JSONNode) -> Int {
        let restored = result["restored"].map { $0.elements.compactMap { $0["id"]?.int64 } } ?? []
        let left = result["left"].map { $0.elements.compactMap { $0["record"]?.int64 } } ?? []
        return Set(restored + left).count
    }

    private static func number(_ text: String, _ what: String) throws(AdminError) -> Int {
        guard let number = Int(text), number >= 0 else {
            throw .usage("\(what) takes a whole number, not \"\(text)\"")
        }
        return number
    }
}
