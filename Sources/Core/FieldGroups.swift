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

    static let language = FieldDefinition("language", "Language", .text(maximumLength: 35))
        .help("Of documents for them: BCP 47, such as de.")

    /// Refuses a word that is no tag of a language, such as its name.
    static func languageHook(_ entity: String) -> Hook {
        Hook("language of a person", on: entity, [.beforeCreate, .beforeUpdate]) {
            change, _ throws(CRMError) in
            guard change.changes("language"), let tag = change["language"].text, !isLanguageTag(tag) else {
                return
            }
            throw .invalidRecord(
                entity,
                [
                    FieldProblem(
                        field: "language", code: "format",
                        message: "Language \"\(tag.prefix(40))\" is no tag such as de or pt-BR")
                ])
        }
    }

    /// BCP 47 as far as shape goes: two or three letters, then subtags of up to eight letters and digits.
    private static func isLanguageTag(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte & 0xDF) }
        guard let first = parts.first, (2...3).contains(first.count), first.allSatisfy(isLetter) else {
            return false
        }
        return parts.dropFirst().allSatisfy { part in
            (1...8).contains(part.count) && part.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) }
        }
    }

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
