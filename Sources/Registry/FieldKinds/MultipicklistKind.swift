import CRMSDK

/// Several values of a list that is data; stored by their stable keys, each once, in the order of the list.
///
/// Choosing none is being empty. A value that was retired since it was chosen has to go with the next change of the
/// field.
struct MultipicklistKind: FieldKind {
    let name = "multipicklist"
    let storage = StorageClass.text
    /// `contains` one key, `in`: has any of them.
    let comparisons: [FilterOperator] = [.contains, .isIn, .isNotIn, .isEmpty, .isNotEmpty]
    let ordering: Ordering? = nil

    func wire(_ type: FieldType) -> WireForm { .keys }

    func problems(in type: FieldType) -> [String] { ChoiceRules.problems(type) }

    func accept(_ value: Value, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        guard case .list(let elements) = value else {
            throw .type(field, wants: "an array of its values, each as text")
        }
        var chosen: Set<String> = []
        for element in elements {
            guard case .text(let key) = element else {
                throw .type(field, wants: "an array of its values, each as text")
            }
            try ChoiceRules.check(key, field)
            guard chosen.insert(key).inserted else {
                throw FieldRefusal("format", "\(field.label) names \"\(key)\" twice")
            }
        }
        guard !chosen.isEmpty else { return .null }
        return .list(field.type.values.filter { chosen.contains($0.key) }.map { .text($0.key) })
    }

    /// Keys with commas between them.
    func parse(_ text: String, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        let keys = text.split(separator: ",").map { part in
            part.drop(while: \.isWhitespace).prefix { !$0.isWhitespace }
        }
        return try accept(.list(keys.map { .text(String($0)) }), for: field)
    }
}

/// Keys of a list as one text: the JSON array `["north","south"]`.
///
/// A key is `a`–`z`, `0`–`9` and `_`, so that nothing is ever escaped, and a key between its quotation marks is found
/// by searching the text for it.
package enum KeyList {
    package static func text(_ keys: [String]) -> String {
        "[" + keys.map(quoted).joined(separator: ",") + "]"
    }

    package static func keys(in text: String) -> [String] {
        text.split(separator: ",").compactMap { part in
            let key = part.drop { $0 == "[" }.drop { $0 == "\"" }.prefix { $0 != "\"" }
            return key.isEmpty || key == "]" ? nil : String(key)
        }
    }

    /// A key as it stands in the text.
    package static func quoted(_ key: String) -> String { "\"\(key)\"" }
}
