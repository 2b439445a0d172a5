import CRMSDK
import JSON
import Registry
import Storage

/// Writes entities and fields as `entity.describe` answers them: all that a form or a console needs, with labels in the
/// caller's language.
struct EntityJSON {
    let labels: LabelBook
    let language: String

    func writeSummary(_ entity: Entity, to writer: inout JSONWriter) {
        writer.beginObject()
        writeNames(entity, to: &writer)
        writer.endObject()
    }

    /// Fields that the caller may not see are named nowhere. A field of lines has the fields of its lines within it.
    ///
    /// - Parameter relations: those that the caller may see, each with the values of a link that they may see.
    func write(
        _ entity: Entity, _ view: FieldView, relations: [(list: RelatedList, values: [Field])],
        to writer: inout JSONWriter
    ) {
        let fields = view.fields(of: entity)
        let visible = Set(fields.map(\.name))
        writer.beginObject()
        writeNames(entity, to: &writer)
        writer.key("label_fields")
        writer.strings(entity.labelFields.map(\.name).filter(visible.contains))
        writer.key("list_fields")
        writer.strings(entity.listFields.map(\.name).filter(visible.contains))
        writer.key("default_sort")
        let sort = entity.defaultSort.filter { visible.contains($0.field.name) }
        writer.strings(sort.map { ($0.descending ? "-" : "") + $0.field.name })
        writeSections(FormLayout(entity.definition, fields: fields), of: entity, to: &writer)
        writer.key("sharing")
        writer.string(entity.definition.sharing.name)
        writer.key("fields")
        writer.beginArray()
        for field in fields { write(field, of: entity, visible: visible, view, to: &writer) }
        writer.endArray()
        writer.key("relations")
        writer.beginArray()
        for (list, values) in relations { write(list, values, view, to: &writer) }
        writer.endArray()
        writer.endObject()
    }

    private func writeLines(_ lines: Entity, _ view: FieldView, to writer: inout JSONWriter) {
        let fields = view.fields(of: lines).filter { $0.name != SystemField.lineParent }
        let visible = Set(fields.map(\.name))
        writer.key("lines")
        writer.beginObject()
        writer.key("entity")
        writer.string(lines.name)
        writer.key("limit")
        writer.int(LineLimit.lines)
        writer.key("fields")
        writer.beginArray()
        for field in fields { write(field, of: lines, visible: visible, view, to: &writer) }
        writer.endArray()
        writer.endObject()
    }

    private func writeSections(_ layout: FormLayout, of entity: Entity, to writer: inout JSONWriter) {
        writer.key("sections")
        writer.beginArray()
        for section in layout.sections {
            writer.beginObject()
            writer.key("key")
            writer.string(section.definition.key)
            writer.key("label")
            writer.string(labels.label(of: section.definition, of: entity, in: language))
            writer.key("fields")
            writer.strings(section.fields.map(\.name))
            writer.endObject()
        }
        writer.endArray()
    }

    private func write(
        _ list: RelatedList, _ values: [Field], _ view: FieldView, to writer: inout JSONWriter
    ) {
        writer.beginObject()
        writer.key("name")
        writer.string(list.name)
        writer.key("label")
        writer.string(list.label)
        writer.key("entity")
        writer.string(list.entity.name)
        writer.key("cardinality")
        switch list.way {
        case .links:
            writer.string("many_to_many")
            writer.key("values")
            writer.beginArray()
            for value in values { write(value, of: list.entity, visible: [], view, to: &writer) }
            writer.endArray()
        case .references(let field):
            writer.string("one_to_many")
            writer.key("field")
            writer.string(field.name)
        }
        writer.endObject()
    }

    private func writeNames(_ entity: Entity, to writer: inout JSONWriter) {
        writer.key("name")
        writer.string(entity.name)
        writer.key("label")
        writer.string(labels.label(of: entity, in: language))
        writer.key("plural_label")
        writer.string(labels.pluralLabel(of: entity, in: language))
        writer.key("module")
        writer.string(entity.module)
        writer.key("is_administrative")
        writer.bool(entity.definition.isAdministrative)
        write(entity.definition.lineOf, as: "line_of", to: &writer)
    }

    private func write(
        _ field: Field, of entity: Entity, visible: Set<String>, _ view: FieldView,
        to writer: inout JSONWriter
    ) {
        let definition = labels.definition(of: field, of: entity, in: language)
        writer.beginObject()
        writer.key("name")
        writer.string(field.name)
        writer.key("label")
        writer.string(definition.label)
        writer.key("type")
        writer.string(field.type.name)
        writer.key("source")
        switch field.source {
        case .system: writer.string("system")
        case .module(let name): writer.string(name)
        case .custom: writer.string("custom")
        }
        for (name, flag) in [
            ("mandatory", definition.isMandatory), ("unique", definition.isUnique),
            ("indexed", definition.isIndexed),
            ("searchable", field.searchForm != nil), ("read_only", definition.isReadOnly),
        ] {
            writer.key(name)
            writer.bool(flag)
        }
        write(definition.help, as: "help", to: &writer)
        write(definition.section, as: "section", to: &writer)
        write(definition.defaultText, as: "default", to: &writer)
        write(definition.type, visible: visible, to: &writer)
        writer.key("operators")
        writer.strings(field.kind.comparisons.map(\.symbol))
        writer.key("sortable")
        writer.bool(field.kind.ordering != nil)
        if let computed = definition.computed, view.sees(computed, of: entity) {
            ComputedCoding.write(computed, to: &writer)
        }
        if let lines = view.registry.lines(of: field) { writeLines(lines, view, to: &writer) }
        writer.endObject()
    }

    private func write(_ text: String?, as name: StaticString, to writer: inout JSONWriter) {
        guard let text else { return }
        writer.key(name)
        writer.string(text)
    }

    /// The parameters of a type, those that it has.
    private func write(_ type: FieldType, visible: Set<String>, to writer: inout JSONWriter) {
        if let length = type.maximumLength {
            writer.key("maximum_length")
            writer.int(length)
        }
        if let scale = type.scale {
            writer.key("scale")
            writer.int(scale)
        }
        write(type.minimum, as: "minimum", to: &writer)
        write(type.maximum, as: "maximum", to: &writer)
        write(
            type.currencyField.flatMap { visible.contains($0) ? $0 : nil }, as: "currency_field", to: &writer)
        write(type.pattern, as: "pattern", to: &writer)
        if !type.targets.isEmpty {
            writer.key("targets")
            writer.strings(type.targets)
        }
        if !type.values.isEmpty {
            writer.key("values")
            writer.beginArray()
            for value in type.values { write(value, to: &writer) }
            writer.endArray()
        }
    }

    private func write(_ value: PicklistValue, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("key")
        writer.string(value.key)
        writer.key("label")
        writer.string(value.label)
        write(value.color, as: "color", to: &writer)
        writer.key("retired")
        writer.bool(value.retired)
        writer.key("system")
        writer.bool(value.isSystem)
        if !value.attributes.isEmpty {
            writer.key("attributes")
            writer.beginObject()
            for (name, text) in value.attributes.sorted(by: { $0.key < $1.key }) {
                writer.key(name)
                writer.string(text)
            }
            writer.endObject()
        }
        writer.endObject()
    }
}
