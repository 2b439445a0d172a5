import CRMSDK

/// A word that people put on records. A shared one is everybody's, a personal one its owner's alone to use; it is kept
/// apart, not secret.
///
/// Names are compared folded, so that `VIP`, `vip` and `Vip` are one tag. A shared name is there once, a personal one
/// once for each owner.
enum Tag {
    static let definition = EntityDefinition(
        "tag", label: "Tag", plural: "Tags",
        fields: [
            .text("name", "Name", maximumLength: 50).mandatory().indexed(),
            .picklist("scope", "Scope", labels: ["Personal", "Shared"]).mandatory().defaulting(to: "shared"),
        ]
    )
    .labelled(by: "name")
    .sorted(by: "name")
    .listing("name", "scope", "owner")
    .index("scope", "name")
    .sharing(.publicRead)

    static let hooks = [
        Hook("keep_tag_unique", on: "tag", [.beforeCreate, .beforeUpdate, .beforeRestore], keepUnique),
        Hook("clear_tag", on: "tag", [.beforeDelete], clear),
    ]

    /// Asked inside the unit of work, of which there is one at a time: nobody can slip in between.
    @Sendable
    private static func keepUnique(
        _ change: inout RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        var conditions: [Filter] = [
            .where("name", .equal, change["name"]), .where("scope", .equal, change["scope"]),
            .where("id", .notEqual, .reference(change.id)),
        ]
        if change["scope"] == "personal" { conditions.append(.where("owner", .equal, change["owner"])) }
        let filter = Filter.all(conditions)
        let isTaken = try context.elevated(reason: "unique tag") { (context) throws(CRMError) in
            try context.count("tag", where: filter) > 0
        }
        guard !isTaken else {
            throw CRMError(
                .duplicate,
                "there is a \(change["scope"].text ?? "") tag \"\(change["name"].text ?? "")\" already")
        }
    }

    /// A tag that goes takes its taggings along.
    @Sendable
    private static func clear(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError) {
        let request = ListRequest("tagging", where: .where("tag", .equal, .reference(change.id)), limit: 1000)
        try context.elevated(reason: "taggings of a deleted tag") { (context) throws(CRMError) in
            while true {
                let taggings = try context.list(request)
                for tagging in taggings { try context.delete("tagging", tagging.id) }
                if taggings.count < request.limit { return }
            }
        }
    }
}
