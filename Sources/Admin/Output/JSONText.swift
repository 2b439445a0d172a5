package import JSON

/// JSON for people: two spaces for each level; numbers and texts exactly as the kernel wrote them.
package enum JSONText {
    package static func pretty(_ node: JSONNode) -> String {
        var text = ""
        write(node, level: 0, to: &text)
        return text + "\n"
    }

    /// One line.
    package static func compact(_ node: JSONNode) -> String {
        String(decoding: node.rawBytes, as: UTF8.self) + "\n"
    }

    /// An object of the columns that were asked for, by their paths, with the values as the kernel wrote them; a column
    /// that is not there is null.
    package static func projected(_ node: JSONNode, on columns: [String]?) -> JSONNode {
        guard let columns, node.kind == .object else { return node }
        var writer = JSONWriter()
        writer.beginObject()
        var seen: Set<String> = []
        for column in columns where seen.insert(column).inserted {
            writer.key(column)
            if let value = CellText.value(at: column, in: node) {
                writer.raw(value.rawBytes)
            } else {
                writer.null()
            }
        }
        writer.endObject()
        // What was just written is JSON; the whole is never worse than an error here.
        return (try? JSONDocument(parsing: writer.finish()))?.root ?? node
    }

    /// The same result with each object of one member's array projected.
    package static func projected(_ result: JSONNode, each member: String, on columns: [String]?) -> JSONNode
    {
        guard columns != nil, result.kind == .object else { return result }
        var writer = JSONWriter()
        writer.beginObject()
        for (name, value) in result.members {
            writer.key(name)
            guard name == member else {
                writer.raw(value.rawBytes)
                continue
            }
            writer.beginArray()
            for element in value.elements { writer.raw(projected(element, on: columns).rawBytes) }
            writer.endArray()
        }
        writer.endObject()
        return (try? JSONDocument(parsing: writer.finish()))?.root ?? result
    }

    // Documents are at most 64 levels deep, so that recursion is bounded.
    private static func write(_ node: JSONNode, level: Int, to text: inout String) {
        let isShort = node.count == 0 || node.rawBytes.count <= 60 && level > 0
        switch node.kind {
        case .array where !isShort:
            text += "[\n"
            for (index, element) in node.elements.enumerated() {
                if index > 0 { text += ",\n" }
                indent(level + 1, &text)
                write(element, level: level + 1, to: &text)
            }
            text += "\n"
            indent(level, &text)
            text += "]"
        case .object where !isShort:
            text += "{\n"
            for (index, member) in node.members.enumerated() {
                if index > 0 { text += ",\n" }
                indent(level + 1, &text)
                var name = JSONWriter(reservingCapacity: 32)
                name.string(member.name)
                text += String(decoding: name.finish(), as: UTF8.self) + ": "
                write(member.value, level: level + 1, to: &text)
            }
            text += "\n"
            indent(level, &text)
            text += "}"
        default: text += String(decoding: node.rawBytes, as: UTF8.self)
        }
    }

    private static func indent(_ level: Int, _ text: inout String) {
        text += String(repeating: "  ", count: level)
    }
}
