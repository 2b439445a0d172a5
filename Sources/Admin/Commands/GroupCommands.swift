import JSON

/// Groups: sets of people that own records and take part in sharing.
enum GroupCommands {
    private static let group = Command.Operand("GROUP", .group)
    private static let member = Command.Operand("MEMBER", .text, .any)
    private static let details = """
        MEMBER is user:NAME, role:NAME (the users in exactly it), role_and_subordinates:NAME, or group:NAME.
        """

    static let all: [Command] = [
        Command("group", "list", .reads, "groups with their members") { run throws(AdminError) in
            let result = try run.call("group.list")
            guard run.output.format.isTable else {
                return run.printRecords(result, in: "groups", columns: nil)
            }
            let groups = result["groups"]?.elements ?? JSONNode.noElements
            run.printRows(
                Rows(
                    columns: [.init("id", isNumeric: true), .init("name"), .init("members")],
                    cells: groups.map {
                        [
                            $0["id"]?.numberText ?? "", $0["name"]?.string ?? "",
                            parties($0["members"]).joined(separator: ", "),
                        ]
                    }))
        },
        Command(
            "group", "show", .reads, "a group's members, a line each", operands: [group],
            examples: ["group show 'North Desk'"]
        ) { run throws(AdminError) in
            let found = try run.fact("group", "group.list", "groups")
            guard run.output.format.isTable else { return run.printObject(found) }
            run.printRows(
                Rows(
                    found["members"].map { Array($0.elements) } ?? [], columns: ["kind", "id", "name"]))
        },
        Command(
            "group", "create", .writes, "make a group", details: details,
            operands: [.init("NAME"), member],
            options: [.init("description", "TEXT", help: "What it is for.")],
            examples: ["group create Desk user:anna role_and_subordinates:Support"]
        ) { run throws(AdminError) in
            var parameters = run.writeParameters
            parameters.set("name", try run.required(0))
            if let text = run.line.value("description") { parameters.set("description", text) }
            parameters.set("members", try members(run))
            try run.changeRights("group.create", parameters, "group \"\(try run.required(0))\" created")
        },
        Command(
            "group", "update", .writes, "change a group's name or description", operands: [group],
            options: [
                .init("name", "NAME", help: "The new name."),
                .init("description", "TEXT", help: "What it is for."),
            ], examples: ["group update Desk --name 'Help Desk'"]
        ) { run throws(AdminError) in
            var parameters = try run.writeParameters(about: "group")
            for name in ["name", "description"] {
                if let text = run.line.value(name) { parameters.set(name, text) }
            }
            try run.changeRights("group.update", parameters, "group \"\(try run.required(0))\" updated")
        },
        Command(
            "group", "add", .writes, "put somebody into a group", details: details,
            operands: [group, .init("MEMBER")],
            examples: ["group add Desk user:anna", "group add Desk group:'North Desk'"]
        ) { run throws(AdminError) in
            try change("group.add_member", run, "is in")
        },
        Command(
            "group", "remove", .writes, "take somebody out of a group", details: details,
            operands: [group, .init("MEMBER")], examples: ["group remove Desk user:anna"]
        ) { run throws(AdminError) in
            try change("group.remove_member", run, "is no longer in")
        },
        Command(
            "group", "delete", .destroys(question: "Delete"), "delete a group; another takes its place",
            details:
                "What it owns goes to the replacement, and its places in groups and rules if that is a group.",
            operands: [group],
            options: [
                .init("replacement", "USER-OR-GROUP", .user, help: "Who gets what it owns; needed.")
            ], examples: ["group delete Desk --replacement anna --yes"]
        ) { run throws(AdminError) in
            let replacement = try run.replacement("user or the group")
            try run.confirm("group \"\(try run.required(0))\"")
            var parameters = try run.writeParameters(about: "group")
            parameters.set("replacement", Int(try NamedRecords.ownerID(replacement, run.session)))
            try run.changeRights("group.delete", parameters, "group \"\(try run.required(0))\" deleted")
        },
    ]

    private static func members(_ run: CommandRun) throws(AdminError) -> [Parameters] {
        var members: [Parameters] = []
        for word in run.line.operands.dropFirst() {
            members.append(try PartyWord(word, among: PartyWord.members, run.session).parameters)
        }
        return members
    }

    private static func change(_ method: String, _ run: CommandRun, _ done: String) throws(AdminError) {
        var parameters = try run.writeParameters(about: "group")
        let word = try run.required(1)
        parameters.set("member", try PartyWord(word, among: PartyWord.members, run.session).parameters)
        try run.changeRights(method, parameters, "\(word) \(done) group \"\(try run.required(0))\"")
    }

    /// `role:Sales` for each party of an array.
    static func parties(_ node: JSONNode?) -> [String] {
        node?.elements.map(party) ?? []
    }

    static func party(_ node: JSONNode) -> String {
        "\(node["kind"]?.string ?? ""):\(node["name"]?.string ?? "")"
    }
}
