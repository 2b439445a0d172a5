/// Fields that a picklist's value asks for: data, where `mandatory` in the definition would be too blunt.
///
/// The attribute `required_fields` of a picklist value names fields, separated by spaces, that a record with this
/// value must have: a lost deal its reason, a closed ticket its solution. An administrator changes that with the list.
///
/// A demand is checked when the record is created, when the picklist's value changes, and when the demanded field
/// itself is changed; so a record that was taken in without the field stays editable, and whoever moves it on
/// gives what is missing. A write of an import is exempt: what was never recorded cannot be asked for, and to invent
/// a reason or a date would falsify the figures. That a call is an import is the kernel's word, not the client's.
public enum RequiredFields {
    public static let attribute = "required_fields"

    /// Call it from `before` hooks, behind those that set what may be demanded.
    ///
    /// - Parameter definition: As it is now: `context.definition(of:)`.
    /// - Throws: `invalidRecord` with every field that is missing.
    public static func check(
        _ change: RecordChange, in definition: EntityDefinition, _ context: any ModuleContext
    ) throws(CRMError) {
        guard !isImport(context) else { return }
        let problems = definition.fields.flatMap { field in
            demands(of: field, on: change).filter { isMissing($0, in: change, since: field) }.map { name in
                FieldProblem(
                    field: name, code: "required",
                    message: "\(label(name, in: definition)) is required when \(field.label) is "
                        + "\"\(valueLabel(field, change))\"")
            }
        }
        guard problems.isEmpty else { throw CRMError.invalidRecord(definition.name, problems) }
    }

    /// An import that created a record long ago does not excuse the person who changes it today.
    public static func isImport(_ context: any ModuleContext) -> Bool { context.origin == "import" }

    private static func demands(of field: FieldDefinition, on change: RecordChange) -> [String] {
        guard let key = change[field.name].text,
            let value = field.type.values.first(where: { $0.key == key }),
            let names = value.attributes[attribute]
        else { return [] }
        return names.split(separator: " ").map(String.init)
    }

    private static func isMissing(
        _ name: String, in change: RecordChange, since field: FieldDefinition
    ) -> Bool {
        guard change.isNew || change.changes(field.name) || change.changes(name) else { return false }
        return change[name].isNull || change[name] == ""
    }

    private static func label(_ name: String, in definition: EntityDefinition) -> String {
        definition.fields.first { $0.name == name }?.label ?? name
    }

    private static func valueLabel(_ field: FieldDefinition, _ change: RecordChange) -> String {
        field.type.values.first { .text($0.key) == change[field.name] }?.label ?? ""
    }
}
