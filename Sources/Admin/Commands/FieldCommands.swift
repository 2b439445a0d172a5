import JSON

/// Fields, and what an administrator may change about them.
enum FieldCommands {
    static let columns = ["name", "label", "type", "source", "mandatory", "unique", "indexed", "targets"]

    private static let entity = Command.Operand("ENTITY", .entity)
    private static let field = Command.Operand("FIELD", .field)
    private static let settings = Command.Operand("SETTING=VALUE", .text, .any)

    private static let details = """
        Settings: label, help, section, default, mandatory, unique, indexed, read_only, searchable (true or false),
        maximum_length, scale, minimum, maximum, currency_field, targets (entities, by commas), values (a picklist's keys
        by commas, or KEY:LABEL), expression (what it is computed from), clear (settings that become nothing).
        SETTING:=JSON gives anything else as it stands. The name of a field of your own begins with x_.
        """

    static let all: [Command] =
        [
            Command("field", "list", .reads, "fields of an entity", operands: [entity]) {
                run throws(AdminError) in
                var parameters = Parameters()
                parameters.set("name", try run.required(0))
                run.printRecords(try run.call("entity.describe", parameters), in: "fields", columns: columns)
            },
            Command(
                "field", "create", .writes, "add a field; usable at once in forms, filters and lists",
                details: details,
                operands: [entity, .init("FIELD"), .init("TYPE"), settings],
                examples: [
                    "field create account x_region picklist label=Region values=north,south",
                    "field create potential x_opportunity_id text label='Opportunity' unique=true --dry-run",
                ]
            ) { run throws(AdminError) in
                var parameters = try start(run)
                parameters.set("type", try run.required(2))
                try set(run.line.operands.dropFirst(3), in: &parameters)
                try finish("field.create", parameters, run, "created")
            },
            Command(
                "field", "update", .writes, "change a field's label, limits, values …", details: details,
                operands: [entity, field, settings],
                examples: ["field update account x_region label='Sales region'"]
            ) { run throws(AdminError) in
                var parameters = try start(run)
                try set(run.line.operands.dropFirst(2), in: &parameters)
                try finish("field.update", parameters, run, "updated")
            },
            Command(
                "field", "delete", .destroys(question: "Delete"),
                "take a field of your own out of sight; its values are kept",
                operands: [entity, field]
            ) { run throws(AdminError) in
                try run.confirm("field \"\(try run.required(1))\" of \(try run.required(0))")
                try finish("field.delete", try start(run), run, "deleted")
            },
            Command(
                "field", "restore", .writes, "bring a deleted field back, with its values",
                operands: [entity, field]
            ) { run throws(AdminError) in
                try finish("field.restore", try start(run), run, "restored")
            },
        ] + SchemaCommandTable.fields

    private static func start(_ run: CommandRun) throws(AdminError) -> Parameters {
        var parameters = run.writeParameters
        parameters.set("entity", try run.required(0))
        parameters.set("name", try run.required(1))
        return parameters
    }

    private static func finish(
        _ method: String, _ parameters: Parameters, _ run: CommandRun, _ done: String
    ) throws(AdminError) {
        let result = try run.call(method, parameters)
        run.session.forgetEntities()
        SchemaPrinting.print(result, run)
        run.say("field \"\(try run.required(1))\" of \(try run.required(0)) \(done)")
    }

    /// So that a wrong setting is found before the kernel is asked.
    private static let known: [String: SchemaCommand.Setting] = [
        "label": .text, "help": .text, "section": .text, "default": .text, "minimum": .text, "maximum": .text,
        "currency_field": .text, "pattern": .text, "expression": .text, "mandatory": .flag, "unique": .flag,
        "indexed": .flag,
        "read_only": .flag, "searchable": .flag, "maximum_length": .number, "scale": .number,
        "targets": .list, "values": .values,
        "clear": .list,
    ]

    static func set(_ words: ArraySlice<String>, in parameters: inout Parameters) throws(AdminError) {
        try SchemaCommand.set(words, known, "a field", in: &parameters)
    }

    /// `north:North,south` as the objects that the kernel takes.
    static func picklist(_ text: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginArray()
        for part in text.split(separator: ",") {
            let words = part.split(separator: ":", maxSplits: 1).map(String.init)
            writer.beginObject()
            writer.key("key")
            writer.string(words.first ?? "")
            writer.key("label")
            writer.string(words.last ?? "")
            writer.endObject()
        }
        writer.endArray()
        return writer.finish()
    }
}
