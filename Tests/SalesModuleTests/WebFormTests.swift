import CRMSDK
import CRMSDKTesting
import Testing

/// A form, and visitors who send it.
struct Reception {
    let office: Office
    var context: TestModuleContext { office.context }

    init(comments: Bool = false) throws {
        office = try Office(
            entities: comments
                ? [
                    EntityDefinition(
                        "comment", label: "Comment", plural: "Comments",
                        fields: [
                            .longtext("body", "Comment").mandatory(),
                            .reference("related_to", "About", to: "lead").mandatory(),
                        ]
                    ).labelled(by: "body")
                ] : [])
    }

    static func line(_ field: String, _ values: [String: Value] = [:]) -> Line {
        Line(["field": .text(field)].merging(values) { $1 })
    }

    static let usual = [
        line("last_name", ["required": true]), line("company", ["required": true]), line("email"),
        line("employees", ["label": "How many <of you>?"]), line("description"),
        line("lead_source", ["hidden": true, "default_value": "web_site"]),
    ]

    @discardableResult
    func form(_ values: [String: Value] = [:], _ lines: [Line] = usual) throws(CRMError) -> Record {
        let whole: [String: Value] = [
            "name": "Contact", "run_as": .reference(RecordID(1)), "active": true,
            "form_fields": .lines(lines),
        ]
        return try context.create("web_form", whole.merging(values) { $1 }.filter { !$0.value.isNull })
    }

    static let visitor = ["last_name": "Kim", "company": "Fabrikam", "email": "kim@fabrikam.example"]

    /// Opens the page, waits, fills it in and sends it.
    ///
    /// - Returns: the mistakes that are told; nil where there are none.
    @discardableResult
    func send(
        _ form: Record, _ values: [String: String] = visitor, after seconds: Int64 = 5, ticket: String? = nil,
        _ call: (Record) -> PublicCall = { PublicCall(gate: $0, address: "192.0.2.1", isPage: true) }
    ) throws -> [FieldProblem]? {
        context.publicCall = call(form)
        defer { context.publicCall = nil }
        let page = try ticket ?? self.ticket(form)
        office.clock.advance(seconds: seconds)
        let members = ["_ticket": page].merging(values) { $1 }
            .map { StructuredValue.Member($0.key, .value(.text($0.value))) }
        let parameters = StructuredValue.object([
            "form": .value(form["public_id"]), "values": .object(members),
        ])
        let refused = refusal { try submit(parameters) }
        if let refused, refused.kind != .invalidRecord { throw refused }
        return refused?.fields
    }

    private func submit(_ parameters: StructuredValue) throws {
        let answer = try context.call("sales.submit_form", parameters)
        #expect(answer == .object(["accepted": .value(true)]))
    }

    func page(_ form: Record, _ moment: String = "fill_in", _ values: [String: String] = [:]) throws
        -> StructuredValue
    {
        let members = values.map { StructuredValue.Member($0.key, .value(.text($0.value))) }
        return try context.call(
            "sales.form_page",
            .object([
                "form": .value(form["public_id"]), "moment": .value(.text(moment)),
                "values": .object(members),
                "problems": .list(
                    moment == "mistakes"
                        ? [.object(["field": .value("company"), "message": .value("<b>wrong</b>")])] : []),
            ]))
    }

    func snippet(_ form: Record, _ address: String) throws -> StructuredValue {
        try context.call(
            "sales.form_snippet",
            .object(["web_form": .value(.reference(form.id)), "address": .value(.text(address))]))
    }

    func link(_ submission: Record) throws -> StructuredValue {
        try context.call(
            "sales.confirmation_link", .object(["web_submission": .value(.reference(submission.id))]))
    }

    func html(_ form: Record, _ moment: String = "fill_in", _ values: [String: String] = [:]) throws -> String
    {
        try page(form, moment, values)["html"]?.value.text ?? ""
    }

    /// As it stands in the page.
    func ticket(_ form: Record) throws -> String {
        let html = try html(form)
        let end = html.components("name=\"_ticket\" value=\"").dropFirst().first ?? ""
        return String(end.prefix { $0 != "\"" })
    }

    func leads() throws -> [Record] { try context.list(ListRequest("lead", sort: ["id"])) }
    func submissions() throws -> [Record] { try context.list(ListRequest("web_submission", sort: ["id"])) }
}

extension String {
    /// Parted at a text.
    func components(_ separator: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let found = rest.firstRange(of: separator) {
            parts.append(String(rest[..<found.lowerBound]))
            rest = rest[found.upperBound...]
        }
        return parts + [String(rest)]
    }
}

@Suite("Web form: its definition")
struct WebFormTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        let problem: String
        let values: [String: Value]
        let lines: [Line]

        init(_ problem: String, _ values: [String: Value] = [:], _ lines: [Line] = Reception.usual) {
            self.problem = problem
            self.values = values
            self.lines = lines
        }

        var testDescription: String { problem }
    }

    private static func with(_ line: Line) -> [Line] { Reception.usual + [line] }

    @Test(
        "what cannot work is refused when the form is saved",
        arguments: [
            Fault("asks for nothing", [:], []),
            Fault("no field \"nonsense\"", [:], with(Reception.line("nonsense"))),
            Fault("no field \"owner\"", [:], with(Reception.line("owner"))),
            Fault("no field \"is_admin\"", [:], with(Reception.line("is_admin"))),
            Fault("lead.converted is not written by people", [:], with(Reception.line("converted"))),
            Fault("lead.lead_no is not written by people", [:], with(Reception.line("lead_no"))),
            Fault("type money", [:], with(Reception.line("annual_revenue"))),
            Fault("\"email\" is listed twice", [:], with(Reception.line("email"))),
            Fault("a hidden field needs a default", [:], with(Reception.line("phone", ["hidden": true]))),
            Fault(
                "lead_status does not take \"boiling\"", [:],
                with(Reception.line("lead_status", ["hidden": true, "default_value": "boiling"]))),
            Fault("a lead needs \"company\"", [:], [Reception.line("last_name", ["required": true])]),
            Fault(
                "a lead needs \"last_name\"", [:],
                [Reception.line("last_name"), Reception.line("company", ["required": true])]),
            Fault("must require email", ["double_opt_in": true]),
            Fault("begin with https://", ["return_url": "http://example.com"]),
            Fault("begin with https://", ["return_url": "javascript:alert(1)"]),
            Fault("begin with https://", ["return_url": "https://"]),
            Fault("begin with https://", ["return_url": "https://user:word@example.com/"]),
            Fault("begin with https://", ["return_url": "https://example.com/\r\nSet-Cookie: a=b"]),
            Fault("begin with https://", ["return_url": "https://example.com\\@evil.example"]),
            Fault("begin with https://", ["return_url": "https://example.com/<script>"]),
            Fault("\"https://example.com\" is no domain", ["allowed_domains": "https://example.com"]),
            Fault("\"*\" is no domain", ["allowed_domains": "example.com *"]),
            Fault("a name in snake case", ["honeypot": "Fax Number"]),
            Fault("a name in snake case", ["honeypot": "email"]),
        ])
    func faults(_ fault: Fault) throws {
        let reception = try Reception()
        let refused = refusal { try reception.form(fault.values, fault.lines) }
        #expect(
            refused?.fields.contains { $0.message.contains(fault.problem) } == true,
            "\(String(describing: refused))")
    }

    @Test("fifty fields are taken, one more is not")
    func fieldLimit() throws {
        let reception = try Reception()
        reception.context.change("lead") { lead in
            lead.fields += (1...60).map { .text("x_\($0)", "Extra \($0)") }
        }
        let lines = Reception.usual + (1...44).map { Reception.line("x_\($0)") }
        #expect(lines.count == 50)
        try reception.form([:], lines)
        let refused = refusal { try reception.form([:], lines + [Reception.line("x_45")]) }
        #expect(refused?.fields.map(\.message) == ["a form has at most 50 fields"])
    }

    @Test("each form has an address of its own that is chance, and is closed unless it is opened")
    func publicID() throws {
        let reception = try Reception()
        let forms = try (1...20).map { _ in try reception.form(["active": .null]) }
        let names = Set(forms.compactMap { $0["public_id"].text })
        #expect(names.count == 20 && names.allSatisfy { $0.utf8.count == 26 })
        #expect(forms.allSatisfy { $0["active"] == false })
    }

    // MARK: The page

    @Test("what is shown is escaped, whoever wrote it")
    func escaping() throws {
        let reception = try Reception()
        let evil = "\"><script>alert('x')</script>&"
        let form = try reception.form(
            [
                "title": .text(evil), "introduction": .text(evil), "button": .text(evil),
                "consent_text": .text(evil),
                "thanks": .text(evil),
            ],
            Reception.usual + [Reception.line("phone", ["label": .text(evil), "default_value": .text(evil)])])
        let values = ["company": evil, "email": evil, "description": "</textarea>" + evil, "_ticket": evil]
        for (moment, values) in [
            ("fill_in", ["confirm": evil]), ("fill_in", [:]), ("mistakes", values), ("sent", [:]),
        ] {
            let html = try reception.html(form, moment, values)
            #expect(!html.contains("<script") && !html.contains("alert('"), "\(moment): \(html)")
            #expect(html.components("</textarea>").count == html.components("<textarea").count)
        }
        let html = try reception.html(form, "mistakes", values)
        #expect(html.contains("&lt;b&gt;wrong&lt;/b&gt;"))
        #expect(html.contains("value=\"&quot;&gt;&lt;script&gt;"))
        #expect(html.contains("How many &lt;of you&gt;?"))
    }

    @Test("a page has labels, marks what is wrong, and shows no hidden field")
    func accessible() throws {
        let reception = try Reception()
        let form = try reception.form()
        let html = try reception.html(form, "mistakes", ["last_name": "Kim"])
        #expect(html.contains("<label for=\"f_last_name\">") && html.contains("id=\"f_last_name\""))
        #expect(html.contains("value=\"Kim\""))
        #expect(html.contains("aria-invalid=\"true\" aria-describedby=\"e_company\""))
        #expect(html.contains("id=\"e_company\"") && html.contains("role=\"alert\""))
        #expect(!html.contains("lead_source") && !html.contains("web_site"))
        #expect(html.contains("<html lang=\"en\">") && !html.contains("<script"))
    }

    @Test("afterwards the browser goes to the return address, or thanks are shown")
    func afterwards() throws {
        let reception = try Reception()
        let plain = try reception.page(try reception.form(["thanks": "Bye.\n\nSee you."]), "sent")
        #expect(plain["location"] == nil)
        #expect(plain["html"]?.value.text?.contains("<p>Bye.</p>\n<p>See you.</p>") == true)
        let form = try reception.form(["return_url": "HTTPS://www.Example.com:8443/thanks?a=b"])
        #expect(
            try reception.page(form, "sent")["location"]?.value == "https://www.Example.com:8443/thanks?a=b")
        #expect(try reception.page(form)["leads_to"]?.value == "https://www.example.com:8443")
    }

    @Test("a snippet posts to the form's address, and brings its trap along")
    func snippet() throws {
        let reception = try Reception()
        let form = try reception.form()
        let made = try reception.snippet(form, "https://crm.example.com/")
        let url = "https://crm.example.com/forms/\(form["public_id"].text ?? "")"
        #expect(made["url"]?.value == .text(url))
        let html = made["html"]?.value.text ?? ""
        #expect(html.hasPrefix("<form method=\"post\" action=\"\(url)\">"))
        #expect(html.contains("name=\"contact_fax\"") && !html.contains("_ticket"))
        for wrong in [
            "http://crm.example.com", "https://crm.example.com/a", "crm.example.com",
            "https://a\" onclick=\"",
        ] {
            #expect(
                refusal { _ = try reception.snippet(form, wrong) }?.kind == .invalidParameters, "\(wrong)")
        }
    }
}
