import CRMSDK
import Testing

/// `sales.revert_conversion` on a real kernel, with all modules.
@Suite("A conversion that is taken back")
struct LeadReversionTests {
    private let office: Office
    private let lead: RecordID
    private let task: RecordID
    private let account: RecordID
    private let contact: RecordID
    private let deal: RecordID
    private let day = CalendarDate("2026-12-01").map { Value.date($0) } ?? .null

    init() throws {
        office = try BundledModulesTests.office(BundledModulesTests.modules)
        lead = try office.create("lead", ["last_name": "Young", "company": "Fabrikam"])
        task = try office.create(
            "task", ["subject": "Call", "due_date": day, "related_to": .reference(lead)])
        let made = try office.convert(
            lead, .object(["closing_date": .value(day), "sales_stage": .value("qualification")]))
        (account, contact, deal) = (made[0], made[1], made[2])
    }

    private func revert() throws {
        _ = try office.act("sales.revert_conversion", .object(["lead": .value(.reference(lead))]))
    }

    private func refusal() -> CRMError? {
        do {
            try revert()
            return nil
        } catch {
            return error as? CRMError
        }
    }

    @Test("what it made is gone, what it moved is back, and the lead can be converted again")
    func untouched() throws {
        try revert()
        for id in [account, contact, deal] { #expect(throws: CRMError.self) { try office.get(id) } }
        #expect(try office.get(task)["related_to"].reference == lead)
        #expect(try office.get(lead)["converted"] != true)
        #expect(try office.get(lead)["converted_account"].isNull)
        #expect(refusal()?.message == "lead \"LEA00001\" is not converted")
        #expect(try office.convert(lead, nil).count == 2)
    }

    @Test("a change of what it made stands in the way, and nothing is changed")
    func changed() throws {
        _ = try office.update(contact, ["title": "Buyer"])
        let error = refusal()
        #expect(error?.kind == .invalidRecord)
        #expect(error?.message == "contact \(contact) has been changed or linked since")
        #expect(try office.get(lead)["converted"] == true)
        #expect(try office.get(task)["related_to"].reference == deal)
    }

    @Test("so does a link, and a record that refers to what it made")
    func linkedOrReferred() throws {
        let other = try office.create(
            "contact", ["last_name": "Lin", "account": .reference(account)])
        #expect(
            refusal()?.message == "account \(account) has been referred to by another record since")
        try office.delete(other)
        let campaign = try office.create("campaign", ["campaign_name": "Fair", "closing_date": day])
        try office.link(campaign, "campaign_contact", contact, [:])
        #expect(refusal()?.message == "contact \(contact) has been changed or linked since")
        #expect(try office.get(account)["account_name"] == "Fabrikam")
    }

    @Test("an account that was there before stays, without what was filled in")
    func reused() throws {
        try revert()
        let known = try office.create("account", ["account_name": "Contoso"])
        let second = try office.create(
            "lead", ["last_name": "Noor", "company": "Contoso", "phone": "+48 1"])
        _ = try office.act(
            "sales.convert_lead",
            .object([
                "lead": .value(.reference(second)), "account": .object(["fill_blank": .value(true)]),
            ]))
        #expect(try office.get(known)["phone"] == "+48 1")
        _ = try office.act("sales.revert_conversion", .object(["lead": .value(.reference(second))]))
        #expect(try office.get(known)["phone"].isNull)
    }
}
