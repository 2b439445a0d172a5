extension PrintTemplate {
    /// Reads a template as it is written.
    ///
    /// - Throws: what is wrong first, with its line.
    package init(parsing source: String) throws(PrintTemplateError) {
        guard source.utf8.count <= Limits.sourceBytes else {
            throw PrintTemplateError("a template holds at most \(Limits.sourceBytes) bytes", line: 0)
        }
        var parser = TemplateParser(source)
        nodes = try parser.parse()
    }
}

/// Cuts a template at its braces and keeps the open sections on a stack of its own: hostile nesting costs no call
/// depth.
private struct TemplateParser {
    private enum Kind: String { case document, each, `if` }

    private struct Section {
        var kind = Kind.document
        var path = PrintTemplate.Path(isFromDocument: false, names: [])
        var line = 0
        var body: [PrintTemplate.Node] = []
        /// What stood before `{{else}}`.
        var then: [PrintTemplate.Node]?
    }

    private let bytes: [UInt8]
    private var at = 0
    private var markup = MarkupReader()
    private var open = [Section()]

    init(_ source: String) { bytes = Array(source.utf8) }

    mutating func parse() throws(PrintTemplateError) -> [PrintTemplate.Node] {
        while at < bytes.count {
            try readMarkup()
            if at < bytes.count { try readBraces() }
        }
        let unclosedLine = open.last?.line ?? 0
        guard let last = open.popLast(), open.isEmpty else {
            throw PrintTemplateError("a section is not closed", line: unclosedLine)
        }
        guard markup.isInText else {
            throw PrintTemplateError("the markup ends within a tag or a style sheet", line: markup.line)
        }
        return last.body
    }

    private func isAt(_ byte: UInt8) -> Bool {
        at + 1 < bytes.count && bytes[at] == byte && bytes[at + 1] == byte
    }

    private mutating func readMarkup() throws(PrintTemplateError) {
        let start = at
        while at < bytes.count, !isAt(UInt8(ascii: "{")) {
            try markup.read(bytes[at])
            at += 1
        }
        if at > start { add(.markup(String(decoding: bytes[start..<at], as: UTF8.self))) }
    }

    private mutating func readBraces() throws(PrintTemplateError) {
        at += 2
        let start = at
        while at < bytes.count, !isAt(UInt8(ascii: "}")) {
            guard bytes[at] >= 0x20, at - start < 300 else { break }
            at += 1
        }
        guard isAt(UInt8(ascii: "}")) else {
            throw PrintTemplateError("\"{{\" is not closed on its line", line: markup.line)
        }
        let words = String(decoding: bytes[start..<at], as: UTF8.self).split(separator: " ").map(String.init)
        at += 2
        switch (words.first, words.count) {
        case ("#each", 2): try begin(.each, words[1])
        case ("#if", 2): try begin(.if, words[1])
        case ("else", 1): try turn()
        case ("/each", 1): try end(.each)
        case ("/if", 1): try end(.if)
        case (let name?, 1): add(.value(try path(name), try markup.placeOfValue(), line: markup.line))
        default:
            throw PrintTemplateError(
                "\"{{\(words.joined(separator: " "))}}\" is not understood", line: markup.line)
        }
    }

    private mutating func add(_ node: PrintTemplate.Node) { open[open.count - 1].body.append(node) }

    /// A section stands in text and ends in text, so that leaving it out or repeating it moves no value elsewhere.
    private func requireText() throws(PrintTemplateError) {
        guard markup.isInText else { throw markup.refusal("a section within a tag or a style sheet") }
    }

    private mutating func begin(_ kind: Kind, _ name: String) throws(PrintTemplateError) {
        try requireText()
        guard open.count <= PrintTemplate.Limits.depth else {
            throw PrintTemplateError(
                "sections nest at most \(PrintTemplate.Limits.depth) deep", line: markup.line)
        }
        open.append(Section(kind: kind, path: try path(name), line: markup.line))
    }

    private mutating func turn() throws(PrintTemplateError) {
        try requireText()
        let top = open.count - 1
        guard open[top].kind == .if, open[top].then == nil else {
            throw PrintTemplateError("\"{{else}}\" belongs to no open \"{{#if}}\"", line: markup.line)
        }
        open[top].then = open[top].body
        open[top].body = []
    }

    private mutating func end(_ kind: Kind) throws(PrintTemplateError) {
        try requireText()
        guard open[open.count - 1].kind == kind, let section = open.popLast() else {
            throw PrintTemplateError("\"{{/\(kind.rawValue)}}\" closes no open section", line: markup.line)
        }
        if kind == .each {
            add(.each(section.path, section.body, line: section.line))
        } else {
            let (then, otherwise) = section.then.map { ($0, section.body) } ?? (section.body, [])
            add(.when(section.path, then: then, otherwise: otherwise, line: section.line))
        }
    }

    private func path(_ text: String) throws(PrintTemplateError) -> PrintTemplate.Path {
        let isFromDocument = text.hasPrefix("@")
        let names = text.dropFirst(isFromDocument ? 1 : 0)
            .split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard names.count <= PrintTemplate.Limits.pathNames, names.allSatisfy(Self.isName) else {
            throw PrintTemplateError("\"\(text)\" is not a field or a path of fields", line: markup.line)
        }
        return PrintTemplate.Path(isFromDocument: isFromDocument, names: names)
    }

    private static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, first >= UInt8(ascii: "a"), first <= UInt8(ascii: "z") else {
            return false
        }
        return name.utf8.count <= 64
            && name.utf8.allSatisfy {
                ($0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z"))
                    || ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9")) || $0 == UInt8(ascii: "_")
            }
    }
}
