import CRMSDK
import Registry

/// What a plan may do to a definition that is in use. Pure.
enum SchemaRules {
    /// - Throws: `invalidParameters` when the change would make stored values mean something else.
    static func checkChange(
        _ current: FieldDefinition, to wanted: FieldDefinition, of entity: String
    ) throws(CRMError) {
        let (old, new) = (current.type, wanted.type)
        guard old.name == new.name, (old.scale ?? 2) == (new.scale ?? 2) else {
            throw CRMError(
                .invalidParameters,
                "field \"\(current.name)\" of \"\(entity)\" cannot change its type from \(described(old)) "
                    + "to \(described(new))",
                hint: "Add a field of the new type and copy the values.")
        }
    }

    private static func described(_ type: FieldType) -> String {
        type.scale.map { "\(type.name) with \($0) decimals" } ?? type.name
    }

    /// A module's definition with what administrators have set laid over it.
    static func kept(_ stored: FieldPlacement, over wanted: FieldDefinition) -> FieldDefinition {
        var kept = wanted
        let current = stored.definition
        for attribute in stored.adjustments.edited {
            switch attribute {
            case "label": kept.label = current.label
            case "help": kept.help = current.help
            case "section": kept.section = current.section
            case "default": kept.defaultText = current.defaultText
            case "mandatory": kept.isMandatory = current.isMandatory
            case "unique": kept.isUnique = current.isUnique
            case "indexed": kept.isIndexed = current.isIndexed
            case "searchable": kept.isSearchable = current.isSearchable
            case "read_only": kept.isReadOnly = current.isReadOnly
            default: break
            }
        }
        return kept
    }

    static func kept(_ stored: StoredEntity, over wanted: EntityDefinition) -> EntityDefinition {
        var kept = wanted
        let current = stored.facts
        for attribute in stored.adjustments.edited {
            switch attribute {
            case "label": kept.label = current.label
            case "plural_label": kept.pluralLabel = current.pluralLabel
            case "list_fields": kept.listFields = current.listFields
            case "default_sort": kept.defaultSort = current.defaultSort
            case "indexes": kept.indexes = current.indexes
            case "sections": kept.sections = merged(current.sections, with: wanted.sections)
            default: break
            }
        }
        return kept
    }

    private static func merged(
        _ stored: [SectionDefinition], with wanted: [SectionDefinition]
    ) -> [SectionDefinition] {
        stored + wanted.filter { section in !stored.contains { $0.key == section.key } }
    }

    /// An administrator's list of values, with those that the module has and the list does not at its end.
    static func merged(_ stored: [PicklistValue], with wanted: [PicklistValue]) -> [PicklistValue] {
        let known = Set(stored.map(\.key))
        return stored + wanted.filter { !known.contains($0.key) }
    }

    /// What computed fields read stays: said of the field that goes, not of the one that would be left without it.
    static func checkInputs(of schema: StoredSchema, since before: StoredSchema) throws(CRMError) {
        let (old, new) = (before.entities.map(\.definition), schema.entities.map(\.definition))
        let readers = ComputedRules.readersOfLost(from: old, to: new)
        guard let (input, fields) = readers.first else { return }
        let names = fields.map { "\"\($0.field)\" of \"\($0.entity)\"" }.joined(separator: ", ")
        throw CRMError(
            .invalidParameters,
            "field \"\(input.field)\" of \"\(input.entity)\" cannot go: \(names) \(fields.count == 1 ? "is" : "are") "
                + "computed from it",
            hint: "Delete those first, or change what they are computed from, with field.update.")
    }

    /// Fields that are computed from others, over all entities together.
    ///
    /// - Throws: `invalidParameters` with the first problem, such as a field that depends on itself.
    static func checkComputed(_ schema: StoredSchema) throws(CRMError) {
        let problems = ComputedRules.problems(in: schema.entities.map(\.definition))
        guard let first = problems.first else { return }
        throw CRMError(.invalidParameters, first, detail: problems.joined(separator: "; "))
    }

    /// Computed fields must still fit when fields that are changing their types have changed them, which is known
    /// before the first record is converted.
    static func checkConversions(_ schema: StoredSchema) throws(CRMError) {
        var (later, changing) = (schema, [String]())
        for entity in later.entities.indices {
            for field in later.entities[entity].fields.indices {
                let placement = later.entities[entity].fields[field].placement
                guard let type = placement.conversion?.type else { continue }
                later.entities[entity].fields[field].placement.definition.type = type
                changing.append(
                    "\"\(placement.definition.name)\" of \"\(later.entities[entity].name)\" is \(type.name)")
            }
        }
        guard !changing.isEmpty else { return }
        do throws(CRMError) {
            try checkComputed(later)
        } catch {
            throw CRMError(
                .invalidParameters, "when \(changing.joined(separator: " and ")), \(error.message)",
                hint: "Change first what is computed from it, with field.update.", detail: error.detail)
        }
    }

    /// - Throws: `invalidParameters` with all problems of the definition.
    static func check(_ entity: StoredEntity) throws(CRMError) {
        let problems = DefinitionRules.problems(in: entity.definition)
        guard let first = problems.first else { return }
        throw CRMError(
            .invalidParameters, first,
            hint: problems.count > 1 ? "There are \(problems.count - 1) more problems." : nil,
            detail: problems.joined(separator: "; "))
    }
}
