import CRMSDK

/// A node of the one tree of roles; its position gives reach over the records of those below.
enum Role {
    static let definition = EntityDefinition(
        "role", label: "Role", plural: "Roles",
        fields: [
            .text("role_name", "Role Name", maximumLength: 100).mandatory().unique(),
            .reference("parent_role", "Reports To", to: "role"),
            .longtext("description", "Description"),
        ]
    )
    .labelled(by: "role_name")
    .sorted(by: "role_name")
    .listing("role_name", "parent_role")
    .administrative()

    static let hooks = [
        Hook("one tree of roles", on: "role", [.beforeCreate, .beforeUpdate]) {
            change, context throws(CRMError) in
            try ReferenceChain.refuseCycle(change, through: "parent_role", context)
            guard change["parent_role"].isNull, change.isNew || change.changes("parent_role") else { return }
            let roots = try context.list(
                ListRequest("role", where: .where("parent_role", .isEmpty), limit: 2))
            guard roots.allSatisfy({ $0.id == change.id }) else {
                throw .invalidRecord(
                    "role",
                    [
                        FieldProblem(
                            field: "parent_role", code: "required",
                            message: "Reports To is needed: there is one root role")
                    ],
                    hint: "Choose the role that this one reports to.")
            }
        },
        Hook("role in use", on: "role", [.beforeDelete]) { change, context throws(CRMError) in
            let users = try context.count("user", where: .where("role", .equal, .reference(change.id)))
            let roles = try context.count("role", where: .where("parent_role", .equal, .reference(change.id)))
            guard users == 0, roles == 0 else {
                throw CRMError(
                    .invalidRecord,
                    "role \"\(change["role_name"].text ?? "")\" is in use by \(users) users and \(roles) roles below it",
                    hint: "Give them another role first.")
            }
        },
    ]
}
