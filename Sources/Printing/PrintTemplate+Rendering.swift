/// What a document holds for its reader, each value already written in the reader's language and time zone.
///
/// A field that the reader may not see is not in it, as little as one that is empty: a template cannot tell them apart.
package indirect enum PrintValue: Sendable, Equatable {
    case text(String)
    /// Printed like any text, and nothing to `{{#if}}`: an amount of zero.
    case nothing(String)
    case one([String: PrintValue])
    case many([[String: PrintValue]])

    fileprivate var isEmpty: Bool {
        switch self {
        case .text(let text): text.isEmpty
        case .nothing: true
        case .one(let fields): fields.isEmpty
        case .many(let items): items.isEmpty
        }
    }
}

extension PrintTemplate {
    /// The markup with its values.
    ///
    /// - Throws: if it would be longer than `Limits.outputBytes`, of which nothing is kept.
    package func render(
        _ document: [String: PrintValue], limitBytes: Int = Limits.outputBytes
    ) throws(PrintTemplateError) -> String {
        var page = Page(document: document, limitBytes: limitBytes)
        try page.write(nodes, in: document)
        return page.text
    }

    private struct Page {
        let document: [String: PrintValue]
        let limitBytes: Int
        var text = ""
        /// Bodies written; a repetition that prints nothing is bounded too.
        private var bodies = 0

        init(document: [String: PrintValue], limitBytes: Int) {
            self.document = document
            self.limitBytes = limitBytes
        }

        mutating func write(_ nodes: [Node], in scope: [String: PrintValue]) throws(PrintTemplateError) {
            bodies += 1
            guard bodies <= limitBytes else { throw tooLong }
            for node in nodes {
                switch node {
                case .markup(let markup):
                    try append(markup)
                case .value(let path, let place, _):
                    switch find(path, in: scope) {
                    case .text(let value)?, .nothing(let value)?: try append(place.escaped(value))
                    default: continue
                    }
                case .each(let path, let body, _):
                    guard case .many(let items)? = find(path, in: scope) else { continue }
                    for item in items { try write(body, in: item) }
                case .when(let path, let then, let otherwise, _):
                    let isEmpty = find(path, in: scope)?.isEmpty ?? true
                    try write(isEmpty ? otherwise : then, in: scope)
                }
            }
        }

        private var tooLong: PrintTemplateError {
            PrintTemplateError("the page would be longer than \(limitBytes) bytes", line: 0)
        }

        private mutating func append(_ more: String) throws(PrintTemplateError) {
            guard text.utf8.count + more.utf8.count <= limitBytes else { throw tooLong }
            text += more
        }

        private func find(_ path: Path, in scope: [String: PrintValue]) -> PrintValue? {
            var fields = path.isFromDocument ? document : scope
            for name in path.names.dropLast() {
                guard case .one(let next)? = fields[name] else { return nil }
                fields = next
            }
            return path.names.last.flatMap { fields[$0] }
        }
    }
}
