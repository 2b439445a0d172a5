import CRMSDK

/// Double opt-in: what was sent waits until the visitor follows a link that came to their e-mail address.
///
/// The platform sends no mail. `sales.confirmation_link` gives the link to whoever looks after the submissions, a
/// program as a rule, which sends it; `sales.confirm_submission`, or the page behind the link, takes it back.
enum FormConfirmation {
    static let action = Action(
        "confirm_submission", .writes, summary: "Confirms what was sent by a web form, without an account.",
        description: "Takes the token of sales.confirmation_link, once.",
        parameters: [
            Parameter("form", .text, "The form's public id.", required: true),
            Parameter("token", .text, "The token.", required: true),
        ],
        result: .object([Parameter("accepted", .boolean, "True.", required: true)])
    ) { parameters, context throws(CRMError) in
        guard let call = context.publicCall else {
            throw CRMError(.forbidden, "a submission is confirmed through its form's own address")
        }
        try confirm(parameters["token"]?.value.text ?? "", call, context)
        return FormSubmission.accepted
    }

    static let linkAction = Action(
        "confirmation_link", .writes, summary: "Makes the link by which a visitor confirms what they sent.",
        description: """
            For a submission that waits to be confirmed. You send it: nothing here sends mail. A link that was made before \
            is void then. It is good as long as the submission is kept.
            """,
        parameters: [
            Parameter("web_submission", .id(of: "web_submission"), "The submission.", required: true)
        ],
        result: .object([
            Parameter("path", .text, "Behind the address of the server: /forms/….", required: true),
            Parameter("token", .text, "The same for sales.confirm_submission.", required: true),
            Parameter("email", .text, "Where it should go.", required: true),
        ]), link)

    @Sendable
    private static func link(
        _ parameters: StructuredValue, _ context: any ModuleContext
    ) throws(CRMError) -> StructuredValue {
        guard let id = parameters["web_submission"]?.value.reference else {
            throw CRMError(.invalidParameters, "parameter \"web_submission\" is missing")
        }
        let submission = try context.get("web_submission", id)
        guard submission["state"] == "waiting", let form = submission["form"].reference else {
            throw .invalidRecord(
                "web_submission",
                [
                    FieldProblem(
                        field: "state", code: "rule", message: "the submission does not wait to be confirmed")
                ])
        }
        let key = Chance.text()
        _ = try context.update("web_submission", id, ["confirm_key": .text(key)])
        let record = try context.get("web_form", form)
        let target = try FormTarget.named(record["target_entity"].text)
        let token = try context.sealed("confirm.\(key)")
        return .object([
            "path": .value(.text("/forms/\(record["public_id"].text ?? "")?confirm=\(token)")),
            "token": .value(.text(token)),
            "email": .value(.text(WebSubmission.texts(of: submission)[target.email] ?? "")),
        ])
    }

    /// Does what the visitor sent, once; a token that is none, or no more, does nothing.
    static func confirm(
        _ token: String, _ call: PublicCall, _ context: any ModuleContext
    ) throws(CRMError) {
        guard token.utf8.count <= 200, let parts = try context.unsealed(token)?.split(separator: "."),
            parts.count == 2, parts[0] == "confirm"
        else { return context.log("web form \(call.gate.id): not confirmed, the token is none") }
        let waiting = Filter.all([
            .where("confirm_key", .equal, .text(String(parts[1]))),
            .where("form", .equal, .reference(call.gate.id)), .where("state", .equal, "waiting"),
        ])
        let found = try context.elevated(reason: "a submission that is confirmed") {
            (context) throws(CRMError) in
            let found = try context.list(
                ListRequest("web_submission", where: waiting, sort: ["id"], limit: 1)
            ).first
            return try found.map { (found) throws(CRMError) in try context.get("web_submission", found.id) }
        }
        guard let submission = found else {
            return context.log("web form \(call.gate.id): not confirmed, nothing waits for the token")
        }
        try carryOut(submission, call, context)
    }

    private static func carryOut(
        _ submission: Record, _ call: PublicCall, _ context: any ModuleContext
    ) throws(CRMError) {
        let form = call.gate
        let target = try FormTarget.named(form["target_entity"].text)
        let fields = FormField.all(of: form, try context.definition(of: target.entity))
        let entries = FormEntries(texts: WebSubmission.texts(of: submission), fields)
        var facts: [String: Value]
        do throws(CRMError) {
            facts = try FormSubmission.outcome(of: entries, fields, target, form, context)
        } catch  where error.kind == .invalidRecord {
            // Nobody is there who could mend it.
            facts = ["state": "failed", "problem": .text(String(error.message.prefix(250)))]
        }
        facts["confirmed_at"] = .instant(context.now)
        facts["confirmed_address"] = .text(call.address)
        facts["confirm_key"] = .null
        let written = facts
        try context.elevated(reason: "a submission that is confirmed") { (context) throws(CRMError) in
            _ = try context.update("web_submission", submission.id, written)
        }
    }
}
