import JSON

/// Turns the records of a file into rows for `import.rows`, by the rules of one step. Reads nothing but what it is
/// given.
struct RowMaker {
    private let prepared: PreparedStep
    private(set) var lines: [LinesMaker] = []
    private var seen: Set<[String]> = []

    /// A row to be written.
    struct Row {
        let line: Int
        /// `{"line": …, "values": {…}}`
        let json: [UInt8]
        /// The texts by field; for a reference, the key by which it is looked up.
        let texts: [String: String]
        /// By the field of the record.
        let lines: [String: [LinesMaker.Made]]

        /// Where the line stands that a problem's field is about: `lines[3].item`; nil for the record's own fields.
        func place(ofProblemIn field: String) -> String? {
            guard let match = field.wholeMatch(of: /(\w+)\[(\d+)\].*/),
                let made = lines[String(match.output.1)],
                let index = Int(match.output.2), made.indices.contains(index)
            else { return nil }
            return made[index].place
        }
    }

    enum Outcome {
        case row(Row)
        /// Every problem of the row, as `column: sentence`.
        case refused([String])
        case passedOver
    }

    /// - Throws: where a file of lines cannot be read, or is too large.
    init(_ prepared: PreparedStep) throws(AdminError) {
        self.prepared = prepared
        for lines in prepared.lines {
            self.lines.append(try LinesMaker(lines, of: prepared.columns))
        }
    }

    mutating func make(_ record: CSVReader.Record, _ ledger: inout DefectLedger) -> Outcome {
        let step = prepared.step
        let rows = lines.map { $0.rows(of: record) }
        if let problem = shapeProblem(record) { return .refused([problem]) }
        for column in step.onlyWith where text(record, column).isEmpty {
            return .passedOver
        }
        for (column, value) in step.except where text(record, column) == value { return .passedOver }
        if !step.distinct.isEmpty {
            guard seen.insert(step.distinct.map { text(record, $0) }).inserted else { return .passedOver }
        }
        return row(record, rows, &ledger)
    }

    private func shapeProblem(_ record: CSVReader.Record) -> String? {
        if let problem = record.problem { return "the row \(problem)" }
        guard record.fields.count == prepared.header.count else {
            return "the row has \(record.fields.count) fields, and the header \(prepared.header.count)"
        }
        return nil
    }

    private mutating func row(
        _ record: CSVReader.Record, _ rows: [[CSVReader.Record]], _ ledger: inout DefectLedger
    ) -> Outcome {
        var writer = JSONWriter()
        var problems: [String] = []
        var texts: [String: String] = [:]
        var made: [String: [LinesMaker.Made]] = [:]
        writer.beginObject()
        writer.key("line")
        writer.int(record.line)
        writer.key("values")
        writer.beginObject()
        switch writeMembers(record, to: &writer, &ledger) {
        case .written(let written): texts = written
        case .refused(let found): problems += found
        }
        for index in lines.indices {
            if rows[index].isEmpty {
                ledger.note(.noLines(file: lines[index].groups.fileName), in: prepared.step.name)
            }
            made[lines[index].field] = lines[index].write(rows[index], to: &writer, &problems, &ledger)
        }
        writer.endObject()
        writer.endObject()
        guard problems.isEmpty else { return .refused(problems) }
        return .row(Row(line: record.line, json: writer.finish(), texts: texts, lines: made))
    }

    enum Members {
        /// The texts by field.
        case written([String: String])
        case refused([String])
    }

    /// Writes the members of a record's values, or of one line's, by the rules of the step.
    func writeMembers(
        _ record: CSVReader.Record, to writer: inout JSONWriter, _ ledger: inout DefectLedger
    ) -> Members {
        if let problem = shapeProblem(record) { return .refused([problem]) }
        let step = prepared.step
        let columns = columnTexts(record, &ledger)
        var texts: [String: String] = [:]
        var problems: [String] = []
        for rule in step.rules {
            let value = columns[rule.column] ?? ""
            if prepared.leftOut[rule.field] != nil {
                if !value.isEmpty { note(leftOut: rule.field, &ledger) }
                continue
            }
            guard !value.isEmpty else {
                if let text = rule.otherwise {
                    texts[rule.field] = text
                    write(text, rule.field, rule.lookup, &writer)
                } else if rule.empty == .null {
                    write(nil, rule.field, nil, &writer)
                }
                continue
            }
            switch rule.value(of: value) {
            case .refused(let sentence): problems.append("\(rule.column): \(sentence)")
            case .value(let text):
                if let sentence = check(text, rule.field) {
                    problems.append("\(rule.column): \(sentence)")
                } else {
                    texts[rule.field] = text
                    write(text, rule.field, rule.lookup, &writer)
                }
            }
        }
        for constant in step.constants {
            texts[constant.field] = constant.value
            write(constant.value, constant.field, constant.lookup, &writer)
        }
        for composition in step.compositions {
            let filled = composition.template.filled { columns[$0] ?? text(record, $0) }.trimmingSpaces
            texts[composition.field] = filled
            write(filled, composition.field, nil, &writer)
        }
        return problems.isEmpty ? .written(texts) : .refused(problems)
    }

    private func text(_ record: CSVReader.Record, _ column: String) -> String {
        guard let index = prepared.columns[column], record.fields.indices.contains(index) else { return "" }
        return record.fields[index].trimmingSpaces
    }

    /// The values of the columns that rules read, after corrections, each noted once.
    private func columnTexts(_ record: CSVReader.Record, _ ledger: inout DefectLedger) -> [String: String] {
        let step = prepared.step
        var texts: [String: String] = [:]
        for rule in step.rules where texts[rule.column] == nil {
            let original = text(record, rule.column)
            var value = original
            if original.isEmpty, !rule.isOptional { ledger.note(.empty(column: rule.column), in: step.name) }
            if let mended = step.corrections[rule.column]?[original] {
                value = mended
                let source = isKnown(original, in: rule.column) ? nil : step.knownIn[rule.column]?.file
                ledger.note(
                    .corrected(column: rule.column, from: original, to: mended, missingIn: source),
                    in: step.name)
            }
            if !value.isEmpty, !isKnown(value, in: rule.column), let source = step.knownIn[rule.column] {
                ledger.note(.unknown(column: rule.column, value: value, file: source.file), in: step.name)
            }
            texts[rule.column] = value
        }
        return texts
    }

    private func isKnown(_ value: String, in column: String) -> Bool {
        prepared.knownValues[column]?.contains(value) ?? true
    }

    private func note(leftOut field: String, _ ledger: inout DefectLedger) {
        guard let reason = prepared.leftOut[field] else { return }
        ledger.note(.leftOut(field: field, reason: reason), in: prepared.step.name)
    }

    /// What the field's JSON type rules out; everything else is the kernel's to judge.
    private func check(_ text: String, _ field: String) -> String? {
        switch prepared.fields[field]?.type {
        case "integer": Int64(text) == nil ? "\"\(text)\" is not a whole number" : nil
        case "boolean": Self.truth[text.lowercased()] == nil ? "\"\(text)\" is neither true nor false" : nil
        default: nil
        }
    }

    private static let truth = [
        "true": true, "yes": true, "1": true, "false": false, "no": false, "0": false,
    ]

    private func write(
        _ text: String?, _ field: String, _ lookup: ImportStep.Lookup?, _ writer: inout JSONWriter
    ) {
        writer.key(field)
        guard let text else { return writer.null() }
        if let lookup {
            writer.beginObject()
            writer.key("$lookup")
            writer.beginObject()
            writer.key("entity")
            writer.string(lookup.entity)
            writer.key("field")
            writer.string(lookup.by)
            writer.key("value")
            writer.string(text)
            writer.endObject()
            writer.endObject()
            return
        }
        switch prepared.fields[field] {
        case let facts? where facts.type == "integer" || facts.isReference:
            if let number = Int64(text) { writer.int(number) } else { writer.string(text) }
        case let facts? where facts.type == "boolean": writer.bool(Self.truth[text.lowercased()] ?? false)
        default: writer.string(text)
        }
    }
}
