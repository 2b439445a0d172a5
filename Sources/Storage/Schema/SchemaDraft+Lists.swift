import CRMSDK
import Registry
import Text

/// Lists of values as data. A value's key is stable; a value of a module can be renamed, and where behaviour hangs on
/// it neither removed nor retired.
extension SchemaDraft {
    mutating func edit(_ name: FieldName, _ edit: PicklistEdit) throws(CRMError) {
        let place = try place(of: name)
        var field = self[place]
        guard FieldType.hasValues(field.placement.definition.type) else {
            throw problem(
                "field \"\(name.field)\" of \"\(name.entity)\" has the type \(field.placement.definition.type.name) and no "
                    + "list of values")
        }
        var values = field.placement.definition.type.values
        switch edit {
        case .add(let new, let before): try add(new, before: before, to: &values, name)
        case .update(let key, let label, let color, let attributes, let setting):
            let index = try value(key, in: values, name)
            if let label, label != values[index].label {
                values[index].label = label
                field.placement.adjustments.edited.insert("value.\(key)")
            }
            if let color { values[index].color = color.isEmpty ? nil : color }
            values[index].attributes = try settled(attributes, setting, of: values[index])
            try checkNames(values[index], among: values, schema.entities[place.entity], name)
        case .reorder(let keys):
            let first = try keys.map { key throws(CRMError) in values[try value(key, in: values, name)] }
            guard Set(keys).count == keys.count else { throw problem("a value is named twice") }
            values = first + values.filter { !keys.contains($0.key) }
        case .retire(let key):
            let index = try value(key, in: values, name)
            try refuseSystem(values[index], "retired")
            try refuseDefault(key, field, "retired")
            values[index].retired = true
            probes.append(.inUse(key, field, schema.entities[place.entity], refuses: false))
        case .restore(let key): values[try value(key, in: values, name)].retired = false
        case .remove(let key):
            let index = try value(key, in: values, name)
            try refuseSystem(values[index], "removed")
            try refuseDefault(key, field, "removed")
            values.remove(at: index)
            field.placement.adjustments.forget(value: key)
            probes.append(.inUse(key, field, schema.entities[place.entity], refuses: true))
        case .merge(let key, let other):
            let (from, into) = (try value(key, in: values, name), try value(other, in: values, name))
            guard schema.entities[place.entity].facts.lineOf == nil else {
                throw problem("values of lines cannot be merged", hint: "Retire the value instead.")
            }
            guard from != into else { throw problem("a value cannot be merged into itself") }
            try refuseSystem(values[from], "merged into another")
            try refuseDefault(key, field, "merged into another")
            guard !values[into].retired else { throw problem("the value \"\(other)\" is retired") }
            values[from].retired = true
            probes.append(.inUse(key, field, schema.entities[place.entity], refuses: false))
            var order = SchemaTask.Order(
                .mergeValue, entity: schema.entities[place.entity].number, of: name.entity)
            order.field = field.placement.number
            order.name = name.field
            order.detail = "\(key) \(other)"
            tasks.append(order)
        }
        field.placement.definition.type.values = values
        self[place] = field
    }

    /// Attributes of values that say what the value means: of a system's value they stay, since behaviour hangs on
    /// them.
    private static let meanings = ["class", "probability"]

    private func settled(
        _ whole: [String: String]?, _ setting: [String: String], of value: PicklistValue
    ) throws(CRMError) -> [String: String] {
        var attributes = whole ?? value.attributes
        for (name, text) in setting { attributes[name] = text.isEmpty ? nil : text }
        for name in Self.meanings where attributes[name] != value.attributes[name] {
            try refuseSystem(value, "given another \(name)")
        }
        return attributes
    }

    /// What the attributes of a value name must be there: the states that may follow it, the fields that it asks for.
    private func checkNames(
        _ value: PicklistValue, among values: [PicklistValue], _ entity: StoredEntity, _ list: FieldName
    ) throws(CRMError) {
        func words(_ name: String) -> [String] {
            (value.attributes[name] ?? "").split(separator: " ").map(String.init)
        }
        for state in words("next_states") { _ = try self.value(state, in: values, list) }
        for field in words("required_fields")
        where field != "owner" && entity.field(named: field)?.isDeleted ?? true {
            let near = Spelling.nearest(to: field, among: entity.fields.filter { !$0.isDeleted }.map(\.name))
            throw problem(
                "required_fields of \"\(value.key)\" names \"\(field.prefix(60))\", and \"\(list.entity)\" has no such field",
                hint: near.first.map { "Did you mean \"\($0)\"?" })
        }
    }

    func value(_ key: String, in values: [PicklistValue], _ name: FieldName) throws(CRMError) -> Int {
        if let index = values.firstIndex(where: { $0.key == key }) { return index }
        var error = CRMError(
            .invalidParameters, "\"\(name.field)\" of \"\(name.entity)\" has no value \"\(key.prefix(60))\"")
        error.candidates = Spelling.nearest(to: key, among: values.map(\.key))
        if let near = error.candidates.first { error.hint = "Did you mean \"\(near)\"?" }
        throw error
    }

    private func add(
        _ new: [PicklistValue], before: String?, to values: inout [PicklistValue], _ name: FieldName
    ) throws(CRMError) {
        let place =
            try before.map { key throws(CRMError) in try value(key, in: values, name) } ?? values.count
        for value in new {
            if let twin = values.first(where: { $0.key == value.key }) {
                throw CRMError(
                    .duplicate,
                    "\"\(name.field)\" of \"\(name.entity)\" has a value \"\(value.key)\" already",
                    hint: twin.retired ? "It is retired; restore it with picklist.restore." : nil)
            }
        }
        values.insert(contentsOf: new, at: place)
    }

    /// A whole list over the present one: a value that it names keeps its attributes, one that it does not name is
    /// retired, behind the others.
    func whole(_ wanted: [PicklistValue], over current: [PicklistValue]) throws(CRMError) -> [PicklistValue] {
        var left = current.filter { value in !wanted.contains { $0.key == value.key } }
        if let system = left.first(where: \.isSystem) {
            throw problem(
                "the value \"\(system.label)\" cannot be left out: behaviour hangs on it",
                hint: "It can be given another label and place.")
        }
        let named = wanted.map { value in
            guard var known = current.first(where: { $0.key == value.key }) else { return value }
            known.label = value.label
            known.color = value.color
            known.retired = value.retired
            return known
        }
        for value in named where value.retired { try refuseSystem(value, "retired") }
        for index in left.indices { left[index].retired = true }
        return named + left
    }

    private func refuseSystem(_ value: PicklistValue, _ doing: String) throws(CRMError) {
        guard value.isSystem else { return }
        throw problem(
            "the value \"\(value.label)\" cannot be \(doing): behaviour hangs on it",
            hint: "It can be given another label, colour and place.")
    }

    private func refuseDefault(_ key: String, _ field: StoredField, _ doing: String) throws(CRMError) {
        guard field.placement.definition.defaultText == key else { return }
        throw problem(
            "the value \"\(key)\" cannot be \(doing): it is the default", hint: "Change the default first.")
    }
}

extension FieldType {
    /// Whether a list of values belongs to the type.
    static func hasValues(_ type: FieldType) -> Bool { ["picklist", "multipicklist"].contains(type.name) }
}

extension Adjustments {
    /// A value that an administrator has removed does not come back with the next version of the module.
    mutating func forget(value key: String) {
        labels.remove("value.\(key)")
        edited.remove("value.\(key)")
        edited.insert("removed.\(key)")
    }
}
