import JSON

/// Profiles: named bundles of abilities that roles carry.
enum ProfileCommands {
    private static let profile = Command.Operand("PROFILE", .profile)
    private static let entity = Command.Operand("ENTITY", .entity)
    private static let flags: [Command.Option] = [
        .init("view-all", "YES|NO", help: "Whether it reads every record of every entity."),
        .init("edit-all", "YES|NO", help: "Whether it reads and edits every record of every entity."),
        .init("description", "TEXT", help: "What it is for."),
    ]
    private static let verbs = Command.Operand("ACTION", .text, .any)
    private static let actions = """
        Actions are view, create, edit, delete, import, export, merge_duplicates, mail_merge, and those of modules, \
        convert_lead say. The entity * stands for all that the profile does not name.
        """

    static let all: [Command] = [
        Command("profile", "list", .reads, "profiles with their flags") { run throws(AdminError) in
            run.printRecords(
                try run.call("profile.list"), in: "profiles", columns: ["id", "name", "view_all", "edit_all"])
        },
        Command(
            "profile", "show", .reads,
            "what a profile permits: entity by action, and fields that it restricts",
            operands: [profile], examples: ["profile show Sales"]
        ) { run throws(AdminError) in
            let found = try run.fact("profile", "profile.list", "profiles")
            guard run.output.format.isTable else { return run.printObject(found) }
            run.printRows(ProfileMatrix(found).rows)
            for flag in ["view_all", "edit_all"] where found[flag]?.bool == true {
                run.session.streams.writeError("\(flag): the profile reaches every record\n")
            }
        },
        Command(
            "profile", "create", .writes, "make a profile, from another or empty", operands: [.init("NAME")],
            options: [
                .init(
                    "from", "PROFILE", .profile, help: "The profile whose rights and fields it begins with.")
            ] + flags,
            examples: ["profile create 'Sales without delete' --from Sales"]
        ) { run throws(AdminError) in
            var parameters = run.writeParameters
            parameters.set("name", try run.required(0))
            if let original = run.line.value("from") {
                try parameters.set("copy_of", "profile", named: original, run.session)
            }
            try setFlags(run, in: &parameters)
            try run.changeRights("profile.create", parameters, "profile \"\(try run.required(0))\" created")
        },
        Command(
            "profile", "update", .writes, "change a profile's name and flags", operands: [profile],
            options: [.init("name", "NAME", help: "The new name.")] + flags,
            examples: ["profile update Audit --view-all yes"]
        ) { run throws(AdminError) in
            var parameters = try run.writeParameters(about: "profile")
            if let name = run.line.value("name") { parameters.set("name", name) }
            try setFlags(run, in: &parameters)
            try run.changeRights("profile.update", parameters, "profile \"\(try run.required(0))\" updated")
        },
        Command(
            "profile", "grant", .writes, "let a profile's people do something with an entity",
            details: actions, operands: [profile, entity, verbs],
            examples: ["profile grant Support account create edit", "profile grant Support '*' view"]
        ) { run throws(AdminError) in
            try change("profile.grant", run, "granted")
        },
        Command(
            "profile", "revoke", .writes, "take actions back; without actions, the entity itself",
            details: actions, operands: [profile, entity, verbs],
            examples: ["profile revoke Sales account delete", "profile revoke Support campaign"]
        ) { run throws(AdminError) in
            try change("profile.revoke", run, "revoked")
        },
        Command(
            "profile", "forget", .writes, "take back what a profile says of an entity: its right to * holds",
            operands: [profile, entity], examples: ["profile forget Sales ticket"]
        ) { run throws(AdminError) in
            var parameters = try run.writeParameters(about: "profile")
            parameters.set("entity", try run.required(1))
            try run.changeRights(
                "profile.remove_right", parameters,
                "profile \"\(try run.required(0))\" says nothing of \(try run.required(1))")
        },
        Command(
            "profile", "delete", .destroys(question: "Delete"),
            "delete a profile; roles that have it get another", operands: [profile],
            options: [
                .init(
                    "replacement", "PROFILE", .profile, help: "What roles get that have it; needed if any do."
                )
            ], examples: ["profile delete Guest --replacement Support --yes"]
        ) { run throws(AdminError) in
            try run.confirm("profile \"\(try run.required(0))\"")
            var parameters = try run.writeParameters(about: "profile")
            if let replacement = run.line.value("replacement") {
                try parameters.set("replacement", "profile", named: replacement, run.session)
            }
            try run.changeRights("profile.delete", parameters, "profile \"\(try run.required(0))\" deleted")
        },
    ]

    private static func setFlags(_ run: CommandRun, in parameters: inout Parameters) throws(AdminError) {
        for (option, name) in [("view-all", "view_all"), ("edit-all", "edit_all")] {
            guard let text = run.line.value(option) else { continue }
            guard let flag = ["yes": true, "no": false][text] else {
                throw .usage("--\(option) must be yes or no, not \"\(text)\"")
            }
            parameters.set(name, flag)
        }
        if let text = run.line.value("description") { parameters.set("description", text) }
    }

    private static func change(_ method: String, _ run: CommandRun, _ done: String) throws(AdminError) {
        let (profile, entity) = (try run.required(0), try run.required(1))
        var parameters = try run.writeParameters(about: "profile")
        parameters.set("entity", entity)
        let verbs = Array(run.line.operands.dropFirst(2))
        if !verbs.isEmpty { parameters.set("verbs", verbs) }
        let what = verbs.isEmpty ? "access" : verbs.joined(separator: ", ")
        try run.changeRights(method, parameters, "\(what) on \(entity) \(done), profile \"\(profile)\"")
    }
}

/// A profile as a matrix: a line for each entity that it names, a column for each action, and behind them the fields
/// that it hides or locks.
struct ProfileMatrix {
    private static let usual = ["view", "create", "edit", "delete", "import", "export"]
    private let profile: JSONNode

    init(_ profile: JSONNode) { self.profile = profile }

    var rows: Rows {
        let names = ["entity", "access"] + Self.usual + ["more", "fields"]
        let cells = (profile["rights"]?.elements ?? JSONNode.noElements).map { right -> [String] in
            let entity = right["entity"]?.string ?? ""
            let verbs = right["verbs"]?.elements.compactMap(\.string) ?? []
            let more = verbs.filter { !Self.usual.contains($0) }.joined(separator: ", ")
            return [entity, right["access"]?.bool == true ? "yes" : "no"]
                + Self.usual.map { verbs.contains($0) ? "yes" : "-" } + [more, fields(of: entity)]
        }
        // Fields of entities that only the right to all others reaches.
        let named = Set(profile["rights"]?.elements.compactMap { $0["entity"]?.string } ?? [])
        let others = Set(
            (profile["fields"]?.elements ?? JSONNode.noElements).compactMap { $0["entity"]?.string }
        ).subtracting(named).sorted().map { entity in
            [entity, "as *"] + Self.usual.map { _ in "" } + ["", fields(of: entity)]
        }
        return Rows(columns: names.map { Rows.Column($0) }, cells: cells + others)
    }

    private func fields(of entity: String) -> String {
        (profile["fields"]?.elements ?? JSONNode.noElements)
            .filter { $0["entity"]?.string == entity }
            .map { field in
                let state =
                    field["visible"]?.bool == false
                    ? "hidden" : field["read_only"]?.bool == true ? "read-only" : "visible"
                return "\(field["field"]?.string ?? ""): \(state)"
            }
            .joined(separator: ", ")
    }
}
