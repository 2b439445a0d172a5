package import CRMSDK

/// What people read in their own language: of entities, fields, values and sections.
///
/// Order: what an administrator has given in the language; the module's table, unless an administrator has given the
/// thing another label in English; English. `de-at` reads `de` where it has nothing of its own.
package struct LabelBook: Sendable {
    /// Language → what is named → text, as `LabelTable` names it.
    private var tables: [String: [String: String]] = [:]

    package init(_ tables: [LabelTable]) {
        for table in tables {
            self.tables[table.language, default: [:]].merge(table.texts) { first, _ in first }
        }
    }

    /// Languages that modules have tables of.
    package var languages: [String] { tables.keys.sorted() }

    package func label(of entity: Entity, in language: String) -> String {
        text("label", [entity.name], entity.adjustments, language) ?? entity.label
    }

    package func pluralLabel(of entity: Entity, in language: String) -> String {
        text("plural_label", [entity.name + "/plural"], entity.adjustments, language)
            ?? entity.definition.pluralLabel
    }

    package func label(of section: SectionDefinition, of entity: Entity, in language: String) -> String {
        guard section.label == section.key else {
            return entity.adjustments.labels["section.\(section.key)", language] ?? section.label
        }
        return text(
            "section.\(section.key)", ["\(entity.name)#\(section.key)", "#\(section.key)"],
            entity.adjustments,
            language) ?? section.label
    }

    package func label(of field: Field, of entity: Entity, in language: String) -> String {
        text("label", names(field, entity), field.adjustments, language) ?? field.label
    }

    package func help(of field: Field, of entity: Entity, in language: String) -> String? {
        text("help", names(field, entity).map { $0 + "/help" }, field.adjustments, language)
            ?? field.definition.help
    }

    package func label(
        of value: PicklistValue, of field: Field, of entity: Entity, in language: String
    ) -> String {
        text(
            "value.\(value.key)", names(field, entity).map { "\($0)=\(value.key)" }, field.adjustments,
            language)
            ?? value.label
    }

    /// The field's definition with its labels in the language: what messages about it are made of.
    package func definition(of field: Field, of entity: Entity, in language: String) -> FieldDefinition {
        var definition = field.definition
        definition.label = label(of: field, of: entity, in: language)
        definition.help = help(of: field, of: entity, in: language)
        definition.type.values = definition.type.values.map { value in
            var value = value
            value.label = label(of: value, of: field, of: entity, in: language)
            return value
        }
        return definition
    }

    private func names(_ field: Field, _ entity: Entity) -> [String] {
        ["\(entity.name).\(field.name)", ".\(field.name)"]
    }

    private func text(
        _ part: String, _ names: [String], _ adjustments: Adjustments, _ language: String
    ) -> String? {
        if let given = adjustments.labels[part, language] { return given }
        guard !adjustments.edited.contains(part) else { return nil }
        return Labels.first(of: language) { tag in
            guard let table = tables[tag] else { return nil }
            return names.lazy.compactMap { table[$0] }.first
        }
    }
}

/// The sections of an entity's form with their fields, in order.
package struct FormLayout: Sendable {
    package struct Section: Sendable {
        package let definition: SectionDefinition
        package let fields: [Field]
    }

    package let sections: [Section]

    /// - Parameter fields: those to be shown; one without a section is in none.
    package init(_ definition: EntityDefinition, fields: [Field]) {
        var all = definition.sections
        for field in fields {
            guard let key = field.definition.section, !all.contains(where: { $0.key == key }) else {
                continue
            }
            all.append(SectionDefinition(key))
        }
        sections = all.map { section in
            let members = fields.filter { $0.definition.section == section.key }
            let ordered = section.fields.compactMap { name in members.first { $0.name == name } }
            return Section(
                definition: section, fields: ordered + members.filter { !section.fields.contains($0.name) })
        }
    }
}
