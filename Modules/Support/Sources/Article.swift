import CRMSDK

/// A question and its answer in the knowledge base, entity `faq`: written once, reviewed, then shown to customers.
///
/// Has no owners' sharing: who may read the entity reads all of it. Changing what a published article says takes it
/// back to Draft, so that nothing unreviewed is ever shown outside.
enum Article {
    static let definition = EntityDefinition(
        "faq", label: "FAQ", plural: "FAQ",
        fields: [
            .longtext("question", "Question").mandatory(),
            .autonumber("faq_no", "FAQ number", "FAQ00000"),
            .longtext("answer", "Answer").mandatory(),
            .reference("product", "Product", to: "product").indexed(),
            .picklist("category", "Category", labels: ["General"]),
            .text("language", "Language", maximumLength: 35).help("BCP 47, such as en or pt-BR."),
        ] + publication
    )
    .labelled(by: "faq_no", "question")
    .sorted(by: "-modified_at")
    .listing("faq_no", "question", "status", "category", "product", "publish_date")
    .index("status", "modified_at")
    .sharing(.notShareable)

    static let hooks = [
        Hook("check_article_move", on: "faq", [.beforeUpdate], checkMove),
        Hook("review_changed_article", on: "faq", [.beforeUpdate], reviewAgain),
        Hook("date_publication", on: "faq", [.beforeCreate, .beforeUpdate], datePublication),
    ]

    private static let publication = FieldDefinition.section(
        "Publication",
        .picklist("status", "Status", statuses).mandatory().defaulting(to: "draft"),
        .picklist("audience", "Audience", labels: ["Internal", "Portal"]).mandatory()
            .defaulting(to: "internal").help("Who may see it once it is published."),
        .date("publish_date", "Published on").help("Set when the article is published, unless given."),
        .date("expires_on", "Expires on"))

    private static let statuses = [
        PicklistValue("Draft").stateClass("draft").next("reviewed", "obsolete").system(),
        PicklistValue("Reviewed").stateClass("reviewed").next("published", "draft", "obsolete").system(),
        PicklistValue("Published").stateClass("published").next("obsolete", "draft").system(),
        PicklistValue("Obsolete").stateClass("obsolete").next("draft").system(),
    ]

    @Sendable
    private static func checkMove(
        _ change: inout RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        try LifeCycle.checkMove(change, "status", in: try context.definition(of: "faq"), context)
    }

    /// What was reviewed is what is shown: another wording of it is a draft again.
    @Sendable
    private static func reviewAgain(
        _ change: inout RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        let isReviewed = ["reviewed", "published"].contains(change.old?["status"].text ?? "")
        let isReworded = change.changes("question") || change.changes("answer")
        if isReviewed, isReworded, change["status"] != "obsolete" { change["status"] = "draft" }
    }

    @Sendable
    private static func datePublication(
        _ change: inout RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        let today = context.now.dateInUTC
        if change.changes("status"), change["status"] == "published", !change.given.contains("publish_date") {
            change["publish_date"] = .date(today)
        }
        try FieldRules.check(
            change, "publish_date", notAfter: "expires_on", in: try context.definition(of: "faq"))
    }
}
