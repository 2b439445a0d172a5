package import JSON

/// A table before it is printed: columns, and rows of cells.
package struct Rows: Sendable {
    package struct Column: Sendable {
        package let name: String
        /// Whether the cells are numbers, which stand at the right.
        package var isNumeric: Bool

        package init(_ name: String, isNumeric: Bool = false) {
            self.name = name
            self.isNumeric = isNumeric
        }
    }

    /// How a cell shows the lines of a record.
    package enum LineForm: Sendable {
        /// As they came, for programs.
        case json
        /// How many there are, for people.
        case counted
    }

    package var columns: [Column]
    package var cells: [[String]]

    package init(columns: [Column], cells: [[String]] = []) {
        self.columns = columns
        self.cells = cells
    }

    /// Rows of JSON objects.
    ///
    /// - Parameter names: paths; nil takes the members' names in the order in which they first appear.
    package init(_ nodes: [JSONNode], columns names: [String]?, lines: LineForm = .json) {
        let names = names ?? Self.memberNames(of: nodes)
        columns = names.map { Column($0) }
        cells = nodes.map { node in
            names.map { name in
                let value = CellText.value(at: name, in: node)
                return (lines == .counted ? value.flatMap(Self.lineCount) : nil) ?? CellText.text(of: value)
            }
        }
        for index in columns.indices {
            columns[index].isNumeric =
                nodes.contains { CellText.value(at: names[index], in: $0).map(Self.isNumber) ?? false }
                && nodes.allSatisfy {
                    CellText.value(at: names[index], in: $0).map(Self.isNumberOrEmpty) ?? true
                }
        }
    }

    /// These columns alone, in this order; one that is not there is empty.
    func only(_ names: [String]?) -> Rows {
        guard let names, names != columns.map(\.name) else { return self }
        let places = names.map { name in columns.firstIndex { $0.name == name } }
        return Rows(
            columns: zip(names, places).map { name, place in place.map { columns[$0] } ?? Column(name) },
            cells: cells.map { row in places.map { $0.map { row[$0] } ?? "" } })
    }

    private static func memberNames(of nodes: [JSONNode]) -> [String] {
        var names: [String] = []
        var seen: Set<String> = []
        for node in nodes {
            for (name, _) in node.members where seen.insert(name).inserted { names.append(name) }
        }
        return names
    }

    /// `3 lines`; nil for what is no list of lines, each of which has its id and its place.
    private static func lineCount(_ node: JSONNode) -> String? {
        guard node.kind == .array, node.count > 0,
            node.elements.allSatisfy({ $0["id"] != nil && $0["position"] != nil })
        else { return nil }
        return node.count == 1 ? "1 line" : "\(node.count) lines"
    }

    private static func isNumberOrEmpty(_ node: JSONNode) -> Bool { node.isNull || isNumber(node) }

    private static func isNumber(_ node: JSONNode) -> Bool {
        if node.kind == .object { return node["amount"]?.string != nil }
        return node.kind == .number || node.string.map(isPlainNumber) ?? false
    }

    /// An optional sign, digits, and perhaps a fraction.
    package static func isPlainNumber(_ text: String) -> Bool {
        var digits = 0
        var points = 0
        for (index, byte) in text.utf8.enumerated() {
            switch byte {
            case 0x30...0x39: digits += 1
            case UInt8(ascii: "-") where index == 0: break
            case UInt8(ascii: ".") where points == 0 && digits > 0: points += 1
            default: return false
            }
        }
        return digits > 0 && text.utf8.last != UInt8(ascii: ".")
    }
}
