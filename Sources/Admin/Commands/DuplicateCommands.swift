import JSON

/// Records that mean the same: finding them, on the way to `record merge`.
enum DuplicateCommands {
    static let all: [Command] = [
        Command(
            "duplicates", "list", .reads, "groups of records that are alike by a rule",
            details: """
                Rules are records of duplicate_rule. A group's first record is the oldest; record merge makes one of them.
                """,
            operands: [.init("ENTITY", .entity)],
            options: [
                .init("limit", "NUMBER", help: "How many groups at most; 50 if not given."),
                .init("cursor", "TEXT", help: "Where to go on, as the page before said."),
                .init("all", help: "Every group, page after page."),
            ],
            examples: ["duplicates list contact", "duplicates list account --all --json"]
        ) { run throws(AdminError) in
            var parameters = Parameters()
            parameters.set("entity", try run.required(0))
            let columns = ["rule.label", "records", "more"]
            if run.line.has("all") {
                return try PageWalk(method: "record.find_duplicates", member: "groups", parameters).printAll(
                    run, columns: columns)
            }
            try Page.set(run.line, in: &parameters)
            let result = try run.call("record.find_duplicates", parameters)
            switch run.output.format {
            case .table: printGroups(result, run)
            default: run.printRecords(result, in: "groups", columns: columns)
            }
            tellFilling(result, run)
            Page.tellNext(result, run)
        },
        Command(
            "duplicates", "of", .reads, "the records that are like one",
            operands: [.init("ENTITY", .entity, .optional), .init("ID", .number)],
            examples: ["duplicates of 17", "duplicates of account account_name:Cancity"]
        ) { run throws(AdminError) in
            var parameters = Parameters()
            try RecordCommands.setTarget(run, in: &parameters)
            let result = try run.call("record.find_duplicates", parameters)
            run.printRecords(result, in: "records", columns: ["id", "label", "rules"])
            if let hidden = result["hidden"]?.int64, hidden > 0 {
                run.say("\(hidden) more that you may not view")
            }
            let ids = result["records"]?.elements.compactMap { $0["id"]?.int64 } ?? []
            if let first = ids.first, run.session.streams.isErrorTerminal {
                run.say("to make one of two: record merge \(try RecordCommands.target(run).id) \(first)")
            }
            tellFilling(result, run)
        },
    ]

    /// A line for each record, for people.
    private static func printGroups(_ result: JSONNode, _ run: CommandRun) {
        var rows = Rows(columns: [
            Rows.Column("group", isNumeric: true), Rows.Column("rule"), Rows.Column("id", isNumeric: true),
            Rows.Column("label"),
        ])
        for (index, group) in (result["groups"]?.elements ?? JSONNode.noElements).enumerated() {
            let rule = group["rule"]?["label"]?.string ?? ""
            for record in group["records"]?.elements ?? JSONNode.noElements {
                rows.cells.append([
                    String(index + 1), rule, record["id"]?.numberText ?? "", record["label"]?.string ?? "",
                ])
            }
            if group["more"]?.bool == true { rows.cells.append([String(index + 1), rule, "", "…"]) }
        }
        run.printRows(rows)
    }

    private static func tellFilling(_ result: JSONNode, _ run: CommandRun) {
        let rules = result["filling"]?.elements.compactMap(\.string) ?? []
        guard !rules.isEmpty else { return }
        run.say("not all records are looked at yet by: \(rules.joined(separator: ", "))")
    }

    /// The records that a refused one is like, as an error names them.
    static func lines(_ duplicates: JSONNode) -> [String] {
        var lines = (duplicates["records"]?.elements ?? JSONNode.noElements).map { record in
            let rules = record["rules"]?.elements.compactMap(\.string) ?? []
            let name =
                "\(record["entity"]?.string ?? "record") \(record["id"]?.numberText ?? "") "
                + (record["label"]?.string ?? "")
            return "\(name) (\(rules.joined(separator: ", ")))"
        }
        if let hidden = duplicates["hidden"]?.int64, hidden > 0 {
            lines.append("\(hidden) that you may not view")
        }
        return lines
    }
}
