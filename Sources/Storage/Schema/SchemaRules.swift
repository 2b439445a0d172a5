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

    /// An administrator's list of values, with those that the module has and the list does not at its end.
    static func merged(_ stored: [PicklistValue], with wanted: [PicklistValue]) -> [PicklistValue] {
        let known = Set(stored.map(\.key))
        return stored + wanted.filter { !known.contains($0.key) }
    }

    /// Fields that are computed from others, over all entities together.
    ///
    /// - Throws: `invalidParameters` with the first problem, such as a field that depends on itself.
    static func checkComputed(_ schema: StoredSchema) throws(CRMError) {
        let problems = ComputedRules.problems(in: schema.entities.map(\.definition))
        guard let first = problems.first else { return }
        throw CRMError(.invalidParameters, first, detail: problems.joined(separator: "; "))
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
