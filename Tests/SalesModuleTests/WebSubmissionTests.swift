import CRMSDK
import CRMSDKTesting
import Testing

@Suite("Web form: what is sent")
struct WebSubmissionTests {
    // MARK: What becomes of it

    @Test("what a visitor sends becomes a lead, with the form's hidden values and its owner")
    func lead() throws {
        let reception = try Reception()
        let form = try reception.form(["assign_to": .reference(RecordID(7))])
        #expect(try reception.send(form, Reception.visitor.merging(["employees": "12"]) { $1 }) == nil)
        let lead = try #require(try reception.leads().first)
        #expect(lead["last_name"] == "Kim" && lead["company"] == "Fabrikam")
        #expect(lead["employees"] == 12 && lead["lead_source"] == "web_site")
        #expect(lead["owner"] == .reference(RecordID(7)))
        let submission = try #require(try reception.submissions().first)
        #expect(submission["state"] == "created" && submission["record"] == .reference(lead.id))
        #expect(submission["address"] == "192.0.2.1" && submission.lines("answers").isEmpty)
    }

    @Test(
        "what the form does not list, or hides, is never set",
        arguments: [
            "owner", "is_admin", "id", "lead_status", "converted", "converted_at", "lead_no", "created_by",
            "version",
            "origin", "x_anything", "lead_source", "deleted_at", "__proto__",
        ])
    func unlisted(_ field: String) throws {
        let reception = try Reception()
        let form = try reception.form()
        #expect(try reception.send(form, Reception.visitor.merging([field: "1"]) { $1 }) == nil)
        let lead = try #require(try reception.leads().first)
        let other = try Reception()
        #expect(try other.send(try other.form()) == nil)
        let plain = try #require(try other.leads().first)
        #expect(lead.values == plain.values)
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        let field: String
        let text: String
        let message: String?
        var testDescription: String { "\(field) = \(text.prefix(20)): \(message ?? "taken")" }

        init(_ field: String, _ text: String, _ message: String?) {
            self.field = field
            self.text = text
            self.message = message
        }
    }

    @Test(
        "the visitor's own mistakes are named by the form's labels",
        arguments: [
            Mistake("last_name", "", "Last name is missing"),
            Mistake("company", "  \n ", "Company is missing"),
            Mistake("last_name", String(repeating: "x", count: 255), nil),
            Mistake("last_name", String(repeating: "x", count: 256), "Last name is too long"),
            Mistake("last_name", "a\nb", "Last name is too long"),
            Mistake("description", String(repeating: "x", count: 5_000), nil),
            Mistake("description", String(repeating: "x", count: 5_001), "Description is too long"),
            Mistake("employees", "12", nil), Mistake("employees", " 12 ", nil), Mistake("employees", "", nil),
            Mistake("employees", "many", "How many <of you>? must be a whole number"),
            Mistake("employees", "9223372036854775808", "How many <of you>? must be a whole number"),
            Mistake("employees", "-1", "Employees is out of range"),
        ])
    func mistakes(_ mistake: Mistake) throws {
        let reception = try Reception()
        let problems = try reception.send(
            try reception.form(), Reception.visitor.merging([mistake.field: mistake.text]) { $1 })
        #expect(problems?.map(\.message) == mistake.message.map { [$0] })
        #expect(try reception.leads().count == (mistake.message == nil ? 1 : 0))
        #expect(try reception.submissions().count == (mistake.message == nil ? 1 : 0))
    }

    @Test(
        "a mistake is told alike whether the address is known or not, by whatever rule, and leaves nothing behind",
        arguments: ["comment", "update", "create"], [false, true])
    func alike(_ rule: String, _ isConfirmed: Bool) throws {
        var told: [[String]?] = []
        for isKnown in [false, true] {
            let reception = try Reception(comments: true)
            let values: [String: Value] = [
                "duplicate_rule": .text(rule), "double_opt_in": .bool(isConfirmed), "programs": true,
            ]
            let lines = Reception.usual.map { line in
                line["field"] == "email" ? Reception.line("email", ["required": true]) : line
            }
            let form = try reception.form(values, lines)
            if isKnown {
                _ = try reception.context.create(
                    "lead", ["last_name": "Kim", "company": "Fabrikam", "email": "kim@fabrikam.example"])
            }
            let sent = Reception.visitor.merging(["employees": "-1"]) { $1 }
            for isPage in [true, false] {
                let problems = try reception.send(form, sent) {
                    PublicCall(gate: $0, address: "192.0.2.1", isPage: isPage)
                }
                told.append(problems?.map(\.message))
            }
            #expect(try reception.leads().count == (isKnown ? 1 : 0))
            #expect(try reception.submissions().isEmpty)
            #expect(try reception.context.count("comment", where: nil) == 0)
        }
        #expect(told.first??.isEmpty == false)
        #expect(Set(told).count == 1, "\(told)")
    }

    @Test("consent must be given, and is kept as it read")
    func consent() throws {
        let reception = try Reception()
        let form = try reception.form(["consent_text": "You may write to me."])
        #expect(try reception.send(form)?.map(\.field) == ["_consent"])
        #expect(try reception.send(form, Reception.visitor.merging(["_consent": "yes"]) { $1 }) == nil)
        let submission = try #require(try reception.submissions().first)
        #expect(submission["consent_text"] == "You may write to me.")
        #expect(submission["consented_at"] == .instant(reception.context.now))
    }

    // MARK: Guards

    struct Way: Sendable, CustomTestStringConvertible {
        let name: String
        let isTaken: Bool
        var form: [String: Value] = [:]
        var values: [String: String] = [:]
        var seconds: Int64 = 5
        var isPage = true
        var origin: String?
        var isOwn = false
        var testDescription: String { "\(name): \(isTaken ? "taken" : "dropped")" }
    }

    @Test(
        "who is turned away is answered as everyone is, and nothing is kept",
        arguments: [
            Way(name: "a page", isTaken: true),
            Way(name: "the trap filled in", isTaken: false, values: ["contact_fax": "x"]),
            Way(name: "the trap empty", isTaken: true, values: ["contact_fax": ""]),
            Way(name: "a second too fast", isTaken: false, seconds: 2),
            Way(name: "just slow enough", isTaken: true, seconds: 3),
            Way(name: "a form that may be fast", isTaken: true, form: ["minimum_seconds": 0], seconds: 0),
            Way(
                name: "no ticket where none is needed", isTaken: true, form: ["minimum_seconds": 0],
                values: ["_ticket": ""]),
            Way(name: "a program", isTaken: false, isPage: false),
            Way(
                name: "a program that is heard", isTaken: true, form: ["programs": true], seconds: 0,
                isPage: false),
            Way(
                name: "a program in the trap", isTaken: false, form: ["programs": true],
                values: ["contact_fax": "x"], isPage: false),
            Way(name: "any domain", isTaken: true, origin: "https://anywhere.example"),
            Way(
                name: "an allowed domain", isTaken: true,
                form: ["allowed_domains": "example.com *.example.org"],
                origin: "https://example.com:8443"),
            Way(
                name: "a domain below", isTaken: true, form: ["allowed_domains": "example.com *.Example.org"],
                origin: "https://www.example.org"),
            Way(
                name: "a domain below one that stands alone", isTaken: false,
                form: ["allowed_domains": "example.com"],
                origin: "https://www.example.com"),
            Way(
                name: "a domain that only ends so", isTaken: false,
                form: ["allowed_domains": "*.example.org"],
                origin: "https://evilexample.org"),
            Way(
                name: "a domain that only begins so", isTaken: false,
                form: ["allowed_domains": "example.com"],
                origin: "https://example.com.evil.example"),
            Way(name: "no domain said", isTaken: false, form: ["allowed_domains": "example.com"]),
            Way(
                name: "the form's own page", isTaken: true, form: ["allowed_domains": "example.com"],
                origin: "https://crm.example", isOwn: true),
        ])
    func guards(_ way: Way) throws {
        let reception = try Reception()
        let form = try reception.form(way.form)
        let told = try reception.send(form, Reception.visitor.merging(way.values) { $1 }, after: way.seconds)
        {
            PublicCall(
                gate: $0, address: "192.0.2.1", isPage: way.isPage, origin: way.origin, isOwnPage: way.isOwn)
        }
        #expect(told == nil)
        #expect(try reception.leads().count == (way.isTaken ? 1 : 0))
        #expect(try reception.submissions().count == (way.isTaken ? 1 : 0))
        #expect(reception.context.logLines.count == (way.isTaken ? 0 : 1))
    }

    @Test("a page is sent once; sent again it is answered as before, and nothing comes of it")
    func replay() throws {
        let reception = try Reception()
        let form = try reception.form(["duplicate_rule": "create"])
        let ticket = try reception.ticket(form)
        for _ in 1...3 { #expect(try reception.send(form, ticket: ticket) == nil) }
        #expect(try reception.leads().count == 1)
        #expect(
            reception.context.logLines
                == Array(repeating: "web form \(form.id): not taken, it was sent before", count: 2))
    }

    @Test("a page that is not ours, of another form, changed or a day old is shown once more, filled in")
    func notOurs() throws {
        let reception = try Reception()
        let (form, other) = (try reception.form(), try reception.form())
        let good = try reception.ticket(form)
        let earlier = good.components(".").enumerated().map { $0.offset == 2 ? "1" : $0.element }.joined(
            separator: ".")
        for ticket in ["", "nonsense", try reception.ticket(other), earlier, good + "x"] {
            #expect(
                try reception.send(form, ["_ticket": ticket].merging(Reception.visitor) { $1 })?.map(\.field)
                    == ["_ticket"])
        }
        // Each sending waited 5 seconds.
        #expect(try reception.send(form, after: 86_399 - 25, ticket: good) == nil)
        let late = try reception.ticket(form)
        #expect(try reception.send(form, after: 86_400, ticket: late)?.map(\.field) == ["_ticket"])
        #expect(try reception.leads().count == 1)
    }

    @Test("who mends a mistake does not wait again, and who comes from another page waits a second")
    func onceMore() throws {
        let reception = try Reception()
        let form = try reception.form(["minimum_seconds": 10])
        func ticket(_ html: String) -> String {
            String((html.components("name=\"_ticket\" value=\"").last ?? "").prefix { $0 != "\"" })
        }
        let first = try reception.ticket(form)
        #expect(ticket(try reception.html(form, "mistakes", ["_ticket": first])) == first)
        let second = ticket(try reception.html(form, "mistakes"))
        #expect(try reception.send(form, after: 1, ticket: second) == nil)
        #expect(try reception.leads().count == 1)
    }

    // MARK: Somebody known

    @Test(
        "somebody known by e-mail gets a comment, a change, or a second lead",
        arguments: [("comment", 1, "commented"), ("update", 1, "updated"), ("create", 2, "created")])
    func duplicates(rule: String, leads: Int, state: String) throws {
        let reception = try Reception(comments: true)
        let form = try reception.form(["duplicate_rule": .text(rule)])
        try reception.send(form, ["last_name": "Kim", "company": "Old", "email": "KIM@fabrikam.example"])
        #expect(try reception.send(form) == nil)
        #expect(try reception.leads().count == leads)
        #expect(try reception.submissions().last?["state"].text == state)
        let first = try #require(try reception.leads().first)
        #expect(first["company"] == (rule == "update" ? "Fabrikam" : "Old"))
        let comments = try reception.context.list(ListRequest("comment", sort: ["id"]))
        #expect(comments.map { $0["related_to"] } == (rule == "comment" ? [.reference(first.id)] : []))
        if rule == "comment" {
            #expect(comments[0]["body"] == "Last name: Kim\nCompany: Fabrikam\nE-mail: kim@fabrikam.example")
        }
    }

    @Test("without comments what was sent is added to the lead's description")
    func description() throws {
        let reception = try Reception()
        let form = try reception.form()
        for company in ["Old", "New"] {
            try reception.send(form, Reception.visitor.merging(["company": company]) { $1 })
        }
        let lead = try #require(try reception.leads().first)
        #expect(try reception.leads().count == 1)
        #expect(lead["company"] == "Old")
        #expect(lead["description"].text?.hasSuffix("Company: New\nE-mail: kim@fabrikam.example") == true)
    }

    @Test("a lead that was converted is history: another is made")
    func converted() throws {
        let reception = try Reception()
        let form = try reception.form()
        try reception.send(form)
        _ = try reception.context.update(
            "lead", try #require(try reception.leads().first).id, ["converted": true])
        try reception.send(form)
        #expect(try reception.leads().count == 2)
    }

    @Test("what cannot be written for another reason is kept with its reason, and the visitor is thanked")
    func failed() throws {
        let reception = try Reception()
        let form = try reception.form()
        reception.context.change("lead") { lead in lead.fields.append(.text("x_region", "Region").mandatory())
        }
        #expect(try reception.send(form) == nil)
        let submission = try #require(try reception.submissions().first)
        #expect(submission["state"] == "failed" && submission["problem"].text?.contains("Region") == true)
        #expect(
            submission.lines("answers").map { $0["answer"].text } == [
                "Fabrikam", "kim@fabrikam.example", "Kim",
            ])
        #expect(try reception.leads().isEmpty)
    }

    // MARK: Double opt-in, and the end

    @Test("with double opt-in nothing is made until the link is followed, and then once")
    func doubleOptIn() throws {
        let reception = try Reception()
        var lines = Reception.usual
        lines[2] = Reception.line("email", ["required": true])
        let form = try reception.form(["double_opt_in": true], lines)
        #expect(try reception.send(form) == nil)
        #expect(try reception.leads().isEmpty)
        let submission = try #require(try reception.submissions().first)
        #expect(submission["state"] == "waiting")
        let stale = try reception.link(submission)["token"]?.value.text ?? ""
        let made = try reception.link(submission)
        let token = try #require(made["token"]?.value.text)
        #expect(made["email"]?.value == "kim@fabrikam.example")
        #expect(made["path"]?.value == .text("/forms/\(form["public_id"].text ?? "")?confirm=\(token)"))
        // Opening the link alone confirms nothing: programs that read mail open links.
        #expect(try reception.html(form, "fill_in", ["confirm": token]).contains("name=\"_confirm\""))
        for wrong in [stale, token + "x", "", "confirm.1.a.b"] {
            #expect(try reception.send(form, ["_confirm": wrong]) == nil)
        }
        #expect(try reception.leads().isEmpty)
        for _ in 1...2 { #expect(try reception.send(form, ["_confirm": token]) == nil) }
        #expect(try reception.leads().map { $0["last_name"] } == ["Kim"])
        let done = try #require(try reception.submissions().first)
        #expect(
            done["state"] == "created" && done["confirmed_address"] == "192.0.2.1"
                && done.lines("answers").isEmpty)
        #expect(refusal { _ = try reception.link(submission) }?.kind == .invalidRecord)
    }

    @Test("after the form's days a submission is destroyed, and the lead stays")
    func retention() throws {
        let reception = try Reception()
        let form = try reception.form(["retention_days": 30])
        try reception.send(form)
        let job = try #require(
            try BuiltModule.load("sales").manifest.jobs.first { $0.name == "forget_web_submissions" })
        reception.office.clock.advance(seconds: 30 * 86_400 - 1)
        try job.body(reception.context)
        #expect(try reception.submissions().count == 1)
        reception.office.clock.advance(seconds: 1)
        try job.body(reception.context)
        #expect(try reception.submissions().isEmpty)
        #expect(try reception.leads().count == 1)
    }
}
