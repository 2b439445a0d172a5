import CRMSDK

/// A company that things are bought from.
enum Vendor {
    static let definition = EntityDefinition(
        "vendor", label: "Vendor", plural: "Vendors",
        fields: [
            .text("vendor_name", "Vendor name").mandatory().indexed(),
            .autonumber("vendor_no", "Vendor number", "VEN00000"),
            .email("email", "E-mail").indexed(),
            .phone("phone", "Phone"),
            .url("website", "Website"),
            .text("language", "Language", maximumLength: 35).help(
                "Of documents for them: BCP 47, such as de."),
            .text("category", "Category"),
            .picklist("gl_account", "General ledger account", Accounts.values),
        ] + Address.fields(nil, "Address") + [.longtext("description", "Description")]
    )
    .labelled(by: "vendor_name")
    .sorted(by: "vendor_name")
    .listing("vendor_no", "vendor_name", "category", "email", "phone", "city", "owner")

    static let relations = [
        RelationDefinition("vendor_contact", from: "vendor", to: "contact", label: "Contacts")
            .inverse(label: "Vendors")
    ]

    static let hooks = [
        Hook("keep_vendor_of_orders", on: "vendor", [.beforeDelete], keep)
    ]

    /// An order says from whom something was bought; that stays true.
    @Sendable
    private static func keep(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError) {
        let id = change.id
        let count = try context.elevated(reason: "orders of a vendor") { (context) throws(CRMError) in
            try context.count("purchase_order", where: .where("vendor", .equal, .reference(id)))
        }
        guard count == 0 else {
            throw CRMError(
                .invalidRecord,
                "vendor \"\(change.old?["vendor_name"].text ?? "")\" cannot be deleted: purchase orders name it",
                hint: "Delete its \(count) purchase orders first, or keep it.")
        }
    }
}
