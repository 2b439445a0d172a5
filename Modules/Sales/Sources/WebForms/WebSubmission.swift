import CRMSDK

/// What came in by a form, and what became of it: the consent that was given, when and from where. The module alone
/// writes it, and after the form's days it is destroyed, with what the change log says of it.
///
/// What was typed stands in it only until it has become a record: while it waits to be confirmed, or where it could not
/// be written.
enum WebSubmission {
    static let definition = EntityDefinition(
        "web_submission", label: "Web submission", plural: "Web submissions",
        fields: ([
            .autonumber("submission_no", "Submission number", "SUB00000"),
            .reference("form", "Form", to: "web_form").mandatory().indexed(),
            .picklist("state", "State", states).mandatory().indexed(),
            .reference("record", "Became", to: FormTarget.all[0].entity).indexed(),
            .text("problem", "Problem"),
            .lines("answers", "Answers", of: "web_answer"),
            .longtext("consent_text", "Consent text"),
            .datetime("consented_at", "Consented at"),
            .text("address", "Address", maximumLength: 60),
            .text("page", "Page").help("The origin of the page that sent it, as the browser said."),
            .text("ticket", "Ticket", maximumLength: 60).unique().searchable(false),
            .text("confirm_key", "Key of the confirmation", maximumLength: 60).unique()
                .searchable(false),
            .datetime("confirmed_at", "Confirmed at"),
            .text("confirmed_address", "Confirmed from", maximumLength: 60),
            .datetime("forget_at", "Destroyed at").mandatory().indexed(),
        ] as [FieldDefinition]).map { $0.readOnly() }
    )
    .labelled(by: "submission_no")
    .sorted(by: "-created_at")
    .listing("submission_no", "form", "state", "record", "problem", "created_at", "forget_at")
    .sharing(.private)

    static let answerDefinition = EntityDefinition.line(
        "web_answer", of: "web_submission", label: "Answer", plural: "Answers",
        fields: [
            .text("field", "Field", maximumLength: 60).mandatory().readOnly(),
            .longtext("answer", "Answer").readOnly(),
        ])

    static let job = Job("forget_web_submissions", everySeconds: 3_600, find: findOver) {
        id, context throws(CRMError) in
        try context.purge("web_submission", id)
    }

    private static let states = [
        PicklistValue("waiting", "Waits to be confirmed").system(),
        PicklistValue("created", "Created").system(),
        PicklistValue("updated", "Updated").system(), PicklistValue("commented", "Commented").system(),
        PicklistValue("failed", "Could not be written").system(),
    ]

    @Sendable
    private static func findOver(_ context: any ModuleContext) throws(CRMError) -> [RecordID] {
        let over = Filter.where("forget_at", .lessOrEqual, .instant(context.now))
        return try context.list(ListRequest("web_submission", where: over, sort: ["forget_at"], limit: 1000))
            .map(\.id)
    }

    /// The answers, by field.
    static func texts(of submission: Record) -> [String: String] {
        var texts: [String: String] = [:]
        for line in submission.lines("answers") {
            if let field = line["field"].text { texts[field] = line["answer"].text }
        }
        return texts
    }

    static func lines(_ entries: FormEntries) -> Value {
        .lines(
            entries.texts.sorted { $0.key < $1.key }.map {
                Line(["field": .text($0.key), "answer": .text($0.value)])
            })
    }
}
