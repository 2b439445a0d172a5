import CRMSDK

/// Ordered lines that belong to the record, in a table of their own; the record's column holds how many there are.
///
/// The lines themselves are checked, field by field, by whoever knows their entity: `Records`.
struct LinesKind: FieldKind {
    let name = "lines"
    let storage = StorageClass.integer
    let comparisons: [FilterOperator] = []
    let ordering: Ordering? = nil

    func wire(_ type: FieldType) -> WireForm { .lines }

    func problems(in type: FieldType) -> [String] {
        type.targets.count == 1 ? [] : ["lines name exactly one entity"]
    }

    func accept(_ value: Value, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        guard case .other(let payload) = value, payload.lines != nil else { throw refusal(field) }
        return value
    }

    func parse(_ text: String, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        throw refusal(field)
    }

    private func refusal(_ field: FieldDefinition) -> FieldRefusal {
        .type(field, wants: "an array of lines, each an object of its fields")
    }
}

/// What one record may have in a field of lines; they are read as one value.
package enum LineLimit {
    package static let lines = 1000
    /// UTF-8 of all their texts together.
    package static let textBytes = 8 << 20
}
