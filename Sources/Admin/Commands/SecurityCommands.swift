import JSON

/// Why somebody may do something or not, and what a change of rights would do before it is made.
enum SecurityCommands {
    static let all: [Command] = [
        Command(
            "security", "explain", .reads, "why a user may do something, or not, and what would allow it",
            details: """
                Names the steps that were tried in their order, the one that decided, and for a refusal the nearest \
                change that would allow it. The target is a record, by its id or by entity and FIELD:VALUE, or an entity \
                for what needs no record. The question itself stands in the log.
                """,
            operands: [
                .init("USERNAME", .user), .init("ACTION"), .init("ENTITY-OR-ID", .entity),
                .init("FIELD:VALUE", .text, .optional),
            ],
            options: [.init("field", "FIELD", .field, help: "Ask for this field as well.")],
            examples: [
                "security explain anna edit 17", "security explain anna create account",
                "security explain anna view account 'account_name:Northern Steel' --field annual_revenue",
            ]
        ) { run throws(AdminError) in
            let target = try run.required(2)
            var parameters = Parameters()
            try parameters.set("user", "user", named: try run.required(0), run.session)
            parameters.set("action", try run.required(1))
            if let id = Int(target) {
                parameters.set("id", id)
            } else if let record = run.operand(3) {
                parameters.set("id", Int(try RecordFinding.id(of: target, as: record, run.session)))
            } else {
                parameters.set("entity", target)
            }
            if let field = run.line.value("field") { parameters.set("field", field) }
            let answer = try run.call("security.explain", parameters)
            switch run.output.format {
            case .json, .jsonl: run.printObject(answer)
            case .csv, .tsv:
                run.printRows(
                    Rows(
                        answer["steps"].map { Array($0.elements) } ?? [],
                        columns: ["step", "title", "answer"]))
            case .table, .expanded:
                run.session.streams.write(ExplanationText(answer, who: try run.required(0)).text)
            }
        },
        Command(
            "security", "what-if", .reads, "who would gain and who would lose records by changes of rights",
            details: """
                Each CHANGE is a command of the nouns role, profile, group, sharing or field-access, or user set-role, \
                in quotes, as it would be typed to do it. They are tried in order and undone; nothing is changed.
                """,
            operands: [.init("CHANGE", .text, .any)],
            examples: [
                "security what-if 'sharing set account private'",
                "security what-if 'group add Desk user:anna' 'profile revoke Sales account delete'",
            ]
        ) { run throws(AdminError) in
            guard !run.line.operands.isEmpty else {
                throw .usage("security what-if lacks CHANGE", hint: "Give a command in quotes.")
            }
            let recorder = ChangeRecorder(try run.client)
            for text in run.line.operands { try recorder.record(text, run.session) }
            var parameters = Parameters()
            parameters.set("changes", recorder.changes)
            let answer = try run.call("security.what_if", parameters)
            guard run.output.format.isTable else { return run.printObject(answer) }
            run.printRows(differences(answer))
            tell(answer, run)
        },
    ]

    private static func differences(_ answer: JSONNode) -> Rows {
        let names = ["user", "entity", "action", "gains", "loses", "for_example"]
        let cells = (answer["differences"]?.elements ?? JSONNode.noElements).map { difference -> [String] in
            let examples = ["gains", "loses"].flatMap { side in
                difference[side]?["examples"]?.elements.map { example in
                    (side == "gains" ? "+" : "−") + (example["label"]?.string ?? "")
                } ?? []
            }
            return [
                difference["user"]?["username"]?.string ?? "", difference["entity"]?.string ?? "",
                difference["action"]?.string ?? "", difference["gains"]?["count"]?.numberText ?? "",
                difference["loses"]?["count"]?.numberText ?? "", examples.prefix(3).joined(separator: ", "),
            ]
        }
        return Rows(
            columns: names.map { Rows.Column($0, isNumeric: $0 == "gains" || $0 == "loses") }, cells: cells)
    }

    private static func tell(_ answer: JSONNode, _ run: CommandRun) {
        for warning in answer["warnings"]?.elements ?? JSONNode.noElements {
            run.session.streams.writeError("warning: \(warning["message"]?.string ?? "")\n")
        }
        if answer["partial"]?.bool == true {
            run.session.streams.writeError("there is more than was counted\n")
        }
        if answer["differences"]?.count == 0 {
            run.session.streams.writeError("nobody would gain or lose a record\n")
        }
    }
}

/// An explanation as a person reads it: the answer, how it came about, and what would change it.
struct ExplanationText {
    private let answer: JSONNode
    private let who: String

    init(_ answer: JSONNode, who: String) {
        self.answer = answer
        self.who = who
    }

    var text: String {
        var lines = [
            "\(answer["allowed"]?.bool == true ? "allowed" : "refused"): \(who): "
                + (answer["message"]?.string ?? ""), "", "steps tried:",
        ]
        lines += steps
        if let field = answer["field"], field.kind == .object { lines += ["", self.field(field)] }
        let remedies = answer["remedies"]?.elements.compactMap(\.string) ?? []
        if !remedies.isEmpty {
            lines += ["", remedies.count == 1 ? "would allow it:" : "would allow it, all together:"]
            lines += remedies.map { "  \($0)" }
        }
        return lines.map(CellText.visible).joined(separator: "\n") + "\n"
    }

    private var steps: [String] {
        (answer["steps"]?.elements ?? JSONNode.noElements).map { step in
            let number = step["step"]?.numberText ?? ""
            let outcome = step["answer"]?.string ?? ""
            let mark = outcome == "passed" ? "" : "  ← \(outcome)"
            return "  \(number.count < 2 ? " " : "")\(number)  \(step["title"]?.string ?? "")\(mark)"
        }
    }

    private func field(_ field: JSONNode) -> String {
        let name = field["name"]?.string ?? ""
        let state =
            field["visible"]?.bool == false
            ? "hidden" : field["editable"]?.bool == false ? "visible, not editable" : "visible and editable"
        return "field \(name): \(state)" + (field["message"]?.string.map { ": \($0)" } ?? "")
    }
}
