import CRMSDK
import Security
import Testing

/// The cases about the field `annual_revenue` of accounts: organisation's switch, profiles' settings, the answer.
@Suite("Field access")
struct FieldCaseTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let number: Int
        var switchedOn: Bool? = nil
        var settings: [String: FieldRight] = [:]
        let user: String
        let isVisible, isEditable: Bool
        var testDescription: String { "\(number): \(user) sees \(isVisible), writes \(isEditable)" }
    }

    @Test(
        "a field is seen and written as the organisation and the profiles say",
        arguments: [
            Case(
                number: 63, switchedOn: true, settings: ["P_sales": .editable], user: "ann", isVisible: true,
                isEditable: true),
            Case(
                number: 64, settings: ["P_sales": .readOnly], user: "ann", isVisible: true, isEditable: false),
            Case(
                number: 65, settings: ["P_sales": .hidden], user: "ann", isVisible: false, isEditable: false),
            Case(
                number: 66, switchedOn: false, settings: ["P_sales": .editable], user: "ann",
                isVisible: false, isEditable: false),
            Case(number: 67, switchedOn: false, user: "root", isVisible: true, isEditable: true),
            Case(number: 68, switchedOn: false, user: "aud", isVisible: false, isEditable: false),
            Case(
                number: 69, settings: ["P_ro": .hidden, "P_load": .readOnly], user: "max", isVisible: true,
                isEditable: false),
            Case(
                number: 70,
                settings: ["P_ro": .readOnly, "P_load": FieldRight(visible: false, readOnly: false)],
                user: "max", isVisible: true, isEditable: false),
            // 71: who may not see a field may not filter, sort or group by it; the mask is what Query asks.
            Case(
                number: 71, settings: ["P_sales": .hidden], user: "ann", isVisible: false, isEditable: false),
        ])
    func field(_ row: Case) {
        let company = company(row)
        let mask = company.snapshot().mask(company.principal(row.user), "account")
        #expect(mask.isVisible("annual_revenue") == row.isVisible)
        #expect(mask.isEditable("annual_revenue") == row.isEditable)
        #expect(mask.isEverything == row.isVisible)
        // Its neighbours do not suffer.
        #expect(mask.isVisible("name"))
        #expect(mask.isVisible("id") && !mask.isEditable("id"))
    }

    private func company(_ row: Case) -> Company {
        var company = Company.sample()
        if let switchedOn = row.switchedOn {
            company.facts.fieldSwitches["account"] = ["annual_revenue": switchedOn]
        }
        for (profile, right) in row.settings {
            company.facts.profiles[company.profile(profile)]?.fields["account"] = ["annual_revenue": right]
        }
        return company
    }

    @Test("in case 69 the record is refused before the field is asked for")
    func readOnlyRecord() {
        let company = Company.sample()
        let decision = company.snapshot().decide(
            company.principal("max"), .edit, "account", record: company.record(ownedBy: "max"))
        #expect(decision.decidedBy == "action not granted")
    }

    @Test("view_all opens fields that profiles hide, to read; edit_all to write as well")
    func globalFlags() {
        var company = Company.sample()
        for profile in ["P_view_all", "P_edit_all"] {
            let id = company.profile(profile)
            company.facts.profiles[id]?.entities["account"] = EntityRights(access: true, verbs: [.view])
            company.facts.profiles[id]?.fields["account"] = ["annual_revenue": .hidden]
        }
        let snapshot = company.snapshot()
        let viewing = snapshot.mask(company.principal("aud"), "account")
        #expect(viewing.isVisible("annual_revenue") && !viewing.isEditable("annual_revenue"))
        let editing = snapshot.mask(company.principal("edi"), "account")
        #expect(editing.isVisible("annual_revenue") && editing.isEditable("annual_revenue"))
    }

    @Test("view_all without access reads every field and writes none")
    func viewAllWritesNothing() {
        let company = Company.sample()
        let mask = company.snapshot().mask(company.principal("aud"), "account")
        #expect(mask.isEverything)
        #expect(!mask.isEditable("name"))
    }

    @Test("without access to the module no field but the id is visible")
    func moduleOff() {
        let company = Company.sample()
        let mask = company.snapshot().mask(company.principal("tom"), "potential")
        #expect(!mask.isVisible("name") && !mask.isEditable("name") && !mask.isEverything)
    }

    @Test("a profile without access to an entity does not open what another hides there")
    func silentProfile() {
        var company = Company.sample()
        company.facts.profiles[company.profile("P_sales")]?.fields["account"] = ["annual_revenue": .hidden]
        company.profile("P_faq", ["faq": [.view]])
        let faq = company.profile("P_faq")
        company.facts.roles[company.role("sales_rep")]?.profiles.append(faq)
        #expect(
            !company.snapshot().mask(company.principal("ann"), "account").isVisible("annual_revenue"))
    }

    @Test("nobody writes what the system writes, administrators included")
    func systemFields() {
        var company = Company.sample()
        company.entities = [SecuredEntity(name: "account", readOnlyFields: ["account_no"])]
        let snapshot = company.snapshot()
        for user in ["root", "ann", "edi"] {
            let mask = snapshot.mask(company.principal(user), "account")
            for field in ["account_no", "id", "version", "created_at", "deleted_at"] {
                #expect(mask.isVisible(field) && !mask.isEditable(field), "\(user) \(field)")
            }
            #expect(mask.isEditable("owner"))
        }
    }

    @Test("unknown users, inactive users and unknown entities see nothing")
    func nothing() {
        var company = Company.sample()
        company.facts.users[company.user("root")]?.isActive = false
        let snapshot = company.snapshot()
        #expect(snapshot.mask(company.principal("root"), "account") == .nothing)
        #expect(snapshot.mask(company.principal("nobody"), "account") == .nothing)
        #expect(snapshot.mask(company.principal("ann"), "spaceship") == .nothing)
    }
}
