import CRMSDK

/// What becomes of the work around a lead when it is converted.
///
/// | what | goes to |
/// |---|---|
/// | tasks, events | the potential, else the account, else the contact; the contact takes part |
/// | comments, tags | the contact, else the account; the lead keeps a link to its comments |
/// | documents | stay, and are linked with the account and the contact as well |
///
/// Sleeps without the Sales module. It is done with the module's rights, since colleagues' work moves too.
enum LeadSuccession {
    static let hooks = [Hook("follow_converted_lead", on: "lead", [.afterUpdate], follow)]

    /// Where comments were written that are about the contact or the account now.
    static let comments = RelationDefinition(
        "comment_lead", from: "comment", to: "lead", label: "Lead before conversion"
    ).inverse(label: "Comments before conversion")

    /// What a lead has become.
    private struct Heirs {
        let lead: RecordID
        let account, contact, potential: RecordID?

        init(_ change: RecordChange) {
            lead = change.id
            account = change["converted_account"].reference
            contact = change["converted_contact"].reference
            potential = change["converted_potential"].reference
        }

        /// To whom words and tags go.
        var person: RecordID? { contact ?? account }
        /// To what work goes.
        var matter: RecordID? { potential ?? account ?? contact }
    }

    @Sendable
    private static func follow(
        _ change: inout RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        guard change.changes("converted"), change["converted"] == true else { return }
        let heirs = Heirs(change)
        try context.elevated(reason: "work around a converted lead") { (context) throws(CRMError) in
            try moveWork(heirs, context)
            try moveComments(heirs, context)
            try moveTags(heirs, context)
            try shareDocuments(heirs, context)
        }
    }

    private static func moveWork(_ heirs: Heirs, _ context: any ModuleContext) throws(CRMError) {
        guard let matter = heirs.matter else { return }
        for entity in ["task", "event"] {
            try each(entity, "related_to", heirs.lead, context) { record throws(CRMError) in
                var values: [String: Value] = ["related_to": .reference(matter)]
                if let contact = heirs.contact, entity == "task", record["contact"].isNull {
                    values["contact"] = .reference(contact)
                }
                _ = try context.update(entity, record.id, values)
                guard let contact = heirs.contact, entity == "event" else { return }
                try context.link(record.id, "event_contact", to: contact)
            }
        }
    }

    private static func moveComments(_ heirs: Heirs, _ context: any ModuleContext) throws(CRMError) {
        guard let person = heirs.person else { return }
        try each("comment", "related_to", heirs.lead, context) { comment throws(CRMError) in
            _ = try context.update("comment", comment.id, ["related_to": .reference(person)])
            try context.link(comment.id, comments.name, to: heirs.lead)
        }
    }

    /// A tag that the heir has already only goes from the lead.
    private static func moveTags(_ heirs: Heirs, _ context: any ModuleContext) throws(CRMError) {
        guard let person = heirs.person else { return }
        try each("tagging", "record", heirs.lead, context) { tagging throws(CRMError) in
            let same = Filter.all([
                .where("record", .equal, .reference(person)), .where("tag", .equal, tagging["tag"]),
            ])
            if try context.count("tagging", where: same) > 0 {
                try context.delete("tagging", tagging.id)
            } else {
                _ = try context.update("tagging", tagging.id, ["record": .reference(person)])
            }
        }
    }

    private static func shareDocuments(_ heirs: Heirs, _ context: any ModuleContext) throws(CRMError) {
        let filed = Filter.where("related_to", .equal, .reference(heirs.lead))
        var documents = try context.list(ListRequest("document", where: filed, sort: ["id"], limit: 1000))
            .map(\.id)
        documents += try context.related(
            heirs.lead, RelatedRequest("document_lead", sort: ["id"], limit: 1000)
        ).map(\.record.id)
        for document in Set(documents).sorted() {
            if let account = heirs.account { try context.link(document, "document_account", to: account) }
            if let contact = heirs.contact { try context.link(document, "document_contact", to: contact) }
        }
    }

    /// Gives all records of an entity whose field names a record; `body` has them name another, or go.
    private static func each(
        _ entity: String, _ field: String, _ id: RecordID, _ context: any ModuleContext,
        _ body: (Record) throws(CRMError) -> Void
    ) throws(CRMError) {
        let request = ListRequest(
            entity, where: .where(field, .equal, .reference(id)), sort: ["id"], limit: 1000)
        while true {
            let found = try context.list(request)
            for record in found { try body(record) }
            if found.count < request.limit { return }
        }
    }

    /// Whether a record that was about `old` follows a converted lead when it is about `new`, or goes back to it.
    static func isFollowing(
        from old: Value, to new: Value, _ context: any ModuleContext
    ) throws(CRMError) -> Bool {
        guard context.hasEntity("lead"), !old.isNull, !new.isNull else { return false }
        for (lead, heir) in [(old, new), (new, old)] {
            let filter = Filter.all([.where("id", .equal, lead), .where("converted", .equal, true)])
            let found = try context.list(ListRequest("lead", where: filter, limit: 1)).first
            if let found, [found["converted_contact"], found["converted_account"]].contains(heir) {
                return true
            }
        }
        return false
    }
}
