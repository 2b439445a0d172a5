import CRMSDK
import Registry

/// How a record is called: the values of its label fields, joined by a space, at most 255 characters.
enum RecordLabel {
    static func text(_ entity: Entity, _ values: [String: Value]) -> String {
        let parts = entity.labelFields.compactMap { field -> String? in
            let value = values[field.name] ?? .null
            guard !value.isNull else { return nil }
            if case .text(let key) = value, field.kind.name == "picklist" {
                return field.type.values.first { $0.key == key }?.label ?? key
            }
            return printed(value)
        }
        return String(parts.joined(separator: " ").prefix(255))
    }
}
