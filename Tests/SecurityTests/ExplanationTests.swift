import CRMSDK
import Security
import Testing

@Suite("Explanations")
struct ExplanationTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let user: String
        let verb: AccessVerb
        let entity, owner: String
        let step: Int
        let remedies: [String]
        var testDescription: String { "\(user) \(verb.name) \(entity) of \(owner): \(remedies)" }
    }

    @Test(
        "a refusal names the nearest changes that would have allowed it",
        arguments: [
            Case(
                user: "tom", verb: .view, entity: "account", owner: "ann", step: 14,
                remedies: ["a sharing rule on account from role sales_rep to role agent with read"]),
            Case(
                user: "tom", verb: .view, entity: "contact", owner: "G_field", step: 14,
                remedies: ["a sharing rule on account from group G_field to role agent with read"]),
            Case(
                user: "bob", verb: .edit, entity: "ticket", owner: "tom", step: 6,
                remedies: [
                    "the action edit on ticket in profile P_sales",
                    "a sharing rule on ticket from role agent to role sales_rep with read_write",
                ]),
            Case(
                user: "max", verb: .edit, entity: "account", owner: "max", step: 6,
                remedies: ["the action edit on account in one of the profiles P_ro, P_load"]),
            Case(
                user: "tom", verb: .view, entity: "potential", owner: "tom", step: 5,
                remedies: [
                    "access to potential in profile P_support",
                    "the action view on potential in profile P_support",
                ]),
            Case(
                user: "bob", verb: .delete, entity: "account", owner: "ann", step: 11,
                remedies: ["the default of account set to public_read_edit_delete"]),
            Case(
                user: "bob", verb: .delete, entity: "account", owner: "G_north", step: 11,
                remedies: ["user bob made a member of group G_north"]),
            Case(
                user: "ann", verb: .edit, entity: "currency", owner: "ann", step: 3,
                remedies: ["user ann made an administrator"]),
            Case(user: "ann", verb: .view, entity: "spaceship", owner: "ann", step: 2, remedies: []),
            Case(user: "ann", verb: .view, entity: "account", owner: "ann", step: 9, remedies: []),
        ])
    func remedies(_ row: Case) {
        var company = Company.sample()
        company.entities.append(SecuredEntity(name: "currency", isAdministrative: true))
        let explanation = company.snapshot().explain(
            company.principal(row.user), row.verb, row.entity, record: company.record(ownedBy: row.owner))
        #expect(explanation.decision.step == row.step)
        #expect(explanation.remedies.map(\.message) == row.remedies)
    }

    @Test("the steps tried are listed in order, and the last one decided")
    func steps() throws {
        var company = Company.sample()
        company.facts.rules = [company.rule("S1")].compactMap { $0 }
        let explanation = company.snapshot().explain(
            company.principal("tom"), .view, "account", record: company.record(ownedBy: "ann"))
        #expect(explanation.steps.map(\.number) == [1, 2, 3, 3, 4, 5, 6, 7, 7, 8, 8, 9, 10, 11, 12])
        #expect(explanation.steps.dropLast().allSatisfy { $0.answer == .passed })
        #expect(explanation.steps.last?.answer == .allowed)
        #expect(explanation.decision.rule == RecordID(1))
        #expect(
            explanation.decision.message
                == "view on account is allowed at step 12, rule 1: "
                + "a sharing rule reaches from the owner to the caller")
    }

    @Test("a related permission is told with the rule and the parent")
    func via() {
        var company = Company.sample()
        company.facts.rules = [company.rule("S4")].compactMap { $0 }
        let record = company.record(ownedBy: "bob", parents: ["account": "ann"])
        let decision = company.snapshot().decide(company.principal("tom"), .edit, "ticket", record: record)
        #expect(decision.decidedBy == "rule 1 via account")
        #expect(decision.step == 13)
    }

    struct FieldCase: Sendable {
        let verb: AccessVerb
        let switchedOn: Bool
        let right: FieldRight
        let message: String?
        let remedies: [String]
    }

    @Test(
        "a field that is hidden or locked says by what",
        arguments: [
            FieldCase(verb: .view, switchedOn: true, right: .editable, message: nil, remedies: []),
            FieldCase(
                verb: .view, switchedOn: true, right: .hidden,
                message: #"no profile of the caller shows field "annual_revenue""#,
                remedies: ["field annual_revenue of account made visible in profile P_sales"]),
            FieldCase(
                verb: .view, switchedOn: false, right: .hidden,
                message: #"field "annual_revenue" is switched off for the organisation"#,
                remedies: [
                    "field annual_revenue of account switched on for the organisation",
                    "field annual_revenue of account made visible in profile P_sales",
                ]),
            FieldCase(
                verb: .edit, switchedOn: true, right: .readOnly,
                message: #"no profile of the caller lets field "annual_revenue" be written"#,
                remedies: ["field annual_revenue of account made visible and editable in profile P_sales"]),
        ])
    func field(_ row: FieldCase) {
        var company = Company.sample()
        let sales = company.profile("P_sales")
        company.facts.profiles[sales]?.fields["account"] = ["annual_revenue": row.right]
        company.facts.fieldSwitches["account"] = ["annual_revenue": row.switchedOn]
        let ann = company.principal("ann")
        let record = company.record(ownedBy: "ann")
        let explanation = company.snapshot().explain(
            ann, row.verb, "account", record: record, field: "annual_revenue")
        #expect(explanation.decision.allowed)
        #expect(explanation.field?.message == row.message)
        #expect(explanation.remedies.map(\.message) == row.remedies)

        for remedy in explanation.remedies { company.facts.apply(remedy.change) }
        let mask = company.snapshot().mask(ann, "account")
        #expect(row.verb == .view ? mask.isVisible("annual_revenue") : mask.isEditable("annual_revenue"))
    }

    @Test("no remedy is offered for what the system writes")
    func systemField() {
        let company = Company.sample()
        let explanation = company.snapshot().explain(
            company.principal("ann"), .edit, "account", record: company.record(ownedBy: "ann"),
            field: "created_at")
        #expect(explanation.field?.message == #"field "created_at" is written by the system"#)
        #expect(explanation.remedies.isEmpty)
    }
}
