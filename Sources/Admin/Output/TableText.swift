import Text

/// Tables for people: aligned by display width, so that 東京 takes four cells; cut to the terminal's width.
package enum TableText {
    private static let gap = "  "
    /// A column is not cut below this while others can give.
    private static let leastWidth = 8

    package static func aligned(_ rows: Rows, _ style: OutputStyle) -> String {
        let cells = rows.cells.map { $0.map(CellText.visible) }
        let names = rows.columns.map { CellText.visible($0.name) }
        var widths = names.map { style.hasHeader ? displayWidth($0) : 0 }
        for row in cells {
            for (index, cell) in row.enumerated() { widths[index] = max(widths[index], displayWidth(cell)) }
        }
        if let width = style.width { fit(&widths, into: width) }
        var lines: [String] = []
        if style.hasHeader {
            let header = line(names, widths, rows.columns)
            lines.append(style.isColoured ? "\u{1B}[1m\(header)\u{1B}[0m" : header)
        }
        lines += cells.map { line($0, widths, rows.columns) }
        return lines.map { $0 + "\n" }.joined()
    }

    /// One line for each field of each record; records are parted by a blank line.
    package static func expanded(_ rows: Rows, _ style: OutputStyle) -> String {
        let names = rows.columns.map { CellText.visible($0.name) }
        let width = names.map(displayWidth).max() ?? 0
        let blocks = rows.cells.map { row in
            zip(names, row).map { name, cell in
                "\(padded(name, to: width))\(gap)\(CellText.visible(cell))\n".trimmingEnd
            }.joined()
        }
        return blocks.joined(separator: "\n")
    }

    private static func line(_ cells: [String], _ widths: [Int], _ columns: [Rows.Column]) -> String {
        var parts: [String] = []
        for (index, cell) in cells.enumerated() {
            let text = cut(cell, to: widths[index])
            parts.append(
                columns[index].isNumeric
                    ? spaces(widths[index] - displayWidth(text)) + text : padded(text, to: widths[index]))
        }
        return parts.joined(separator: gap).trimmingEnd
    }

    /// Takes from the widest column until the line fits, or nothing more can be taken.
    private static func fit(_ widths: inout [Int], into width: Int) {
        let gaps = gap.count * max(widths.count - 1, 0)
        var excess = widths.reduce(0, +) + gaps - width
        while excess > 0, let widest = widths.indices.max(by: { widths[$0] < widths[$1] }),
            widths[widest] > leastWidth
        {
            widths[widest] -= 1
            excess -= 1
        }
    }

    private static func padded(_ text: String, to width: Int) -> String {
        text + spaces(width - displayWidth(text))
    }

    private static func spaces(_ count: Int) -> String { String(repeating: " ", count: max(count, 0)) }

    private static func cut(_ text: String, to width: Int) -> String {
        guard displayWidth(text) > width else { return text }
        var result = ""
        var taken = 0
        for character in text {
            let cells = displayWidth(String(character))
            guard taken + cells <= width - 1 else { break }
            result.append(character)
            taken += cells
        }
        return result + "…"
    }
}

extension String {
    /// Without the spaces at the end of the (last) line.
    fileprivate var trimmingEnd: String {
        let endsLine = hasSuffix("\n")
        var text = endsLine ? dropLast() : self[...]
        while text.last == " " { text.removeLast() }
        return String(text) + (endsLine ? "\n" : "")
    }
}
