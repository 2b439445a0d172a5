import CRMSDK
import Registry
import Text

/// Sections of forms, and labels in other languages.
extension SchemaDraft {
    mutating func edit(_ entity: String, _ edit: SectionEdit) throws(CRMError) {
        let index = try index(of: entity)
        // From here on the order is the administrator's: what fields name until now is written down.
        var sections = schema.entities[index].namedSections
        switch edit {
        case .create(let section, let before):
            if sections.contains(where: { $0.key == section.key }) {
                throw CRMError(.duplicate, "\"\(entity)\" has a section \"\(section.key)\" already")
            }
            let place = try before.map { key throws(CRMError) in try self.section(key, in: sections, entity) }
            sections.insert(section, at: place ?? sections.count)
        case .update(let key, let label): sections[try section(key, in: sections, entity)].label = label
        case .reorder(let keys):
            let first = try keys.map { key throws(CRMError) in
                sections[try section(key, in: sections, entity)]
            }
            guard Set(keys).count == keys.count else { throw problem("a section is named twice") }
            sections = first + sections.filter { !keys.contains($0.key) }
        case .move(let key, let names, let before):
            try move(names, to: section(key, in: sections, entity), before: before, &sections, index)
        case .delete(let key, let other):
            let gone = try section(key, in: sections, entity)
            if let other {
                guard other != key else { throw problem("the section \"\(key)\" cannot go into itself") }
                _ = try section(other, in: sections, entity)
            }
            for position in schema.entities[index].fields.indices
            where schema.entities[index].fields[position].placement.definition.section == key {
                setSection(other, ofFieldAt: (index, position))
            }
            sections.remove(at: gone)
            schema.entities[index].adjustments.labels.remove("section.\(key)")
        }
        schema.entities[index].facts.sections = sections
        schema.entities[index].adjustments.edited.insert("sections")
    }

    private func section(_ key: String, in sections: [SectionDefinition], _ entity: String) throws(CRMError)
        -> Int
    {
        if let index = sections.firstIndex(where: { $0.key == key }) { return index }
        var error = CRMError(.invalidParameters, "\"\(entity)\" has no section \"\(key.prefix(60))\"")
        error.candidates = Spelling.nearest(to: key, among: sections.map(\.key))
        if let near = error.candidates.first { error.hint = "Did you mean \"\(near)\"?" }
        throw error
    }

    private mutating func move(
        _ names: [String], to target: Int, before: String?, _ sections: inout [SectionDefinition],
        _ index: Int
    ) throws(CRMError) {
        let entity = schema.entities[index]
        for name in names {
            let place = try place(of: FieldName(entity.name, name))
            setSection(sections[target].key, ofFieldAt: place)
        }
        let key = sections[target].key
        let members = schema.entities[index].definition.fields.filter { $0.section == key }.map(\.name)
        let ordered = sections[target].fields.filter(members.contains)
        var order = (ordered + members.filter { !ordered.contains($0) }).filter { !names.contains($0) }
        if let before {
            guard let place = order.firstIndex(of: before) else {
                throw problem("the section \"\(key)\" has no field \"\(before.prefix(60))\" to stand before")
            }
            order.insert(contentsOf: names, at: place)
        } else {
            order += names
        }
        for other in sections.indices { sections[other].fields.removeAll(where: names.contains) }
        sections[target].fields = order
    }

    private mutating func setSection(_ key: String?, ofFieldAt place: (entity: Int, field: Int)) {
        guard self[place].placement.definition.section != key else { return }
        self[place].placement.definition.section = key
        self[place].placement.adjustments.edited.insert("section")
    }

    // MARK: Labels

    mutating func label(_ target: LabelTarget, _ language: String, _ texts: [String: String?])
        throws(CRMError)
    {
        guard let tag = Labels.language(language) else {
            throw problem(
                "\"\(language.prefix(40))\" is not a language", hint: "Give a BCP 47 tag such as de or pt-BR."
            )
        }
        guard tag != "en" else {
            throw problem(
                "English labels are the definition's own", hint: "Change them with the update methods.")
        }
        for text in texts.values where (text?.unicodeScalars.count ?? 0) > 500 {
            throw problem("a label has at most 500 characters")
        }
        switch target {
        case .entity(let name):
            let index = try index(of: name)
            for (part, text) in texts { schema.entities[index].adjustments.labels.set(part, text, in: tag) }
        case .field(let name):
            let place = try place(of: name)
            for (part, text) in texts { self[place].placement.adjustments.labels.set(part, text, in: tag) }
        case .value(let name, let key):
            let place = try place(of: name)
            _ = try value(key, in: self[place].placement.definition.type.values, name)
            for text in texts.values {
                self[place].placement.adjustments.labels.set("value.\(key)", text, in: tag)
            }
        case .section(let name, let key):
            let index = try index(of: name)
            _ = try section(key, in: schema.entities[index].namedSections, name)
            for text in texts.values {
                schema.entities[index].adjustments.labels.set("section.\(key)", text, in: tag)
            }
        }
    }
}

extension StoredEntity {
    /// The sections that are written down, and those that fields name beside them.
    var namedSections: [SectionDefinition] {
        var sections = facts.sections
        for field in definition.fields {
            guard let key = field.section, !sections.contains(where: { $0.key == key }) else { continue }
            sections.append(SectionDefinition(key))
        }
        return sections
    }
}
