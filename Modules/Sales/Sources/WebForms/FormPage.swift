import CRMSDK

/// A form as a page: HTML that is whole in itself, without script; what is shown is escaped, whoever wrote it.
enum FormPage {
    static let action = Action(
        "form_page", .reads,
        summary: "Makes the page of a web form, as GET /forms/ and its public id shows it.",
        description: "A form that is closed is shown to whoever may see its record.",
        parameters: PublicPage.parameters, result: PublicPage.answer, page)

    static let snippetAction = Action(
        "form_snippet", .reads, summary: "Makes the HTML by which a page of yours shows a web form.",
        description: """
            It posts to the form's address. What it lacks of a page of ours is the proof of when it was made: a form that \
            asks for a minimum time shows visitors what they entered once more.
            """,
        parameters: [
            Parameter("web_form", .id(of: "web_form"), "The form.", required: true),
            Parameter("address", .text, "Of this server, such as https://crm.example.com; empty: relative."),
        ],
        result: .object([
            Parameter("url", .text, "Of the form's own page.", required: true),
            Parameter("html", .text, "The form, to be put into a page.", required: true),
        ]), snippet)

    @Sendable
    private static func page(
        _ parameters: StructuredValue, _ context: any ModuleContext
    ) throws(CRMError) -> StructuredValue {
        let form = try form(parameters["form"]?.value.text ?? "", context)
        let back = form["return_url"].text.flatMap(WebAddress.init)
        let moment = parameters["moment"]?.value.text ?? PublicPage.moments[0]
        guard moment != "sent" else {
            let html = PageText.whole(
                title(form), PageText.paragraphs(form["thanks"].text ?? "Thank you."), context)
            return answer(html, location: back?.text)
        }
        let problems = (parameters["problems"]?.elements ?? []).map {
            (field: $0["field"]?.value.text ?? "", message: $0["message"]?.value.text ?? "")
        }
        let values = parameters["values"]
        let body: String
        let token = FormEntries.text(values?[moment == "fill_in" ? "confirm" : FormGuard.confirmField])
        if let token {
            body = confirmation(form, token)
        } else {
            var inside = PageText.paragraphs(form["introduction"].text ?? "")
            let fields = try fields(of: form, context)
            let sent = moment == "fill_in" ? nil : values
            let shown = FormInputs(fields: fields, texts: sent, problems: problems)
            inside += shown.summary
            inside += formElement(
                form, to: path(form), shown, ticket: try Ticket.next(for: form, after: sent, context))
            body = inside
        }
        return answer(PageText.whole(title(form), body, context), leadsTo: back?.origin)
    }

    private static func answer(_ html: String, location: String? = nil, leadsTo: String? = nil)
        -> StructuredValue
    {
        var members = [StructuredValue.Member("html", .value(.text(html)))]
        if let location { members.append(.init("location", .value(.text(location)))) }
        if let leadsTo { members.append(.init("leads_to", .value(.text(leadsTo)))) }
        return .object(members)
    }

    @Sendable
    private static func snippet(
        _ parameters: StructuredValue, _ context: any ModuleContext
    ) throws(CRMError) -> StructuredValue {
        guard let id = parameters["web_form"]?.value.reference else {
            throw CRMError(.invalidParameters, "parameter \"web_form\" is missing")
        }
        let form = try context.get("web_form", id)
        var address = parameters["address"]?.value.text ?? ""
        while address.hasSuffix("/") { address.removeLast() }
        guard address.isEmpty || WebAddress(address)?.origin == address.lowercased() else {
            throw CRMError(
                .invalidParameters, "\"\(address.prefix(80))\" is no server's address",
                hint: "Give https:// and the host, and nothing behind it.")
        }
        let url = address + path(form)
        let shown = FormInputs(fields: try fields(of: form, context), texts: nil, problems: [])
        return .object([
            "url": .value(.text(url)),
            "html": .value(.text(formElement(form, to: url, shown, ticket: nil))),
        ])
    }

    /// The gate's record, or the one of that key that the caller sees.
    private static func form(_ key: String, _ context: any ModuleContext) throws(CRMError) -> Record {
        if let gate = context.publicCall?.gate { return gate }
        let request = ListRequest(
            "web_form", where: .where("public_id", .equal, .text(key)), sort: ["id"], limit: 1)
        guard let found = try context.list(request).first else {
            throw CRMError(.notFound, "there is no form \"\(key.prefix(64))\"")
        }
        return try context.get("web_form", found.id)
    }

    private static func fields(of form: Record, _ context: any ModuleContext) throws(CRMError) -> [FormField]
    {
        let target = try FormTarget.named(form["target_entity"].text)
        return FormField.all(of: form, try context.definition(of: target.entity)).filter { !$0.isHidden }
    }

    private static func title(_ form: Record) -> String { form["title"].text ?? form["name"].text ?? "" }

    private static func path(_ form: Record) -> String { "/forms/\(form["public_id"].text ?? "")" }

    // MARK: The form

    private static func formElement(
        _ form: Record, to address: String, _ shown: FormInputs, ticket: String?
    ) -> String {
        var html = "<form method=\"post\" action=\"\(PageText.escaped(address))\">\n"
        for field in shown.fields { html += shown.input(field) }
        if let consent = form["consent_text"].text { html += shown.consent(consent) }
        html += trap(form["honeypot"].text ?? "")
        if let ticket {
            html +=
                "<input type=\"hidden\" name=\"\(FormGuard.ticketField)\" value=\"\(PageText.escaped(ticket))\">\n"
        }
        return html + "<p><button>\(PageText.escaped(form["button"].text ?? "Send"))</button></p>\n</form>\n"
    }

    /// Neither seen, nor read out, nor reached by the keyboard. Its own styles: a page of others has none for it.
    private static func trap(_ name: String) -> String {
        let name = PageText.escaped(name)
        return """
            <div aria-hidden="true" style="position:absolute;left:-9999px"><label for="f_\(name)">Leave this empty</label>\
            <input id="f_\(name)" name="\(name)" tabindex="-1" autocomplete="off"></div>

            """
    }

    private static func confirmation(_ form: Record, _ token: String) -> String {
        """
        <p>Please confirm what you have sent us.</p>
        <form method="post" action="\(PageText.escaped(path(form)))">
        <input type="hidden" name="\(FormGuard.confirmField)" value="\(PageText.escaped(token))">
        <p><button>Confirm</button></p>
        </form>

        """
    }
}
