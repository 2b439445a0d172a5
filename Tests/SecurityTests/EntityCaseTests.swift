import CRMSDK
import Security
import Testing

/// The cases without a record: abilities, lists, assignment.
@Suite("Decisions without a record")
struct EntityCaseTests {
    struct Ability: Sendable, CustomTestStringConvertible {
        let number: Int
        let user: String
        let verb: AccessVerb
        let entity: String
        let allowed: Bool
        /// The profile that grants it, or the reason of the refusal.
        let why: String
        var testDescription: String { "\(number): \(user) \(verb.name) \(entity): \(allowed), \(why)" }
    }

    @Test(
        "a profile of the role grants the action, or nobody does",
        arguments: [
            Ability(
                number: 49, user: "ann", verb: .create, entity: "account", allowed: true, why: "P_sales"),
            Ability(
                number: 50, user: "tom", verb: .create, entity: "account", allowed: false,
                why: "action not granted"),
            Ability(number: 51, user: "max", verb: .create, entity: "account", allowed: true, why: "P_load"),
            Ability(number: 52, user: "max", verb: .import, entity: "account", allowed: true, why: "P_load"),
            Ability(
                number: 53, user: "max", verb: .import, entity: "lead", allowed: false,
                why: "action not granted"),
            Ability(
                number: 54, user: "ann", verb: .export, entity: "account", allowed: false,
                why: "action not granted"),
            Ability(
                number: 55, user: "aud", verb: .create, entity: "account", allowed: false, why: "module off"),
            Ability(
                number: 56, user: "edi", verb: .create, entity: "account", allowed: false,
                why: "action not granted"),
        ])
    func ability(_ row: Ability) throws {
        let company = Company.sample()
        let snapshot = company.snapshot()
        let principal = company.principal(row.user)
        let decision = snapshot.decide(principal, row.verb, row.entity)
        #expect(decision.allowed == row.allowed)
        if row.allowed {
            #expect(decision.step == 7)
            #expect(decision.profile == company.profile(row.why))
            try snapshot.require(principal, row.verb, row.entity)
        } else {
            #expect(decision.decidedBy == row.why)
            let error = try #require(throws: CRMError.self) {
                try snapshot.require(principal, row.verb, row.entity)
            }
            #expect(error.kind == .forbidden)
            #expect(error.rule == "step \(decision.step), \(row.why)")
        }
    }

    struct List: Sendable, CustomTestStringConvertible {
        let number: Int
        let user: String
        let rule: String?
        let shown: [String]
        var testDescription: String { "\(number): \(user) sees accounts of \(shown), rule \(rule ?? "none")" }
    }

    @Test(
        "a list shows what steps 8 to 14 allow",
        arguments: [
            List(number: 57, user: "ann", rule: nil, shown: ["ann", "G_field"]),
            List(number: 58, user: "mia", rule: nil, shown: ["ann", "bob"]),
            List(number: 59, user: "tom", rule: "S1", shown: ["ann", "bob"]),
        ])
    func list(_ row: List) {
        var company = Company.sample()
        company.facts.rules = row.rule.flatMap(company.rule).map { [$0] } ?? []
        let snapshot = company.snapshot()
        let predicate = snapshot.predicate(company.principal(row.user), .view, "account")
        let shown = ["ann", "bob", "G_field"].filter { predicate.matches(company.record(ownedBy: $0)) }
        #expect(shown == row.shown)
    }

    struct Assignment: Sendable, CustomTestStringConvertible {
        let number: Int
        let user, entity, target: String
        let allowed: Bool
        let why: String
        var testDescription: String {
            "\(number): \(user) assigns \(entity) to \(target): \(allowed), \(why)"
        }
    }

    @Test(
        "a record is assigned only to whom the user reaches",
        arguments: [
            Assignment(
                number: 60, user: "ann", entity: "account", target: "bob", allowed: false, why: "no grant"),
            Assignment(
                number: 61, user: "mia", entity: "account", target: "bob", allowed: true, why: "superior"),
            Assignment(
                number: 62, user: "ann", entity: "lead", target: "sam", allowed: true, why: "org default"),
        ])
    func assign(_ row: Assignment) {
        let company = Company.sample()
        let decision = company.snapshot().mayAssign(
            company.principal(row.user), entity: row.entity, to: company.owner(row.target))
        #expect(decision.allowed == row.allowed)
        #expect(decision.decidedBy == row.why)
    }
}
