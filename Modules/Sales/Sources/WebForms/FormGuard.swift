import CRMSDK

/// What tells people from machines, and the company's pages from others'. Who is turned away here is answered as
/// everyone is; a line in the log says why.
enum FormGuard {
    /// How long a page may stay open before it is sent.
    static let ticketLife: Int64 = 24 * 3_600
    static let ticketField = "_ticket"
    static let consentField = "_consent"
    static let confirmField = "_confirm"

    /// What was found.
    enum Finding {
        /// `ticket` names the page that was sent, where it had to be one of ours.
        case passes(ticket: String?)
        case drops(String)
    }

    /// - Throws: `invalidRecord` where a page of ours must be sent, and this is none, or too old: the visitor sees it
    ///   again.
    static func examine(
        _ call: PublicCall, _ sent: StructuredValue?, _ context: any ModuleContext
    ) throws(CRMError) -> Finding {
        let form = call.gate
        if let trap = form["honeypot"].text, !(FormEntries.text(sent?[trap]) ?? "").isEmpty {
            return .drops("the trap was filled in")
        }
        guard call.isPage else {
            return form["programs"] == true ? .passes(ticket: nil) : .drops("a program sent it")
        }
        guard isAllowed(call, FormCheck.domains(form["allowed_domains"].text)) else {
            return .drops("a page of another domain sent it")
        }
        let seconds = form["minimum_seconds"].integer ?? 0
        guard let ticket = Ticket(FormEntries.text(sent?[ticketField]), form, context) else {
            if seconds == 0 { return .passes(ticket: nil) }
            throw again
        }
        guard !ticket.isOver(context) else { throw again }
        if context.now.millisecondsSince1970 - ticket.madeAt < seconds * 1_000 {
            return .drops("it was sent too fast")
        }
        let used = Filter.where("ticket", .equal, .text(ticket.name))
        let isUsed = try context.elevated(reason: "whether a form was sent before") {
            (context) throws(CRMError) in
            try context.count("web_submission", where: used) > 0
        }
        return isUsed ? .drops("it was sent before") : .passes(ticket: ticket.name)
    }

    private static let again = CRMError.invalidRecord(
        "web_form",
        [
            FieldProblem(
                field: ticketField, code: "rule",
                message: "please check what you have entered, and send it once more")
        ])

    static func isAllowed(_ call: PublicCall, _ domains: [String]) -> Bool {
        guard !domains.isEmpty, !call.isOwnPage else { return true }
        guard let host = call.origin?.split(separator: "/").last?.prefix(while: { $0 != ":" }) else {
            return false
        }
        return domains.contains { domain in
            domain.hasPrefix("*.") ? host.hasSuffix(domain.dropFirst()) : host == domain
        }
    }
}

/// Proof that a page was ours and when it was made, for one sending: when and a name, under the installation's seal.
struct Ticket {
    let madeAt: Int64
    let name: String

    static func make(
        for form: Record, secondsAgo: Int64 = 0, _ context: any ModuleContext
    ) throws(CRMError) -> String {
        let madeAt = context.now.millisecondsSince1970 - secondsAgo * 1_000
        return try context.sealed("page.\(form.id).\(madeAt).\(Chance.text())")
    }

    /// The ticket of a page that is shown: who mends a mistake has waited already. Who has come from a page of others
    /// has filled that in, and waits a second more.
    ///
    /// - Parameter sent: what was filled in before; nil for a page that is opened.
    static func next(
        for form: Record, after sent: StructuredValue?, _ context: any ModuleContext
    ) throws(CRMError) -> String {
        guard let sent else { return try make(for: form, context) }
        let text = FormEntries.text(sent[FormGuard.ticketField])
        if let text, let ticket = Ticket(text, form, context), !ticket.isOver(context) { return text }
        return try make(for: form, secondsAgo: max(0, (form["minimum_seconds"].integer ?? 0) - 1), context)
    }

    func isOver(_ context: any ModuleContext) -> Bool {
        (context.now.millisecondsSince1970 - madeAt) / 1_000 >= FormGuard.ticketLife
    }

    /// Nil for what `make` has not made for this form.
    init?(_ text: String?, _ form: Record, _ context: any ModuleContext) {
        // A seal that cannot be looked at is none.
        guard let text, text.utf8.count <= 200, let known = try? context.unsealed(text) else { return nil }
        let parts = known.split(separator: ".").map(String.init)
        guard parts.count == 4, parts[0] == "page", parts[1] == form.id.description,
            let madeAt = Int64(parts[2])
        else { return nil }
        self.madeAt = madeAt
        name = parts[3]
    }
}
