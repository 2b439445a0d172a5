import JSON
import Text

/// Records of any entity.
enum RecordCommands {
    private static let entity = Command.Operand("ENTITY", .entity)
    /// In front of an id: optional, since an id alone is unique.
    static let entityOfID = Command.Operand("ENTITY", .entity, .optional)
    private static let id = Command.Operand("ID", .number)
    private static let values = Command.Operand("FIELD=VALUE", .values, .any)
    private static let fields = Command.Option(
        "fields", "NAMES", .field,
        help: "Fields to read, by commas; otherwise the entity's list, as JSON all.")
    private static let version = Command.Option(
        "version", "NUMBER", help: "Refuse if the record has changed since this version.")

    private static let allowDuplicate = Command.Option(
        "allow-duplicate", help: "Write it though a rule for duplicates warns.")

    private static let asOf = Command.Option(
        "as-of", "MOMENT",
        help: "As it was then: 2026-11-22T15:24:20Z, or a day, meaning its beginning in UTC.")

    private static let bin = Command.Option("bin", help: "Of those in the recycle bin.")

    static let pageOptions: [Command.Option] = [
        .init("sort", "NAMES", .field, help: "Fields by commas, - in front for descending."),
        .init("limit", "NUMBER", help: "How many at most; 50 if not given."),
        .init("cursor", "TEXT", help: "Where to go on, as the page before said."),
        .init("all", help: "Every record, page after page."),
        .init("count", help: "Say on stderr how many there are in all."),
    ]

    private static let valueDetails = """
        FIELD=VALUE is read as the field's type wants it; FIELD= makes it empty; FIELD:=JSON is taken as it stands.
        A reference takes an id, or a field and its value: related_to=account_name:Cancity. An amount may name its
        currency: amount='100.00 USD'. lines+='FIELD=VALUE FIELD=VALUE' is a line more, with id=ID among them that line
        changed, lines-=ID a line less; lines:=JSON are all lines, in their order.
        """

    static let all: [Command] = [
        Command(
            "record", "list", .reads, "records of an entity, a page at a time", operands: [entity],
            options: FilterOptions.options + [fields] + pageOptions + [asOf, bin],
            examples: [
                "record list potential --where sales_stage=closed_won --sort -amount --limit 10",
                "record list account --bin --sort -deleted_at",
                "record list account --all --csv --columns id,account_name,owner.id",
            ]
        ) { run throws(AdminError) in
            try list(try run.required(0), run, columns: nil)
        },
        Command(
            "record", "get", .reads, "one record", operands: [entityOfID, id],
            options: [fields, asOf, bin],
            examples: [
                "record get 17", "record get account account_name:Cancity --json",
                "record get 17 --as-of 2026-11-01",
            ]
        ) { run throws(AdminError) in
            var parameters = Parameters()
            try setTarget(run, inBin: run.line.has("bin"), in: &parameters)
            if let names = names(run.line.value("fields")) { parameters.set("fields", names) }
            setMoment(run, in: &parameters)
            setBin(run, in: &parameters)
            run.printObject(try run.call("record.get", parameters))
        },
        Command(
            "record", "create", .writes, "make a record", details: valueDetails, operands: [entity, values],
            options: [allowDuplicate],
            examples: ["record create account account_name=Cancity industry=retail"]
        ) { run throws(AdminError) in
            let entity = try run.required(0)
            var parameters = run.writeParameters
            parameters.set("entity", entity)
            parameters.set(
                "values",
                try FieldValues(entity: entity, session: run.session).read(run.line.operands.dropFirst()))
            if run.line.has("allow-duplicate") { parameters.set("allow_duplicate", true) }
            let record = try run.call("record.create", parameters)
            run.printObject(record)
            run.say("\(entity) \(record["id"]?.int64 ?? 0) created")
        },
        Command(
            "record", "update", .writes, "change fields of a record", details: valueDetails,
            operands: [entity, id, values], options: [version, allowDuplicate],
            examples: [
                "record update potential 17 amount=1200.00 --version 3",
                "record update quote 21 lines+='item=product_code:A-1 quantity=2' lines-=22",
            ]
        ) { run throws(AdminError) in
            let entity = try run.required(0)
            let (_, id) = try target(run)
            let words = run.line.operands.dropFirst(2)
            guard !words.isEmpty else {
                throw .usage(
                    "record update lacks FIELD=VALUE", hint: "Usage: \(run.line.command.usage)")
            }
            var parameters = run.writeParameters
            parameters.set("id", id)
            // The number of a record of another entity is a mistake, and not its record.
            parameters.set("entity", entity)
            parameters.set("values", try FieldValues(entity: entity, session: run.session).read(words))
            if let text = run.line.value("version") {
                guard let version = Int(text) else { throw .usage("the version must be a whole number") }
                parameters.set("version", version)
            }
            if run.line.has("allow-duplicate") { parameters.set("allow_duplicate", true) }
            run.printObject(try run.call("record.update", parameters))
            run.say("record \(id) updated")
        },
        Command(
            "record", "delete", .destroys(question: "Delete"), "move a record to the recycle bin",
            operands: [entityOfID, id], examples: ["record delete 17 --yes"]
        ) { run throws(AdminError) in
            var parameters = run.writeParameters
            let id = try setTarget(run, in: &parameters)
            try run.confirm("record \(id)")
            run.printObject(try run.call("record.delete", parameters))
            run.say("record \(id) deleted")
        },
        Command(
            "record", "restore", .writes, "bring a record back from the recycle bin",
            operands: [entityOfID, id],
            examples: ["record restore 17", "record restore account account_name:Cancity"]
        ) { run throws(AdminError) in
            var parameters = run.writeParameters
            let id = try setTarget(run, inBin: true, in: &parameters)
            run.printObject(try run.call("record.restore", parameters))
            run.say("record \(id) restored")
        },
        Command(
            "record", "count", .reads, "how many records there are", operands: [entity],
            options: FilterOptions.options + [asOf, bin],
            examples: ["record count potential --where sales_stage=closed_won"]
        ) { run throws(AdminError) in
            var parameters = Parameters()
            parameters.set("entity", try run.required(0))
            if let filter = try FilterOptions.filter(run.line, entity: try run.required(0), run.session) {
                parameters.set("filter", json: filter)
            }
            setMoment(run, in: &parameters)
            setBin(run, in: &parameters)
            let result = try run.call("record.count", parameters)
            switch run.output.format {
            case .json, .jsonl: run.printObject(result)
            default: run.session.streams.write("\(result["count"]?.numberText ?? "")\n")
            }
        },
        Command(
            "record", "aggregate", .reads, "group records, and count, sum or average each group",
            operands: [entity],
            options: FilterOptions.options + [
                .init(
                    "group-by", "FIELDS", .field,
                    help: "By commas; FIELD:month groups dates (day, week, month, quarter, year)."),
                .init(
                    "measure", "OP:FIELD", repeatable: true,
                    help: "count, sum, avg, min, max, count_distinct; NAME=OP:FIELD names the column."),
                asOf,
            ],
            examples: [
                "record aggregate potential --group-by owner --measure count --measure won=sum:amount"
                    + " --where sales_stage=closed_won"
            ]
        ) { run throws(AdminError) in
            try aggregate(run)
        },
        Command(
            "record", "history", .reads, "what became of a record, oldest first",
            operands: [entityOfID, id],
            options: [
                .init("limit", "NUMBER", help: "How many at most."),
                .init("cursor", "TEXT", help: "Where to go on."),
            ]
        ) { run throws(AdminError) in
            var parameters = Parameters()
            try setTarget(run, in: &parameters)
            try Page.set(run.line, in: &parameters)
            let result = try run.call("record.history", parameters)
            run.printRecords(result, in: "entries", columns: nil)
            Page.tellNext(result, run)
        },
        Command(
            "record", "export", .reads,
            "every record of an entity, for use elsewhere; noted in the change log",
            operands: [entity],
            options: FilterOptions.options + [
                fields, .init("sort", "NAMES", .field, help: "Fields by commas, - in front for descending."),
            ],
            examples: ["record export account --csv"]
        ) { run throws(AdminError) in
            let (parameters, columns) = try listing(try run.required(0), run, columns: nil)
            try PageWalk(method: "export.records", member: "records", parameters)
                .printAll(run, columns: columns)
        },
    ]

    /// `record list`, and the lists of particular entities.
    static func list(_ entity: String, _ run: CommandRun, columns: [String]?) throws(AdminError) {
        var (parameters, columns) = try listing(entity, run, columns: columns)
        if run.line.has("count") { parameters.set("count", true) }
        setMoment(run, in: &parameters)
        setBin(run, in: &parameters)
        if run.line.has("all") {
            try PageWalk(method: "record.list", member: "records", parameters).printAll(run, columns: columns)
            return
        }
        try Page.set(run.line, in: &parameters)
        let result = try run.call("record.list", parameters)
        run.printRecords(result, in: "records", columns: columns)
        if let total = result["total"]?.int64 { run.say("\(total) in all") }
        Page.tellNext(result, run)
    }

    /// What is asked for, and the columns to show.
    private static func listing(
        _ entity: String, _ run: CommandRun, columns: [String]?
    ) throws(AdminError) -> (Parameters, columns: [String]?) {
        var parameters = Parameters()
        parameters.set("entity", entity)
        if let filter = try FilterOptions.filter(run.line, entity: entity, run.session) {
            parameters.set("filter", json: filter)
        }
        let asked = names(run.line.value("fields")) ?? run.output.columns.map(fieldsBehind)
        var columns = columns
        if asked == nil, columns == nil, run.output.format.isTable {
            let shown = try run.session.entities().listFields(of: entity)
            if !shown.isEmpty { columns = ["id"] + shown + (run.line.has("bin") ? ["deleted_at"] : []) }
        }
        if let fields = asked ?? columns { parameters.set("fields", fields) }
        if let sort = names(run.line.value("sort")) { parameters.set("sort", sort) }
        return (parameters, columns)
    }

    /// `owner.id` is read from the field `owner`; a path over a reference other than its parts is its own field.
    static func fieldsBehind(_ columns: [String]) -> [String] {
        let parts: Set = ["id", "label", "entity", "amount", "currency"]
        var seen: Set<String> = []
        return columns.map { column in
            guard let point = column.lastIndex(of: "."),
                parts.contains(String(column[column.index(after: point)...]))
            else { return column }
            return String(column[..<point])
        }.filter { seen.insert($0).inserted }
    }

    private static func aggregate(_ run: CommandRun) throws(AdminError) {
        let entity = try run.required(0)
        var parameters = Parameters()
        parameters.set("entity", entity)
        if let filter = try FilterOptions.filter(run.line, entity: entity, run.session) {
            parameters.set("filter", json: filter)
        }
        parameters.set("group_by", json: groups(names(run.line.value("group-by")) ?? []))
        let measures = run.line.values("measure")
        parameters.set("measures", json: try self.measures(measures.isEmpty ? ["count"] : measures))
        setMoment(run, in: &parameters)
        run.printRecords(try run.call("record.aggregate", parameters), in: "groups", columns: nil)
    }

    static func groups(_ names: [String]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginArray()
        for name in names {
            let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                writer.string(name)
                continue
            }
            writer.beginObject()
            writer.key("field")
            writer.string(parts[0])
            writer.key("by")
            writer.string(parts[1])
            writer.endObject()
        }
        writer.endArray()
        return writer.finish()
    }

    static func measures(_ texts: [String]) throws(AdminError) -> [UInt8] {
        let operators = ["count", "sum", "avg", "min", "max", "count_distinct"]
        var writer = JSONWriter()
        writer.beginArray()
        for text in texts {
            let named = text.split(separator: "=", maxSplits: 1).map(String.init)
            let parts = (named.last ?? "").split(separator: ":", maxSplits: 1).map(String.init)
            guard let op = parts.first, operators.contains(op) else {
                throw .usage(
                    "\"\(text)\" is no measure",
                    hint: Spelling.suggestion(for: parts.first ?? "", among: operators)
                        ?? "Give OP or OP:FIELD, with OP one of \(operators.joined(separator: ", ")).")
            }
            writer.beginObject()
            writer.key("op")
            writer.string(op)
            if parts.count == 2 {
                writer.key("field")
                writer.string(parts[1])
            }
            writer.key("as")
            let plain =
                parts.count == 2 ? "\(op)_\(parts[1].split(separator: ".").joined(separator: "_"))" : op
            writer.string(named.count == 2 ? named[0] : plain)
            writer.endObject()
        }
        writer.endArray()
        return writer.finish()
    }

    /// - Returns: the record's id. It is found once: by what it was found, it may not be found after the call.
    @discardableResult
    static func setTarget(
        _ run: CommandRun, inBin: Bool = false, in parameters: inout Parameters
    ) throws(AdminError) -> Int {
        let (entity, id) = try target(run, inBin: inBin)
        parameters.set("id", id)
        if let entity { parameters.set("entity", entity) }
        return id
    }

    /// `--as-of`; the kernel says what is wrong with a moment.
    private static func setMoment(_ run: CommandRun, in parameters: inout Parameters) {
        guard let text = run.line.value("as-of") else { return }
        let isDay = text.utf8.count == 10 && !text.contains("T")
        parameters.set("as_of", isDay ? text + "T00:00:00Z" : text)
    }

    /// `--bin`, where a command has it.
    private static func setBin(_ run: CommandRun, in parameters: inout Parameters) {
        if run.line.has("bin") { parameters.set("recycle_bin", "only") }
    }

    /// `ID`, `ENTITY ID`, or `ENTITY FIELD:VALUE`.
    static func target(
        _ run: CommandRun, inBin: Bool = false
    ) throws(AdminError) -> (entity: String?, id: Int) {
        let first = try run.required(0)
        if let id = Int(first), id > 0 { return (nil, id) }
        guard let text = run.operand(1) else {
            throw .usage(
                "\"\(first)\" is no id of a record",
                hint: "Give an id, such as 17, or the entity and a value: account account_name:Cancity.")
        }
        return (first, Int(try RecordFinding.id(of: first, as: text, run.session, inBin: inBin)))
    }

    private static func names(_ text: String?) -> [String]? {
        text.map { $0.split(separator: ",").map { String($0.drop { $0 == " " }) } }
    }
}
