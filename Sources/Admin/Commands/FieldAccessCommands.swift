import JSON
import Text

/// Who sees and writes a field: a switch of the organisation for all, and the right of each profile.
enum FieldAccessCommands {
    private static let entity = Command.Operand("ENTITY", .entity)
    private static let field = Command.Operand("FIELD", .field)
    private static let states = ["visible", "read_only", "hidden"]

    static let all: [Command] = [
        Command(
            "field-access", "list", .reads, "fields that are hidden or locked, for all or by a profile",
            operands: [.init("ENTITY", .entity, .optional)],
            examples: ["field-access list account"]
        ) { run throws(AdminError) in
            let wanted = run.operand(0)
            var cells: [[String]] = []
            let switches = try run.call("field_access.list")["switches"]?.elements ?? JSONNode.noElements
            for node in switches {
                let state = node["visible"]?.bool == false ? "hidden" : "visible"
                cells.append([node["entity"]?.string ?? "", node["field"]?.string ?? "", "", state])
            }
            let profiles = try run.call("profile.list")["profiles"]?.elements ?? JSONNode.noElements
            for profile in profiles {
                for node in profile["fields"]?.elements ?? JSONNode.noElements {
                    let state =
                        node["visible"]?.bool == false
                        ? "hidden" : node["read_only"]?.bool == true ? "read_only" : "visible"
                    cells.append([
                        node["entity"]?.string ?? "", node["field"]?.string ?? "",
                        profile["name"]?.string ?? "", state,
                    ])
                }
            }
            let shown = cells.filter { wanted == nil || $0[0] == wanted }
            run.printRows(
                Rows(
                    columns: ["entity", "field", "profile", "access"].map { Rows.Column($0) },
                    cells: shown.sorted { $0.lexicographicallyPrecedes($1) }))
        },
        Command(
            "field-access", "set", .writes, "say who sees and writes a field",
            details: """
                Without --profile it is the switch of the organisation, visible or hidden: a field that is hidden by it is \
                there for administrators alone. With --profile, visible, read_only or hidden for the people of that \
                profile; of several profiles of a role the most permissive counts.
                """,
            operands: [entity, field, .init("visible|read_only|hidden")],
            options: [
                .init("profile", "PROFILE", .profile, help: "Whose right; without, everybody's switch.")
            ],
            examples: [
                "field-access set account annual_revenue hidden --profile Support",
                "field-access set account x_region visible",
            ]
        ) { run throws(AdminError) in
            let (entity, field, state) = (try run.required(0), try run.required(1), try run.required(2))
            guard states.contains(state) else {
                throw .usage(
                    "a field cannot be \"\(state)\"",
                    hint: Spelling.suggestion(for: state, among: states)
                        ?? "Give one of \(states.joined(separator: ", ")).")
            }
            var parameters = run.writeParameters
            parameters.set("entity", entity)
            parameters.set("field", field)
            parameters.set("visible", state != "hidden")
            if let profile = run.line.value("profile") {
                try parameters.set("profile", "profile", named: profile, run.session)
                parameters.set("read_only", state == "read_only")
            } else if state == "read_only" {
                throw .usage(
                    "the organisation's switch knows visible and hidden only", hint: "Add --profile PROFILE.")
            }
            let whose = run.line.value("profile").map { " for profile \"\($0)\"" } ?? ""
            try run.changeRights(
                "field_access.set", parameters, "field \"\(field)\" of \(entity) is \(state)\(whose)")
        },
    ]
}
