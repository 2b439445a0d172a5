package import JSON

/// A JSON value as the text of one cell.
package enum CellText {
    /// Empty for null; the label of a reference, `1234.50 EUR` for an amount, a file's name, `last_name: Lovelace` for
    /// what a search found, `stage: Proposal → Won` for what a change made of a field; other objects, and arrays with
    /// any, as JSON.
    package static func text(of node: JSONNode?) -> String {
        guard let node else { return "" }
        switch node.kind {
        case .null: return ""
        case .bool: return node.bool == true ? "true" : "false"
        case .number: return node.numberText ?? ""
        case .string: return node.string ?? ""
        case .array:
            let told = node.elements.compactMap { find($0) ?? change($0) ?? lineChanges($0) }
            guard told.isEmpty || told.count < node.count else { return told.joined(separator: "; ") }
            let texts = node.elements.map { text(of: $0) }
            let isPlain = node.elements.allSatisfy { $0.kind == .string || $0.kind == .number }
            return isPlain ? texts.joined(separator: ", ") : raw(node)
        case .object:
            if let amount = node["amount"]?.string, let currency = node["currency"]?.string {
                return "\(amount) \(currency)"
            }
            if let name = node["name"]?.string, node["media_type"] != nil, node["sha256"] != nil {
                return name
            }
            if let id = node["id"]?.numberText, node["entity"] != nil {
                return node["label"]?.string ?? "#\(id)"
            }
            return raw(node)
        }
    }

    /// A field and what of it was found.
    private static func find(_ node: JSONNode) -> String? {
        guard node.kind == .object, node.count == 2, let field = node["field"]?.string,
            let text = node["text"]?.string
        else { return nil }
        return "\(field): \(text)"
    }

    /// A field, what it held and what it holds since; only the latter where it was empty.
    private static func change(_ node: JSONNode) -> String? {
        guard node.kind == .object, node.count == 3, let field = node["field"]?.string, let old = node["old"],
            let new = node["new"]
        else { return nil }
        let now = new.kind == .null ? "(empty)" : text(of: new)
        return old.kind == .null ? "\(field): \(now)" : "\(field): \(text(of: old)) → \(now)"
    }

    /// A field of lines, and what became of each line: `lines: added #7 (quantity: 2), removed #8`.
    private static func lineChanges(_ node: JSONNode) -> String? {
        guard node.kind == .object, node.count == 2, let field = node["field"]?.string,
            let lines = node["lines"]
        else { return nil }
        let told = lines.elements.map { line in
            let (kind, id) = (line["kind"]?.string ?? "changed", line["id"]?.numberText ?? "?")
            guard kind != "removed", let changes = line["changes"], changes.count > 0 else {
                return "\(kind) #\(id)"
            }
            return "\(kind) #\(id) (\(text(of: changes)))"
        }
        return "\(field): \(told.joined(separator: ", "))"
    }

    private static func raw(_ node: JSONNode) -> String { String(decoding: node.rawBytes, as: UTF8.self) }

    /// The value at a path: `owner`, `owner.id`, `amount.currency`; a member may itself be named by a path over
    /// references, `account.owner`, and has parts as others have.
    package static func value(at path: String, in node: JSONNode) -> JSONNode? {
        if let direct = node[path] { return direct }
        guard let point = path.lastIndex(of: ".") else { return nil }
        return value(at: String(path[..<point]), in: node)?[String(path[path.index(after: point)...])]
    }

    /// Control characters written out, so that a value can neither break a line nor command the terminal.
    package static func visible(_ text: String) -> String {
        text.contains("\\") ? harmless(text.replacing("\\", with: "\\\\")) : harmless(text)
    }

    /// As `visible`, for a sentence in which something of elsewhere may stand: it is not read back, so a backslash
    /// stays as it is.
    package static func harmless(_ text: String) -> String {
        if text.unicodeScalars.allSatisfy({ !isControl($0) }) { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where isControl(scalar): result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// C0, C1 and the marks that turn the direction of what follows (Trojan Source).
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069, 0x2028, 0x2029: true
        default: false
        }
    }
}
