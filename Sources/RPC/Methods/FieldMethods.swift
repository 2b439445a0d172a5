import CRMSDK
import Installation
import JSON
import Records
import Registry
import Storage

/// Fields, shaped by administrators while people work.
enum FieldMethods {
    private static let entity = Parameter("entity", .text, "The entity's name.", required: true)
    private static let name = Parameter("name", .text, "The field's name.", required: true)

    private static let rules: [Parameter] = [
        Parameter("label", .text(maximumLength: 100), "What people read."),
        Parameter("help", .text, "One sentence for whoever fills it in."),
        Parameter("section", .text(maximumLength: 100), "The heading under which a form shows it."),
        Parameter("mandatory", .boolean, "Whether it cannot be empty."),
        Parameter("unique", .boolean, "Whether no two records may have the same value."),
        Parameter("indexed", .boolean, "Whether it has an index for filters and sorts."),
        Parameter("searchable", .boolean, "Whether search looks into it; texts are, unless this says no."),
        Parameter("default", .text, "What a new record gets, as the field prints it."),
        Parameter("maximum_length", .integer(1...65_536), "Most characters of a text."),
        Parameter("minimum", .text, "Smallest number, as a decimal."),
        Parameter("maximum", .text, "Largest number, as a decimal."),
        Parameter(
            "values",
            .list(
                of: .object([
                    Parameter(
                        "key", .text(maximumLength: 60), "Stable; made of the label where it is not given."),
                    Parameter("label", .text(maximumLength: 100), "What people read.", required: true),
                    Parameter("color", .text(maximumLength: 7), "#RRGGBB."),
                    Parameter("retired", .boolean, "Stays on old records, cannot be chosen for new ones."),
                ])), "Of a picklist, in order."),
    ]

    private static let answer = ParameterType.object([
        Parameter("entity", .text, "The entity.", required: true),
        Parameter("field", .text, "The field's name.", required: true),
        Parameter("steps", .list(of: .text), "What was done, or, in a dry run, would be.", required: true),
    ])

    static let all: [Method] = [
        Method(
            "field.create", needs: .administrator, .writes, "Adds a field to an entity.",
            "Its name starts with x_. It is a real column, at once usable in filters, sorts and lists.",
            parameters: [
                entity, Parameter("name", .text(maximumLength: 60), "x_ and snake case.", required: true),
                Parameter(
                    "type", .field(.picklist(FieldKindList.namesForPeople.map { PicklistValue($0, $0) })),
                    "The kind of its values.", required: true),
                Parameter("scale", .integer(0...6), "Decimals, of a decimal or percent."),
                Parameter(
                    "targets", .list(of: .text),
                    "Entities that a reference may name; any where none is given."),
                Parameter("currency_field", .text, "The field with the currency, of an amount."),
                Parameter("pattern", .text(maximumLength: 40), "How an autonumber is written: ACC00000."),
                Parameter(
                    "expression", .text(maximumLength: 2000),
                    "What the values are computed from, such as \"annual_revenue / employees\"; nobody writes them then."
                ),
                Parameter(
                    "roll_up",
                    .object([
                        Parameter(
                            "operation", .choice("count", "sum", "min", "max", "average"), "The figure.",
                            required: true),
                        Parameter("field", .text, "The field that it is taken of; not for count."),
                        Parameter("entity", .text, "The related entity.", required: true),
                        Parameter("reference", .text, "Its reference to this entity.", required: true),
                        Parameter(
                            "filter", .text(maximumLength: 2000), "Which of them count: stage = \"won\"."),
                    ]), "The figure over related records that the field holds, in place of an expression."),
            ] + rules + [RecordMethods.dryRun], result: answer, errors: [.duplicate]
        ) { scope throws(CRMError) in
            let entity = try scope.arguments.text("entity")
            let field = try definition(scope.arguments)
            let (call, installation) = (try scope.context(), scope.services.installation)
            return .write(scope.mode) { transaction, writer throws(CRMError) in
                write(
                    try installation.addField(call, entity: entity, field, in: transaction), field.name,
                    to: &writer)
            }
        },
        Method(
            "field.update", needs: .administrator, .writes, "Changes a field's label, help and rules.",
            "What is not given stays. A module's field keeps its name and type.",
            parameters: [
                entity, name,
                Parameter("new_name", .text(maximumLength: 60), "Of a custom field: x_ and snake case."),
            ]
                + rules + [RecordMethods.dryRun], result: answer, errors: [.duplicate]
        ) { scope throws(CRMError) in
            let entity = try scope.snapshot.registry.readable(try scope.arguments.text("entity"))
            let name = try scope.arguments.text("name")
            let present = try scope.fieldView().field(at: name, of: entity).definition
            let field = changed(present, scope.arguments)
            let (call, installation) = (try scope.context(), scope.services.installation)
            return .write(scope.mode) { transaction, writer throws(CRMError) in
                let report = try installation.changeField(
                    call, entity: entity.name, field: name, to: field, in: transaction)
                write(report, field.name, to: &writer)
            }
        },
        changing("field.delete", "Takes a custom field out of sight; its values stay.") {
            installation, call, entity, name, transaction throws(CRMError) in
            try installation.deleteField(call, entity: entity, field: name, in: transaction)
        },
        changing("field.restore", "Brings a deleted field back, with its values.") {
            installation, call, entity, name, transaction throws(CRMError) in
            try installation.restoreField(call, entity: entity, field: name, in: transaction)
        },
    ]

    private static func changing(
        _ method: String, _ summary: String,
        _ change:
            @escaping @Sendable (
                Installation, CallContext, String, String, WriteTransaction
            ) throws(CRMError) -> FieldReport
    ) -> Method {
        Method(
            method, needs: .administrator, .writes, summary,
            parameters: [entity, name, RecordMethods.dryRun],
            result: answer
        ) { scope throws(CRMError) in
            let entity = try scope.arguments.text("entity")
            let name = try scope.arguments.text("name")
            let (call, installation) = (try scope.context(), scope.services.installation)
            return .write(scope.mode) { transaction, writer throws(CRMError) in
                write(try change(installation, call, entity, name, transaction), name, to: &writer)
            }
        }
    }

    private static func write(_ report: FieldReport, _ name: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("entity")
        writer.string(report.entity)
        writer.key("field")
        writer.string(name)
        writer.key("steps")
        writer.strings(report.steps)
        writer.endObject()
    }

    // MARK: Definitions

    private static func definition(_ arguments: Arguments) throws(CRMError) -> FieldDefinition {
        let kind = try arguments.text("type")
        var type = FieldType(named: kind)
        switch kind {
        case "text": type = .text()
        case "decimal": type = .decimal(scale: 2)
        case "percent": type = .percent()
        default: break
        }
        if let scale = arguments.integerIfGiven("scale") { type.scale = Int(scale) }
        type.targets = arguments.textsIfGiven("targets") ?? []
        type.currencyField = arguments.textIfGiven("currency_field")
        type.pattern = arguments.textIfGiven("pattern")
        let name = try arguments.text("name")
        let plain = FieldDefinition(name, arguments.textIfGiven("label") ?? name, type)
        return changed(try computed(plain, arguments), arguments)
    }

    private static func computed(
        _ field: FieldDefinition, _ arguments: Arguments
    ) throws(CRMError) -> FieldDefinition {
        let expression = arguments.textIfGiven("expression")
        guard let rollUp = arguments["roll_up"].map(Arguments.init) else {
            return expression.map(field.computed) ?? field
        }
        guard expression == nil else {
            throw CRMError(.invalidParameters, "a field has an expression or a roll_up, not both")
        }
        return field.rollingUp(
            try rollUp.text("operation"), of: rollUp.textIfGiven("field"), over: try rollUp.text("entity"),
            by: try rollUp.text("reference"), where: rollUp.textIfGiven("filter"))
    }

    /// The definition with what is given laid over it.
    private static func changed(_ definition: FieldDefinition, _ arguments: Arguments) -> FieldDefinition {
        var type = definition.type
        if let length = arguments.integerIfGiven("maximum_length") { type.maximumLength = Int(length) }
        if let minimum = arguments.textIfGiven("minimum") { type.minimum = minimum }
        if let maximum = arguments.textIfGiven("maximum") { type.maximum = maximum }
        if let values = arguments["values"] {
            type.values = values.elements.map { value($0, among: type.values) }
        }
        var changed = FieldDefinition(
            arguments.textIfGiven("new_name") ?? definition.name,
            arguments.textIfGiven("label") ?? definition.label,
            type)
        changed.help = arguments.textIfGiven("help") ?? definition.help
        changed.section = arguments.textIfGiven("section") ?? definition.section
        changed.defaultText = arguments.textIfGiven("default") ?? definition.defaultText
        changed.isMandatory = arguments["mandatory"]?.bool ?? definition.isMandatory
        changed.isUnique = arguments["unique"]?.bool ?? definition.isUnique
        changed.isIndexed = arguments["indexed"]?.bool ?? definition.isIndexed
        changed.isSearchable = arguments["searchable"]?.bool ?? definition.isSearchable
        changed.isReadOnly = definition.isReadOnly
        changed.computed = definition.computed
        return changed
    }

    /// A value that is there already keeps what hangs on it.
    private static func value(_ node: JSONNode, among present: [PicklistValue]) -> PicklistValue {
        let members = Arguments(node)
        let label = members.textIfGiven("label") ?? ""
        let made = members.textIfGiven("key").map { PicklistValue($0, label) } ?? PicklistValue(label)
        var value = present.first { $0.key == made.key } ?? made
        value.label = label
        if let color = members.textIfGiven("color") { value.color = color }
        if let retired = node["retired"]?.bool { value.retired = retired }
        return value
    }
}
