import CRMSDK
import JSON
import Registry

/// Definitions as JSON, the way the database keeps them.
///
/// Only what differs from the default is written, and what is not there reads as the default: so a definition that was
/// stored by an older kernel reads well in one whose definitions have more to say.
enum DefinitionCoding {
    static func encode(_ stored: StoredEntity) -> String {
        let entity = stored.facts
        return object { json in
            json.put("name", entity.name)
            json.put("label", entity.label)
            json.put("plural_label", entity.pluralLabel)
            json.put("label_fields", entity.labelFields)
            json.put("default_sort", entity.defaultSort)
            json.put("list_fields", entity.listFields)
            if !entity.indexes.isEmpty {
                json.key("indexes")
                json.beginArray()
                for index in entity.indexes { json.strings(index) }
                json.endArray()
            }
            json.put("sharing", entity.sharing.name)
            json.put("administrative", entity.isAdministrative)
            json.put("deleted", stored.isDeleted)
            json.put("purging", stored.isPurging)
            AdjustmentCoding.write(entity.sections, to: &json)
            AdjustmentCoding.write(stored.adjustments, to: &json)
            json.put("line_of", entity.lineOf)
        }
    }

    static func encode(_ stored: StoredField) -> String {
        let field = stored.placement.definition
        return object { json in
            json.put("name", field.name)
            json.put("label", field.label)
            json.key("type")
            write(field.type, to: &json)
            json.put("help", field.help)
            json.put("mandatory", field.isMandatory)
            json.put("unique", field.isUnique)
            json.put("indexed", field.isIndexed)
            if let isSearchable = field.isSearchable {
                json.key("searchable")
                json.bool(isSearchable)
            }
            json.put("read_only", field.isReadOnly)
            json.put("section", field.section)
            json.put("default", field.defaultText)
            if let computed = field.computed { ComputedCoding.write(computed, to: &json) }
            json.put("purging", stored.isPurging)
            AdjustmentCoding.write(stored.placement.adjustments, to: &json)
            if let conversion = stored.placement.conversion {
                json.key("conversion")
                json.beginObject()
                json.put("column", conversion.column)
                json.put("empties", conversion.emptiesUnfit)
                json.key("type")
                write(conversion.type, to: &json)
                json.endObject()
            }
        }
    }

    static func write(_ type: FieldType, to json: inout JSONWriter) {
        json.beginObject()
        json.put("name", type.name)
        json.put("maximum_length", type.maximumLength)
        json.put("scale", type.scale)
        json.put("minimum", type.minimum)
        json.put("maximum", type.maximum)
        if !type.values.isEmpty {
            json.key("values")
            json.beginArray()
            for value in type.values { write(value, to: &json) }
            json.endArray()
        }
        if !type.targets.isEmpty { json.put("targets", type.targets) }
        json.put("currency_field", type.currencyField)
        json.put("base_of", type.baseOf)
        json.put("rate_date", type.rateDate)
        json.put("pattern", type.pattern)
        if type.isGivenByModule { json.put("given_by_module", true) }
        json.endObject()
    }

    private static func write(_ value: PicklistValue, to json: inout JSONWriter) {
        json.beginObject()
        json.put("key", value.key)
        json.put("label", value.label)
        json.put("color", value.color)
        json.put("retired", value.retired)
        json.put("system", value.isSystem)
        if !value.attributes.isEmpty {
            json.key("attributes")
            json.beginObject()
            for (name, text) in value.attributes.sorted(by: { $0.key < $1.key }) { json.put(name, text) }
            json.endObject()
        }
        json.endObject()
    }

    private static func object(_ body: (inout JSONWriter) -> Void) -> String {
        var json = JSONWriter()
        json.beginObject()
        body(&json)
        json.endObject()
        return String(decoding: json.finish(), as: UTF8.self)
    }

    // MARK: Reading

    /// An entity without its fields.
    static func entity(number: Int, module: String, _ text: String) throws(CRMError) -> StoredEntity {
        let node = try parsed(text)
        guard let name = node.text("name"), let label = node.text("label"),
            let plural = node.text("plural_label")
        else { throw .damaged("an entity's definition lacks its name: \(text.prefix(200))") }
        var entity = EntityDefinition(name, label: label, plural: plural, fields: [])
        if let fields = node.texts("label_fields") { entity.labelFields = fields }
        if let fields = node.texts("default_sort") { entity.defaultSort = fields }
        if let fields = node.texts("list_fields") { entity.listFields = fields }
        if let indexes = node["indexes"] {
            entity.indexes = indexes.elements.map { $0.elements.compactMap(\.string) }
        }
        if let sharing = SharingDefault.all.first(where: { $0.name == node.text("sharing") }) {
            entity.sharing = sharing
        }
        entity.isAdministrative = node.flag("administrative")
        entity.lineOf = node.text("line_of")
        entity.sections = AdjustmentCoding.sections(node)
        var stored = StoredEntity(number: number, module: module, facts: entity, fields: [])
        stored.adjustments = AdjustmentCoding.adjustments(node)
        stored.isDeleted = node.flag("deleted")
        stored.isPurging = node.flag("purging")
        return stored
    }

    static func field(
        number: Int, source: Field.Source, column: String, _ text: String
    ) throws(CRMError) -> StoredField {
        let node = try parsed(text)
        guard let name = node.text("name"), let label = node.text("label"), let type = node["type"],
            let typeName = type.text("name")
        else { throw .damaged("a field's definition lacks its name or type: \(text.prefix(200))") }
        var field = FieldDefinition(name, label, Self.type(typeName, type))
        field.help = node.text("help")
        field.isMandatory = node.flag("mandatory")
        field.isUnique = node.flag("unique")
        field.isIndexed = node.flag("indexed")
        field.isSearchable = node["searchable"]?.bool
        field.isReadOnly = node.flag("read_only")
        field.section = node.text("section")
        field.defaultText = node.text("default")
        field.computed = ComputedCoding.read(node["computed"])
        var placement = FieldPlacement(number: number, definition: field, source: source, column: column)
        placement.adjustments = AdjustmentCoding.adjustments(node)
        if let conversion = node["conversion"], let column = conversion.text("column"),
            let type = conversion["type"], let name = type.text("name")
        {
            placement.conversion = ConversionPlan(
                column: column, type: Self.type(name, type), emptiesUnfit: conversion.flag("empties"))
        }
        var stored = StoredField(placement: placement)
        stored.isPurging = node.flag("purging")
        return stored
    }

    static func type(_ name: String, _ node: JSONNode) -> FieldType {
        var type = FieldType(named: name)
        type.maximumLength = node["maximum_length"]?.int64.map { Int($0) }
        type.scale = node["scale"]?.int64.map { Int($0) }
        type.minimum = node.text("minimum")
        type.maximum = node.text("maximum")
        type.values = node["values"]?.elements.compactMap(value) ?? []
        type.targets = node.texts("targets") ?? []
        type.currencyField = node.text("currency_field")
        type.baseOf = node.text("base_of")
        type.rateDate = node.text("rate_date")
        type.pattern = node.text("pattern")
        type.isGivenByModule = node.flag("given_by_module")
        return type
    }

    private static func value(_ node: JSONNode) -> PicklistValue? {
        guard let key = node.text("key"), let label = node.text("label") else { return nil }
        var value = PicklistValue(key, label)
        value.color = node.text("color")
        value.retired = node.flag("retired")
        value.isSystem = node.flag("system")
        if let attributes = node["attributes"] {
            for member in attributes.members { value.attributes[member.name] = member.value.string }
        }
        return value
    }

    private static func parsed(_ text: String) throws(CRMError) -> JSONNode {
        do throws(JSONError) {
            return try JSONDocument(parsing: text).root
        } catch {
            throw .damaged("a stored definition is not JSON: \(error)")
        }
    }
}

extension JSONNode {
    func text(_ name: String) -> String? { self[name]?.string }
    func flag(_ name: String) -> Bool { self[name]?.bool ?? false }
    func texts(_ name: String) -> [String]? {
        self[name].map { $0.elements.compactMap(\.string) }
    }
}

extension JSONWriter {
    mutating func put(_ name: String, _ text: String?) {
        guard let text else { return }
        key(name)
        string(text)
    }

    mutating func put(_ name: String, _ number: Int?) {
        guard let number else { return }
        key(name)
        int(number)
    }

    /// False is the default and not written.
    mutating func put(_ name: String, _ flag: Bool) {
        guard flag else { return }
        key(name)
        bool(flag)
    }

    mutating func put(_ name: String, _ texts: [String]) {
        key(name)
        strings(texts)
    }

    mutating func strings(_ texts: [String]) {
        beginArray()
        for text in texts { string(text) }
        endArray()
    }
}
