/// A text with places for values: `{product} for {account}`. `{{` is one brace.
struct ValueTemplate: Sendable {
    private enum Part: Sendable {
        case text(String)
        case column(String)
    }

    private let parts: [Part]

    /// - Throws: where a brace is not closed.
    init(_ text: String, at place: String) throws(AdminError) {
        var parts: [Part] = []
        var literal = ""
        var rest = text[...]
        while let character = rest.popFirst() {
            guard character == "{" else {
                literal.append(character)
                continue
            }
            if rest.first == "{" {
                literal.append(rest.removeFirst())
                continue
            }
            guard let end = rest.firstIndex(of: "}") else {
                throw AdminError("\(place) has a brace that is not closed: \(text)")
            }
            if !literal.isEmpty { parts.append(.text(literal)) }
            literal = ""
            parts.append(.column(String(rest[..<end])))
            rest = rest[rest.index(after: end)...]
        }
        if !literal.isEmpty { parts.append(.text(literal)) }
        self.parts = parts
    }

    /// Columns in the order of their places.
    var columns: [String] {
        parts.compactMap { if case .column(let name) = $0 { name } else { nil } }
    }

    func filled(_ value: (String) -> String) -> String {
        parts.map { part in
            switch part {
            case .text(let text): text
            case .column(let name): value(name)
            }
        }.joined()
    }
}
