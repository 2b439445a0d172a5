import JSON

/// Lines of the records that a step makes: the rows of a second file that agree with a record's row in the key's
/// columns, in the order of their file. A record's lines are written whole; one that is refused refuses its record.
/// Rows that agree with no record are refused, too.
struct ImportLines: Sendable {
    /// A column of the step's file, and the one of the lines' file that has the same values.
    struct Key: Sendable {
        let column: String
        let lineColumn: String
    }

    /// The field of the record.
    let field: String
    let keys: [Key]
    /// What one row of the second file becomes; its entity is the one of the field's lines.
    let step: ImportStep
    let place: String

    init(_ object: MappingObject, of name: String) throws(AdminError) {
        place = object.place
        field = try object.text("field")
        let table = try object.table("key") ?? [:]
        keys = table.sorted { $0.key < $1.key }.map { Key(column: $0.key, lineColumn: $0.value) }
        guard !keys.isEmpty else {
            throw AdminError(
                "\(place) lacks \"key\"",
                hint: "Say which columns both files have: key: { OrderID: \"OrderID\" }.")
        }
        step = try ImportStep(object, linesNamed: "\(name).\(field)")
        try object.finish()
    }

    /// All columns of the step's own file that the lines read.
    var columnsNamed: [(name: String, place: String)] { keys.map { ($0.column, "\(place).key") } }
}

/// The rows of a file of lines, by their key. Kept in memory while their step runs, up to `rowLimit` rows with
/// `textLimitBytes` of text; larger files are split together with the file of their records.
final class LineGroups {
    static let rowLimit = 500_000
    static let textLimitBytes = 64 << 20

    /// The file's name without its folder, for messages.
    let fileName: String
    let prepared: PreparedStep
    private let lineColumns: [String]
    private var groups: [[String]: [CSVReader.Record]] = [:]
    private var claimed: Set<[String]> = []
    /// Rows that have no field for their key.
    private var keyless: [CSVReader.Record] = []

    init(_ prepared: PreparedLines) throws(AdminError) {
        let path = prepared.step.path
        fileName = path.split(separator: "/").last.map(String.init) ?? path
        self.prepared = prepared.step
        lineColumns = prepared.lines.keys.map(\.lineColumn)
        let file = try CSVFile(path: path, delimiter: prepared.step.step.delimiter)
        let columns = lineColumns.compactMap { prepared.step.columns[$0] }
        var rows = 0
        var bytes = 0
        while let record = try file.next() {
            rows += 1
            bytes += record.fields.reduce(0) { $0 + $1.utf8.count }
            guard rows <= Self.rowLimit, bytes <= Self.textLimitBytes else {
                throw AdminError(
                    "\(path):\(record.line): more than \(Self.rowLimit) lines, or \(Self.textLimitBytes >> 20) MiB of them, cannot be imported at once",
                    hint: "Split both files, so that the lines stay with their records.")
            }
            guard columns.allSatisfy({ record.fields.indices.contains($0) }) else {
                keyless.append(record)
                continue
            }
            groups[columns.map { record.fields[$0].trimmingSpaces }, default: []].append(record)
        }
    }

    /// The rows with a key, in the order of the file; they have found their record then.
    func take(_ key: [String]) -> [CSVReader.Record] {
        claimed.insert(key)
        return groups[key] ?? []
    }

    /// The rows that no record has taken, in the order of the file, with the reason.
    ///
    /// - Parameter records: the name of the file that has none for them.
    func strays(records: String) -> [(record: CSVReader.Record, reason: String)] {
        var refused = keyless.map { ($0, "the row has too few fields for its key") }
        for (key, rows) in groups where !claimed.contains(key) {
            let named = zip(lineColumns, key).map { "\($0) \"\($1)\"" }.joined(separator: ", ")
            refused += rows.map { ($0, "\(named) is not in \(records)") }
        }
        return refused.sorted { $0.0.line < $1.0.line }
    }
}

/// Makes the lines of one field from the rows of their file.
struct LinesMaker {
    let field: String
    let groups: LineGroups
    private let keyColumns: [Int]
    private var maker: RowMaker

    /// One line, and the row that it was made of.
    struct Made {
        /// `order_details.csv:57`
        let place: String
        let texts: [String: String]
    }

    init(_ prepared: PreparedLines, of columns: [String: Int]) throws(AdminError) {
        field = prepared.lines.field
        keyColumns = prepared.lines.keys.compactMap { columns[$0.column] }
        groups = try LineGroups(prepared)
        maker = try RowMaker(prepared.step)
    }

    /// The rows that belong to a record; a record that is passed over claims its own, too.
    func rows(of record: CSVReader.Record) -> [CSVReader.Record] {
        guard keyColumns.allSatisfy({ record.fields.indices.contains($0) }) else { return [] }
        return groups.take(keyColumns.map { record.fields[$0].trimmingSpaces })
    }

    /// Writes the array of lines.
    ///
    /// - Parameter problems: gets what is wrong with each row, its place in front.
    mutating func write(
        _ rows: [CSVReader.Record], to writer: inout JSONWriter, _ problems: inout [String],
        _ ledger: inout DefectLedger
    ) -> [Made] {
        var made: [Made] = []
        writer.key(field)
        writer.beginArray()
        for row in rows {
            let place = "\(groups.fileName):\(row.line)"
            writer.beginObject()
            switch maker.writeMembers(row, to: &writer, &ledger) {
            case .written(let texts): made.append(Made(place: place, texts: texts))
            case .refused(let found): problems += found.map { "\(place): \($0)" }
            }
            writer.endObject()
        }
        writer.endArray()
        return made
    }
}
