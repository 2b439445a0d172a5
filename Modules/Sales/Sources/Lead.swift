import CRMSDK

/// An interest that nobody has qualified yet: a person and a company in one flat record, outside the customer base.
///
/// Open under any status until `sales.convert_lead` turns it into an account, a contact and perhaps a potential.
/// From then on it is history: only an administrator changes it.
enum Lead {
    static let definition = EntityDefinition(
        "lead", label: "Lead", plural: "Leads",
        fields: person + company + reachability + address + qualification + conversion
    )
    .labelled(by: "first_name", "last_name", "company")
    .listing("last_name", "first_name", "company", "email", "phone", "lead_status", "owner")
    .index("converted", "lead_status")
    .index("owner", "converted")

    static let hooks = [
        Hook("keep_converted_lead", on: "lead", [.beforeUpdate], keepConverted)
    ]

    /// Who enters a lead is asked whether it is the one that is there already.
    static let fixtures = [
        Fixture(
            "duplicate_lead_email", "duplicate_rule",
            [
                "rule_name": "Lead by e-mail", "entity": "lead", "fields": "email", "action": "warn",
                "active": true,
            ])
    ]

    private static let person: [FieldDefinition] = [
        .autonumber("lead_no", "Lead number", "LEA00000"),
        .picklist("salutation", "Salutation", labels: SharedFields.salutations),
        .text("first_name", "First name"),
        .text("last_name", "Last name").mandatory().indexed(),
        .text("designation", "Job title"),
    ]

    private static let company: [FieldDefinition] = [
        .text("company", "Company").mandatory().indexed(),
        .url("website", "Website"),
        .picklist("industry", "Industry", labels: SharedFields.industries),
        .picklist("rating", "Rating", labels: SharedFields.ratings),
        .money("annual_revenue", "Annual revenue"),
        .integer("employees", "Employees").range("0", nil),
    ]

    private static let reachability: [FieldDefinition] = [
        .email("email", "E-mail").indexed(),
        .email("secondary_email", "Secondary e-mail"),
        .phone("phone", "Phone"),
        .phone("mobile", "Mobile"),
        .phone("fax", "Fax"),
    ]

    private static let address = FieldDefinition.section(
        "Address",
        .text("street", "Street", maximumLength: 250),
        .text("city", "City", maximumLength: 150),
        .text("state", "State", maximumLength: 150),
        .text("postal_code", "Postal code", maximumLength: 150),
        .text("country", "Country", maximumLength: 150),
        .text("po_box", "PO box", maximumLength: 150))

    private static let qualification: [FieldDefinition] = [
        SharedFields.leadSource,
        .picklist(
            "lead_status", "Lead status",
            labels: [
                "Attempted to Contact", "Cold", "Contact in Future", "Contacted", "Hot", "Junk Lead",
                "Lost Lead", "Not Contacted", "Pre Qualified", "Qualified", "Warm",
            ]),
        .longtext("description", "Description"),
    ]

    private static let conversion = FieldDefinition.section(
        "Conversion",
        .boolean("converted", "Converted"),
        .datetime("converted_at", "Converted at"),
        .reference("converted_by", "Converted by", to: "user"),
        .reference("converted_account", "Account", to: "account"),
        .reference("converted_contact", "Contact", to: "contact"),
        .reference("converted_potential", "Potential", to: "potential")
    ).map { $0.readOnly() }

    @Sendable
    private static func keepConverted(
        _ change: inout RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        guard let old = change.old, old["converted"] == true, !context.caller.isAdministrator else {
            return
        }
        let name = old["lead_no"].text ?? change.id.description
        throw CRMError(
            .forbidden, "lead \"\(name)\" is converted and cannot be changed",
            hint: "Change the account, the contact or the potential that it became.")
    }
}
