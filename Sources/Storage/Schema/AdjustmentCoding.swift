import CRMSDK
import JSON
import Registry

/// What administrators have made of a definition, as members of the definition's own JSON.
enum AdjustmentCoding {
    static func write(_ adjustments: Adjustments, to json: inout JSONWriter) {
        if !adjustments.edited.isEmpty { json.put("edited", adjustments.edited.sorted()) }
        if !adjustments.formerNames.isEmpty { json.put("former_names", adjustments.formerNames) }
        if !adjustments.formerColumns.isEmpty {
            json.key("former_columns")
            json.beginArray()
            for former in adjustments.formerColumns {
                json.beginObject()
                json.put("column", former.column)
                json.key("type")
                DefinitionCoding.write(former.type, to: &json)
                json.endObject()
            }
            json.endArray()
        }
        guard !adjustments.labels.isEmpty else { return }
        json.key("labels")
        json.beginObject()
        for (language, texts) in adjustments.labels.texts.sorted(by: { $0.key < $1.key }) {
            json.key(language)
            json.beginObject()
            for (part, text) in texts.sorted(by: { $0.key < $1.key }) { json.put(part, text) }
            json.endObject()
        }
        json.endObject()
    }

    static func adjustments(_ node: JSONNode) -> Adjustments {
        var adjustments = Adjustments()
        adjustments.edited = Set(node.texts("edited") ?? [])
        adjustments.formerNames = node.texts("former_names") ?? []
        adjustments.formerColumns =
            node["former_columns"]?.elements.compactMap { node in
                guard let column = node.text("column"), let type = node["type"], let name = type.text("name")
                else { return nil }
                return FormerColumn(column: column, type: DefinitionCoding.type(name, type))
            } ?? []
        guard let languages = node["labels"] else { return adjustments }
        for language in languages.members {
            for text in language.value.members {
                adjustments.labels.set(text.name, text.value.string, in: language.name)
            }
        }
        return adjustments
    }

    static func write(_ sections: [SectionDefinition], to json: inout JSONWriter) {
        guard !sections.isEmpty else { return }
        json.key("sections")
        json.beginArray()
        for section in sections {
            json.beginObject()
            json.put("key", section.key)
            json.put("label", section.label)
            json.put("fields", section.fields)
            json.endObject()
        }
        json.endArray()
    }

    static func sections(_ node: JSONNode) -> [SectionDefinition] {
        guard let sections = node["sections"] else { return [] }
        return sections.elements.compactMap { node in
            guard let key = node.text("key") else { return nil }
            var section = SectionDefinition(key, label: node.text("label"))
            section.fields = node.texts("fields") ?? []
            return section
        }
    }
}
