import CRMSDK

/// A set of people that owns records or takes part in sharing; it carries no abilities.
enum Group {
    static let definition = EntityDefinition(
        "group", label: "Group", plural: "Groups",
        fields: [
            .text("group_name", "Group Name", maximumLength: 100).mandatory().unique(),
            .longtext("description", "Description"),
        ]
    )
    .labelled(by: "group_name")
    .sorted(by: "group_name")
    .listing("group_name", "description")
    .administrative()

    /// One entry in a group's list of members.
    static let member = EntityDefinition(
        "group_member", label: "Group Member", plural: "Group Members",
        fields: [
            .reference("member_of", "Group", to: "group").mandatory(),
            .picklist(
                "kind", "Kind",
                [
                    PicklistValue("user", "User").system(), PicklistValue("role", "Role").system(),
                    PicklistValue("role_and_subordinates", "Role and Subordinates").system(),
                    PicklistValue("group", "Group").system(),
                ]
            ).mandatory(),
            .reference("member", "Member", to: "user", "role", "group").mandatory(),
        ]
    )
    .labelled(by: "kind", "member")
    .sorted(by: "id")
    .listing("member_of", "kind", "member")
    .administrative()

    static let entities = [definition, member]

    static let hooks = [
        Hook("a member of its kind", on: "group_member", [.beforeCreate, .beforeUpdate]) {
            change, context throws(CRMError) in
            try PartyKind.require(change, kind: "kind", party: "member", context)
            try Twin.refuse(change, on: ["member_of", "kind", "member"], context)
        }
    ]
}

/// A reference whose kind stands in a field beside it.
enum PartyKind {
    /// Refuses a party that is not of the entity that its kind says.
    static func require(
        _ change: RecordChange, kind: String, party: String, _ context: any ModuleContext
    ) throws(CRMError) {
        guard let name = change[kind].text, let id = change[party].reference else { return }
        let entity = name == "role_and_subordinates" ? "role" : name
        do throws(CRMError) {
            _ = try context.get(entity, id)
        } catch  where error.kind == .notFound {
            throw .invalidRecord(
                change.entity,
                [
                    FieldProblem(
                        field: party, code: "not_found", message: "\(entity) \(id) does not exist")
                ])
        }
    }
}
