import CRMSDK

/// What an administrator says about the mapping of leads, over the table that ships: one record per target field.
///
/// A record fills its target field from its lead field, in place of whatever the shipped table puts there; one that is
/// not active leaves the target field empty. Custom fields, `x_…`, are fields like any other. It is held against the
/// definitions when it is saved, so that a conversion never meets a field that is not there.
enum LeadMappingRow {
    static let definition = EntityDefinition(
        "lead_mapping", label: "Lead mapping", plural: "Lead mappings",
        fields: [
            .text("lead_field", "Lead field", maximumLength: 60).mandatory()
                .help("The field's name, such as x_region."),
            .picklist("target", "Becomes part of", labels: ["Account", "Contact", "Potential"]).mandatory(),
            .text("target_field", "Target field", maximumLength: 60).mandatory()
                .help("The field's name there."),
            .boolean("active", "Active").defaulting(to: "true")
                .help("Off leaves the target field empty."),
        ]
    )
    .labelled(by: "lead_field", "target_field")
    .sorted(by: "lead_field")
    .listing("lead_field", "target", "target_field", "active")
    .administrative()

    static let hooks = [
        Hook("check_lead_mapping", on: "lead_mapping", [.beforeCreate, .beforeUpdate, .beforeRestore], check)
    ]

    /// Kinds whose values are text, so that each may go into any text.
    private static let textual: Set = ["text", "longtext", "email", "phone", "url", "picklist", "autonumber"]

    @Sendable
    private static func check(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError) {
        guard let target = change["target"].text, let name = change["target_field"].text else { return }
        let source = try field(change["lead_field"].text ?? "", of: "lead", context)
        let destination = try field(name, of: target, context)
        var problems: [FieldProblem] = []
        if source == nil { problems.append(unknown("lead_field", change, in: "lead")) }
        if let destination {
            if destination.isReadOnly || destination.computed != nil {
                problems.append(
                    FieldProblem(
                        field: "target_field", code: "read_only",
                        message: "\(target).\(name) is not written by people"))
            } else if let source, !fits(source.type, destination.type) {
                problems.append(
                    FieldProblem(
                        field: "target_field", code: "type",
                        message: "\(target).\(name) does not take every value of lead.\(source.name)"))
            }
        } else {
            problems.append(unknown("target_field", change, in: target))
        }
        guard problems.isEmpty else { throw .invalidRecord(change.entity, problems) }
        try refuseSecond(change, target, name, context)
    }

    private static func field(
        _ name: String, of entity: String, _ context: any ModuleContext
    ) throws(CRMError) -> FieldDefinition? {
        try context.definition(of: entity).fields.first { $0.name == name }
    }

    private static func unknown(_ field: String, _ change: RecordChange, in entity: String) -> FieldProblem {
        FieldProblem(
            field: field, code: "unknown_field",
            message: "\(entity) has no field \"\(change[field].text ?? "")\"")
    }

    /// Whether a field of one type takes every value of another.
    private static func fits(_ source: FieldType, _ target: FieldType) -> Bool {
        switch target.name {
        case "longtext": return textual.contains(source.name)
        case "text":
            guard textual.contains(source.name), source.name != "longtext" else { return false }
            return source.name != "text" || (source.maximumLength ?? 255) <= (target.maximumLength ?? 255)
        case "picklist", "multipicklist":
            let keys = Set(target.values.filter { !$0.retired }.map(\.key))
            return source.name == target.name
                && source.values.allSatisfy { keys.contains($0.key) || $0.retired }
        case "reference":
            return source.name == "reference"
                && (target.targets.isEmpty
                    || !source.targets.isEmpty && Set(source.targets).isSubset(of: target.targets))
        case "decimal", "percent":
            return source.name == target.name && (source.scale ?? 0) <= (target.scale ?? 0)
        case "lines", "autonumber": return false
        default: return source.name == target.name
        }
    }

    private static func refuseSecond(
        _ change: RecordChange, _ target: String, _ field: String, _ context: any ModuleContext
    ) throws(CRMError) {
        let same = Filter.all([
            .where("target", .equal, .text(target)), .where("target_field", .equal, .text(field)),
            .where("id", .notEqual, .reference(change.id)),
        ])
        guard try context.count("lead_mapping", where: same) > 0 else { return }
        throw .invalidRecord(
            change.entity,
            [
                FieldProblem(
                    field: "target_field", code: "duplicate",
                    message: "\(target).\(field) has a mapping of its own already")
            ], hint: "Change that one.")
    }
}
