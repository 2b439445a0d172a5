import JSON

/// What everyone may do with the records of others, and the rules that widen it.
enum SharingCommands {
    private static let entity = Command.Operand("ENTITY", .entity)
    private static let defaults = ["private", "public_read", "public_read_edit", "public_read_edit_delete"]
    private static let parties = """
        FROM and TO are role:NAME, role_and_subordinates:NAME or group:NAME. PERMISSION is read or read_write, or none \
        where only records of related entities are shared. No rule ever gives delete.
        """

    static let all: [Command] = [
        Command(
            "sharing", "list", .reads, "what everyone may do with the records of each entity",
            details: "An entity that follows another has that one's default and rules."
        ) { run throws(AdminError) in
            run.printRecords(
                try run.call("sharing.list_defaults"), in: "defaults",
                columns: ["entity", "sharing", "follows", "is_set"])
        },
        Command(
            "sharing", "set", .writes, "say what everyone may do with an entity's records",
            operands: [entity, .init("DEFAULT")],
            options: [
                .init(
                    "related",
                    help: "Also for the entities that carry its rights, as potentials do an account's.")
            ],
            examples: ["sharing set account private --related", "sharing set lead public_read --dry-run"]
        ) { run throws(AdminError) in
            let (entity, sharing) = (try run.required(0), try run.required(1))
            guard defaults.contains(sharing) else {
                throw .usage(
                    "there is no default \"\(sharing)\"",
                    hint: "Give one of \(defaults.joined(separator: ", ")).")
            }
            var parameters = run.writeParameters
            parameters.set("entity", entity)
            parameters.set("sharing", sharing)
            if run.line.has("related") { parameters.set("related", true) }
            try run.changeRights("sharing.set_default", parameters, "\(entity) is \(sharing)")
        },
        Command("sharing", "rules", .reads, "the sharing rules; those without effect say why") {
            run throws(AdminError) in
            let result = try run.call("sharing.list_rules")
            guard run.output.format.isTable else {
                return run.printRecords(result, in: "rules", columns: nil)
            }
            run.printRows(rows(result["rules"].map { Array($0.elements) } ?? []))
        },
        Command(
            "sharing", "add-rule", .writes, "share what some own with others", details: parties,
            operands: [entity, .init("FROM"), .init("TO"), .init("PERMISSION")],
            options: [
                .init(
                    "related", "ENTITY=PERMISSION", .entity, repeatable: true,
                    help: "What the rule gives on records that belong to the shared ones.")
            ],
            examples: [
                "sharing add-rule account role:'Sales North' role_and_subordinates:Support read",
                "sharing add-rule account group:North role:Desk read --related ticket=read_write",
            ]
        ) { run throws(AdminError) in
            let entity = try run.required(0)
            var parameters = run.writeParameters
            parameters.set("entity", entity)
            for (name, index) in [("from", 1), ("to", 2)] {
                let word = try run.required(index)
                parameters.set(
                    name, try PartyWord(word, among: PartyWord.parties, run.session).parameters)
            }
            parameters.set("permission", try run.required(3))
            parameters.set("related", try related(run))
            try run.changeRights("sharing.create_rule", parameters, "rule on \(entity) made")
        },
        Command(
            "sharing", "delete-rule", .destroys(question: "Delete"), "delete a sharing rule",
            operands: [.init("ID", .number)], examples: ["sharing delete-rule 17 --yes"]
        ) { run throws(AdminError) in
            guard let id = Int(try run.required(0)) else {
                throw .usage(
                    "\"\(try run.required(0))\" is not the id of a rule", hint: "Run crm-admin sharing rules."
                )
            }
            try run.confirm("sharing rule \(id)")
            var parameters = run.writeParameters
            parameters.set("id", id)
            try run.changeRights("sharing.delete_rule", parameters, "sharing rule \(id) deleted")
        },
    ]

    private static func related(_ run: CommandRun) throws(AdminError) -> [Parameters] {
        var all: [Parameters] = []
        for word in run.line.values("related") {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw .usage(
                    "--related cannot be \"\(word)\"", hint: "Give ENTITY=PERMISSION, such as ticket=read.")
            }
            var one = Parameters()
            one.set("entity", parts[0])
            one.set("permission", parts[1])
            all.append(one)
        }
        return all
    }

    private static func rows(_ rules: [JSONNode]) -> Rows {
        let names = ["id", "entity", "from", "to", "permission", "related", "warnings"]
        return Rows(
            columns: names.map { Rows.Column($0, isNumeric: $0 == "id") },
            cells: rules.map { rule in
                let related = (rule["related"]?.elements ?? JSONNode.noElements).map {
                    "\($0["entity"]?.string ?? "")=\($0["permission"]?.string ?? "")"
                }
                let warnings = rule["warnings"]?.elements.compactMap { $0["message"]?.string } ?? []
                return [
                    rule["id"]?.numberText ?? "", rule["entity"]?.string ?? "",
                    rule["from"].map(GroupCommands.party) ?? "", rule["to"].map(GroupCommands.party) ?? "",
                    rule["permission"]?.string ?? "", related.joined(separator: ", "),
                    warnings.joined(separator: "; "),
                ]
            })
    }
}
