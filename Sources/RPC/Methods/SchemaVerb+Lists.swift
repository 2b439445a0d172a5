import CRMSDK
import JSON
import Storage

extension SchemaVerb {
    private static let key = Parameter("value", .text(maximumLength: 60), "The value's key.", required: true)
    private static let list = [entity, field]

    private static let attributes = ParameterType.list(
        of: .object([
            Parameter("name", .text(maximumLength: 60), "Such as required_fields.", required: true),
            Parameter("text", .text(maximumLength: 500), "What it says.", required: true),
        ]))

    private static func texts(_ arguments: Arguments, _ name: String) -> [String: String]? {
        arguments[name].map { list in
            Dictionary(
                list.elements.map { ($0["name"]?.string ?? "", $0["text"]?.string ?? "") },
                uniquingKeysWith: { _, last in last })
        }
    }

    static let picklists: [SchemaVerb] = [
        SchemaVerb(
            "picklist.add", "Adds values to a list.", "",
            list + [Parameter("values", .list(of: .object(value)), "In order.", required: true), before],
            example: .init(
                parameters:
                    #"{"entity": "account", "field": "x_region", "values": [{"label": "East"}], "before": "south"}"#,
                result:
                    #"{"steps": ["change the field \"x_region\" of \"account\""], "findings": [], "notes": [], "tasks": []}"#
            )
        ) { arguments throws(CRMError) in
            .picklist(
                try arguments.fieldName(),
                .add(arguments.picklistValues("values") ?? [], before: arguments.textIfGiven("before")))
        },
        SchemaVerb(
            "picklist.update", "Gives a value another label, colour or attributes; its key stays.",
            "Records keep the value. The class and the probability of a value on which behaviour hangs stay as they are.",
            list + [
                key, label, Parameter("color", .text(maximumLength: 7), "#RRGGBB; empty takes it away."),
                Parameter("attributes", attributes, "Facts about the value, all of them."),
                Parameter(
                    "set_attributes", attributes,
                    "Facts to change beside the others that it has; an empty text takes one away."),
            ]
        ) { arguments throws(CRMError) in
            .picklist(
                try arguments.fieldName(),
                .update(
                    try arguments.text("value"), label: arguments.textIfGiven("label"),
                    color: arguments.textIfGiven("color"), attributes: texts(arguments, "attributes"),
                    setting: texts(arguments, "set_attributes") ?? [:]))
        },
        SchemaVerb(
            "picklist.reorder", "Puts values in order: those named first.", "Lists sort by this order.",
            list + [names("values", "Keys, in order.")]
        ) { arguments throws(CRMError) in
            .picklist(try arguments.fieldName(), .reorder(arguments.textsIfGiven("values") ?? []))
        },
        SchemaVerb(
            "picklist.retire", "Keeps a value on the records that have it and refuses it for others.", "",
            list + [key]
        ) { arguments throws(CRMError) in
            .picklist(try arguments.fieldName(), .retire(try arguments.text("value")))
        },
        SchemaVerb("picklist.restore", "Takes a retired value into use again.", "", list + [key]) {
            arguments throws(CRMError) in
            .picklist(try arguments.fieldName(), .restore(try arguments.text("value")))
        },
        SchemaVerb(
            "picklist.remove", "Takes a value off a list that no record has.",
            "Otherwise merge or retire it.",
            list + [key]
        ) { arguments throws(CRMError) in
            .picklist(try arguments.fieldName(), .remove(try arguments.text("value")))
        },
        SchemaVerb(
            "picklist.merge", "Gives every record with one value another, and takes the first off the list.",
            "In batches beside other work, into the history of each record; no hooks run. From now on the first value is "
                + "retired.",
            list + [
                key, Parameter("into", .text(maximumLength: 60), "The key of the other.", required: true),
            ],
            example: .init(
                parameters:
                    #"{"entity": "account", "field": "x_region", "value": "east", "into": "south"}"#,
                result:
                    #"{"steps": ["change the field \"x_region\" of \"account\"", "replace \"east\" by \"south\" in \"x_region\" of \"account\", in batches"], "findings": [], "notes": [], "tasks": [{"id": 15, "kind": "merge_value", "entity": "account", "field": "x_region", "status": "done", "done": 12, "unfit": 0, "records": []}]}"#
            )
        ) { arguments throws(CRMError) in
            .picklist(
                try arguments.fieldName(),
                .merge(try arguments.text("value"), into: try arguments.text("into")))
        },
    ]

    private static let section = Parameter(
        "section", .text(maximumLength: 100), "The section's key.", required: true)

    static let sections: [SchemaVerb] = [
        SchemaVerb(
            "section.create", "Adds a group of fields to an entity's form.", "",
            [
                entity, Parameter("label", .text(maximumLength: 100), "What people read.", required: true),
                Parameter("key", .text(maximumLength: 100), "Stable; the label where it is not given."),
                before,
            ]
        ) { arguments throws(CRMError) in
            let label = try arguments.text("label")
            return .section(
                entity: try arguments.text("entity"),
                .create(
                    SectionDefinition(arguments.textIfGiven("key") ?? label, label: label),
                    before: arguments.textIfGiven("before")))
        },
        SchemaVerb(
            "section.update", "Gives a section another label; its key stays.", "",
            [
                entity, section,
                Parameter("label", .text(maximumLength: 100), "What people read.", required: true),
            ]
        ) { arguments throws(CRMError) in
            .section(
                entity: try arguments.text("entity"),
                .update(try arguments.text("section"), label: try arguments.text("label")))
        },
        SchemaVerb(
            "section.reorder", "Puts sections in order: those named first.", "",
            [entity, names("sections", "Keys, in order.")]
        ) { arguments throws(CRMError) in
            .section(entity: try arguments.text("entity"), .reorder(arguments.textsIfGiven("sections") ?? []))
        },
        SchemaVerb(
            "section.move", "Brings fields into a section, in this order.",
            "A field of any module can be moved.",
            [
                entity, section, names("fields", "Field names, in order."),
                Parameter(
                    "before", .text(maximumLength: 60), "The field to stand before; the end where not given."),
            ]
        ) { arguments throws(CRMError) in
            .section(
                entity: try arguments.text("entity"),
                .move(
                    try arguments.text("section"), fields: arguments.textsIfGiven("fields") ?? [],
                    before: arguments.textIfGiven("before")))
        },
        SchemaVerb(
            "section.delete", "Takes a section away; its fields go to another, or to none.", "",
            [
                entity, section,
                Parameter("into", .text(maximumLength: 100), "The key of the section that takes them."),
            ]
        ) { arguments throws(CRMError) in
            .section(
                entity: try arguments.text("entity"),
                .delete(try arguments.text("section"), into: arguments.textIfGiven("into")))
        },
    ]

    static let labels: [SchemaVerb] = [
        SchemaVerb(
            "label.set",
            "Gives an entity, field, value or section its label in another language than English.",
            "People read labels in the language of their user; what has none reads in English. An empty text takes a label "
                + "away. Without field, value and section it is the entity's.",
            [
                entity, Parameter("language", .text(maximumLength: 35), "BCP 47: de, pt-BR.", required: true),
                Parameter("field", .text(maximumLength: 60), "The field's name."),
                Parameter("value", .text(maximumLength: 60), "The key of a value of the field."),
                Parameter("section", .text(maximumLength: 100), "The key of a section of the entity."), label,
                Parameter("plural_label", .text(maximumLength: 100), "Of an entity."),
                Parameter("help", .text(maximumLength: 500), "Of a field."),
            ],
            example: .init(
                parameters:
                    #"{"entity": "account", "language": "de", "field": "x_region", "label": "Gebiet"}"#,
                result:
                    #"{"steps": ["change the field \"x_region\" of \"account\""], "findings": [], "notes": [], "tasks": []}"#
            )
        ) { arguments throws(CRMError) in
            .label(
                try labelTarget(arguments), language: try arguments.text("language"),
                texts: try labelTexts(arguments))
        }
    ]

    private static func labelTarget(_ arguments: Arguments) throws(CRMError) -> LabelTarget {
        let entity = try arguments.text("entity")
        let names = ["field", "value", "section"].map(arguments.textIfGiven)
        switch (names[0], names[1], names[2]) {
        case (nil, nil, nil): return .entity(entity)
        case (let field?, nil, nil): return .field(FieldName(entity, field))
        case (let field?, let value?, nil): return .value(FieldName(entity, field), value)
        case (nil, nil, let section?): return .section(entity, section)
        default:
            throw CRMError(
                .invalidParameters, "a label is of a field, of a value of a field, or of a section")
        }
    }

    private static func labelTexts(_ arguments: Arguments) throws(CRMError) -> [String: String?] {
        var permitted = ["label"]
        if arguments["field"] == nil, arguments["section"] == nil { permitted.append("plural_label") }
        if arguments["field"] != nil, arguments["value"] == nil { permitted.append("help") }
        var texts: [String: String?] = [:]
        for part in ["label", "plural_label", "help"] {
            guard let text = arguments.textIfGiven(part) else { continue }
            guard permitted.contains(part) else {
                throw CRMError(
                    .invalidParameters,
                    "\"\(part)\" is not among what it has: \(permitted.joined(separator: ", "))")
            }
            texts[part] = .some(text.isEmpty ? nil : text)
        }
        guard !texts.isEmpty else { throw CRMError(.invalidParameters, "no label is given") }
        return texts
    }
}
