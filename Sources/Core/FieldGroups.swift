import CRMSDK

/// Groups of fields that several entities share.
enum FieldGroups {
    /// Street, city, state, postal code, country and PO box.
    static func address(_ prefix: String, _ label: String) -> [FieldDefinition] {
        let street = FieldDefinition("\(prefix)_street", "\(label) Street", .text(maximumLength: 250))
        return
            ([street]
            + [
                ("city", "City"), ("state", "State"), ("postal_code", "Postal Code"), ("country", "Country"),
                ("po_box", "PO Box"),
            ]
            .map { FieldDefinition("\(prefix)_\($0.0)", "\(label) \($0.1)", .text(maximumLength: 150)) })
            .map { $0.section("\(label) Address") }
    }

    static let salutation = FieldDefinition.picklist(
        "salutation", "Salutation",
        [
            PicklistValue("mr", "Mr."), PicklistValue("ms", "Ms."), PicklistValue("mrs", "Mrs."),
            PicklistValue("dr", "Dr."), PicklistValue("prof", "Prof."),
        ])

    static let leadSource = FieldDefinition.picklist(
        "lead_source", "Lead Source",
        labels: [
            "Cold Call", "Existing Customer", "Self Generated", "Employee", "Partner", "Public Relations",
            "Direct Mail", "Conference", "Trade Show", "Web Site", "Word of mouth", "Other",
        ])
}

/// The check that a chain of references of one entity to itself has no cycle.
enum ReferenceChain {
    /// Refuses a record that would come to stand above itself. Walks at most `limit` steps up.
    static func refuseCycle(
        _ change: RecordChange, through field: String, _ context: any ModuleContext, limit: Int = 200
    ) throws(CRMError) {
        guard change.changes(field) else { return }
        var next = change[field].reference
        for _ in 0..<limit {
            guard let id = next else { return }
            guard id != change.id else {
                throw .invalidRecord(
                    change.entity,
                    [
                        FieldProblem(
                            field: field, code: "rule",
                            message:
                                "\(change.entity) \(change.id) cannot stand above itself through \(field)")
                    ])
            }
            next = try context.elevated(reason: "walk up \(field)") { context throws(CRMError) in
                try above(id, change.entity, field, context)
            }
        }
        throw CRMError(
            .limitExceeded,
            "the chain of \(field) above \(change.entity) \(change.id) is longer than \(limit)")
    }

    /// What a record names above itself; a record in the recycle bin ends the chain.
    private static func above(
        _ id: RecordID, _ entity: String, _ field: String, _ context: any ModuleContext
    ) throws(CRMError) -> RecordID? {
        do {
            return try context.get(entity, id)[field].reference
        } catch {
            guard error.kind == .notFound else { throw error }
            return nil
        }
    }
}
