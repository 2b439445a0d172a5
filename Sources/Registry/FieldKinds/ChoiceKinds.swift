package import CRMSDK
import Text

/// One value of a list that is data; stored by its stable key.
///
/// A retired value is refused here; that an old record may keep it is decided where the old record is known.
struct PicklistKind: FieldKind {
    let name = "picklist"
    let storage = StorageClass.text
    let comparisons = FilterOperator.forChoice
    let ordering: Ordering? = .listPosition

    func wire(_ type: FieldType) -> WireForm { .string }

    func problems(in type: FieldType) -> [String] { ChoiceRules.problems(type) }

    func accept(_ value: Value, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        guard case .text(let key) = value else { throw .type(field, wants: "one of its values, as text") }
        try ChoiceRules.check(key, field)
        return value
    }

    func parse(_ text: String, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        try accept(.text(text), for: field)
    }
}

/// What a list of values is held to, and what it takes; for one choice and for several.
package enum ChoiceRules {
    /// Values of one list, retired ones too.
    static let valueLimit = 1000

    static func problems(_ type: FieldType) -> [String] {
        var seen: Set<String> = []
        var problems: [String] = []
        if type.values.count > valueLimit {
            problems.append("a list would have \(type.values.count) values; \(valueLimit) is the most")
        }
        for value in type.values {
            if !seen.insert(value.key).inserted {
                problems.append("the value \"\(value.key)\" is there twice")
            }
            if value.key.isEmpty {
                problems.append(
                    "the label \"\(value.label)\" makes no key: give one of a–z, 0–9 and single _")
            } else if !ManifestCheck.isKey(value.key) {
                problems.append("\"\(value.key)\" is not a key: use a–z, 0–9 and single _ between them")
            }
            if value.label.isEmpty || value.label.unicodeScalars.count > 100 {
                problems.append("the label of \"\(value.key)\" must have 1 to 100 characters")
            }
        }
        return problems
    }

    /// What could have been meant by a key that the list does not have: the key of a near one or of that label, else
    /// the list's beginning.
    package static func advice(on key: String, _ type: FieldType) -> String {
        let usable = type.values.filter { !$0.retired }
        let folded = TextFolding.fold(key)
        let near =
            usable.first { TextFolding.fold($0.label) == folded }?.key
            ?? Spelling.nearest(to: folded, among: usable.map(\.key)).first
        if let near { return "did you mean \"\(near)\"?" }
        let first = usable.prefix(12).map(\.key).joined(separator: ", ")
        return "it has \(first)\(usable.count > 12 ? " …" : "")"
    }

    /// Refuses a key that the list does not have, or has retired.
    static func check(_ key: String, _ field: FieldDefinition) throws(FieldRefusal) {
        guard let known = field.type.values.first(where: { $0.key == key }) else {
            throw FieldRefusal(
                "unknown_value",
                "\(field.label) has no value \"\(key.prefix(60))\"; \(advice(on: key, field.type))")
        }
        guard !known.retired else {
            throw FieldRefusal("unknown_value", "\(field.label) \"\(known.label)\" is retired")
        }
    }
}

/// Another record, by its id. That it exists and may be seen is checked inside the unit of work.
struct ReferenceKind: FieldKind {
    let name = "reference"
    let storage = StorageClass.integer
    let comparisons = FilterOperator.forChoice
    let ordering: Ordering? = .stored

    func wire(_ type: FieldType) -> WireForm { .reference }

    func accept(_ value: Value, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        try ReferenceRules.accept(value, field)
    }

    func parse(_ text: String, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        try ReferenceRules.parse(text, field)
    }
}

/// The user or group that a record belongs to.
struct OwnerKind: FieldKind {
    let name = "owner"
    let storage = StorageClass.integer
    let comparisons = FilterOperator.forChoice
    let ordering: Ordering? = .stored

    func wire(_ type: FieldType) -> WireForm { .reference }

    func accept(_ value: Value, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        try ReferenceRules.accept(value, field)
    }

    func parse(_ text: String, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        try ReferenceRules.parse(text, field)
    }
}

enum ReferenceRules {
    static func accept(_ value: Value, _ field: FieldDefinition) throws(FieldRefusal) -> Value {
        switch value {
        case .reference(let id) where id.rawValue != 0 && id <= .maximum: return value
        // Negative ids stand for records of the same dry run.
        case .integer(let number) where number != 0 && number <= RecordID.maximum.rawValue:
            return .reference(RecordID(number))
        default: throw .type(field, wants: "the id of a record")
        }
    }

    static func parse(_ text: String, _ field: FieldDefinition) throws(FieldRefusal) -> Value {
        guard let number = Int64(text), number > 0, number <= RecordID.maximum.rawValue else {
            throw .type(field, wants: "the id of a record")
        }
        return .reference(RecordID(number))
    }
}

/// A number of the record for people: `POT00017`. Given by the kernel; a person cannot write it, an import may bring
/// it.
struct AutonumberKind: FieldKind {
    let name = "autonumber"
    let storage = StorageClass.text
    let comparisons = FilterOperator.forText
    let ordering: Ordering? = .textKey
    let searchForm: SearchForm? = .words

    func wire(_ type: FieldType) -> WireForm { .string }

    func problems(in type: FieldType) -> [String] {
        guard let pattern = type.pattern else {
            return ["an autonumber needs a pattern such as \"ACC00000\""]
        }
        let runs = pattern.split(whereSeparator: { $0 != "0" })
        return runs.count == 1 && pattern.count <= 40
            ? [] : ["the pattern \"\(pattern)\" needs exactly one run of zeros and at most 40 characters"]
    }

    func accept(_ value: Value, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        .text(try TextRules.line(value, field, limit: 60))
    }

    func parse(_ text: String, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        try accept(.text(text), for: field)
    }
}

/// How an autonumber's pattern and counter become text.
package enum NumberPattern {
    /// `POT00000` and 17 → `POT00017`; a longer number takes the room it needs.
    package static func text(_ pattern: String, counter: Int64) -> String {
        let zero = UInt8(ascii: "0")
        guard let start = pattern.utf8.firstIndex(of: zero) else { return pattern + String(counter) }
        let end = pattern.utf8[start...].firstIndex { $0 != zero } ?? pattern.endIndex
        let digits = String(counter)
        var text = String(pattern[..<start])
        for _ in digits.utf8.count..<max(digits.utf8.count, pattern.utf8.distance(from: start, to: end)) {
            text += "0"
        }
        text += digits
        text += pattern[end...]
        return text
    }

    /// The counter in a number of this pattern; nil if it is not of it. For numbers that an import brings.
    package static func counter(of number: String, pattern: String) -> Int64? {
        guard let start = pattern.firstIndex(of: "0") else { return nil }
        let prefix = pattern[..<start]
        let suffix = pattern[start...].drop { $0 == "0" }
        guard number.hasPrefix(prefix), number.hasSuffix(suffix), number.count > prefix.count + suffix.count
        else {
            return nil
        }
        let digits = number.dropFirst(prefix.count).dropLast(suffix.count)
        return digits.allSatisfy { $0.isASCII && $0.isNumber } ? Int64(digits) : nil
    }
}
