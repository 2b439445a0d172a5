import CRMSDK

/// A real person, usually at an account.
enum Contact {
    static let definition = EntityDefinition(
        "contact", label: "Contact", plural: "Contacts",
        fields: [
            FieldGroups.salutation,
            .text("first_name", "First Name", maximumLength: 100).indexed(),
            .text("last_name", "Last Name", maximumLength: 100).mandatory().indexed(),
            .autonumber("contact_no", "Contact Number", "CON00000"),
            .reference("account", "Account", to: "account"),
            .reference("reports_to", "Reports To", to: "contact"),
            .text("title", "Title", maximumLength: 100),
            .text("department", "Department", maximumLength: 100),
            .text("assistant", "Assistant", maximumLength: 100),
            .email("email", "E-mail").indexed(),
            .email("secondary_email", "Secondary E-mail"),
            .phone("phone", "Phone"),
            .phone("mobile", "Mobile"),
            .phone("home_phone", "Home Phone"),
            .phone("other_phone", "Other Phone"),
            .phone("fax", "Fax"),
            .phone("assistant_phone", "Assistant Phone"),
            FieldGroups.leadSource,
            FieldGroups.language,
            .date("birthday", "Birthday"),
            .boolean("do_not_call", "Do Not Call"),
            .boolean("email_opt_out", "E-mail Opt Out").help("Excluded from mass mail."),
            .boolean("reference", "Reference").help("Agrees to be named to others as a customer."),
            .boolean("notify_owner", "Notify Owner"),
            .boolean("portal_user", "Portal User").help("May log in to the customer portal."),
            .date("support_start_date", "Support Start"),
            .date("support_end_date", "Support End"),
        ] + FieldGroups.address("mailing", "Mailing") + FieldGroups.address("other", "Other") + [
            .longtext("description", "Description")
        ]
    )
    .labelled(by: "first_name", "last_name")
    .sorted(by: "last_name", "first_name")
    .listing("first_name", "last_name", "title", "account", "email", "phone", "owner")

    static let hooks = [
        FieldGroups.languageHook("contact"),
        Hook("reports to without cycle", on: "contact", [.beforeCreate, .beforeUpdate]) {
            change, context throws(CRMError) in
            try ReferenceChain.refuseCycle(change, through: "reports_to", context)
        },
        Hook("dates of a contact", on: "contact", [.beforeCreate, .beforeUpdate]) {
            change, context throws(CRMError) in
            var problems: [FieldProblem] = []
            if let birthday = change["birthday"].date, birthday > context.now.dateInUTC.adding(days: 1) {
                problems.append(
                    FieldProblem(
                        field: "birthday", code: "range", message: "Birthday \(birthday) is in the future"))
            }
            if let start = change["support_start_date"].date, let end = change["support_end_date"].date,
                end < start
            {
                problems.append(
                    FieldProblem(
                        field: "support_end_date", code: "range",
                        message: "Support End \(end) is before Support Start \(start)"))
            }
            guard problems.isEmpty else { throw .invalidRecord("contact", problems) }
        },
    ]
}
