import CRMSDK

/// One line of text: trimmed, without control characters, at most 255 characters unless the field says less.
struct TextKind: FieldKind {
    let name = "text"
    let storage = StorageClass.text
    let comparisons = FilterOperator.forText
    let ordering: Ordering? = .textKey
    let searchForm: SearchForm? = .words

    func wire(_ type: FieldType) -> WireForm { .string }

    func problems(in type: FieldType) -> [String] {
        guard let length = type.maximumLength, !(1...TextRules.lineLength).contains(length) else { return [] }
        return ["a text is 1 to \(TextRules.lineLength) characters long, not \(length)"]
    }

    func accept(_ value: Value, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        .text(try TextRules.line(value, field, limit: field.type.maximumLength ?? TextRules.lineLength))
    }

    func parse(_ text: String, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        try accept(.text(text), for: field)
    }
}

/// Text of several lines, at most 65,536 characters; line ends become LF.
struct LongtextKind: FieldKind {
    let name = "longtext"
    let storage = StorageClass.text
    let comparisons: [FilterOperator] = [.contains, .isEmpty, .isNotEmpty]
    let ordering: Ordering? = nil
    let searchForm: SearchForm? = .words

    func wire(_ type: FieldType) -> WireForm { .string }

    func accept(_ value: Value, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        guard case .text(let text) = value else { throw .type(field, wants: "text") }
        let limit = min(field.type.maximumLength ?? 65_536, 65_536)
        // Most text has nothing to change: one pass over its bytes, no copy.
        if text.utf8.count <= limit,
            text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A || $0 == 0x09 })
        {
            return value
        }
        var lines = ""
        lines.reserveCapacity(text.utf8.count)
        for scalar in text.replacing("\r\n", with: "\n").unicodeScalars {
            switch scalar.value {
            case 0x0D: lines.unicodeScalars.append("\n")
            case 0x09, 0x0A: lines.unicodeScalars.append(scalar)
            case 0..<0x20, 0x7F: throw FieldRefusal("format", "\(field.label) cannot hold control characters")
            default: lines.unicodeScalars.append(scalar)
            }
        }
        guard lines.unicodeScalars.count <= limit else {
            throw FieldRefusal("length", "\(field.label) is longer than \(limit) characters")
        }
        return .text(lines)
    }

    func parse(_ text: String, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        try accept(.text(text), for: field)
    }
}

/// What all kinds of one line share.
enum TextRules {
    static let lineLength = 255

    /// Trims, and refuses control characters, emptiness aside, and what is too long. Lengths are in code points.
    static func line(_ value: Value, _ field: FieldDefinition, limit: Int) throws(FieldRefusal) -> String {
        guard case .text(let text) = value else { throw .type(field, wants: "text") }
        let utf8 = text.utf8
        // Most text is short plain ASCII without blanks around it: one pass, no copy.
        if utf8.count <= limit, utf8.first != 0x20, utf8.last != 0x20,
            utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F })
        {
            return text
        }
        let scalars = text.unicodeScalars
        guard !scalars.contains(where: { $0.value < 0x20 && $0.value != 0x09 || $0.value == 0x7F }) else {
            throw FieldRefusal("format", "\(field.label) is one line and cannot hold control characters")
        }
        let start = scalars.firstIndex { !$0.properties.isWhitespace } ?? scalars.endIndex
        let end = scalars.lastIndex { !$0.properties.isWhitespace }.map { scalars.index(after: $0) } ?? start
        let trimmed = scalars[start..<end]
        guard trimmed.count <= limit else {
            throw FieldRefusal("length", "\(field.label) is longer than \(limit) characters")
        }
        return String(trimmed)
    }
}

extension FilterOperator {
    static let forText: [FilterOperator] = [
        .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .isIn, .isNotIn, .contains,
        .startsWith,
        .endsWith, .isEmpty, .isNotEmpty, .between,
    ]
    static let forOrder: [FilterOperator] = [
        .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .isIn, .isNotIn, .isEmpty,
        .isNotEmpty,
        .between,
    ]
    static let forChoice: [FilterOperator] = [.equal, .notEqual, .isIn, .isNotIn, .isEmpty, .isNotEmpty]
    static let forTime: [FilterOperator] = forOrder + [.within]
}
