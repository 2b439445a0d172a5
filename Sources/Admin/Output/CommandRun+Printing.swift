package import JSON

/// Printing to standard output: data, and nothing else.
extension CommandRun {
    /// The records of a result, such as the `modules` of `module.list`.
    ///
    /// - Parameters:
    ///   - member: where in the result the records are.
    ///   - columns: what a person wants to see; `--columns` overrides.
    package func printRecords(_ result: JSONNode, in member: String, columns: [String]?) {
        let nodes = result[member].map { Array($0.elements) } ?? []
        switch output.format {
        case .json: printJSON(JSONText.projected(result, each: member, on: output.columns))
        case .jsonl:
            for node in nodes {
                session.streams.write(JSONText.compact(JSONText.projected(node, on: output.columns)))
            }
        default:
            let lines: Rows.LineForm = output.format.isForPeople ? .counted : .json
            printRows(Rows(nodes, columns: output.columns ?? columns, lines: lines))
        }
    }

    /// One record or other object: a line for each member; for people, lists of objects in it are tables of their own.
    package func printObject(_ node: JSONNode, columns: [String]? = nil) {
        switch output.format {
        case .json: printJSON(JSONText.projected(node, on: output.columns))
        case .jsonl: session.streams.write(JSONText.compact(JSONText.projected(node, on: output.columns)))
        case .table, .expanded:
            session.streams.write(ObjectText.text(node, columns: output.columns ?? columns, output))
        case .tsv, .csv: printRows(Rows([node], columns: output.columns ?? columns))
        }
    }

    package func printJSON(_ node: JSONNode) {
        session.streams.write(
            session.streams.isOutputTerminal ? JSONText.pretty(node) : JSONText.compact(node))
    }

    /// For tables that no single answer of the kernel is; as JSON they become an array of objects of texts.
    package func printRows(_ whole: Rows) {
        let rows = whole.only(output.columns)
        let text =
            switch output.format {
            case .table: TableText.aligned(rows, output)
            case .expanded: TableText.expanded(rows, output)
            case .tsv: DelimitedText.tsv(rows, output)
            case .csv: DelimitedText.csv(rows, output)
            case .json, .jsonl: Self.json(rows, inLines: output.format == .jsonl)
            }
        session.streams.write(text)
    }

    private static func json(_ rows: Rows, inLines: Bool) -> String {
        let objects = rows.cells.map { row in
            var object = Parameters()
            for (column, cell) in zip(rows.columns, row) { object.set(column.name, cell) }
            return String(decoding: object.bytes, as: UTF8.self)
        }
        if inLines { return objects.map { $0 + "\n" }.joined() }
        return "[" + objects.joined(separator: ",") + "]\n"
    }
}
