import CRMSDK

/// Street, city, state, postal code, country and PO box.
enum Address {
    /// - Parameter prefix: In front of the fields' names, with an underscore; nil for none.
    static func fields(_ prefix: String?, _ section: String) -> [FieldDefinition] {
        [
            ("street", "Street", 250), ("city", "City", 150), ("state", "State", 150),
            ("postal_code", "Postal code", 150), ("country", "Country", 150), ("po_box", "PO box", 150),
        ].map { name, label, length in
            let whole = prefix.map { "\($0.prefix(1).uppercased())\($0.dropFirst()) \(label.lowercased())" }
            return .text(
                prefix.map { "\($0)_\(name)" } ?? name, whole ?? label, maximumLength: length
            ).section(section)
        }
    }
}
