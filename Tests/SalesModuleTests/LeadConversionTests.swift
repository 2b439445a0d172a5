import CRMSDK
import CRMSDKTesting
import Testing

@Suite("sales.convert_lead")
struct LeadConversionTests {
    private let office: Office
    private var context: TestModuleContext { office.context }

    init() throws { office = try Office() }

    private func lead(_ values: [String: Value] = [:]) throws -> Record {
        let whole: [String: Value] = [
            "last_name": "Kowalska", "first_name": "Anna", "company": "Nowa Huta Steel",
            "email": "anna@nhs.example",
            "designation": "Buyer", "city": "Kraków", "postal_code": "31-001", "lead_source": "trade_show",
            "industry": "manufacturing", "employees": 120, "description": "Met in hall 4",
            "owner": .reference(RecordID(7)),
        ]
        return try context.create("lead", whole.merging(values) { $1 }.filter { !$0.value.isNull })
    }

    private func convert(_ lead: Record, _ members: [(String, StructuredValue)] = []) throws
        -> StructuredValue
    {
        let parameters = [("lead", StructuredValue.value(.reference(lead.id)))] + members
        return try context.call(
            "sales.convert_lead", .object(parameters.map { StructuredValue.Member($0.0, $0.1) }))
    }

    private func record(_ entity: String, _ answer: StructuredValue) throws -> Record {
        try context.get(entity, try #require(answer[entity]?.value.reference))
    }

    private let deal = StructuredValue.object([
        "closing_date": .value(date("2026-05-31")), "sales_stage": .value("qualification"),
    ])

    @Test("makes an account, a contact and the potential described, by the mapping")
    func whole() throws {
        let lead = try lead()
        let answer = try convert(lead, [("potential", deal)])
        let account = try record("account", answer)
        #expect(account["account_name"] == "Nowa Huta Steel")
        #expect(account["billing_postal_code"] == "31-001")
        #expect(account["shipping_city"] == "Kraków")
        #expect(account["employees"] == 120)
        #expect(account["owner"] == .reference(RecordID(7)))
        #expect(account["converted_from_lead"] == .reference(lead.id))

        let contact = try record("contact", answer)
        #expect(contact["last_name"] == "Kowalska")
        #expect(contact["title"] == "Buyer")
        #expect(contact["mailing_postal_code"] == "31-001")
        #expect(contact["account"] == .reference(account.id))
        #expect(contact["lead_source"] == "trade_show")

        let potential = try record("potential", answer)
        #expect(potential["potential_name"] == "Nowa Huta Steel")
        #expect(potential["related_to"] == .reference(account.id))
        #expect(potential["contact"] == .reference(contact.id))
        #expect(potential["probability"] == percent("20"))

        let converted = try context.get("lead", lead.id)
        #expect(converted["converted"] == true)
        #expect(converted["converted_at"] == .instant(context.now))
        #expect(converted["converted_account"] == .reference(account.id))
        #expect(converted["converted_contact"] == .reference(contact.id))
        #expect(converted["converted_potential"] == .reference(potential.id))
        #expect(converted["lead_no"] == lead["lead_no"])
    }

    @Test("every row of the mapping names fields that are there, of a kind that takes the lead's")
    func mapping() throws {
        var values: [String: Value] = [:]
        let definition = try context.definition(of: "lead")
        for field in definition.fields where !field.isReadOnly {
            switch field.type.name {
            case "text", "longtext", "email", "phone", "url": values[field.name] = .text("v \(field.name)")
            case "picklist": values[field.name] = field.type.values.first.map { .text($0.key) }
            case "integer": values[field.name] = 3
            case "money": values[field.name] = money("5.00")
            default: break
            }
        }
        let answer = try convert(try lead(values), [("potential", deal)])
        #expect(try record("account", answer).values.count >= 27)
        #expect(try record("contact", answer).values.count >= 22)
    }

    @Test("an account of that name and a contact with that address are reused, and not changed")
    func reused() throws {
        let account = try context.create("account", ["account_name": "nowa huta steel"])
        let contact = try context.create("contact", ["last_name": "K.", "email": "ANNA@nhs.example"])
        let answer = try convert(try lead())
        #expect(answer["account"]?.value == .reference(account.id))
        #expect(answer["account_created"]?.value == false)
        #expect(answer["contact"]?.value == .reference(contact.id))
        #expect(try context.get("account", account.id) == account)
        #expect(answer["potential"]?.value.isNull == true)
    }

    @Test("blank fields of an existing account are filled only if asked")
    func fillBlank() throws {
        let account = try context.create(
            "account", ["account_name": "Nowa Huta Steel", "billing_city": "Warszawa"])
        _ = try convert(try lead(), [("account", .object(["fill_blank": .value(true)]))])
        let filled = try context.get("account", account.id)
        #expect(filled["billing_city"] == "Warszawa")
        #expect(filled["shipping_city"] == "Kraków")
    }

    @Test("several candidates are refused with their ids, and one of them may be named")
    func several() throws {
        let first = try office.account("Nowa Huta Steel")
        let second = try office.account("Nowa Huta Steel")
        let lead = try lead()
        let error = refusal { _ = try convert(lead) }
        #expect(error?.kind == .duplicate)
        #expect(error?.candidates == [first.description, second.description])
        let answer = try convert(lead, [("account", .object(["match": .value(.reference(second))]))])
        #expect(answer["account"]?.value == .reference(second))
    }

    @Test("values in the request beat mapped ones, and a new account is made on request")
    func given() throws {
        let existing = try office.account("Nowa Huta Steel")
        let answer = try convert(
            try lead(),
            [
                ("account", .object(["create": .object(["account_name": .value("NHS Group")])])),
                ("owner", .value(.reference(RecordID(9)))),
            ])
        let account = try record("account", answer)
        #expect(account.id != existing)
        #expect(account["account_name"] == "NHS Group")
        #expect(account["industry"] == "manufacturing")
        #expect(account["owner"] == .reference(RecordID(9)))
    }

    @Test("everything that is missing is listed, and nothing is written")
    func missing() throws {
        let lead = try lead()
        let error = refusal {
            _ = try convert(
                lead,
                [
                    ("account", .object(["create": .object(["account_name": .value(.null)])])),
                    ("potential", .object(["amount": .value(money("5.00"))])),
                ])
        }
        #expect(error?.kind == .invalidRecord)
        #expect(
            error?.fields.map(\.field)
                == ["account.account_name", "potential.closing_date", "potential.sales_stage"])
        #expect(try context.count("account", where: nil) == 0)
        #expect(try context.get("lead", lead.id) == lead)
    }

    @Test("a failure half-way leaves nothing behind")
    func atomic() throws {
        let lead = try lead()
        let lost = StructuredValue.object([
            "closing_date": .value(date("2026-05-31")), "sales_stage": .value("closed_lost"),
        ])
        let error = refusal { _ = try convert(lead, [("potential", lost)]) }
        #expect(error?.fields.map(\.field) == ["loss_reason"])
        #expect(try context.count("account", where: nil) == 0)
        #expect(try context.count("contact", where: nil) == 0)
    }

    @Test("without the account, the potential belongs to the contact; without both there is nothing")
    func skip() throws {
        let lead = try lead()
        let skip = StructuredValue.object(["skip": .value(true)])
        #expect(
            refusal { _ = try convert(lead, [("account", skip), ("contact", skip)]) }?.kind
                == .invalidParameters)
        let answer = try convert(lead, [("account", skip), ("potential", deal)])
        #expect(answer["account"]?.value.isNull == true)
        let potential = try record("potential", answer)
        #expect(potential["related_to"].reference == answer["contact"]?.value.reference)
    }

    @Test("a converted lead is refused again, with what it became, and is read-only but for administrators")
    func again() throws {
        let lead = try lead()
        let answer = try convert(lead)
        let error = refusal { _ = try convert(lead) }
        #expect(error?.message == "lead \"LEA00001\" is already converted")
        #expect(
            error?.candidates
                == ["account", "contact"].compactMap { answer[$0]?.value.reference?.description })
        #expect(refusal { _ = try office.update(lead, ["city": "Gdańsk"]) }?.kind == .forbidden)

        let caller = context.caller
        context.caller = Caller(
            user: caller.user, username: "admin", isAdministrator: true, timeZone: "UTC", language: "en")
        _ = try office.update(lead, ["city": "Gdańsk"])
    }
}
