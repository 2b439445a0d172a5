import CRMSDK
import Security
import Testing

/// What administration is told before it stores a change.
@Suite("Problems of a configuration")
struct ProblemTests {
    private func codes(_ company: Company) -> [String] {
        company.facts.problems(entities: company.entities).map(\.code)
    }

    @Test("the sample company has none, and none with any of its rules")
    func sound() throws {
        var company = Company.sample()
        #expect(codes(company) == [])
        for name in ["S1", "S2", "S3", "S6", "S7"] {
            company.facts.rules = [try #require(company.rule(name))]
            #expect(codes(company) == [], "\(name)")
        }
    }

    @Test("a role below itself is refused, and until then nobody is above anybody through it")
    func roleCycle() {
        var company = Company.sample()
        let rep = company.role("sales_rep")
        company.facts.roles[company.role("vp_sales")]?.parent = rep
        let problems = company.facts.roleCycles()
        #expect(
            problems.map(\.subject) == ["vp_sales", "sales_mgr", "sales_rep"].map { company.role($0) })
        #expect(problems.allSatisfy { $0.severity == .error })
        let record = company.record(ownedBy: "ann")
        for name in ["mia", "vic", "bob"] {
            let decision = company.snapshot().decide(
                company.principal(name), .view, "account", record: record)
            #expect(!decision.allowed, "\(name)")
        }
        #expect(
            company.snapshot().predicate(company.principal("mia"), .delete, "account")
                == .owners(OwnerSet([company.user("mia")])))
    }

    @Test("a group within itself is refused, and until then its members are all who are named")
    func groupCycle() {
        var company = Company.sample()
        let hub = company.group("G_hub")
        company.facts.groups[company.group("G_north")]?.members.append(.group(hub))
        #expect(company.facts.groupCycles().map(\.subject) == [company.group("G_north"), hub])
        let snapshot = company.snapshot()
        for (user, owner) in [("tom", "G_north"), ("ann", "G_hub"), ("tom", "G_hub"), ("ann", "G_north")] {
            let record = company.record(ownedBy: owner)
            #expect(
                snapshot.decide(company.principal(user), .view, "account", record: record).reason
                    == .groupMember)
        }
    }

    @Test("a role without profiles is refused")
    func roleWithoutProfiles() {
        var company = Company.sample()
        company.facts.roles[company.role("auditor")]?.profiles = []
        #expect(codes(company) == ["role_without_profile"])
        #expect(!company.snapshot().decide(company.principal("aud"), .view, "faq").allowed)
    }

    @Test("the last active administrator stays one")
    func lastAdministrator() {
        var company = Company.sample()
        let root = company.user("root")
        #expect(
            company.facts.lastAdministratorProblem(root)?.message
                == #"user "root" is the last active administrator"#)
        #expect(company.facts.lastAdministratorProblem(company.user("ann")) == nil)
        company.user("second", "ceo", administrator: true)
        #expect(!company.facts.isLastAdministrator(root))
        company.facts.users[company.user("second")]?.isActive = false
        #expect(company.facts.isLastAdministrator(root))
    }

    @Test("a mandatory field is neither hidden from nor locked for a profile that creates")
    func mandatoryField() {
        var company = Company.sample()
        company.entities[0].mandatoryFields = ["name"]
        for (profile, right, code) in [
            ("P_sales", FieldRight.hidden, "mandatory_field_hidden"),
            ("P_load", .readOnly, "mandatory_field_read_only"),
        ] {
            let id = company.profile(profile)
            company.facts.profiles[id]?.fields["account"] = ["name": right]
            #expect(codes(company) == [code])
            company.facts.profiles[id]?.fields = [:]
        }
        // P_support views accounts and creates none.
        let support = company.profile("P_support")
        company.facts.profiles[support]?.fields["account"] = ["name": .hidden]
        #expect(codes(company) == [])
    }

    struct Rule: Sendable, CustomTestStringConvertible {
        let code: String
        let why: String
        let change: @Sendable (inout Company, inout SharingRule) -> Void
        var testDescription: String { code }
    }

    @Test(
        "a rule without effect says why",
        arguments: [
            Rule(code: "rule_entity_unknown", why: #"entity "spaceship" does not exist"#) { _, rule in
                rule.entity = "spaceship"
            },
            Rule(code: "rule_from_nobody", why: "role empty has no users and owns nothing") { company, rule in
                company.role("empty", "P_sales")
                rule.from = .role(company.role("empty"))
            },
            Rule(code: "rule_to_nobody", why: "role agent has no active users") { company, _ in
                let tom = company.user("tom")
                company.facts.users[tom]?.isActive = false
            },
            Rule(code: "rule_gives_nothing", why: "it gives neither read nor read_write") { _, rule in
                rule.permission = .none
            },
            Rule(code: "rule_entity_follows", why: "contact follows account: make the rule on account") {
                $1.entity = "contact"
            },
            Rule(
                code: "rule_inert", why: "the default of account is public_read, which gives as much to all"
            ) { company, _ in company.facts.defaults["account"] = .publicRead },
            Rule(code: "rule_not_shareable", why: "owners do not matter for faq") { $1.entity = "faq" },
            Rule(code: "rule_module_off", why: "no profile of role agent gives access to quote") {
                $1.entity = "quote"
            },
            Rule(code: "rule_related_unknown", why: #"entity "spaceship" does not exist"#) {
                $1.related = ["spaceship": .read]
            },
            Rule(
                code: "rule_related_without_field", why: "lead has no field that carries rights from account"
            ) { $1.related = ["lead": .read] },
        ])
    func warning(_ row: Rule) throws {
        var company = Company.sample()
        var rule = try #require(company.rule("S1"))
        row.change(&company, &rule)
        let warnings = company.snapshot().warnings(for: rule)
        #expect(warnings.map(\.code) == [row.code])
        #expect(warnings.first?.severity == .warning)
        #expect(warnings.first?.message.hasSuffix("has no effect: \(row.why)") ?? false)
    }

    @Test("a read_write rule still works under public_read")
    func halfInert() throws {
        var company = Company.sample()
        company.facts.defaults["account"] = .publicRead
        let rule = try #require(company.rule("S2"))
        #expect(company.snapshot().warnings(for: rule).isEmpty)
    }
}
