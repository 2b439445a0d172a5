import CRMSDK

/// What somebody said about a record. It stays theirs: nobody else changes the words, and an edit is marked.
enum Comment {
    static let definition = EntityDefinition(
        "comment", label: "Comment", plural: "Comments",
        fields: [
            .longtext("body", "Comment").mandatory(),
            RelatedTo.field.mandatory(),
            .reference("parent_comment", "In reply to", to: "comment").indexed(),
            .reference("author", "Author", to: "user", "contact").readOnly().indexed(),
            .boolean("internal", "Internal").help("Hidden from customers in the portal."),
            .datetime("edited_at", "Edited at").readOnly(),
            .text("edit_reason", "Reason of the edit"),
        ]
    )
    .labelled(by: "body")
    .sorted(by: "-created_at")
    .listing("body", "author", "related_to", "internal", "created_at", "edited_at")
    .index("related_to", "created_at")
    .sharing(.private)

    static let hooks = [
        Hook("sign_comment", on: "comment", [.beforeCreate], sign),
        Hook("keep_comment_in_place", on: "comment", [.beforeCreate, .beforeUpdate], keepInPlace),
        Hook("mark_edited_comment", on: "comment", [.beforeUpdate], markEdit),
    ]

    @Sendable
    private static func sign(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError) {
        if change["author"].isNull {
            change["author"] = .reference(context.caller.contact ?? context.caller.user)
        }
    }

    /// A comment stays with its record, or follows a lead into what it has become, and a reply stays with the record of
    /// the comment that it answers.
    @Sendable
    private static func keepInPlace(
        _ change: inout RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        for field in ["related_to", "parent_comment"] where !change.isNew && change.changes(field) {
            let old = change.old?[field] ?? .null
            if try LeadSuccession.isFollowing(from: old, to: change[field], context) { continue }
            throw FieldRules.problem(change, field, "a comment cannot be moved to another place")
        }
        guard change.isNew, let parent = change["parent_comment"].reference else { return }
        guard try context.get("comment", parent)["related_to"] == change["related_to"] else {
            throw FieldRules.problem(
                change, "parent_comment", "a reply is about the same record as the comment that it answers")
        }
    }

    @Sendable
    private static func markEdit(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError)
    {
        guard change.changes("body") else { return }
        guard change.old?["author"] == .reference(context.caller.user) || context.caller.isAdministrator
        else {
            throw CRMError(
                .forbidden, "comment \(change.id) can be changed by its author only",
                hint: "Answer it with a comment of your own.")
        }
        change["edited_at"] = .instant(context.now)
    }
}
