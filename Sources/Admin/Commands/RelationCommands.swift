import JSON

/// Records that belong together, and the end of records: linking, listing what is linked, destroying.
enum RelationCommands {
    private static let id = Command.Operand("ID", .number)
    private static let relation = Command.Operand("RELATION")
    private static let other = Command.Operand("OTHER", .number)

    static let all: [Command] = [
        Command(
            "record", "link", .writes, "link two records, or change the values of their link",
            details: """
                RELATION is its name on the side of ID, as entity describe has it. NAME=VALUE are values of the link
                itself; NAME= makes one empty, NAME:=JSON is taken as it stands.
                """,
            operands: [id, relation, other, .init("NAME=VALUE", .text, .any)],
            examples: ["record link 41 campaign_contact 18 response_status=contacted_successful"]
        ) { run throws(AdminError) in
            var parameters = try pair(run)
            let words = run.line.operands.dropFirst(3)
            if !words.isEmpty { parameters.set("values", try values(words)) }
            let result = try run.call("record.link", parameters)
            run.printObject(result)
            run.say(
                "records \(try number(run, 0)) and \(try number(run, 2)) \(result["outcome"]?.string ?? "")")
        },
        Command(
            "record", "unlink", .destroys(question: "Unlink"), "end the link of two records",
            operands: [id, relation, other], examples: ["record unlink 41 campaign_contact 18 --yes"]
        ) { run throws(AdminError) in
            try run.confirm("records \(try number(run, 0)) and \(try number(run, 2))")
            run.printObject(try run.call("record.unlink", try pair(run)))
            run.say("records \(try number(run, 0)) and \(try number(run, 2)) unlinked")
        },
        Command(
            "record", "related", .reads, "the records that belong to a record", operands: [id, relation],
            options: [
                .init(
                    "filter", "JSON",
                    help: "A filter as record.related takes it; link.NAME is a value of the link."),
                .init("fields", "NAMES", .field, help: "Fields to read, by commas."),
            ] + RecordCommands.pageOptions,
            examples: [
                "record related 17 contact",
                "record related 41 campaign_contact --columns id,last_name,link.response_status",
            ]
        ) { run throws(AdminError) in
            try related(run)
        },
        Command(
            "record", "merge", .destroys(question: "Merge"),
            "make one record of several that mean the same",
            details: """
                What refers to or is linked with the others is moved to MASTER, and they go to the recycle bin. --dry-run
                says how much would move; change undo takes the answer's change_set back.
                """,
            operands: [.init("MASTER", .number), .init("OTHER", .number, .any)],
            options: [
                .init(
                    "take", "NAMES",
                    help: "Fields of MASTER that get another record's value: NAME=ID, by commas.")
            ],
            examples: [
                "record merge 17 23 --dry-run", "record merge 17 23 31 --take phone=23,email=31 --yes",
            ]
        ) { run throws(AdminError) in
            let others = try run.line.operands.indices.dropFirst().map { index throws(AdminError) in
                try number(run, index)
            }
            let master = try number(run, 0)
            try run.confirm("\(others.map(String.init).joined(separator: ", ")) into record \(master)")
            var parameters = run.writeParameters
            parameters.set("master", master)
            parameters.set("losers", json: Array("[\(others.map(String.init).joined(separator: ","))]".utf8))
            if let text = run.line.value("take") { parameters.set("fields", try choices(text)) }
            run.printObject(try run.call("record.merge", parameters))
            run.say("records merged into \(master)")
        },
        Command(
            "record", "purge", .destroys(question: "Destroy for good"),
            "destroy a record that lies in the recycle bin",
            details: "There is no way back. --dry-run says what would go.",
            operands: [RecordCommands.entityOfID, id],
            options: [.init("clear-references", help: "Empty the references to it instead of refusing.")],
            examples: ["record purge 17 --dry-run", "record purge 17 --clear-references --yes"]
        ) { run throws(AdminError) in
            var parameters = run.writeParameters
            let id = try RecordCommands.setTarget(run, inBin: true, in: &parameters)
            try run.confirm("record \(id)")
            if run.line.has("clear-references") { parameters.set("references", "clear") }
            run.printObject(try run.call("record.purge", parameters))
            run.say("record \(id) destroyed")
        },
    ]

    private static func related(_ run: CommandRun) throws(AdminError) {
        var parameters = Parameters()
        parameters.set("id", try number(run, 0))
        parameters.set("relation", try run.required(1))
        if let text = run.line.value("filter") {
            guard let filter = JSONNode.parsing(text) else { throw .usage("the filter is not JSON: \(text)") }
            parameters.set("filter", json: filter.rawBytes)
        }
        let fields =
            names(run.line.value("fields"))
            ?? run.output.columns.map { columns in
                RecordCommands.fieldsBehind(columns.filter { !$0.hasPrefix("link.") })
            }
        if let fields { parameters.set("fields", fields) }
        if let sort = names(run.line.value("sort")) { parameters.set("sort", sort) }
        if run.line.has("count") { parameters.set("count", true) }
        if run.line.has("all") {
            return try PageWalk(method: "record.related", member: "records", parameters).printAll(
                run, columns: nil)
        }
        try Page.set(run.line, in: &parameters)
        let result = try run.call("record.related", parameters)
        run.printRecords(result, in: "records", columns: nil)
        if let total = result["total"]?.int64 { run.say("\(total) in all") }
        Page.tellNext(result, run)
    }

    /// `phone=23,email=31` as the fields of a merge.
    private static func choices(_ text: String) throws(AdminError) -> Parameters {
        var choices = Parameters()
        for word in names(text) ?? [] {
            let parts = word.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, let id = Int(parts[1]), id > 0 else {
                throw .usage("\"\(word)\" chooses no value", hint: "Give NAME=ID, such as phone=23.")
            }
            choices.set(String(parts[0]), id)
        }
        return choices
    }

    private static func pair(_ run: CommandRun) throws(AdminError) -> Parameters {
        var parameters = run.writeParameters
        parameters.set("id", try number(run, 0))
        parameters.set("relation", try run.required(1))
        parameters.set("to", try number(run, 2))
        return parameters
    }

    private static func number(_ run: CommandRun, _ index: Int) throws(AdminError) -> Int {
        let word = try run.required(index)
        guard let id = Int(word), id > 0 else {
            throw .usage("\"\(word)\" is no id of a record", hint: "An id is a whole number, such as 17.")
        }
        return id
    }

    /// The values of a link: text as it stands, empty as null, JSON behind `:=`.
    private static func values(_ words: some Sequence<String>) throws(AdminError) -> Parameters {
        var values = Parameters()
        for word in words {
            guard let sign = word.firstIndex(of: "="), sign > word.startIndex else {
                throw .usage(
                    "\"\(word)\" is not a value of the link",
                    hint: "Give NAME=VALUE, or NAME:=JSON for numbers and truth values.")
            }
            var name = String(word[..<sign])
            let text = String(word[word.index(after: sign)...])
            if name.last == ":" {
                name.removeLast()
                guard let node = JSONNode.parsing(text) else {
                    throw .usage("the value of \"\(name)\" is not JSON: \(text)")
                }
                values.set(name, json: node.rawBytes)
            } else if text.isEmpty {
                values.set(name, json: Array("null".utf8))
            } else {
                values.set(name, text)
            }
        }
        return values
    }

    private static func names(_ text: String?) -> [String]? {
        text.map { $0.split(separator: ",").map { String($0.drop { $0 == " " }) } }
    }
}
