import CRMSDK

/// A form by which people without an account tell the company who they are: which fields it asks for, as whom what they
/// send is written, and what is held against it.
///
/// An administrator makes it; it is closed until `active`. Its address is its public id, which is chance and stays.
enum WebForm {
    static let definition = EntityDefinition(
        "web_form", label: "Web form", plural: "Web forms",
        fields: form + page + acceptance + guards
    )
    .labelled(by: "name")
    .sorted(by: "name")
    .listing("form_no", "name", "public_id", "active", "target_entity", "run_as", "assign_to")
    .administrative()

    /// What the form asks for, in order.
    static let fieldDefinition = EntityDefinition.line(
        "web_form_field", of: "web_form", label: "Form field", plural: "Form fields",
        fields: [
            .text("field", "Field", maximumLength: 60).mandatory().help(
                "The target's field, such as last_name."),
            .text("label", "Label", maximumLength: 120).help(
                "What the visitor reads; empty: the field's own."),
            .boolean("required", "Required"),
            .boolean("hidden", "Hidden").help(
                "Not shown and never taken from the visitor: always the default."),
            .text("default_value", "Default", maximumLength: 250)
                .help("What stands there at first; of a hidden field what is written."),
        ])

    static let gate = PublicGate(
        "web_form", actions: [FormSubmission.action.name, FormConfirmation.action.name],
        reach: ["web_submission", "lead", "comment", "campaign"],
        answer: .object(["accepted": .value(true)]),
        page: .init(show: FormPage.action.name, send: FormSubmission.action.name))

    static let hooks = [
        Hook("name_web_form", on: "web_form", [.beforeCreate], giveName),
        Hook(
            "check_web_form", on: "web_form", [.beforeCreate, .beforeUpdate, .beforeRestore], FormCheck.check),
    ]

    private static let form: [FieldDefinition] = [
        .autonumber("form_no", "Form number", "FRM00000"),
        .text("name", "Name", maximumLength: 120).mandatory().indexed(),
        .text("public_id", "Public id", maximumLength: 64).unique().readOnly()
            .help("The form's address is /forms/ and this."),
        .boolean("active", "Active").help("Off, nothing can be sent."),
        .picklist(
            "target_entity", "Becomes", FormTarget.all.map { PicklistValue($0.entity, $0.label).system() }
        )
        .mandatory().defaulting(to: FormTarget.all[0].entity),
        .lines("form_fields", "Fields", of: "web_form_field"),
        .reference("run_as", "Acts as", to: "user").mandatory()
            .help("As whom what is sent is written: a user who may do little else."),
        .reference("assign_to", "Assigned to", to: "user", "group").help("The owner; empty: who it acts as."),
        .reference("campaign", "Campaign", to: "campaign"),
    ]

    private static let page = FieldDefinition.section(
        "Page",
        .text("title", "Title", maximumLength: 120).help("Above the form; empty: its name."),
        .longtext("introduction", "Introduction"),
        .text("button", "Button", maximumLength: 60).help("Empty: Send."),
        .longtext("thanks", "Thanks").help("What is shown afterwards where there is no return address."),
        .url("return_url", "Return address").help("Where the browser goes afterwards; https."),
        .longtext("consent_text", "Consent text")
            .help("What the visitor must tick; kept with what they send, as it reads then."))

    private static let acceptance = FieldDefinition.section(
        "What is sent",
        .picklist(
            "duplicate_rule", "Somebody known",
            [
                PicklistValue("create", "Create another").system(),
                PicklistValue("comment", "Comment on it").system(),
                PicklistValue("update", "Update it").system(),
            ]
        ).mandatory().defaulting(to: "comment")
            .help(
                "Known by e-mail, to the user whom it acts as. Updating lets whoever knows an address change that lead, unless it is confirmed by e-mail."
            ),
        .boolean("double_opt_in", "Confirmed by e-mail")
            .help("Nothing is made until the visitor follows a link that you send them."),
        .integer("retention_days", "Kept for days").range("1", "3650").mandatory().defaulting(to: "180")
            .help("Then consent, address and what was sent are destroyed; what was made of it stays."))

    private static let guards = FieldDefinition.section(
        "Guards",
        .longtext("allowed_domains", "Allowed domains")
            .help(
                "Of the pages that may send it, separated by spaces: example.com *.example.com; empty: any."),
        .boolean("programs", "Taken from programs")
            .help("Also by JSON-RPC, without domain, time and trap."),
        .integer("minimum_seconds", "Seconds at least").range("0", "600").mandatory().defaulting(to: "3")
            .help("Between the page and its sending; 0: the page may be one of yours, too."),
        .text("honeypot", "Trap", maximumLength: 40).mandatory().defaulting(to: "contact_fax")
            .help("A field that nobody sees: who fills it in is a machine."),
        .integer("hourly_limit", "An hour").range("1", "100000").mandatory()
            .defaulting(to: "\(PublicGate.defaultHourlyLimit)").help("From everyone together."),
        .integer("address_hourly_limit", "An hour from one address").range("1", "10000").mandatory()
            .defaulting(to: "\(PublicGate.defaultAddressLimit)"))

    @Sendable
    private static func giveName(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError)
    {
        change["public_id"] = .text(Chance.text())
    }
}

/// Text that nobody can guess.
enum Chance {
    private static let characters = Array("abcdefghijkmnopqrstuvwxyz23456789")

    /// 26 characters, 130 bits of the system's chance.
    static func text() -> String {
        var system = SystemRandomNumberGenerator()
        return String((0..<26).map { _ in characters[Int.random(in: 0..<32, using: &system)] })
    }
}
