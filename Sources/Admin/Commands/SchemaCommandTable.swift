import JSON

/// The rows of `entity`, `field`, `picklist`, `section`, `label` and `schema`.
enum SchemaCommandTable {
    private static let entity = (name: "ENTITY", kind: Command.Kind.entity, parameter: "entity")
    private static let named = (name: "ENTITY", kind: Command.Kind.entity, parameter: "name")
    private static let field = (name: "FIELD", kind: Command.Kind.field, parameter: "field")
    private static let fieldName = (name: "FIELD", kind: Command.Kind.field, parameter: "name")

    private static func word(_ name: String, _ parameter: String) -> (
        name: String, kind: Command.Kind, parameter: String
    ) { (name: name, kind: .text, parameter: parameter) }

    private static let lists: [String: SchemaCommand.Setting] = [
        "list_fields": .list, "default_sort": .list, "indexes": .lists,
    ]

    static let entities: [Command] = [
        SchemaCommand(
            noun: "entity", verb: "create", effect: .writes,
            done: "entity \"$1\" created", summary: "make a new kind of record",
            operands: [word("NAME", "name"), word("LABEL", "label"), word("PLURAL", "plural_label")],
            settings: lists.merging([
                "name_label": .text, "number_pattern": .text, "sections": .list, "sharing": .text,
            ]) { $1 },
            details:
                "The name begins with x_. Its records are named by the field x_name; add others with field create.",
            examples: ["entity create x_site Site Sites number_pattern=SITE00000 sharing=public_read"]),
        SchemaCommand(
            noun: "entity", verb: "update", effect: .writes,
            done: "entity \"$1\" updated",
            summary: "change an entity's labels, default list and indexes",
            operands: [named], settings: lists.merging(["label": .text, "plural_label": .text]) { $1 },
            examples: ["entity update account label=Company list_fields=account_name,phone --dry-run"]),
        SchemaCommand(
            noun: "entity", verb: "delete", effect: .destroys(question: "Delete"),
            done: "entity \"$1\" deleted",
            summary: "take an entity of your own out of sight; its records are kept", operands: [named]),
        SchemaCommand(
            noun: "entity", verb: "restore", effect: .writes,
            done: "entity \"$1\" restored",
            summary: "bring a deleted entity back, with its records",
            operands: [word("NAME", "name")]),
        SchemaCommand(
            noun: "entity", verb: "purge", effect: .destroys(question: "Remove for ever the records of"),
            done: "the records of entity \"$1\" are being removed; schema tasks shows how far it is",
            summary: "remove a deleted entity with all its records", operands: [word("NAME", "name")]),
    ].map(\.command)

    static let fields: [Command] = [
        SchemaCommand(
            noun: "field", verb: "rename", effect: .writes,
            done: "field \"$2\" of $1 renamed to \"$3\"",
            summary: "give a field of your own another name; data and label stay",
            operands: [entity, fieldName, word("NEW", "new_name")],
            examples: ["field rename account x_region x_area"]),
        SchemaCommand(
            noun: "field", verb: "change-type", effect: .writes,
            done: "field \"$2\" of $1 is becoming $3; schema tasks shows how far it is",
            summary: "give a field of your own another type",
            operands: [entity, fieldName, word("TYPE", "type")],
            settings: [
                "on_failure": .text, "scale": .number, "targets": .list, "currency_field": .text,
                "maximum_length": .number,
                "minimum": .text, "maximum": .text, "values": .values,
            ],
            details:
                "With on_failure=empty a value that does not convert becomes empty; otherwise it stops the change.",
            examples: ["field change-type account x_year integer --dry-run"]),
        SchemaCommand(
            noun: "field", verb: "purge", effect: .destroys(question: "Remove for ever the values of"),
            done: "the values of field \"$2\" of $1 are being removed; schema tasks shows how far it is",
            summary: "remove a deleted field with all its values", operands: [entity, word("FIELD", "name")]),
    ].map(\.command)

    private static let value = word("VALUE", "value")

    static let picklists: [Command] = [
        SchemaCommand(
            noun: "picklist", verb: "add", effect: .writes,
            done: "values added to \"$2\" of $1", summary: "add values to a list",
            operands: [entity, field], settings: ["values": .values, "before": .text],
            examples: ["picklist add account industry values=space:Space before=other"]),
        SchemaCommand(
            noun: "picklist", verb: "update", effect: .writes,
            done: "value \"$3\" of \"$2\" of $1 updated",
            summary: "give a value another label, colour or attributes",
            operands: [entity, field, value],
            settings: ["label": .text, "color": .text, "attribute.NAME": .attribute],
            details:
                "An attribute is a fact about the value, such as required_fields; an empty one is taken away.",
            examples: [
                "picklist update account industry banking label=Banks color=#336699",
                "picklist update potential sales_stage negotiation_review attribute.limit_days=30",
            ]),
        SchemaCommand(
            noun: "picklist", verb: "reorder", effect: .writes,
            done: "values of \"$2\" of $1 put in order",
            summary: "put values in order, those named first",
            operands: [entity, field, word("VALUES,…", "values")]),
        SchemaCommand(
            noun: "picklist", verb: "retire", effect: .writes,
            done: "value \"$3\" of \"$2\" of $1 retired",
            summary: "keep a value on old records, refuse it for others",
            operands: [entity, field, value]),
        SchemaCommand(
            noun: "picklist", verb: "restore", effect: .writes,
            done: "value \"$3\" of \"$2\" of $1 in use again",
            summary: "take a retired value into use again",
            operands: [entity, field, value]),
        SchemaCommand(
            noun: "picklist", verb: "remove", effect: .writes,
            done: "value \"$3\" removed from \"$2\" of $1",
            summary: "take a value off a list that no record has",
            operands: [entity, field, value]),
        SchemaCommand(
            noun: "picklist", verb: "merge", effect: .destroys(question: "Replace on all records"),
            done:
                "value \"$3\" of \"$2\" of $1 is being replaced by \"$4\"; schema tasks shows how far it is",
            summary: "give every record with one value another, and take the first off the list",
            operands: [entity, field, value, word("INTO", "into")],
            examples: ["picklist merge account industry finance banking --dry-run"]),
    ].map(\.command)

    private static let section = word("SECTION", "section")

    static let sections: [Command] = [
        SchemaCommand(
            noun: "section", verb: "create", effect: .writes,
            done: "section \"$2\" of $1 created", summary: "add a group of fields to a form",
            operands: [entity, word("LABEL", "label")], settings: ["key": .text, "before": .text]),
        SchemaCommand(
            noun: "section", verb: "update", effect: .writes,
            done: "section \"$2\" of $1 is now \"$3\"", summary: "give a section another label",
            operands: [entity, section, word("LABEL", "label")]),
        SchemaCommand(
            noun: "section", verb: "reorder", effect: .writes,
            done: "sections of $1 put in order",
            summary: "put sections in order, those named first",
            operands: [entity, word("SECTIONS,…", "sections")]),
        SchemaCommand(
            noun: "section", verb: "move", effect: .writes,
            done: "fields of $1 moved to section \"$2\"",
            summary: "bring fields into a section, in this order",
            operands: [entity, section, word("FIELDS,…", "fields")], settings: ["before": .text],
            examples: ["section move account 'Billing Address' fax,other_phone"]),
        SchemaCommand(
            noun: "section", verb: "delete", effect: .writes,
            done: "section \"$2\" of $1 deleted", summary: "take a section away; its fields stay",
            operands: [entity, section], settings: ["into": .text]),
    ].map(\.command)

    static let labels: [Command] = [
        SchemaCommand(
            noun: "label", verb: "set", effect: .writes,
            done: "labels of $1 in \"$2\" set",
            summary: "give a label in another language than English",
            operands: [entity, word("LANGUAGE", "language")],
            settings: [
                "field": .text, "value": .text, "section": .text, "label": .text, "plural_label": .text,
                "help": .text,
            ], details: "Without field, value and section it is the entity's. An empty label takes it away.",
            examples: ["label set x_site de label=Standort plural_label=Standorte"])
    ].map(\.command)

    static let schema: [Command] = [
        Command(
            "schema", "plan", .reads, "what changes in a file would do, and which records do not fit",
            details: """
                The file holds an array of {"method": "field.create", "params": {…}}. The plan printed is the token for
                schema apply.
                """, operands: [.init("FILE", .file)], examples: ["schema plan changes.json"]
        ) { run throws(AdminError) in
            let result = try run.call("schema.plan", try changes(run))
            SchemaPrinting.print(result, run)
            run.say("plan \(result["plan"]?.string ?? "")")
        },
        Command(
            "schema", "apply", .writes, "do what the changes in a file say: all of it, or nothing",
            details:
                "Without a plan's token the changes are planned first; a refusal among the findings stops it.",
            operands: [.init("FILE", .file), .init("PLAN", .text, .optional)],
            examples: ["schema apply changes.json --dry-run", "schema apply changes.json 17-0a1b"]
        ) { run throws(AdminError) in
            var parameters = try changes(run)
            let plan: String
            if let given = run.operand(1), !run.isDryRun {
                plan = given
            } else {
                let planned = try run.call("schema.plan", parameters)
                guard !run.isDryRun else {
                    SchemaPrinting.print(planned, run)
                    return run.say("plan \(planned["plan"]?.string ?? "")")
                }
                let findings = planned["findings"]?.elements ?? JSONNode.noElements
                if let refusal = findings.first(where: { $0["weight"]?.string == "refusal" }) {
                    SchemaPrinting.print(planned, run)
                    throw AdminError(
                        refusal["message"]?.string ?? "the plan has a refusal", hint: "Nothing was changed.")
                }
                plan = planned["plan"]?.string ?? ""
            }
            parameters.set("plan", plan)
            let result = try run.call("schema.apply", parameters)
            run.session.forgetEntities()
            SchemaPrinting.print(result, run)
            run.say("applied")
        },
        Command("schema", "tasks", .reads, "work that changes of the schema have left, the latest first") {
            run throws(AdminError) in
            run.printRecords(
                try run.call("schema.tasks"), in: "tasks",
                columns: ["id", "kind", "entity", "field", "status", "done", "unfit", "problem"])
        },
    ]

    private static func changes(_ run: CommandRun) throws(AdminError) -> Parameters {
        let path = try run.required(0)
        let text = try ScriptFile.read(path)
        guard let node = JSONNode.parsing(text), node.kind == .array else {
            throw .usage("\"\(path)\" is not a JSON array of changes")
        }
        var parameters = Parameters()
        parameters.set("changes", json: node.rawBytes)
        return parameters
    }
}
