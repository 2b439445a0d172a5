import CRMSDK
import Core
import Installation
import Query
import Records
import Registry
import Security
import Storage
import Testing

extension Office {
    @discardableResult
    func merge(
        _ master: RecordID, _ losers: [RecordID], taking choices: [String: RecordID] = [:],
        mode: UnitMode = .commit, as call: CallContext? = nil
    ) throws(CRMError) -> MergeReport {
        let (service, call) = (records, call ?? root)
        return try database.writer.perform(mode: mode) { (transaction) throws(CRMError) in
            try service.unit(transaction, call) { (unit) throws(CRMError) in
                try unit.merge(master, entity: nil, losers: losers, choices: choices)
            }
        }
    }
}

/// Contacts Noor and her double, with projects, an account and a badge that name them.
@Suite("Merge")
struct MergeTests {
    /// A record that says nothing but that two others belong together.
    private static let badge = EntityDefinition(
        "badge", label: "Badge", plural: "Badges",
        fields: [
            .reference("project", "Project", to: "project").mandatory(),
            .reference("holder", "Holder", to: "contact").mandatory(),
        ]
    ).labelled(by: "project").sorted(by: "id")

    private let office: Office
    private let bridge, tunnel, noor, double: RecordID

    init() throws {
        var core = CoreModule().manifest
        core.entities += [LinkTests.project, Self.badge]
        core.relations = [LinkTests.people]
        office = try Office(core: core)
        bridge = try office.create("project", ["title": "Bridge"])
        tunnel = try office.create("project", ["title": "Tunnel"])
        noor = try office.create("contact", ["last_name": "Noor", "first_name": "Ada"])
        double = try office.create("contact", ["last_name": "Nor", "email": "noor@example.com"])
    }

    private func leads(_ project: RecordID) throws -> Value { try office.get(project)["lead_contact"] }

    @Test("references and links come to the master, the double goes to the bin, and an undo brings all back")
    func roundTrip() throws {
        try office.update(bridge, ["lead_contact": .reference(double)])
        try office.link(bridge, "project_contact", double, ["part": "user", "hours": 20])
        let report = try office.merge(noor, [double], taking: ["email": double])
        #expect([report.references, report.links, report.dropped] == [1, 1, 0])
        #expect(report.fields == ["email"])
        #expect(try leads(bridge) == .reference(noor))
        #expect(try office.related(noor, "project_contact") == [bridge])
        #expect(try office.linkTexts(noor, "project_contact") == [["part": "user", "hours": "20"]])
        #expect(try office.get(noor)["email"] == "noor@example.com")
        #expect(throws: CRMError.self) { try office.get(double) }

        let undone = try office.undo(try office.lastChangeSet())
        #expect(undone.left.isEmpty, "\(undone.left)")
        #expect(try leads(bridge) == .reference(double))
        #expect(try office.related(noor, "project_contact").isEmpty)
        #expect(try office.linkTexts(double, "project_contact") == [["part": "user", "hours": "20"]])
        #expect(try office.get(noor)["email"].isNull)
        #expect(try office.get(double)["email"] == "noor@example.com")
    }

    @Test("of two links one stays, with the further value of a list and what was empty filled")
    func doubledLink() throws {
        try office.link(bridge, "project_contact", noor, ["part": "sponsor", "hours": 5])
        try office.link(bridge, "project_contact", double, ["part": "user", "hours": 20])
        let report = try office.merge(noor, [double])
        #expect([report.links, report.dropped] == [0, 1])
        #expect(try office.linkTexts(noor, "project_contact") == [["part": "user", "hours": "5"]])
        _ = try office.undo(try office.lastChangeSet())
        #expect(try office.linkTexts(noor, "project_contact") == [["part": "sponsor", "hours": "5"]])
        #expect(try office.linkTexts(double, "project_contact") == [["part": "user", "hours": "20"]])
    }

    @Test("records that only join others are a union: what would double goes, the rest moves")
    func union() throws {
        for (project, holder) in [(bridge, noor), (bridge, double), (tunnel, double)] {
            try office.create("badge", ["project": .reference(project), "holder": .reference(holder)])
        }
        let report = try office.merge(noor, [double])
        #expect([report.references, report.dropped] == [1, 1])
        #expect(try office.ids("badge", where: .where("holder", .equal, .reference(noor))).count == 2)
        let undone = try office.undo(try office.lastChangeSet())
        #expect(undone.left.isEmpty, "\(undone.left)")
        #expect(try office.ids("badge", where: .where("holder", .equal, .reference(double))).count == 2)
    }

    @Test("a reference in the recycle bin moves too, and goes back there")
    func binnedReference() throws {
        try office.update(bridge, ["lead_contact": .reference(double)])
        try office.delete(bridge)
        try office.merge(noor, [double])
        let merge = try office.lastChangeSet()
        let undone = try office.undo(merge)
        #expect(undone.left.isEmpty, "\(undone.left)")
        try office.restore(bridge)
        #expect(try leads(bridge) == .reference(double))
    }

    @Test("what was changed since is left, and listed")
    func changedSince() throws {
        try office.update(bridge, ["lead_contact": .reference(double)])
        try office.merge(noor, [double])
        let merge = try office.lastChangeSet()
        try office.update(bridge, ["lead_contact": .null])
        let undone = try office.undo(merge)
        #expect(undone.left.map(\.record) == [bridge])
        #expect(try leads(bridge).isNull)
        #expect(try office.get(double)["last_name"] == "Nor")
    }

    @Test("a master that named its double names nobody, not itself")
    func itself() throws {
        let parent = try office.create("account", ["account_name": "Acme Ltd"])
        let account = try office.create(
            "account", ["account_name": "Acme", "parent_account": .reference(parent)])
        try office.merge(account, [parent])
        #expect(try office.get(account)["parent_account"].isNull)
    }

    @Test("a merge that would set the master above itself is refused, unless another value is chosen")
    func hierarchy() throws {
        let top = try office.create("account", ["account_name": "Top"])
        let middle = try office.create(
            "account", ["account_name": "Middle", "parent_account": .reference(top)])
        let low = try office.create("account", ["account_name": "Low", "parent_account": .reference(middle)])
        let error = #expect(throws: CRMError.self) { try office.merge(low, [top]) }
        #expect(error?.kind == .invalidRecord)
        #expect(error?.fields.map(\.field) == ["parent_account"])
        #expect(error?.message == "account \(low) would stand above itself through Member Of")
        #expect(try office.get(top)["account_name"] == "Top")
        #expect(try office.get(middle)["parent_account"] == .reference(top))

        try office.merge(low, [top], taking: ["parent_account": top])
        #expect(try office.get(low)["parent_account"].isNull)
        #expect(try office.get(middle)["parent_account"] == .reference(low))
        let undone = try office.undo(try office.lastChangeSet())
        #expect(undone.left.isEmpty, "\(undone.left)")
        #expect(try office.get(low)["parent_account"] == .reference(middle))

        // From below it closes nothing.
        try office.merge(top, [middle])
        #expect(try office.get(low)["parent_account"] == .reference(top))
    }

    @Test("a loser says who stands for it, through later merges, until something brings it back")
    func chain() throws {
        let third = try office.create("contact", ["last_name": "Third"])
        func master(_ id: RecordID) throws -> RecordID? {
            try office.records.master(of: id, on: office.database.makeReader())
        }
        #expect(try master(double) == nil)
        try office.merge(noor, [double])
        #expect(try master(double) == noor)
        try office.merge(third, [noor])
        let second = try office.lastChangeSet()
        #expect(try master(double) == third)
        #expect(try master(noor) == third)
        _ = try office.undo(second)
        #expect(try master(double) == noor)
        #expect(try master(noor) == nil)
        try office.restore(double)
        #expect(try master(double) == nil)
        // Deleted by itself it was merged into nobody.
        try office.delete(double)
        #expect(try master(double) == nil)
    }

    @Test("a dry run says what would move, and moves nothing")
    func dryRun() throws {
        try office.update(bridge, ["lead_contact": .reference(double)])
        let before = try office.lastChangeSet()
        #expect(try office.merge(noor, [double], mode: .rollBack).references == 1)
        #expect(try leads(bridge) == .reference(double))
        #expect(try office.lastChangeSet() == before)
    }

    @Test("what cannot be merged is refused, and nothing is written")
    func refusals() throws {
        let before = try office.lastChangeSet()
        let user = FirstRecords.administrator
        let many = (1...10).map { RecordID(Int64(900_000 + $0)) }
        let cases: [([RecordID], [String: RecordID], CRMError.Kind)] = [
            ([], [:], .invalidParameters),
            ([noor], [:], .invalidParameters),
            ([double, double], [:], .invalidParameters),
            ([bridge], [:], .notFound),
            ([RecordID(900_000)], [:], .notFound),
            (many, [:], .limitExceeded),
            ([double], ["colour": double], .invalidRecord),
            ([double], ["email": bridge], .invalidRecord),
        ]
        for (losers, choices, kind) in cases {
            let error = #expect(throws: CRMError.self) {
                try office.merge(noor, losers, taking: choices)
            }
            #expect(error?.kind == kind)
        }
        #expect(throws: CRMError.self) { try office.merge(user, [RecordID(900_000)]) }
        #expect(try office.lastChangeSet() == before)
    }

    @Test("a record that the caller may not view does not exist for a merge")
    func hidden() throws {
        let stranger = Office.call(
            try office.create(
                "user",
                [
                    "username": "stranger", "last_name": "Stranger", "role": .reference(RecordID(1)),
                    "status": "inactive",
                ]))
        let hidden = #expect(throws: CRMError.self) {
            try office.merge(bridge, [tunnel], as: stranger)
        }
        let missing = #expect(throws: CRMError.self) {
            try office.merge(RecordID(900_000), [tunnel], as: stranger)
        }
        #expect(hidden?.kind == .notFound)
        #expect(missing?.kind == .notFound)
        #expect(try office.get(tunnel)["title"] == "Tunnel")
    }
}
