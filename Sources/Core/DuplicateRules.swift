import CRMSDK

/// When two records of an entity mean the same: the fields in which both agree, and what is done about it.
///
/// The fields of one rule belong together, the rules of an entity stand beside each other: records are duplicates where
/// any rule finds all of its fields alike. Which fields and forms fit is checked by the kernel when a rule is saved.
enum DuplicateRules {
    static let definition = EntityDefinition(
        "duplicate_rule", label: "Duplicate Rule", plural: "Duplicate Rules",
        fields: [
            .text("rule_name", "Name", maximumLength: 100).mandatory().unique(),
            .text("entity", "Entity", maximumLength: 60).mandatory(),
            .text("fields", "Fields").mandatory().help(
                "Field names with a comma between them, each perhaps with the form in which it is compared: "
                    + "account_name:name, email. Forms are text, name, email, phone, host and exact."),
            .picklist(
                "action", "Action",
                [
                    PicklistValue("allow", "Allow").system(), PicklistValue("warn", "Warn").system(),
                    PicklistValue("block", "Block").system(),
                ]
            ).mandatory().defaulting(to: "warn").help(
                "Warn refuses a new record until its maker says that it is none; block refuses it always."),
            .boolean("on_update", "Also on Change").mandatory().defaulting(to: "false")
                .help("Whether a change that makes a record like another is refused as a new one is."),
            .boolean("active", "Active").mandatory().defaulting(to: "true"),
        ]
    )
    .labelled(by: "rule_name")
    .sorted(by: "entity", "id")
    .listing("rule_name", "entity", "fields", "action", "on_update", "active")
    .administrative()

    /// What every installation begins with; change them, or switch them off.
    static let fixtures = [
        rule("duplicate_contact_email", "Contact by e-mail", "contact", "email"),
        rule("duplicate_account_name", "Account by name", "account", "account_name:name"),
        rule("duplicate_account_website", "Account by website", "account", "website"),
    ]

    private static func rule(_ key: String, _ name: String, _ entity: String, _ fields: String) -> Fixture {
        Fixture(
            key, "duplicate_rule",
            [
                "rule_name": .text(name), "entity": .text(entity), "fields": .text(fields), "action": "warn",
                "active": true,
            ])
    }
}
