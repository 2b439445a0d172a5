import JSON

/// One object for people: its plain members a line each, `totals.tax` for a member of a member; below them each member
/// that is a list of objects, such as the lines of a document, as a table of its own.
///
/// Columns of such a table that say nothing are left out: those that are empty or zero everywhere, and those that
/// repeat one before them. `--json` shows all.
enum ObjectText {
    /// - Parameter names: members, or paths to them; nil takes all.
    static func text(_ node: JSONNode, columns names: [String]?, _ style: OutputStyle) -> String {
        var columns: [Rows.Column] = []
        var cells: [String] = []
        var tables: [(name: String, nodes: [JSONNode])] = []
        for (name, value) in members(of: node, names) {
            if let value, isTable(value) {
                tables.append((name, Array(value.elements)))
            } else {
                columns.append(Rows.Column(name))
                cells.append(CellText.text(of: value))
            }
        }
        let plain = columns.isEmpty ? "" : TableText.expanded(Rows(columns: columns, cells: [cells]), style)
        return tables.reduce(plain) { text, table in
            let gap = text.isEmpty ? "" : "\n"
            return "\(text)\(gap)\(table.name):\n\(TableText.aligned(telling(table.nodes), style))"
        }
    }

    private static func members(of node: JSONNode, _ names: [String]?) -> [(String, JSONNode?)] {
        if let names { return names.map { ($0, CellText.value(at: $0, in: node)) } }
        return node.members.flatMap { name, value -> [(String, JSONNode?)] in
            guard isGroup(value) else { return [(name, value)] }
            return value.members.map { ("\(name).\($0)", $1) }
        }
    }

    /// An object that is no value of its own, as a reference or an amount is.
    private static func isGroup(_ node: JSONNode) -> Bool {
        node.kind == .object && CellText.text(of: node).hasPrefix("{")
            && node.members.allSatisfy { $1.kind != .object && $1.kind != .array }
    }

    private static func isTable(_ node: JSONNode) -> Bool {
        node.kind == .array && node.count > 0
            && node.elements.allSatisfy { $0.kind == .object && CellText.text(of: $0).hasPrefix("{") }
    }

    private static func telling(_ nodes: [JSONNode]) -> Rows {
        let rows = Rows(nodes, columns: nil)
        var kept: [Int] = []
        for index in rows.columns.indices {
            let column = rows.cells.map { $0[index] }
            let isSilent = column.allSatisfy(isNothing)
            let isRepeated = kept.contains { earlier in rows.cells.map { $0[earlier] } == column }
            if !isSilent, !isRepeated { kept.append(index) }
        }
        // Of a table in which nothing says anything all is shown.
        return kept.isEmpty ? rows : rows.only(kept.map { rows.columns[$0].name })
    }

    /// Empty, or zero of whatever currency.
    private static func isNothing(_ cell: String) -> Bool {
        guard let number = cell.split(separator: " ").first else { return true }
        return Rows.isPlainNumber(String(number)) && number.allSatisfy { "0.".contains($0) }
    }
}
