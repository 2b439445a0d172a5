import CRMSDK

/// `sales.submit_form`: what a visitor sent becomes a lead, or is added to the one that is known; or waits to be
/// confirmed.
///
/// Order: what was typed → guards → what was typed, by the record's rules → duplicate → record → submission. A visitor
/// learns of mistakes in what they typed, and of nothing else; what could not be written for another reason is kept,
/// and says so to those who look after the form.
enum FormSubmission {
    static let action = Action(
        "submit_form", .writes, summary: "Sends a web form, without an account.",
        description: """
            Values are texts by field, as a page sends them: those that the form lists and shows are taken, all others are \
            not looked at. A form with a consent text takes _consent, a page of the form has _ticket. Programs are heard \
            where the form says so.
            """,
        parameters: [
            Parameter("form", .text, "The form's public id.", required: true),
            Parameter("values", .any, "An object of texts, by field.", required: true),
        ],
        result: .object([Parameter("accepted", .boolean, "True.", required: true)]), submit)

    @Sendable
    private static func submit(
        _ parameters: StructuredValue, _ context: any ModuleContext
    ) throws(CRMError) -> StructuredValue {
        guard let call = context.publicCall else {
            throw CRMError(.forbidden, "a form is sent through its own address")
        }
        let sent = parameters["values"]
        if let token = FormEntries.text(sent?[FormGuard.confirmField]) {
            try FormConfirmation.confirm(token, call, context)
            return accepted
        }
        let form = call.gate
        let target = try FormTarget.named(form["target_entity"].text)
        let fields = FormField.all(of: form, try context.definition(of: target.entity))
        let entries = FormEntries(sent, fields)
        var problems = entries.problems
        let consent = form["consent_text"].text
        if consent != nil, (FormEntries.text(sent?[FormGuard.consentField]) ?? "").isEmpty {
            problems.append(
                FieldProblem(
                    field: FormGuard.consentField, code: "required", message: "your consent is missing"))
        }
        guard problems.isEmpty else { throw .invalidRecord(target.entity, problems) }
        switch try FormGuard.examine(call, sent, context) {
        case .drops(let reason): context.log("web form \(form.id): not taken, \(reason)")
        case .passes(let ticket):
            var submission = facts(call, context)
            submission["ticket"] = ticket.map { .text($0) }
            if let consent {
                submission["consent_text"] = .text(consent)
                submission["consented_at"] = .instant(context.now)
            }
            try judge(entries, fields, target, form, context)
            if form["double_opt_in"] == true {
                submission["state"] = "waiting"
                submission["answers"] = WebSubmission.lines(entries)
            } else {
                submission.merge(try outcome(of: entries, fields, target, form, context)) { $1 }
            }
            try keep(submission, context)
        }
        return accepted
    }

    static let accepted = StructuredValue.object(["accepted": .value(true)])

    private static func facts(_ call: PublicCall, _ context: any ModuleContext) -> [String: Value] {
        let days = call.gate["retention_days"].integer ?? 180
        let end = Instant(millisecondsSince1970: context.now.millisecondsSince1970 + days * 86_400_000)
        return [
            "form": .reference(call.gate.id), "address": .text(call.address), "forget_at": .instant(end),
            "page": call.origin.map { .text(String($0.prefix(255))) } ?? .null,
            "owner": call.gate["assign_to"].isNull ? call.gate["run_as"] : call.gate["assign_to"],
        ]
    }

    private static func keep(_ submission: [String: Value], _ context: any ModuleContext) throws(CRMError) {
        try context.elevated(reason: "what came in by a web form") { (context) throws(CRMError) in
            _ = try context.create("web_submission", submission.filter { !$0.value.isNull })
        }
    }

    // MARK: What becomes of it

    /// Writes the record, with the rights of the user whom the form acts as.
    ///
    /// - Returns: what the submission says of it; where it could not be written, what was sent.
    static func outcome(
        of entries: FormEntries, _ fields: [FormField], _ target: FormTarget, _ form: Record,
        _ context: any ModuleContext
    ) throws(CRMError) -> [String: Value] {
        do throws(CRMError) {
            let (id, state) = try context.attempt { (context) throws(CRMError) in
                try write(entries, fields, target, form, context)
            }
            var facts: [String: Value] = ["state": .text(state), "record": .reference(id), "answers": .null]
            if state == "created" { facts["problem"] = campaignProblem(id, target, form, context) }
            return facts
        } catch {
            // That the works are broken is no property of what was sent.
            guard ![CRMError.Kind.unavailable, .internalError, .limitExceeded].contains(error.kind) else {
                throw error
            }
            context.log("web form \(form.id): could not be written, \(error.kind.name)")
            return [
                "state": "failed", "problem": .text(String(error.message.prefix(250))),
                "answers": WebSubmission.lines(entries),
            ]
        }
    }

    /// Judges what was typed as if it made a new record, whatever becomes of it, and undoes that: a mistake is told to
    /// whoever makes it, and that one is told, or is not, tells nobody whether an address is known.
    ///
    /// - Throws: `invalidRecord` for mistakes that only the record's rules find: an e-mail address that is none.
    private static func judge(
        _ entries: FormEntries, _ fields: [FormField], _ target: FormTarget, _ form: Record,
        _ context: any ModuleContext
    ) throws(CRMError) {
        do throws(CRMError) {
            try context.attempt { (context) throws(CRMError) in
                _ = try create(entries, target, form, context)
                throw CRMError(.unavailable, "this was a rehearsal")
            }
        } catch {
            let mistakes = mistakes(error, fields)
            guard mistakes.isEmpty else { throw .invalidRecord(target.entity, mistakes) }
        }
    }

    private static func create(
        _ entries: FormEntries, _ target: FormTarget, _ form: Record, _ context: any ModuleContext
    ) throws(CRMError) -> RecordID {
        var values = entries.values
        if !form["assign_to"].isNull { values["owner"] = form["assign_to"] }
        return try context.create(target.entity, values).id
    }

    private static func write(
        _ entries: FormEntries, _ fields: [FormField], _ target: FormTarget, _ form: Record,
        _ context: any ModuleContext
    ) throws(CRMError) -> (RecordID, state: String) {
        let rule = form["duplicate_rule"].text
        if rule != "create", let known = try known(entries, target, context) {
            if rule == "update" {
                _ = try context.update(target.entity, known.id, entries.typed(fields))
                return (known.id, "updated")
            }
            try note(entries.summary(fields), on: known, target, context)
            return (known.id, "commented")
        }
        return (try create(entries, target, form, context), "created")
    }

    /// The record that has this e-mail address, if the acting user sees one: the one that was changed last.
    private static func known(
        _ entries: FormEntries, _ target: FormTarget, _ context: any ModuleContext
    ) throws(CRMError) -> Record? {
        // Text is compared without case and accents; a form has it without spaces around it.
        guard let email = entries.texts[target.email] else { return nil }
        let same = Filter.all([.where(target.email, .equal, .text(email)), target.open])
        return try context.list(ListRequest(target.entity, where: same, sort: ["-modified_at"], limit: 1))
            .first
    }

    /// A comment; without the Collaboration module, a paragraph more in the record's own notes.
    private static func note(
        _ text: String, on record: Record, _ target: FormTarget, _ context: any ModuleContext
    ) throws(CRMError) {
        if context.hasEntity("comment") {
            _ = try context.create("comment", ["body": .text(text), "related_to": .reference(record.id)])
            return
        }
        let notes = [record[target.notes].text, text].compactMap(\.self).joined(separator: "\n\n")
        _ = try context.update(target.entity, record.id, [target.notes: .text(notes)])
    }

    /// Makes a new record a member of the form's campaign.
    ///
    /// - Returns: why it is none; null where it is, or where there is no campaign.
    private static func campaignProblem(
        _ id: RecordID, _ target: FormTarget, _ form: Record, _ context: any ModuleContext
    ) -> Value {
        guard let campaign = form["campaign"].reference, context.hasEntity("campaign") else { return .null }
        do throws(CRMError) {
            try context.attempt { (context) throws(CRMError) in
                try context.link(campaign, target.campaignRelation, to: id)
            }
            return .null
        } catch {
            return .text("it is not a member of the campaign: \(error.message)".prefix(250).description)
        }
    }

    /// Codes of what is wrong with a value as such, whatever other records there are.
    private static let ownMistakes: Set = ["type", "range", "length", "format", "unknown_value", "required"]

    /// The visitor's own mistakes: all that is wrong must be of fields that the form shows.
    private static func mistakes(_ error: CRMError, _ fields: [FormField]) -> [FieldProblem] {
        guard error.kind == .invalidRecord, error.rule == nil else { return [] }
        let shown = Set(fields.filter { !$0.isHidden }.map(\.name))
        let isTheirs = error.fields.allSatisfy { shown.contains($0.field) && ownMistakes.contains($0.code) }
        return isTheirs ? error.fields : []
    }
}
