import CRMSDK
import JSON
import Registry
import Storage
import Text

extension SchemaVerb {
    private static let name = Parameter("name", .text(maximumLength: 60), "The field's name.", required: true)

    private static let rules: [Parameter] = [
        label,
        Parameter("help", .text(maximumLength: 500), "One sentence for whoever fills it in."),
        Parameter("section", .text(maximumLength: 100), "The section of the form that it stands in."),
        Parameter("mandatory", .boolean, "Whether it cannot be empty."),
        Parameter("unique", .boolean, "Whether no two records may have the same value."),
        Parameter("indexed", .boolean, "Whether it has an index for filters and sorts."),
        Parameter("searchable", .boolean, "Whether search looks into it; texts are, unless this says no."),
        Parameter("read_only", .boolean, "Whether only the platform and modules write it."),
        Parameter("default", .text, "What a new record gets, as the field prints it."),
        Parameter("maximum_length", .integer(1...65_536), "Most characters of a text."),
        Parameter("minimum", .text(maximumLength: 40), "Smallest number, as a decimal."),
        Parameter("maximum", .text(maximumLength: 40), "Largest number, as a decimal."),
        Parameter(
            "values", .list(of: .object(value)), "Of a picklist, in order; a value left out is retired."),
    ]

    static let value: [Parameter] = [
        Parameter(
            "key", .text(maximumLength: 60),
            "Stable, of a–z, 0–9 and _; made of the label where it is not given."),
        Parameter("label", .text(maximumLength: 100), "What people read.", required: true),
        Parameter("color", .text(maximumLength: 7), "#RRGGBB."),
        Parameter("retired", .boolean, "Stays on old records, cannot be chosen for new ones."),
    ]

    private static let type: [Parameter] = [
        Parameter(
            "type", .field(.picklist(FieldKindList.namesForPeople.map { PicklistValue($0, $0) })),
            "The kind of its values.",
            required: true),
        Parameter("scale", .integer(0...6), "Decimals, of a decimal or percent."),
        Parameter(
            "targets", .list(of: .text(maximumLength: 60)),
            "Entities that a reference may name; any where none is given."),
        Parameter("currency_field", .text(maximumLength: 60), "The field with the currency, of an amount."),
        Parameter("pattern", .text(maximumLength: 40), "How an autonumber is written: ACC00000."),
    ]

    private static let formula: [Parameter] = [
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
                Parameter("filter", .text(maximumLength: 2000), "Which of them count: stage = \"won\"."),
            ]), "The figure over related records that the field holds, in place of an expression."),
    ]

    /// Of a new field, without its entity.
    static let fieldParameters: [Parameter] =
        [Parameter("name", .text(maximumLength: 60), "x_ and snake case.", required: true)] + type + formula
        + rules

    static let fields: [SchemaVerb] = [
        SchemaVerb(
            "field.create", "Adds a field to an entity.",
            "Its name starts with x_. It is a real column, at once usable in filters, sorts and lists.",
            [entity] + fieldParameters,
            example: .init(
                parameters:
                    #"{"entity": "account", "name": "x_region", "type": "picklist", "label": "Region", "values": [{"label": "North"}, {"label": "South"}]}"#,
                result:
                    #"{"steps": ["add the field \"x_region\" (picklist) to \"account\"", "renew the view \"account\""], "findings": [], "notes": [], "tasks": []}"#
            )
        ) { arguments throws(CRMError) in
            .createField(entity: try arguments.text("entity"), try newField(arguments))
        },
        SchemaVerb(
            "field.update", "Changes a field's label, help and rules.",
            "What is not given stays. Rules of a module's field can be made stricter; what is changed here, no later "
                + "version of the module takes back. A computed field of administrators may get another expression or "
                + "roll_up: its values follow in batches beside other work.",
            [entity, name] + formula + rules + [
                Parameter(
                    "clear",
                    .list(of: .field(.picklist(FieldPatch.clearable.map { PicklistValue($0, $0) }))),
                    "What is to become nothing.")
            ],
            example: .init(
                parameters:
                    #"{"entity": "account", "name": "x_region", "mandatory": true}"#,
                result:
                    #"{"steps": ["change the field \"x_region\" of \"account\""], "findings": [{"weight": "warning", "code": "empty", "entity": "account", "field": "x_region", "message": "1 record has no \"x_region\"; each needs one when it is next changed", "count": 1, "records": [{"id": 21, "value": ""}]}], "notes": [], "tasks": []}"#
            )
        ) { arguments throws(CRMError) in
            .updateField(try arguments.fieldName("name"), try patch(arguments))
        },
        SchemaVerb(
            "field.rename", "Gives a field of administrators another name; data and label stay.",
            "Default lists, indexes and rights follow. A filter that uses the old name is refused and told the new one.",
            [
                entity, name,
                Parameter("new_name", .text(maximumLength: 60), "x_ and snake case.", required: true),
            ],
            example: .init(
                parameters:
                    #"{"entity": "account", "name": "x_region", "new_name": "x_area"}"#,
                result:
                    #"{"steps": ["change the field \"x_area\" of \"account\"", "renew the view \"account\""], "findings": [], "notes": ["stored filters and programs that say \"x_region\" are refused and told the new name"], "tasks": []}"#
            )
        ) { arguments throws(CRMError) in
            .renameField(try arguments.fieldName("name"), to: try arguments.text("new_name"))
        },
        SchemaVerb(
            "field.change_type", "Gives a field of administrators another type and converts its values.",
            "A new column is filled in batches beside other work and then takes the old one's place; until then the field "
                + "is as it was. A value that does not convert stops the change, unless it may become empty.",
            [entity, name] + type
                + rules.filter { ["maximum_length", "minimum", "maximum", "values"].contains($0.name) }
                + [
                    Parameter(
                        "on_failure", .choice("stop", "empty"),
                        "What becomes of a value that does not convert; stop where it is not given.")
                ],
            example: .init(
                parameters:
                    #"{"entity": "account", "name": "x_year", "type": "integer"}"#,
                result:
                    #"{"steps": ["add the column \"x874\" to \"account\"", "change the field \"x_year\" of \"account\"", "convert \"x_year\" of \"account\" to integer, in batches, then change its type"], "findings": [], "notes": [], "tasks": [{"id": 12, "kind": "change_type", "entity": "account", "field": "x_year", "status": "running", "done": 2000, "unfit": 0, "records": []}]}"#
            )
        ) { arguments throws(CRMError) in
            .changeType(
                try arguments.fieldName("name"), to: try fieldType(arguments),
                emptiesUnfit: arguments.textIfGiven("on_failure") == "empty")
        },
        SchemaVerb("field.delete", "Takes a custom field out of sight; its values stay.", "", [entity, name])
        {
            arguments throws(CRMError) in .deleteField(try arguments.fieldName("name"))
        },
        SchemaVerb("field.restore", "Brings a deleted field back, with its values.", "", [entity, name]) {
            arguments throws(CRMError) in .restoreField(try arguments.fieldName("name"))
        },
        SchemaVerb(
            "field.purge", "Removes a deleted field's values for ever.",
            "In batches beside other work; schema.tasks shows how far it is.", [entity, name]
        ) { arguments throws(CRMError) in .purgeField(try arguments.fieldName("name")) },
    ]

    // MARK: Reading

    static func newField(_ arguments: Arguments) throws(CRMError) -> FieldDefinition {
        let name = try arguments.text("name")
        var field = FieldDefinition(name, arguments.textIfGiven("label") ?? name, try fieldType(arguments))
        field.help = arguments.textIfGiven("help")
        field.section = arguments.textIfGiven("section")
        field.defaultText = arguments.textIfGiven("default")
        field.isMandatory = arguments.flag("mandatory")
        // A number names one record and is given by the kernel.
        field.isUnique = arguments.flag("unique") || field.type.name == "autonumber"
        field.isIndexed = arguments.flag("indexed")
        field.isSearchable = arguments.flagIfGiven("searchable") ?? field.isSearchable
        field.isReadOnly = arguments.flag("read_only") || field.type.name == "autonumber"
        field.computed = try computed(arguments)
        return field
    }

    private static func computed(_ arguments: Arguments) throws(CRMError) -> Computed? {
        let expression = arguments.textIfGiven("expression")
        guard let rollUp = arguments["roll_up"].map(Arguments.init) else {
            return expression.map(Computed.expression)
        }
        guard expression == nil else {
            throw CRMError(.invalidParameters, "a field has an expression or a roll_up, not both")
        }
        return .rollUp(
            RollUp(
                try rollUp.text("operation"), of: rollUp.textIfGiven("field"),
                over: try rollUp.text("entity"),
                by: try rollUp.text("reference"), where: rollUp.textIfGiven("filter")))
    }

    private static func fieldType(_ arguments: Arguments) throws(CRMError) -> FieldType {
        let kind = try arguments.text("type")
        var type = FieldType(named: kind)
        switch kind {
        case "text": type = .text()
        case "decimal": type = .decimal(scale: 2)
        case "percent": type = .percent()
        default: break
        }
        if let scale = arguments.integerIfGiven("scale") { type.scale = Int(scale) }
        if let length = arguments.integerIfGiven("maximum_length") { type.maximumLength = Int(length) }
        if let minimum = arguments.textIfGiven("minimum") { type.minimum = minimum }
        if let maximum = arguments.textIfGiven("maximum") { type.maximum = maximum }
        type.targets = arguments.textsIfGiven("targets") ?? []
        type.currencyField = arguments.textIfGiven("currency_field")
        type.pattern = arguments.textIfGiven("pattern")
        type.values = arguments.picklistValues("values") ?? []
        return type
    }

    private static func patch(_ arguments: Arguments) throws(CRMError) -> FieldPatch {
        var patch = FieldPatch()
        patch.computed = try computed(arguments)
        patch.label = arguments.textIfGiven("label")
        patch.help = arguments.textIfGiven("help")
        patch.section = arguments.textIfGiven("section")
        patch.defaultText = arguments.textIfGiven("default")
        patch.isMandatory = arguments.flagIfGiven("mandatory")
        patch.isUnique = arguments.flagIfGiven("unique")
        patch.isIndexed = arguments.flagIfGiven("indexed")
        patch.isSearchable = arguments.flagIfGiven("searchable")
        patch.isReadOnly = arguments.flagIfGiven("read_only")
        patch.maximumLength = arguments.integerIfGiven("maximum_length").map { Int($0) }
        patch.minimum = arguments.textIfGiven("minimum")
        patch.maximum = arguments.textIfGiven("maximum")
        patch.values = arguments.picklistValues("values")
        patch.clear = Set(arguments.textsIfGiven("clear") ?? [])
        return patch
    }
}

extension Arguments {
    func picklistValues(_ name: String) -> [PicklistValue]? {
        self[name].map { list in
            list.elements.map { node in
                let members = Arguments(node)
                let label = members.textIfGiven("label") ?? ""
                // Folded first: of "Łódź" the key is lodz, not od.
                let key = members.textIfGiven("key") ?? PicklistValue(TextFolding.fold(label)).key
                var value = PicklistValue(key, label)
                value.color = members.textIfGiven("color")
                value.retired = members.flag("retired")
                return value
            }
        }
    }
}
