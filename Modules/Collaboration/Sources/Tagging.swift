import CRMSDK

/// A tag on a record, of any entity. Who put it there and when is in `created_by` and `created_at`.
enum Tagging {
    static let definition = EntityDefinition(
        "tagging", label: "Tagging", plural: "Taggings",
        fields: [
            .reference("tag", "Tag", to: "tag").mandatory().indexed(),
            .reference("record", "Record").mandatory().indexed(),
        ]
    )
    .labelled(by: "tag", "record")
    .sorted(by: "-created_at")
    .listing("tag", "record", "created_by", "created_at")
    .index("record", "tag")

    static let hooks = [
        Hook(
            "keep_personal_tag", on: "tagging", [.beforeCreate, .beforeDelete, .beforeRestore], keepPersonal),
        Hook("keep_tagging_unique", on: "tagging", [.beforeCreate, .beforeRestore], keepUnique),
        Hook("keep_tagging", on: "tagging", [.beforeUpdate], keep),
    ]

    /// A personal tag is put on records, and taken off them, by its owner.
    @Sendable
    private static func keepPersonal(
        _ change: inout RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        guard let id = change["tag"].reference, !context.caller.isAdministrator else { return }
        let tag = try context.get("tag", id)
        guard tag["scope"] != "personal" || tag["owner"] == .reference(context.caller.user) else {
            throw CRMError(.forbidden, "tag \"\(tag["name"].text ?? "")\" is somebody else's personal tag")
        }
    }

    /// A tag is on a record once.
    @Sendable
    private static func keepUnique(
        _ change: inout RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        let filter = Filter.all([
            .where("tag", .equal, change["tag"]), .where("record", .equal, change["record"]),
            .where("id", .notEqual, .reference(change.id)),
        ])
        let isThere = try context.elevated(reason: "unique tagging") { (context) throws(CRMError) in
            try context.count("tagging", where: filter) > 0
        }
        guard !isThere else {
            let record = change["record"].reference?.description ?? ""
            throw CRMError(.duplicate, "record \(record) has this tag already")
        }
    }

    /// A tagging stays as it is, but that it follows a lead into what it has become.
    @Sendable
    private static func keep(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError) {
        for field in ["tag", "record"] where change.changes(field) {
            let old = change.old?[field] ?? .null
            if try LeadSuccession.isFollowing(from: old, to: change[field], context) { continue }
            throw FieldRules.problem(change, field, "a tagging cannot be changed")
        }
    }
}
