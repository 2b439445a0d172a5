import CRMSDK

/// Which field of a lead becomes which field of the records that it is converted into.
///
/// The table that ships (every target exists and takes the lead's kind of value: a test holds it to that), and over it
/// what an administrator says: see `LeadMappingRow`.
struct LeadMapping {
    /// The administrator's, by target and target field: the lead's field, or nil for one that stays empty.
    private let changed: [String: [String: String?]]

    /// Reads with the module's rights: who converts a lead need not be somebody who may see how.
    init(_ context: any ModuleContext) throws(CRMError) {
        let rows = try context.elevated(reason: "mapping of leads") { (context) throws(CRMError) in
            try context.list(ListRequest("lead_mapping", limit: 1000))
        }
        var changed: [String: [String: String?]] = [:]
        for row in rows {
            guard let target = row["target"].text, let field = row["target_field"].text,
                try context.definition(of: target).fields.contains(where: { $0.name == field })
            else { continue }
            changed[target, default: [:]][field] = .some(row["active"] == true ? row["lead_field"].text : nil)
        }
        self.changed = changed
    }

    struct Row: Sendable {
        let lead: String
        var account: [String] = []
        var contact: String?
        var potential: String?
    }

    static let rows: [Row] = [
        Row(lead: "company", account: ["account_name"], potential: "potential_name"),
        Row(lead: "salutation", contact: "salutation"),
        Row(lead: "first_name", contact: "first_name"),
        Row(lead: "last_name", contact: "last_name"),
        Row(lead: "designation", contact: "title"),
        Row(lead: "email", account: ["email"], contact: "email"),
        Row(lead: "secondary_email", contact: "secondary_email"),
        Row(lead: "phone", account: ["phone"], contact: "phone"),
        Row(lead: "fax", account: ["fax"], contact: "fax"),
        Row(lead: "mobile", contact: "mobile"),
        Row(lead: "website", account: ["website"]),
        Row(lead: "industry", account: ["industry"]),
        Row(lead: "rating", account: ["rating"]),
        Row(lead: "employees", account: ["employees"]),
        Row(lead: "annual_revenue", account: ["annual_revenue"]),
        address("street"), address("city"), address("state"), address("postal_code"), address("country"),
        address("po_box"),
        Row(lead: "lead_source", contact: "lead_source", potential: "lead_source"),
        Row(lead: "description", account: ["description"], contact: "description", potential: "description"),
    ]

    /// The values that a lead brings to a new record of `entity`: those that it has and the caller may see.
    func values(of lead: Record, for entity: String) -> [String: Value] {
        var values: [String: Value] = [:]
        let changed = changed[entity] ?? [:]
        for row in Self.rows {
            for target in Self.targets(of: row, in: entity) where changed[target] == nil {
                values[target] = lead[row.lead]
            }
        }
        for (target, source) in changed { values[target] = source.map { lead[$0] } }
        return values.filter { !$0.value.isNull }
    }

    private static func targets(of row: Row, in entity: String) -> [String] {
        switch entity {
        case "account": row.account
        case "contact": row.contact.map { [$0] } ?? []
        case "potential": row.potential.map { [$0] } ?? []
        default: []
        }
    }

    private static func address(_ part: String) -> Row {
        Row(lead: part, account: ["billing_\(part)", "shipping_\(part)"], contact: "mailing_\(part)")
    }
}
