/// Rows for programs: CSV and tab-separated.
package enum DelimitedText {
    /// RFC 4180: CR LF behind each record, quotes where they are needed and no others.
    ///
    /// A text that a spreadsheet would take for a formula, because it begins with `= + - @`, a tab or a carriage
    /// return, gets an apostrophe in front (OWASP ASVS 1.2.10); a plain number, `-12.50` say, stays as it is.
    package static func csv(_ rows: Rows, _ style: OutputStyle) -> String {
        var lines: [String] = []
        if style.hasHeader { lines.append(record(rows.columns.map(\.name))) }
        lines += rows.cells.map(record)
        return lines.joined()
    }

    /// One record with its line end.
    package static func record(_ cells: [String]) -> String {
        cells.map { quoted(harmless($0)) }.joined(separator: ",") + "\r\n"
    }

    /// One record exactly as given, for a file that is to be read back: nothing is escaped but what CSV needs.
    package static func exactRecord(_ cells: [String], delimiter: Character = ",") -> String {
        cells.map { quoted($0, delimiter: delimiter) }.joined(separator: String(delimiter)) + "\r\n"
    }

    static func harmless(_ text: String) -> String {
        guard let first = text.utf8.first, formulaStarts.contains(first), !isAmount(text) else { return text }
        return "'" + text
    }

    /// `-12.50`, or `-12.50 EUR`.
    private static func isAmount(_ text: String) -> Bool {
        let words = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard let number = words.first, Rows.isPlainNumber(String(number)) else { return false }
        let unit = words.dropFirst().first
        return unit.map { $0.utf8.count == 3 && $0.utf8.allSatisfy { (0x41...0x5A).contains($0) } } ?? true
    }

    private static let formulaStarts: [UInt8] = Array("=+-@\t\r".utf8)

    static func quoted(_ text: String, delimiter: Character = ",") -> String {
        let needsQuotes = text.unicodeScalars.contains {
            $0 == "\"" || $0 == "\n" || $0 == "\r" || Character($0) == delimiter
        }
        guard needsQuotes else { return text }
        var result = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" { result.unicodeScalars.append(scalar) }
            result.unicodeScalars.append(scalar)
        }
        return result + "\""
    }

    /// Tabs between cells, one line a record; tab, line ends and backslash within a cell as `\t`, `\n`, `\r`, `\\`.
    package static func tsv(_ rows: Rows, _ style: OutputStyle) -> String {
        var lines: [String] = []
        if style.hasHeader { lines.append(rows.columns.map(\.name).joined(separator: "\t")) }
        lines += rows.cells.map { $0.map(CellText.visible).joined(separator: "\t") }
        return lines.map { $0 + "\n" }.joined()
    }
}
