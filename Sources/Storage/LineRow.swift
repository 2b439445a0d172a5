package import JSON
package import Registry

/// Anything that has a row's columns: a row of a statement, or a line within one.
package protocol ColumnRow: ~Copyable {
    func isNull(_ column: Int) -> Bool
    /// 0 for null.
    func int64(_ column: Int) -> Int64
    /// Empty for null.
    func text(_ column: Int) -> String
    func value(_ column: Int) -> StoredValue
    /// Writes a text that is not null as a JSON string.
    func writeText(_ column: Int, to writer: inout JSONWriter)
}

extension Row: ColumnRow {
    @inlinable
    package func writeText(_ column: Int, to writer: inout JSONWriter) {
        withUTF8(column) { writer.string(utf8: $0) }
    }
}

/// One line of a record, out of the text in which a statement answers all of them.
///
/// The text is made by SQLite from columns (`StatementBuilder.lines`): an array for each line, and in it arrays of
/// cells, each null, an integer or text.
package struct LineRow: ColumnRow {
    private let cells: [JSONNode]

    /// The lines of a record; none for null.
    package static func rows(_ row: borrowing some ColumnRow & ~Copyable, _ column: Int) -> [LineRow] {
        guard !row.isNull(column) else { return [] }
        // Within the limits that `LineLimit` sets to what is written, the text is short enough to be parsed.
        guard let document = try? JSONDocument(parsing: row.text(column)) else {
            preconditionFailure("SQLite has made an array that is none")
        }
        return document.root.elements.map { line in
            LineRow(cells: line.elements.flatMap { Array($0.elements) })
        }
    }

    package func isNull(_ column: Int) -> Bool { cells[column].isNull }
    package func int64(_ column: Int) -> Int64 { cells[column].int64 ?? 0 }
    package func text(_ column: Int) -> String { cells[column].string ?? "" }

    package func value(_ column: Int) -> StoredValue {
        let cell = cells[column]
        return cell.int64.map(StoredValue.integer) ?? cell.string.map(StoredValue.text) ?? .null
    }

    package func writeText(_ column: Int, to writer: inout JSONWriter) { writer.string(text(column)) }
}
