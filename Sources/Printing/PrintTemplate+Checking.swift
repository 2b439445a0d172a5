import Text

/// The fields that templates of a document may name: those that the one who saves the template may see.
package indirect enum PrintShape: Sendable, Equatable {
    case value
    case one([String: PrintShape])
    case many([String: PrintShape])
}

extension PrintTemplate {
    /// Holds every path to the fields there are. A field outside `document` is unknown, whatever the reason, and is
    /// never suggested.
    ///
    /// - Throws: the first path that names no field, or a field that cannot stand there.
    package func check(against document: [String: PrintShape]) throws(PrintTemplateError) {
        try Self.check(nodes, in: document, document)
    }

    private static func check(
        _ nodes: [Node], in scope: [String: PrintShape], _ document: [String: PrintShape]
    ) throws(PrintTemplateError) {
        for node in nodes {
            switch node {
            case .markup: continue
            case .value(let path, _, let line):
                guard case .value = try find(path, in: path.isFromDocument ? document : scope, line) else {
                    throw PrintTemplateError(
                        "\"\(path.text)\" is not one value", hint: "Name one of its fields.", line: line)
                }
            case .each(let path, let body, let line):
                guard case .many(let item) = try find(path, in: path.isFromDocument ? document : scope, line)
                else {
                    throw PrintTemplateError("\"\(path.text)\" is not a list", line: line)
                }
                try check(body, in: item, document)
            case .when(let path, let then, let otherwise, let line):
                _ = try find(path, in: path.isFromDocument ? document : scope, line)
                try check(then, in: scope, document)
                try check(otherwise, in: scope, document)
            }
        }
    }

    private static func find(
        _ path: Path, in scope: [String: PrintShape], _ line: Int
    ) throws(PrintTemplateError) -> PrintShape {
        var shape = PrintShape.one(scope)
        for name in path.names {
            guard case .one(let fields) = shape else {
                throw PrintTemplateError("\"\(path.text)\" goes through what has no fields", line: line)
            }
            guard let next = fields[name] else {
                throw PrintTemplateError(
                    "\"\(path.text)\" names no field \"\(name)\"",
                    hint: Spelling.suggestion(for: name, among: fields.keys.sorted()), line: line)
            }
            shape = next
        }
        return shape
    }
}
