/// Which fields of an entity a principal may see and write.
///
/// Kept as what is taken away, so that the usual mask is empty: a look-up in an empty set, and `isEverything` for
/// callers that then need not look at all. Names are not checked: an unknown field is the registry's to refuse.
package struct FieldMask: Hashable, Sendable {
    /// Nil: every field is hidden but those in `open`.
    private let hidden: Set<String>?
    private let open: Set<String>
    /// Nil: nothing may be written.
    private let locked: Set<String>?

    private init(hidden: Set<String>?, open: Set<String> = [], locked: Set<String>?) {
        self.hidden = hidden
        self.open = open
        self.locked = locked
    }

    /// All but `hidden` is visible, and editable but for `locked`.
    init(hidden: Set<String>, locked: Set<String>) {
        self.init(hidden: hidden, open: [], locked: locked.subtracting(hidden))
    }

    package static let everything = FieldMask(hidden: [], locked: [])
    package static let nothing = FieldMask(hidden: nil, locked: nil)

    /// All but `hidden` is visible, nothing is editable.
    static func readingAll(but hidden: Set<String>) -> FieldMask {
        FieldMask(hidden: hidden, open: [], locked: nil)
    }

    /// Only `fields` are visible, none is editable.
    static func reading(only fields: Set<String>) -> FieldMask {
        FieldMask(hidden: nil, open: fields, locked: nil)
    }

    /// Whether every field is visible.
    package var isEverything: Bool { hidden?.isEmpty ?? false }

    /// The record's id is visible to whoever may view the record.
    package func isVisible(_ field: String) -> Bool {
        guard let hidden else { return open.contains(field) || field == "id" }
        return hidden.isEmpty || !hidden.contains(field) || field == "id"
    }

    package func isEditable(_ field: String) -> Bool {
        guard let locked, isVisible(field) else { return false }
        return (locked.isEmpty || !locked.contains(field)) && !Self.systemFields.contains(field)
    }

    /// Written by the kernel alone, whoever calls. The owner is not among them: see `SecuritySnapshot.mayAssign`.
    static let systemFields: Set = [
        "id", "created_at", "created_by", "modified_at", "modified_by", "version", "deleted_at",
    ]
}
