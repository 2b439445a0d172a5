import JSON

/// Roles: one tree, whose places give reach over records, and the profiles that its roles carry.
enum RoleCommands {
    private static let role = Command.Operand("ROLE", .role)
    private static let profiles = Command.Option(
        "profiles", "NAMES", .profile, help: "Its profiles, by commas; what they permit adds up.")

    static let all: [Command] = [
        Command("role", "list", .reads, "roles as a tree, with their profiles and how many users they have") {
            run throws(AdminError) in
            let result = try run.call("role.list")
            switch run.output.format {
            case .json, .jsonl: run.printRecords(result, in: "roles", columns: nil)
            default: run.printRows(RoleTreeText(result).rows(isDrawn: run.output.format == .table))
            }
        },
        Command(
            "role", "show", .reads, "a role with its profiles and users", operands: [role],
            examples: ["role show Sales"]
        ) { run throws(AdminError) in
            let found = try run.fact("role", "role.list", "roles")
            guard run.output.format.isTable else { return run.printObject(found) }
            run.printRows(
                Rows(
                    columns: ["id", "name", "reports_to", "profiles", "users"].map { Rows.Column($0) },
                    cells: [
                        [
                            found["id"]?.numberText ?? "", found["name"]?.string ?? "",
                            found["reports_to"]?["name"]?.string ?? "", CommandRun.names(found["profiles"]),
                            CommandRun.names(found["users"]),
                        ]
                    ]))
        },
        Command(
            "role", "create", .writes, "add a role below another",
            operands: [.init("NAME")],
            options: [
                .init("under", "ROLE", .role, help: "The role above it; the root if not given."), profiles,
            ],
            examples: ["role create 'Sales North' --under 'Sales Manager' --profiles Sales"]
        ) { run throws(AdminError) in
            let name = try run.required(0)
            var parameters = run.writeParameters
            parameters.set("name", name)
            if let above = run.line.value("under") {
                try parameters.set("reports_to", "role", named: above, run.session)
            } else {
                parameters.set("reports_to", try root(run))
            }
            try setProfiles(run, in: &parameters)
            try run.changeRights("role.create", parameters, "role \"\(name)\" created")
        },
        Command(
            "role", "update", .writes, "change a role's name or profiles", operands: [role],
            options: [.init("name", "NAME", help: "The new name."), profiles],
            examples: [
                "role update Sales --name 'Sales Europe'", "role update Desk --profiles Support,Guest",
            ]
        ) { run throws(AdminError) in
            var parameters = try run.writeParameters(about: "role")
            if let name = run.line.value("name") { parameters.set("name", name) }
            try setProfiles(run, in: &parameters)
            try run.changeRights("role.update", parameters, "role \"\(try run.required(0))\" updated")
        },
        Command(
            "role", "move", .writes, "put a role, with all below it, under another",
            operands: [role, .init("NEW-PARENT", .role)], examples: ["role move Desk Organisation --dry-run"]
        ) { run throws(AdminError) in
            var parameters = try run.writeParameters(about: "role")
            try parameters.set("reports_to", "role", named: try run.required(1), run.session)
            try run.changeRights(
                "role.update", parameters,
                "role \"\(try run.required(0))\" is under \"\(try run.required(1))\"")
        },
        Command(
            "role", "delete", .destroys(question: "Delete"), "delete a role; another takes its place",
            details: """
                Its users, and its places in groups and sharing rules, go to the replacement; the roles below it, to \
                the role above it.
                """,
            operands: [role],
            options: [.init("replacement", "ROLE", .role, help: "The role that takes its place; needed.")],
            examples: ["role delete 'Sales North' --replacement Sales --yes"]
        ) { run throws(AdminError) in
            let replacement = try run.replacement("role")
            try run.confirm("role \"\(try run.required(0))\"")
            var parameters = try run.writeParameters(about: "role")
            try parameters.set("replacement", "role", named: replacement, run.session)
            try run.changeRights("role.delete", parameters, "role \"\(try run.required(0))\" deleted")
        },
    ]

    private static func setProfiles(_ run: CommandRun, in parameters: inout Parameters) throws(AdminError) {
        guard let text = run.line.value("profiles") else { return }
        var ids: [String] = []
        for name in text.split(separator: ",") {
            ids.append(String(try NamedRecords.id(of: "profile", String(name), run.session)))
        }
        parameters.set("profiles", json: Array("[\(ids.joined(separator: ","))]".utf8))
    }

    private static func root(_ run: CommandRun) throws(AdminError) -> Int {
        let roles = try run.call("role.list")["roles"]?.elements ?? JSONNode.noElements
        for role in roles where role["reports_to"]?.isNull ?? true {
            return Int(role["id"]?.int64 ?? 0)
        }
        throw AdminError("there is no root role", exit: .notFound)
    }
}

extension CommandRun {
    /// The `--replacement` that a deletion cannot do without.
    func replacement(_ what: String) throws(AdminError) -> String {
        guard let text = line.value("replacement") else {
            throw .usage(
                "\(line.command.name) lacks --replacement", hint: "Name the \(what) that takes its place.")
        }
        return text
    }
}

/// The roles in the order of their tree: each behind the one above it, by name among its siblings.
struct RoleTreeText {
    private let roles: [JSONNode]

    init(_ result: JSONNode) { roles = result["roles"].map { Array($0.elements) } ?? [] }

    /// - Parameter isDrawn: whether the tree is drawn with lines, for a terminal; else `reports_to` tells it.
    func rows(isDrawn: Bool) -> Rows {
        var cells: [[String]] = []
        // A tree of roles has no cycles and one root; a stack keeps a deep one off the thread's.
        var pending = below(nil).reversed().map { (role: $0, lines: "", isLast: true, depth: 0) }
        while let (role, lines, isLast, depth) = pending.popLast() {
            let branch = depth == 0 ? "" : isLast ? "└─ " : "├─ "
            let name = role["name"]?.string ?? ""
            cells.append([
                isDrawn ? lines + branch + name : name, role["id"]?.numberText ?? "",
                role["reports_to"]?["name"]?.string ?? "", CommandRun.names(role["profiles"]),
                String(role["users"]?.count ?? 0),
            ])
            let inner = depth == 0 ? "" : lines + (isLast ? "   " : "│  ")
            let children = below(role["id"]?.int64)
            for (index, child) in children.enumerated().reversed() {
                pending.append((child, inner, index == children.count - 1, depth + 1))
            }
        }
        let columns = ["role", "id", "reports_to", "profiles", "users"].map {
            Rows.Column($0, isNumeric: $0 == "id" || $0 == "users")
        }
        guard isDrawn else { return Rows(columns: columns, cells: cells) }
        // The lines of the tree say what the column would.
        return Rows(
            columns: columns.enumerated().filter { $0.offset != 2 }.map(\.element),
            cells: cells.map { row in row.enumerated().filter { $0.offset != 2 }.map(\.element) })
    }

    private func below(_ parent: Int64?) -> [JSONNode] {
        roles.filter { $0["reports_to"]?["id"]?.int64 == parent }
            .sorted { ($0["name"]?.string ?? "") < ($1["name"]?.string ?? "") }
    }
}
