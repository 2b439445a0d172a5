import CRMSDK

/// A named bundle of abilities that roles carry: flags over everything, rights to entities, rights to fields.
///
/// The rights are records of `profile_right` and `field_access`, so that each change stands in the log by itself.
enum Profile {
    static let definition = EntityDefinition(
        "profile", label: "Profile", plural: "Profiles",
        fields: [
            .text("profile_name", "Profile Name", maximumLength: 100).mandatory().unique(),
            .longtext("description", "Description"),
            .boolean("view_all", "View All").mandatory().defaulting(to: "false")
                .help("Reads every record of every entity."),
            .boolean("edit_all", "Edit All").mandatory().defaulting(to: "false")
                .help("Reads and edits every record of every entity; neither creates nor deletes."),
        ]
    )
    .labelled(by: "profile_name")
    .sorted(by: "profile_name")
    .listing("profile_name", "view_all", "edit_all")
    .administrative()

    /// What a profile permits with one entity, or, as entity `*`, with those that it does not name.
    ///
    /// A right to an entity whose module is not enabled sleeps until it is.
    static let right = EntityDefinition(
        "profile_right", label: "Profile Right", plural: "Profile Rights",
        fields: [
            .reference("profile", "Profile", to: "profile").mandatory(),
            .text("entity", "Entity", maximumLength: 60).mandatory(),
            .boolean("access", "Access").mandatory().defaulting(to: "true")
                .help("Whether the entity is there at all for people with this profile."),
            .longtext("verbs", "Verbs")
                .help("What may be done with it: names with a comma between them."),
        ]
    )
    .labelled(by: "entity")
    .sorted(by: "entity")
    .listing("profile", "entity", "access", "verbs")
    .administrative()

    /// A role's profile; a role's abilities are the union of all it has.
    static let ofRole = EntityDefinition(
        "role_profile", label: "Profile of a Role", plural: "Profiles of Roles",
        fields: [
            .reference("role", "Role", to: "role").mandatory(),
            .reference("profile", "Profile", to: "profile").mandatory(),
        ]
    )
    .labelled(by: "role", "profile")
    .sorted(by: "id")
    .listing("role", "profile")
    .administrative()

    /// Who sees a field: without a profile, the organisation's switch; with one, that profile's right.
    static let fieldAccess = EntityDefinition(
        "field_access", label: "Field Access", plural: "Field Access",
        fields: [
            .text("entity", "Entity", maximumLength: 60).mandatory(),
            // A value of a relation's links is RELATION.FIELD.
            .text("field", "Field", maximumLength: 121).mandatory(),
            .reference("profile", "Profile", to: "profile"),
            .boolean("visible", "Visible").mandatory().defaulting(to: "true"),
            .boolean("read_only", "Read Only").mandatory().defaulting(to: "false"),
        ]
    )
    .labelled(by: "entity", "field")
    .sorted(by: "entity", "field")
    .listing("entity", "field", "profile", "visible", "read_only")
    .administrative()

    static let entities = [definition, right, ofRole, fieldAccess]

    static let hooks = [
        Hook("one right per profile and entity", on: "profile_right", [.beforeCreate, .beforeUpdate]) {
            change, context throws(CRMError) in
            try VerbList.normalise(&change)
            try Twin.refuse(change, on: ["profile", "entity"], context)
        },
        Hook("a role has a profile once", on: "role_profile", [.beforeCreate, .beforeUpdate]) {
            change, context throws(CRMError) in
            try Twin.refuse(change, on: ["role", "profile"], context)
        },
        Hook("a field that is there", on: "field_access", [.beforeCreate, .beforeUpdate]) {
            change, context throws(CRMError) in
            let entity = change["entity"].text ?? ""
            try EntityName.require(entity, of: change.entity, context)
            let field = change["field"].text ?? ""
            // A value of a link is a field of the side that its relation goes out from.
            let ofLinks = context.relations(from: entity).flatMap { relation in
                relation.fields.map { "\(relation.name).\($0.name)" }
            }
            let known = try context.definition(of: entity).fields.map(\.name) + hideableSystemFields + ofLinks
            guard known.contains(field) else {
                throw .invalidRecord(
                    change.entity,
                    [
                        FieldProblem(
                            field: "field", code: "not_found",
                            message: "field \"\(field)\" of \"\(entity)\" does not exist or is always visible"
                        )
                    ])
            }
            try Twin.refuse(change, on: ["entity", "field", "profile"], context)
        },
    ]

    /// System fields that may be hidden; the others every answer needs.
    private static let hideableSystemFields = [
        "owner", "created_at", "created_by", "modified_at", "modified_by", "origin",
    ]
}

/// The list of verbs of a right, in one form: each once, in order of the alphabet, `, ` between them.
private enum VerbList {
    static func normalise(_ change: inout RecordChange) throws(CRMError) {
        guard let text = change["verbs"].text else { return }
        let names = Set(text.split { $0 == "," || $0 == " " }.map(String.init))
        if let odd = names.sorted().first(where: { !isName($0) }) {
            throw .invalidRecord(
                change.entity,
                [
                    FieldProblem(
                        field: "verbs", code: "format", message: "\"\(odd.prefix(60))\" is no name of a verb")
                ])
        }
        let form = names.sorted().joined(separator: ", ")
        if form != text { change["verbs"] = names.isEmpty ? .null : .text(form) }
    }

    private static func isName(_ text: String) -> Bool {
        text.utf8.count <= 60
            && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
    }
}

/// A text that names an entity.
enum EntityName {
    /// Refuses a name that no entity has, in the field `entity` of a record.
    static func require(
        _ name: String, of entity: String, _ context: any ModuleContext
    ) throws(CRMError) {
        guard !context.hasEntity(name) else { return }
        throw .invalidRecord(
            entity,
            [
                FieldProblem(
                    field: "entity", code: "not_found",
                    message: "entity \"\(name.prefix(60))\" does not exist")
            ])
    }
}

/// Another record that says something about the same things.
enum Twin {
    /// Refuses a second record with the same values in `fields`.
    static func refuse(
        _ change: RecordChange, on fields: [String], _ context: any ModuleContext
    ) throws(CRMError) {
        guard fields.contains(where: { change.isNew || change.changes($0) }) else { return }
        let same = fields.map { name in
            change[name].isNull ? Filter.where(name, .isEmpty) : .where(name, .equal, change[name])
        }
        let twins = try context.list(ListRequest(change.entity, where: .all(same), limit: 2))
        guard let twin = twins.first(where: { $0.id != change.id }) else { return }
        var error = CRMError(
            .duplicate, "\(change.entity) \(twin.id) is about the same \(fields.joined(separator: " and "))",
            hint: "Change that one.")
        error.candidates = [twin.id.description]
        throw error
    }
}
