import CRMSDK

/// `sales.convert_lead`: makes a lead an account and a contact, and a potential where the request describes one.
///
/// In one unit of work: find or make the account, find or make the contact, make the potential, mark the lead.
/// Everything that could be missing is listed before anything is written. All of it happens with the caller's
/// rights: who may not create accounts cannot do it by way of a lead.
///
/// What other modules keep about a lead (activities, campaign membership, tags) they move themselves, in a hook
/// on the lead that sees `converted` become true: Sales knows none of them.
enum LeadConversion {
    static let action = Action(
        "convert_lead", .writes,
        summary: "Turns a lead into an account and a contact, and into a potential if one is described.",
        description: """
            An account of exactly the company's name, and a contact with the lead's e-mail address, are reused; \
            several candidates are refused with their ids. Values in the request beat those mapped from the lead. \
            Refused with the list of missing fields, and for a lead that is converted already.
            """,
        parameters: [
            Parameter("lead", .id(of: "lead"), "The lead to convert.", required: true),
            Parameter("account", choice(of: "account"), "Which account, or the values of a new one."),
            Parameter("contact", choice(of: "contact"), "Which contact, or the values of a new one."),
            Parameter(
                "potential", .values(of: "potential"),
                "Values of the new potential, closing_date and sales_stage at least; none is made without it."
            ),
            Parameter("owner", .field(.owner), "Who gets the new records; the lead's owner otherwise."),
        ],
        result: .object([
            Parameter("lead", .id(of: "lead"), "The converted lead."),
            Parameter("account", .id(of: "account"), "The account, or null."),
            Parameter("contact", .id(of: "contact"), "The contact, or null."),
            Parameter("potential", .id(of: "potential"), "The potential, or null."),
            Parameter("account_created", .boolean, "Whether the account is new."),
            Parameter("contact_created", .boolean, "Whether the contact is new."),
        ]),
        requires: AccessRight(.utility("convert_lead"), "lead"), convert)

    private static func choice(of entity: String) -> ParameterType {
        .object([
            Parameter("match", .id(of: entity), "This existing one."),
            Parameter("create", .values(of: entity), "A new one, even if one matches; these values first."),
            Parameter("fill_blank", .boolean, "Fill the empty fields of an existing one from the lead."),
            Parameter("skip", .boolean, "None at all."),
        ])
    }

    @Sendable
    private static func convert(
        _ parameters: StructuredValue, _ context: any ModuleContext
    ) throws(CRMError) -> StructuredValue {
        guard let id = parameters["lead"]?.value.reference else {
            throw CRMError(.invalidParameters, "a conversion needs a lead")
        }
        let lead = try context.get("lead", id)
        try refuseConverted(lead)

        let mapping = try LeadMapping(context)
        let owner = parameters["owner"].map(\.value) ?? lead["owner"]
        var account = try Party(
            "account", parameters["account"], matching: "account_name", lead["company"],
            mapping.values(of: lead, for: "account"), context)
        var contact = try Party(
            "contact", parameters["contact"], matching: "email", lead["email"],
            mapping.values(of: lead, for: "contact"), context)
        guard account.exists || contact.exists else {
            throw CRMError(
                .invalidParameters, "a lead cannot be converted into nothing",
                hint: "Leave out \"skip\" for the account or for the contact.")
        }
        var potential = parameters["potential"].map { described in
            mapping.values(of: lead, for: "potential").merging(described.values) { $1 }
        }
        try refuseMissing([account.missing(context), contact.missing(context), missing(potential, context)])

        try account.settle(owner, lead, [:], context)
        try contact.settle(owner, lead, account.id.map { ["account": .reference($0)] } ?? [:], context)
        var potentialID: RecordID?
        if potential != nil {
            potential?["related_to"] = (account.id ?? contact.id).map { .reference($0) } ?? .null
            if let contact = contact.id, potential?["contact"] == nil {
                potential?["contact"] = .reference(contact)
            }
            potentialID = try create("potential", potential ?? [:], owner, lead, context)
            if let contact = contact.id, let deal = potentialID {
                try context.link(contact, Potential.contacts.name, to: deal)
            }
        }
        try mark(lead, account.id, contact.id, potentialID, context)
        return .object([
            "lead": .value(.reference(id)),
            "account": .value(account.id.map { .reference($0) } ?? .null),
            "contact": .value(contact.id.map { .reference($0) } ?? .null),
            "potential": .value(potentialID.map { .reference($0) } ?? .null),
            "account_created": .value(.bool(account.isCreated)),
            "contact_created": .value(.bool(contact.isCreated)),
        ])
    }

    private static func refuseConverted(_ lead: Record) throws(CRMError) {
        guard lead["converted"] == true else { return }
        let name = lead["lead_no"].text ?? lead.id.description
        var error = CRMError(
            .invalidRecord, "lead \"\(name)\" is already converted",
            hint: "Go on with the records that it became.")
        error.candidates = ["converted_account", "converted_contact", "converted_potential"].compactMap {
            lead[$0].reference?.description
        }
        throw error
    }

    private static func refuseMissing(_ problems: [[FieldProblem]]) throws(CRMError) {
        let problems = problems.flatMap { $0 }
        guard problems.isEmpty else {
            throw CRMError.invalidRecord(
                "lead conversion", problems, hint: "Give these values in the request.")
        }
    }

    /// The potential's date and stage are a person's decision: no default stands in for them.
    private static func missing(
        _ potential: [String: Value]?, _ context: any ModuleContext
    ) throws(CRMError) -> [FieldProblem] {
        guard let potential else { return [] }
        let definition = try context.definition(of: "potential")
        let asked = ["closing_date", "sales_stage"]
        return definition.fields.filter { field in
            (field.isMandatory && field.defaultText == nil || asked.contains(field.name))
                && (potential[field.name] ?? .null).isNull
        }.map { FieldProblem(missing: $0, in: "potential") }
    }

    fileprivate static func create(
        _ entity: String, _ values: [String: Value], _ owner: Value, _ lead: Record,
        _ context: any ModuleContext
    ) throws(CRMError) -> RecordID {
        let known = Set(try context.definition(of: entity).fields.map(\.name))
        var values = values
        if values["owner"] == nil, !owner.isNull { values["owner"] = owner }
        if known.contains("converted_from_lead") { values["converted_from_lead"] = .reference(lead.id) }
        return try context.create(entity, values).id
    }

    private static func mark(
        _ lead: Record, _ account: RecordID?, _ contact: RecordID?, _ potential: RecordID?,
        _ context: any ModuleContext
    ) throws(CRMError) {
        var values: [String: Value] = [
            "converted": true, "converted_at": .instant(context.now),
            "converted_by": .reference(context.caller.user),
        ]
        values["converted_account"] = account.map { .reference($0) }
        values["converted_contact"] = contact.map { .reference($0) }
        values["converted_potential"] = potential.map { .reference($0) }
        _ = try context.update("lead", lead.id, values, version: lead.version)
    }
}

/// The account or the contact of a conversion: an existing one, a new one, or none.
private struct Party {
    private enum Choice {
        case existing(RecordID)
        case new([String: Value])
        case none
    }

    let entity: String
    private let choice: Choice
    private let fillsBlanks: Bool
    /// What the lead brings.
    private let mapped: [String: Value]
    /// The record's id, once settled.
    private(set) var id: RecordID?
    private(set) var isCreated = false

    var exists: Bool { if case .none = choice { false } else { true } }

    /// Decides by the request, else by the one record whose `key` is `value`, else for a new one.
    init(
        _ entity: String, _ request: StructuredValue?, matching key: String, _ value: Value,
        _ mapped: [String: Value], _ context: any ModuleContext
    ) throws(CRMError) {
        self.entity = entity
        fillsBlanks = request?["fill_blank"]?.value == true
        self.mapped = mapped
        if request?["skip"]?.value == true || !context.hasEntity(entity) {
            choice = .none
        } else if let match = request?["match"]?.value.reference {
            choice = .existing(try context.get(entity, match).id)
        } else if let given = request?["create"] {
            choice = .new(mapped.merging(given.values) { $1 })
        } else if let match = try Self.match(entity, key, value, context) {
            choice = .existing(match)
        } else {
            choice = .new(mapped)
        }
    }

    /// The single record whose `key` is `value`; nil for none.
    private static func match(
        _ entity: String, _ key: String, _ value: Value, _ context: any ModuleContext
    ) throws(CRMError) -> RecordID? {
        guard let text = value.text.map(trimmed), !text.isEmpty else { return nil }
        let found = try context.list(ListRequest(entity, where: .where(key, .equal, .text(text)), limit: 10))
        guard found.count > 1 else { return found.first?.id }
        var error = CRMError(
            .duplicate, "several \(entity)s match \"\(text)\"",
            hint: "Choose one with \(entity).match, or ask for a new one with \(entity).create.")
        error.candidates = found.map(\.id.description)
        throw error
    }

    /// Mandatory fields that a new record would lack.
    func missing(_ context: any ModuleContext) throws(CRMError) -> [FieldProblem] {
        guard case .new(let values) = choice else { return [] }
        return try context.definition(of: entity).fields.filter { field in
            field.isMandatory && field.defaultText == nil && !field.isReadOnly
                && (values[field.name] ?? .null).isNull
        }.map { FieldProblem(missing: $0, in: entity) }
    }

    /// Makes the record, or fills the blanks of the existing one.
    mutating func settle(
        _ owner: Value, _ lead: Record, _ links: [String: Value], _ context: any ModuleContext
    ) throws(CRMError) {
        switch choice {
        case .none: return
        case .new(let values):
            id = try LeadConversion.create(
                entity, links.merging(values) { $1 }, owner, lead, context)
            isCreated = true
        case .existing(let existing):
            id = existing
            guard fillsBlanks else { return }
            let record = try context.get(entity, existing)
            let blanks = links.merging(mapped) { $1 }
                .filter { record[$0.key].isNull }
            if !blanks.isEmpty { _ = try context.update(entity, existing, blanks) }
        }
    }
}

extension FieldProblem {
    fileprivate init(missing field: FieldDefinition, in entity: String) {
        self.init(
            field: "\(entity).\(field.name)", code: "required",
            message: "\(field.label) of the \(entity) is required")
    }
}

extension StructuredValue {
    /// The members as field values; empty for anything but an object.
    fileprivate var values: [String: Value] {
        guard case .object(let members) = content else { return [:] }
        return Dictionary(members.map { ($0.name, $0.value.value) }) { $1 }
    }
}

private func trimmed(_ text: String) -> String {
    var text = text[...]
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
}
