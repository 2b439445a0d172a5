import JSON

/// Runs a prepared mapping: reads rows, sends them in batches with two under way, and counts what becomes of them.
///
/// Each row stands or falls alone. After a kill the same command goes on: what is there already is found by `match_on`
/// and stays unchanged. Used by one thread.
package final class ImportRun {
    package struct Options {
        package var isDryRun = false
        /// Where refused rows go; nil drops them after they have been counted.
        package var rejectsPath: String?
        /// Whether one refused row drops all of its file.
        package var isWhole = false

        package init() {}
    }

    /// Rows of one call, and bytes after which it is sent anyway.
    private static let batchRows = 500
    private static let batchBytes = 2 << 20
    /// Rows of a file that is imported as a whole: what the kernel takes in one call.
    private static let wholeRows = 500
    /// Calls that may be under way.
    private static let window = 16

    package private(set) var ledger = DefectLedger()
    /// In the order of the steps.
    package private(set) var counts: [(step: String, counts: StepCounts)] = []
    package private(set) var rejects: [String] = []
    /// The numbers by which the kernel knows the imports, in the order of their steps.
    package private(set) var imports: [(step: String, entity: String, number: Int)] = []
    /// Steps of which nothing was kept, since a row was refused.
    package private(set) var dropped: [String] = []
    /// Entity and name of the fields that were made, or would be.
    package private(set) var fieldsMade: [String] = []
    /// Entity, field and key of the picklist values that were added, or would be.
    package private(set) var valuesMade: [String] = []

    private let client: any RPCClient
    private let streams: any ConsoleStreams
    private let options: Options
    private var presumed: PresumedRecords
    private let hasSeveralFiles: Bool

    /// One call under way.
    private struct Batch {
        let ticket: CallTicket
        /// Whether a refused row that the kernel has not seen drops the others.
        let isLost: Bool
        let rows: [(row: RowMaker.Row, record: CSVReader.Record)]
    }

    package init(
        _ mapping: ImportMapping, client: any RPCClient, streams: any ConsoleStreams, options: Options
    ) {
        self.client = client
        self.streams = streams
        self.options = options
        presumed = PresumedRecords(mapping.steps)
        hasSeveralFiles = mapping.steps.count > 1 || mapping.steps.contains { !$0.lines.isEmpty }
    }

    /// Makes the fields that are missing.
    func make(_ wishes: [ImportMapping.FieldWish]) throws(AdminError) {
        for wish in wishes {
            var parameters = wish.parameters
            if options.isDryRun {
                parameters.set("dry_run", true)
                presumed.lack(wish.name, of: wish.entity)
            }
            _ = try client.call("field.create", parameters)
            fieldsMade.append("\(wish.entity).\(wish.name)")
        }
    }

    /// Adds the values that picklists lack.
    func add(_ missing: [MappingCheck.MissingValues]) throws(AdminError) {
        for picklist in missing {
            var values = JSONWriter()
            values.beginArray()
            for (key, label) in picklist.values {
                values.beginObject()
                values.key("key")
                values.string(key)
                values.key("label")
                values.string(label)
                values.endObject()
                valuesMade.append("\(picklist.entity).\(picklist.field): \(key)")
            }
            values.endArray()
            var parameters = Parameters()
            parameters.set("entity", picklist.entity)
            parameters.set("field", picklist.field)
            parameters.set("values", json: values.finish())
            if options.isDryRun { parameters.set("dry_run", true) }
            _ = try client.call("picklist.add", parameters)
        }
    }

    func run(_ prepared: PreparedStep) throws(AdminError) {
        for lines in try runRecords(prepared) { try refuseStrays(lines, prepared) }
    }

    /// - Returns: the files of their lines, of which all records have taken theirs.
    private func runRecords(_ prepared: PreparedStep) throws(AdminError) -> [LineGroups] {
        let source = try RecordSource(prepared)
        let rejects = rejectsFile(prepared)
        var step = try StepState(prepared, rejects, streams)
        defer {
            step.progress.end()
            counts.append((prepared.step.name, step.counts))
            if let rejects, rejects.count > 0 { self.rejects.append(rejects.path) }
        }
        var waiting: [Batch] = []
        var rows: [(row: RowMaker.Row, record: CSVReader.Record)] = []
        var bytes = 0
        // Where the file cannot be read any further, what was read is still done.
        var readError: AdminError?
        while let record = next(of: source, &readError) {
            step.counts.rows += 1
            switch step.maker.make(record, &ledger) {
            case .passedOver: step.counts.passedOver += 1
            case .refused(let problems): try refuse(record, problems, &step)
            case .row(let row):
                if options.isDryRun, presumed.concerns(row, of: prepared) {
                    // The rows before this one may be what it refers to.
                    try flush(&rows, &waiting, &step)
                    try judge(row, record, &step)
                } else {
                    rows.append((row, record))
                    bytes += row.json.count
                }
            }
            if options.isWhole {
                guard rows.count <= Self.wholeRows else { throw tooLarge(prepared) }
                continue
            }
            guard rows.count >= Self.batchRows || bytes >= Self.batchBytes else { continue }
            try dispatch(&rows, &waiting, &step)
            bytes = 0
            if streams.takeInterrupt() {
                for batch in waiting { try settle(batch, &step) }
                throw AdminError(
                    "interrupted after line \(record.line) of \"\(prepared.path)\"",
                    hint: "Run the same command again to go on.", exit: .interrupted)
            }
        }
        try flush(&rows, &waiting, &step)
        try rejects?.close()
        if let readError { throw readError }
        if let number = step.number {
            var parameters = Parameters()
            parameters.set("id", number)
            _ = try client.call("import.finish", parameters)
        }
        return step.maker.lines.map(\.groups)
    }

    /// Counts the rows of a file of lines that belong to no record, as a step of its own.
    ///
    /// - Parameter records: the records' step.
    private func refuseStrays(_ lines: LineGroups, _ records: PreparedStep) throws(AdminError) {
        let strays = lines.strays(records: records.path.split(separator: "/").last.map(String.init) ?? "")
        guard !strays.isEmpty else { return }
        let file = rejectsFile(lines.prepared)
        for (record, reason) in strays {
            ledger.note(.refused(reason: reason), in: lines.prepared.step.name)
            try file?.append(record, reason: reason)
        }
        try file?.close()
        if let file { rejects.append(file.path) }
        var refused = StepCounts()
        refused.rows = strays.count
        refused.failed = strays.count
        counts.append((lines.prepared.step.name, refused))
    }

    private func tooLarge(_ prepared: PreparedStep) -> AdminError {
        AdminError(
            "\"\(prepared.path)\" has more than \(Self.wholeRows) rows, which are too many for all or nothing",
            hint:
                "Leave out --atomic: see with --dry-run what would be refused, and take an import back with import undo."
        )
    }

    private func next(of source: RecordSource, _ readError: inout AdminError?) -> CSVReader.Record? {
        do throws(AdminError) {
            return try source.next()
        } catch {
            readError = error
            return nil
        }
    }

    /// What changes while one step runs.
    private struct StepState {
        let prepared: PreparedStep
        let rejects: RejectsFile?
        var maker: RowMaker
        var counts = StepCounts()
        /// The kernel's; nil as long as nothing was sent.
        var number: Int?
        var progress: ImportProgress

        init(_ prepared: PreparedStep, _ rejects: RejectsFile?, _ streams: any ConsoleStreams)
            throws(AdminError)
        {
            self.prepared = prepared
            self.rejects = rejects
            maker = try RowMaker(prepared)
            progress = ImportProgress(prepared.step.name, streams)
        }
    }

    private func rejectsFile(_ prepared: PreparedStep) -> RejectsFile? {
        guard let path = options.rejectsPath else { return nil }
        var stepPath = path
        if hasSeveralFiles {
            let stem = path.hasSuffix(".csv") ? String(path.dropLast(4)) : path
            stepPath = "\(stem).\(prepared.step.name).csv"
        }
        return RejectsFile(path: stepPath, header: prepared.header, delimiter: prepared.step.delimiter)
    }

    // MARK: Batches

    private func send(
        _ rows: [(row: RowMaker.Row, record: CSVReader.Record)], _ step: inout StepState
    ) throws(AdminError) -> Batch {
        let prepared = step.prepared
        let isLost = options.isWhole && step.counts.failed > 0
        if step.number == nil, !options.isDryRun, !isLost { step.number = try begin(prepared) }
        var list = JSONWriter(reservingCapacity: rows.reduce(2) { $0 + $1.row.json.count + 1 })
        list.beginArray()
        for (row, _) in rows { list.raw(row.json) }
        list.endArray()
        var parameters = manner(prepared)
        if let number = step.number { parameters.set("import", number) }
        if options.isDryRun || isLost { parameters.set("dry_run", true) }
        parameters.set("rows", json: list.finish())
        return Batch(
            ticket: try client.send("import.rows", parameters.bytes), isLost: isLost, rows: rows)
    }

    /// Tells the kernel of the import, so that it can be listed and taken back, also when it is broken off.
    private func begin(_ prepared: PreparedStep) throws(AdminError) -> Int {
        var parameters = manner(prepared)
        if !prepared.step.isOneRecord, let file = prepared.path.split(separator: "/").last {
            parameters.set("file", String(file.prefix(255)))
        }
        guard let number = try client.call("import.start", parameters)["id"]?.int64 else {
            throw AdminError("the kernel gave the import no number")
        }
        imports.append((prepared.step.name, prepared.step.entity, Int(number)))
        return Int(number)
    }

    private func manner(_ prepared: PreparedStep) -> Parameters {
        var parameters = Parameters()
        parameters.set("entity", prepared.step.entity)
        parameters.set("match_on", prepared.step.matchOn)
        parameters.set("mode", prepared.step.mode.rawValue)
        parameters.set("on_match", prepared.step.onMatch.rawValue)
        if options.isWhole { parameters.set("atomic", "all") }
        return parameters
    }

    /// Sends the rows, when there is room for another call under way.
    private func dispatch(
        _ rows: inout [(row: RowMaker.Row, record: CSVReader.Record)], _ waiting: inout [Batch],
        _ step: inout StepState
    ) throws(AdminError) {
        if waiting.count >= Self.window { try settle(waiting.removeFirst(), &step) }
        waiting.append(try send(rows, &step))
        rows = []
    }

    /// Sends what is left, and waits for every answer.
    private func flush(
        _ rows: inout [(row: RowMaker.Row, record: CSVReader.Record)], _ waiting: inout [Batch],
        _ step: inout StepState
    ) throws(AdminError) {
        if !rows.isEmpty { try dispatch(&rows, &waiting, &step) }
        for batch in waiting { try settle(batch, &step) }
        waiting = []
    }

    private func settle(_ batch: Batch, _ step: inout StepState) throws(AdminError) {
        let answer = try client.answer(to: batch.ticket)
        let isKept = !batch.isLost && answer["kept"]?.bool ?? true
        let answers = answer["rows"]?.elements ?? JSONNode.noElements
        var settled = 0
        for (answer, (row, record)) in zip(answers, batch.rows) {
            settled += 1
            let outcome = answer["outcome"]?.string.flatMap { StepCounts.outcomes[$0] }
            guard let outcome else {
                try refuse(record, Self.problems(answer, row), &step)
                continue
            }
            guard isKept else { continue }
            step.counts[keyPath: outcome] += 1
            if options.isDryRun, outcome == \StepCounts.created {
                presumed.insert(row.texts, of: step.prepared.step.entity)
            }
        }
        if !isKept { dropped.append(step.prepared.step.name) }
        guard settled == batch.rows.count else {
            throw AdminError("the kernel answered \(settled) of \(batch.rows.count) rows")
        }
        step.progress.show(step.counts)
    }

    /// Each with its field in front, and before it, where the field is a line's, the line of the lines' file.
    private static func problems(_ answer: JSONNode, _ row: RowMaker.Row) -> [String] {
        let problems = (answer["problems"]?.elements ?? JSONNode.noElements).map { problem in
            let field = problem["field"]?.string ?? ""
            let message = problem["message"]?.string ?? "refused"
            let place = row.place(ofProblemIn: field).map { "\($0): " } ?? ""
            return field.isEmpty ? message : "\(place)\(field): \(message)"
        }
        return problems.isEmpty ? ["refused, and the kernel did not say why"] : problems
    }

    private func judge(
        _ row: RowMaker.Row, _ record: CSVReader.Record, _ step: inout StepState
    ) throws(AdminError) {
        switch try presumed.judge(row, of: step.prepared, client) {
        case .created:
            step.counts.created += 1
            presumed.insert(row.texts, of: step.prepared.step.entity)
        case .updated: step.counts.updated += 1
        case .refused(let reason): try refuse(record, [reason], &step)
        }
    }

    private func refuse(
        _ record: CSVReader.Record, _ problems: [String], _ step: inout StepState
    ) throws(AdminError) {
        step.counts.failed += 1
        for problem in problems { ledger.note(.refused(reason: problem), in: step.prepared.step.name) }
        try step.rejects?.append(record, reason: problems.joined(separator: "; "))
    }
}

/// The records of a step: those of its file, or the one that a step without a file is about.
private final class RecordSource {
    private let file: CSVFile?
    private var isDone = false

    init(_ prepared: PreparedStep) throws(AdminError) {
        file =
            prepared.step.isOneRecord
            ? nil : try CSVFile(path: prepared.path, delimiter: prepared.step.delimiter)
    }

    func next() throws(AdminError) -> CSVReader.Record? {
        if let file { return try file.next() }
        defer { isDone = true }
        return isDone ? nil : CSVReader.Record(line: 1, fields: [], problem: nil)
    }
}

/// One line on stderr that is written over, on a terminal; nothing anywhere else.
struct ImportProgress {
    private let name: String
    private let streams: any ConsoleStreams
    private let start = ContinuousClock.now
    private var isShown = false

    init(_ name: String, _ streams: any ConsoleStreams) {
        self.name = name
        self.streams = streams
    }

    mutating func show(_ counts: StepCounts) {
        guard streams.isErrorTerminal else { return }
        isShown = true
        let seconds = max((ContinuousClock.now - start) / .seconds(1), 0.001)
        let rate = Int(Double(counts.rows) / seconds)
        let failed = counts.failed > 0 ? ", \(counts.failed) failed" : ""
        streams.writeError("\r\u{1B}[K\(name): \(counts.rows) rows, \(rate) a second\(failed)")
    }

    mutating func end() {
        if isShown { streams.writeError("\r\u{1B}[K") }
        isShown = false
    }
}
