import CRMSDK

/// Who we are, as it stands on what we send out: one record, which an administrator writes.
enum Company {
    static let definition = EntityDefinition(
        "company", label: "Company", plural: "Company",
        fields: [
            .text("company_name", "Name").mandatory(), .text("street", "Street"),
            .text("postal_code", "Postal code", maximumLength: 40), .text("city", "City", maximumLength: 150),
            .text("state", "State", maximumLength: 150), .text("country", "Country", maximumLength: 150),
            .phone("phone", "Phone"), .email("email", "E-mail"), .url("website", "Website"),
            .text("tax_number", "Tax number", maximumLength: 60),
            .text("registration_number", "Registration number", maximumLength: 100),
            .text("bank_account", "Bank account").help("As your customers need it: bank, IBAN, BIC."),
            .longtext("logo", "Logo")
                .help(
                    "A PNG, JPEG, GIF or WebP picture as a data URL: data:image/png;base64,…; 48 KB at most."),
            .picklist(
                "paper", "Paper",
                [PicklistValue("a4", "A4").system(), PicklistValue("letter", "Letter").system()]
            )
            .mandatory().defaulting(to: "a4"),
        ]
    )
    .labelled(by: "company_name")
    .sorted(by: "company_name")
    .listing("company_name", "city", "country", "tax_number")
    .administrative()

    static let hooks = [
        Hook("one company", on: "company", [.beforeCreate, .beforeUpdate, .beforeRestore]) {
            change, context throws(CRMError) in
            let others = Filter.where("id", .notEqual, .reference(change.id))
            guard try context.count("company", where: others) == 0 else {
                throw CRMError(.duplicate, "the company is described already", hint: "Change that record.")
            }
            guard let logo = change["logo"].text, !PrintedPage.isPicture(logo) else { return }
            var error = CRMError(.invalidRecord, "company is not valid: logo")
            error.fields = [
                FieldProblem(
                    field: "logo", code: "format",
                    message:
                        "Logo must be a PNG, JPEG, GIF or WebP picture as a data URL: data:image/png;base64,…"
                )
            ]
            throw error
        }
    ]

    /// Read with the kernel's rights: what stands on our paper is no secret.
    static func read(_ context: any ModuleContext) throws(CRMError) -> Record? {
        try context.elevated(reason: "the company on a printed document") { (context) throws(CRMError) in
            try context.list(ListRequest("company", limit: 1)).first
        }
    }
}
