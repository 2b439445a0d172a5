import CRMSDK
import Security
import Testing

@Suite("Assigning records")
struct AssignmentTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let user, entity, target, why: String
        var rule: String? = nil
        let allowed: Bool
        var testDescription: String { "\(user) gives a \(entity) to \(target): \(why)" }
    }

    @Test(
        "under private only to oneself, below oneself, own groups and by read_write rules",
        arguments: [
            Case(user: "ann", entity: "account", target: "ann", why: "owner", allowed: true),
            Case(user: "ann", entity: "account", target: "mia", why: "no grant", allowed: false),
            Case(user: "vic", entity: "account", target: "ann", why: "superior", allowed: true),
            Case(user: "ann", entity: "account", target: "G_north", why: "group member", allowed: true),
            Case(user: "bob", entity: "account", target: "G_north", why: "no grant", allowed: false),
            Case(user: "tom", entity: "account", target: "ann", why: "no grant", rule: "S1", allowed: false),
            Case(user: "tom", entity: "account", target: "ann", why: "rule 1", rule: "S2", allowed: true),
            Case(user: "tom", entity: "contact", target: "ann", why: "rule 1", rule: "S2", allowed: true),
            Case(user: "bob", entity: "lead", target: "G_desk", why: "org default", allowed: true),
            Case(user: "bob", entity: "ticket", target: "tom", why: "org default", allowed: true),
            Case(user: "bob", entity: "faq", target: "tom", why: "not shareable", allowed: true),
            Case(user: "bob", entity: "lead", target: "gone", why: "owner inactive", allowed: false),
            Case(user: "bob", entity: "lead", target: "nobody", why: "owner unknown", allowed: false),
            Case(user: "edi", entity: "account", target: "gone", why: "edit_all", allowed: true),
            Case(user: "root", entity: "account", target: "gone", why: "admin", allowed: true),
            Case(user: "root", entity: "account", target: "nobody", why: "owner unknown", allowed: false),
        ])
    func assign(_ row: Case) {
        var company = Company.sample()
        company.user("gone", "sales_rep")
        company.facts.users[company.user("gone")]?.isActive = false
        company.facts.rules = row.rule.flatMap(company.rule).map { [$0] } ?? []
        let decision = company.snapshot().mayAssign(
            company.principal(row.user), entity: row.entity, to: company.owner(row.target))
        #expect(decision.decidedBy == row.why)
        #expect(decision.allowed == row.allowed)
    }
}
