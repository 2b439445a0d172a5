/// Kinds of records.
enum EntityCommands {
    static let all: [Command] =
        [
            Command("entity", "list", .reads, "entities that there are") { run throws(AdminError) in
                run.printRecords(
                    try run.call("entity.list"), in: "entities",
                    columns: ["name", "label", "plural_label", "module"])
            },
            Command(
                "entity", "describe", .reads, "an entity with its fields",
                operands: [.init("ENTITY", .entity)],
                examples: ["entity describe potential"]
            ) { run throws(AdminError) in
                var parameters = Parameters()
                parameters.set("name", try run.required(0))
                let entity = try run.call("entity.describe", parameters)
                switch run.output.format {
                case .json, .jsonl: run.printObject(entity)
                default: run.printRecords(entity, in: "fields", columns: FieldCommands.columns)
                }
            },
        ] + SchemaCommandTable.entities
}
