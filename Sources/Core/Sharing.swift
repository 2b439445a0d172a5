import CRMSDK

/// How records are shared beyond their owners: one default per entity, and rules that widen it.
enum Sharing {
    /// The default that administrators have set; without a record, the entity's own definition says it.
    static let `default` = EntityDefinition(
        "sharing_default", label: "Sharing Default", plural: "Sharing Defaults",
        fields: [
            .text("entity", "Entity", maximumLength: 60).mandatory().unique(),
            .picklist(
                "sharing", "Sharing",
                [
                    PicklistValue("private", "Private").system(),
                    PicklistValue("public_read", "Public: Read").system(),
                    PicklistValue("public_read_edit", "Public: Read and Edit").system(),
                    PicklistValue("public_read_edit_delete", "Public: Read, Edit and Delete").system(),
                ]
            ).mandatory(),
        ]
    )
    .labelled(by: "entity", "sharing")
    .sorted(by: "entity")
    .listing("entity", "sharing")
    .administrative()

    /// What one party's records give to another party.
    static let rule = EntityDefinition(
        "sharing_rule", label: "Sharing Rule", plural: "Sharing Rules",
        fields: [
            .text("entity", "Entity", maximumLength: 60).mandatory(),
            .picklist("from_kind", "From", parties).mandatory(),
            .reference("from_party", "From Whom", to: "role", "group").mandatory(),
            .picklist("to_kind", "To", parties).mandatory(),
            .reference("to_party", "To Whom", to: "role", "group").mandatory(),
            .picklist("permission", "Permission", permissions).mandatory(),
        ]
    )
    .labelled(by: "entity", "permission")
    .sorted(by: "entity", "id")
    .listing("entity", "from_kind", "from_party", "to_kind", "to_party", "permission")
    .administrative()

    /// What a rule gives on the children of the records that it shares.
    static let related = EntityDefinition(
        "sharing_related", label: "Related Permission", plural: "Related Permissions",
        fields: [
            .reference("rule", "Rule", to: "sharing_rule").mandatory(),
            .text("entity", "Entity", maximumLength: 60).mandatory(),
            .picklist("permission", "Permission", permissions).mandatory(),
        ]
    )
    .labelled(by: "entity", "permission")
    .sorted(by: "entity")
    .listing("rule", "entity", "permission")
    .administrative()

    static let entities = [`default`, rule, related]

    private static let parties = [
        PicklistValue("role", "Role").system(),
        PicklistValue("role_and_subordinates", "Role and Subordinates").system(),
        PicklistValue("group", "Group").system(),
    ]

    private static let permissions = [
        PicklistValue("none", "None").system(), PicklistValue("read", "Read").system(),
        PicklistValue("read_write", "Read and Write").system(),
    ]

    static let hooks = [
        Hook("a default for an entity that is shared", on: "sharing_default", [.beforeCreate, .beforeUpdate])
        {
            change, context throws(CRMError) in
            let name = change["entity"].text ?? ""
            try EntityName.require(name, of: change.entity, context)
            let entity = try context.definition(of: name)
            guard entity.sharing != .notShareable, !entity.isAdministrative else {
                throw .invalidRecord(
                    change.entity,
                    [
                        FieldProblem(
                            field: "entity", code: "rule",
                            message:
                                "entity \"\(name)\" is not shared by owner: the right to it alone decides")
                    ])
            }
        },
        Hook("a rule between parties", on: "sharing_rule", [.beforeCreate, .beforeUpdate]) {
            change, context throws(CRMError) in
            try EntityName.require(change["entity"].text ?? "", of: change.entity, context)
            try PartyKind.require(change, kind: "from_kind", party: "from_party", context)
            try PartyKind.require(change, kind: "to_kind", party: "to_party", context)
        },
        Hook("one permission per child", on: "sharing_related", [.beforeCreate, .beforeUpdate]) {
            change, context throws(CRMError) in
            try EntityName.require(change["entity"].text ?? "", of: change.entity, context)
            try Twin.refuse(change, on: ["rule", "entity"], context)
        },
    ]
}
