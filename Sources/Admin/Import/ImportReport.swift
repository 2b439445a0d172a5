import JSON

/// What an import tells at its end: a row of counts for each step, and what was wrong with the files.
struct ImportReport {
    private let work: ImportRun

    init(_ work: ImportRun) { self.work = work }

    func print(_ run: CommandRun) {
        for field in work.fieldsMade { run.say("field \(field) \(run.isDryRun ? "would be made" : "made")") }
        for value in work.valuesMade {
            run.say("value \(value) \(run.isDryRun ? "would be added" : "added")")
        }
        for step in work.dropped {
            run.say("nothing of \(step) \(run.isDryRun ? "would be" : "was") kept: all or nothing")
        }
        tellImports(run)
        switch run.output.format {
        case .json, .jsonl: run.session.streams.write(String(decoding: json(run), as: UTF8.self) + "\n")
        case .tsv, .csv:
            run.printRows(stepRows)
            // One table on standard output is all that a script can read; people read the other one too.
            if !work.ledger.entries.isEmpty { run.session.streams.writeError(findings) }
        case .table, .expanded:
            run.printRows(stepRows)
            if !work.ledger.entries.isEmpty { run.session.streams.write("\n" + findings) }
        }
    }

    /// Rights and people are changed one by one: an import of them is not undone as a whole.
    private static let lasting: Set = ["user", "role", "profile", "group"]

    /// How to take back what was written; of steps that wrote nothing there is nothing to say.
    private func tellImports(_ run: CommandRun) {
        let written = work.counts.filter { $0.counts.created + $0.counts.updated > 0 }.map(\.step)
        let numbers = work.imports.filter { written.contains($0.step) && !Self.lasting.contains($0.entity) }
            .map { String($0.number) }
        guard !numbers.isEmpty else { return }
        run.say("to take it back: crm-admin import undo \(numbers.joined(separator: " "))")
    }

    private static let names = [
        "rows", "created", "updated", "unchanged", "skipped", "failed", "passed_over",
    ]

    private static func numbers(_ counts: StepCounts) -> [Int] {
        [
            counts.rows, counts.created, counts.updated, counts.unchanged, counts.skipped, counts.failed,
            counts.passedOver,
        ]
    }

    private var stepRows: Rows {
        Rows(
            columns: [Rows.Column("step")] + Self.names.map { Rows.Column($0, isNumeric: true) },
            cells: work.counts.map { step, counts in [step] + Self.numbers(counts).map(String.init) })
    }

    private var findings: String {
        let rows = Rows(
            columns: [.init("step"), .init("rows", isNumeric: true), .init("finding")],
            cells: work.ledger.entries.map { [$0.step, String($0.count), $0.sentence] })
        return TableText.aligned(rows, OutputStyle(.table))
    }

    private func json(_ run: CommandRun) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("dry_run")
        writer.bool(run.isDryRun)
        writer.key("fields")
        writer.beginArray()
        for field in work.fieldsMade { writer.string(field) }
        writer.endArray()
        writer.key("values")
        writer.beginArray()
        for value in work.valuesMade { writer.string(value) }
        writer.endArray()
        writer.key("steps")
        writer.beginArray()
        for (step, counts) in work.counts {
            writer.beginObject()
            writer.key("step")
            writer.string(step)
            for (name, number) in zip(Self.names, Self.numbers(counts)) {
                writer.key(name)
                writer.int(number)
            }
            if let number = work.imports.first(where: { $0.step == step })?.number {
                writer.key("import")
                writer.int(number)
            }
            writer.endObject()
        }
        writer.endArray()
        writer.key("findings")
        writer.beginArray()
        for entry in work.ledger.entries {
            writer.beginObject()
            writer.key("step")
            writer.string(entry.step)
            writer.key("rows")
            writer.int(entry.count)
            writer.key("finding")
            writer.string(entry.sentence)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.finish()
    }
}
