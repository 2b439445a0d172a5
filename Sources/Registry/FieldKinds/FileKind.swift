import CRMSDK

/// A file: the column holds what is known of it, the bytes lie under their hash in the data folder.
///
/// Whether the bytes are there is checked by who writes the record; nobody can name bytes that they did not send.
struct FileKind: FieldKind {
    let name = "file"
    let storage = StorageClass.text
    let comparisons: [FilterOperator] = [.isEmpty, .isNotEmpty]
    let ordering: Ordering? = nil

    func wire(_ type: FieldType) -> WireForm { .file }

    func accept(_ value: Value, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        guard value.file != nil else { throw refusal(field) }
        return value
    }

    func parse(_ text: String, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        throw refusal(field)
    }

    private func refusal(_ field: FieldDefinition) -> FieldRefusal {
        .type(field, wants: "a file, which is sent by PUT /files/{id of the record}")
    }
}
