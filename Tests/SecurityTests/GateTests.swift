import CRMSDK
import Security
import Testing

/// What stands before profiles and owners: the caller, the installation, administrators; and how a refusal is told.
@Suite("Callers, administrators and refusals")
struct GateTests {
    @Test("an inactive or unknown user can do nothing and is asked to sign in")
    func inactive() throws {
        var company = Company.sample()
        company.facts.users[company.user("ann")]?.isActive = false
        company.facts.users[company.user("root")]?.isActive = false
        let snapshot = company.snapshot()
        for (name, reason) in [
            ("ann", "user inactive"), ("root", "user inactive"), ("nobody", "user unknown"),
        ] {
            let principal = Principal(user: company.user(name), isAdministrator: true, source: .session)
            let decision = snapshot.decide(principal, .view, "faq")
            #expect(decision.decidedBy == reason && decision.step == 1)
            #expect(snapshot.predicate(principal, .view, "faq") == .nothing)
            let error = try #require(throws: CRMError.self) { try snapshot.require(principal, .view, "faq") }
            #expect(error.kind == .unauthenticated)
        }
        // An inactive user still owns, and superiors still see it.
        #expect(
            snapshot.decide(
                company.principal("mia"), .view, "account", record: company.record(ownedBy: "ann")
            ).decidedBy == "superior")
    }

    @Test("administrator needs both the fact and the principal")
    func demoted() {
        let company = Company.sample()
        let snapshot = company.snapshot()
        let record = company.record(ownedBy: "root")
        let narrowed = Principal(user: company.user("root"), isAdministrator: false, source: .apiKey)
        #expect(snapshot.decide(narrowed, .delete, "ticket", record: record).reason == .actionNotGranted)
        let stale = Principal(user: company.user("ann"), isAdministrator: true, source: .session)
        #expect(!snapshot.decide(stale, .view, "account", record: record).allowed)
    }

    @Test("the kernel itself is refused nothing but what is not there")
    func kernel() {
        let company = Company.sample()
        let snapshot = company.snapshot()
        let kernel = Principal.kernel(for: RecordID(0))
        let record = company.record(ownedBy: "ann")
        #expect(snapshot.decide(kernel, .delete, "account", record: record).reason == .admin)
        #expect(snapshot.predicate(kernel, .edit, "account") == .everything)
        #expect(snapshot.mask(kernel, "account").isEverything)
        #expect(snapshot.decide(kernel, .view, "spaceship").reason == .entityUnknown)
    }

    @Test("an entity that is not in the installation does not exist, for administrators and view_all too")
    func unknownEntity() throws {
        let company = Company.sample()
        let snapshot = company.snapshot()
        for name in ["root", "aud", "ann"] {
            let principal = company.principal(name)
            let error = try #require(throws: CRMError.self) {
                try snapshot.require(principal, .view, "spaceship")
            }
            #expect(error.kind == .notFound)
            #expect(error.message == #"entity "spaceship" does not exist"#)
            #expect(snapshot.predicate(principal, .view, "spaceship") == .nothing)
        }
    }

    @Test("an id that the caller may not view is not found; one that they may is forbidden")
    func leaksNoIDs() throws {
        let company = Company.sample()
        let snapshot = company.snapshot()
        func refusal(_ user: String, _ verb: AccessVerb, _ entity: String, owner: String) throws -> CRMError {
            try #require(throws: CRMError.self) {
                try snapshot.require(
                    company.principal(user), verb, entity, record: company.record(9, ownedBy: owner))
            }
        }
        for verb in [AccessVerb.view, .edit, .delete] {
            let hidden = try refusal("bob", verb, "account", owner: "ann")
            #expect(hidden.kind == .notFound)
            #expect(hidden.message == "account 9 does not exist")
            #expect(hidden.rule == nil)
        }
        let visible = try refusal("bob", .delete, "lead", owner: "ann")
        #expect(visible.kind == .forbidden)
        #expect(visible.rule == "step 11, org default")
        try snapshot.require(
            company.principal("bob"), .edit, "lead", record: company.record(ownedBy: "ann"))
    }

    @Test("administrative entities are read by all, or by nobody, and written by administrators")
    func administrative() {
        var company = Company.sample()
        company.entities += [
            SecuredEntity(name: "currency", isAdministrative: true),
            SecuredEntity(name: "user", isAdministrative: true, openFields: ["username"]),
            SecuredEntity(name: "profile", isAdministrative: true, openFields: []),
        ]
        let snapshot = company.snapshot()
        for name in ["ann", "aud", "edi"] {
            let principal = company.principal(name)
            for entity in ["currency", "user"] {
                #expect(snapshot.decide(principal, .view, entity).reason == .openToAll)
                #expect(snapshot.predicate(principal, .view, entity) == .everything)
                #expect(!snapshot.mask(principal, entity).isEditable("username"))
            }
            #expect(snapshot.mask(principal, "user").isVisible("username"))
            #expect(!snapshot.mask(principal, "user").isVisible("email"))
            #expect(snapshot.decide(principal, .view, "profile").reason == .administratorsOnly)
            for verb in [AccessVerb.create, .edit, .delete, .export, .import] {
                #expect(snapshot.decide(principal, verb, "currency").reason == .administratorsOnly)
                #expect(snapshot.predicate(principal, verb, "currency") == .nothing)
            }
        }
        let root = company.principal("root")
        #expect(snapshot.decide(root, .edit, "profile").reason == .admin)
        #expect(snapshot.mask(root, "profile").isEditable("name"))
    }

    @Test("a user without a role works under the standard profile, with nobody above")
    func withoutRole() {
        var company = Company.sample()
        company.user("new", nil)
        let snapshot = company.snapshot()
        let new = company.principal("new")
        for verb in [AccessVerb.view, .create, .edit, .delete] {
            #expect(snapshot.decide(new, verb, "account").reason == .granted)
        }
        for verb in [AccessVerb.import, .export, .convertLead] {
            #expect(snapshot.decide(new, verb, "account").reason == .actionNotGranted)
        }
        let record = company.record(ownedBy: "new")
        #expect(snapshot.decide(new, .delete, "account", record: record).reason == .owner)
        #expect(!snapshot.decide(company.principal("cleo"), .view, "account", record: record).allowed)
    }

    @Test("a utility needs its own grant and the right to the record")
    func utility() {
        var company = Company.sample()
        company.facts.profiles[company.profile("P_sales")]?.otherEntities.verbs.insert(.export)
        let snapshot = company.snapshot()
        let lead = company.record(ownedBy: "sam")
        let ann = company.principal("ann")
        #expect(snapshot.decide(ann, .convertLead, "lead", record: lead).reason == .orgDefault)
        #expect(
            snapshot.decide(company.principal("max"), .convertLead, "lead", record: lead).reason
                == .actionNotGranted)
        #expect(
            snapshot.predicate(ann, .export, "account") == snapshot.predicate(ann, .view, "account"))
        #expect(snapshot.predicate(company.principal("tom"), .export, "account") == .nothing)
    }
}
