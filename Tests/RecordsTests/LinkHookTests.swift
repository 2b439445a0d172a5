import CRMSDK
import Core
import Records
import Storage
import Testing

/// What modules do with links: hooks on them, calls of the context, and that an undo takes back both.
@Suite("Links and modules")
struct LinkHookTests {
    /// Links of people with projects: whoever is no sponsor is a user, a sponsor gives no more than 40 hours, the project's
    /// title tells how often people came and went; and a contact called "Leaver" leaves all projects but the first.
    private static func makeOffice() throws -> Office {
        var core = CoreModule().manifest
        core.entities.append(LinkTests.project)
        core.relations = [LinkTests.people, LinkTests.sleeping]
        core.linkHooks = [
            LinkHook("settle_part", on: "project_contact", [.beforeLink]) { change, _ throws(CRMError) in
                if change["part"].isNull { change["part"] = "user" }
                // Hours that nobody can have: the check comes after the hooks.
                if change["hours"] == 13 { change["hours"] = 1_300 }
                guard change["part"] == "sponsor", (change["hours"].integer ?? 0) > 40 else { return }
                throw .invalidRecord(
                    change.relation,
                    [FieldProblem(field: "link.hours", code: "rule", message: "a sponsor has 40 hours")])
            },
            LinkHook("tell", on: "project_contact", [.afterLink, .afterUnlink]) {
                change, context throws(CRMError) in
                let title = try context.get("project", change.from)["title"].text ?? ""
                let sign = change.moment == .afterUnlink ? "-" : change.isNew ? "+" : "~"
                _ = try context.update("project", change.from, ["title": .text(title + sign)])
            },
            LinkHook("keep_user", on: "project_contact", [.beforeUnlink]) { change, _ throws(CRMError) in
                guard change["hours"] != 99 else { throw CRMError(.forbidden, "who has 99 hours stays") }
            },
            LinkHook("never", on: "project_dragon", [.beforeLink]) { _, _ throws(CRMError) in },
        ]
        core.hooks.append(
            Hook("leave", on: "contact", [.afterUpdate]) { change, context throws(CRMError) in
                guard change["last_name"] == "Leaver", change.changes("last_name") else { return }
                var request = RelatedRequest("project_contact", sort: ["link.hours"])
                request.filter = .where("link.part", .equal, "user")
                for project in try context.related(change.id, request).dropFirst() {
                    try context.unlink(change.id, "project_contact", from: project.record.id)
                }
            })
        core.hooks.append(
            Hook("join", on: "project", [.afterCreate]) { change, context throws(CRMError) in
                guard let lead = change["lead_contact"].reference else { return }
                try context.link(change.id, "project_contact", to: lead, ["part": "sponsor"])
            })
        core.hooks.append(Hook("audit", on: "contact", [.beforeUpdate], audit))
        return try Office(core: core)
    }

    /// A contact called "Auditor" is told, as their title, how many people each project has; every way of asking must agree.
    @Sendable
    private static func audit(
        _ change: inout RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        guard change["last_name"] == "Auditor" else { return }
        let projects = try context.list(ListRequest("project")).map(\.id)
        var few = RelatedRequest("project_contact", sort: ["-link.hours"], limit: 1)
        few.filter = .where("link.part", .equal, "user")
        var counts: [Int] = []
        for request in [few, RelatedRequest("project_contact")] {
            // Of both sides, one of them twice.
            let ids = projects + [change.id] + projects.prefix(1)
            let each = try context.related(toEach: ids, request)
            guard each.count == projects.count + 1 else { throw CRMError(.internalError, "\(each.count)") }
            for id in ids where try context.related(id, request) != each[id] {
                throw CRMError(.internalError, "\(id): \(each[id] ?? [])")
            }
            counts = projects.map { each[$0]?.count ?? -1 }
        }
        change["title"] = .text(counts.map(String.init).joined(separator: " "))
    }

    @Test("the related records of several are those of each")
    func several() throws {
        let office = try Self.makeOffice()
        let (bridge, noor) = try Self.pair(in: office)
        let tower = try office.create("project", ["title": "Cathedral"])
        _ = try office.create("project", ["title": "Dam"])
        let auditor = try office.create("contact", ["last_name": "Li"])
        for (project, person, hours) in [(bridge, noor, 8), (bridge, auditor, 30), (tower, auditor, 5)] {
            try office.link(project, "project_contact", person, ["hours": .integer(Int64(hours))])
        }
        try office.update(auditor, ["last_name": "Auditor"])
        #expect(try office.get(auditor)["title"] == "2 1 0")
    }

    private static func pair(in office: Office) throws -> (RecordID, RecordID) {
        (
            try office.create("project", ["title": "Bridge"]),
            try office.create("contact", ["last_name": "Noor"])
        )
    }

    @Test("hooks see a link with its values before and after, set values, and are asked again for changes")
    func hooks() throws {
        let office = try Self.makeOffice()
        let (bridge, noor) = try Self.pair(in: office)
        // From the other side it is the same link.
        #expect(try office.link(noor, "project_contact", bridge, [:]) == .linked)
        #expect(try office.linkTexts(bridge, "project_contact") == [["part": "user", "hours": "8"]])
        #expect(try office.link(bridge, "project_contact", noor, ["hours": 9]) == .changed)
        #expect(try office.link(bridge, "project_contact", noor, ["hours": 9]) == .unchanged)
        try office.unlink(bridge, "project_contact", noor)
        #expect(try office.get(bridge)["title"] == "Bridge+~-")
    }

    @Test("a hook that refuses, or sets what no link can have, leaves nothing behind")
    func refusals() throws {
        let office = try Self.makeOffice()
        let (bridge, noor) = try Self.pair(in: office)
        let cases: [(values: [String: Value], code: String)] = [
            (["part": "sponsor", "hours": 41], "rule"), (["hours": 13], "range"),
        ]
        for (values, code) in cases {
            let error = #expect(throws: CRMError.self) {
                try office.link(bridge, "project_contact", noor, values)
            }
            #expect(error?.kind == .invalidRecord)
            #expect(error?.fields.map(\.field) == ["link.hours"])
            #expect(error?.fields.map(\.code) == [code])
        }
        #expect(try office.related(bridge, "project_contact").isEmpty)
        try office.link(bridge, "project_contact", noor, ["hours": 99])
        let stays = #expect(throws: CRMError.self) { try office.unlink(bridge, "project_contact", noor) }
        #expect(stays?.kind == .forbidden)
        #expect(try office.related(bridge, "project_contact") == [noor])
        #expect(try office.get(bridge)["title"] == "Bridge+")
    }

    @Test("a module links, reads what is linked, and ends links, in the unit of its hook")
    func context() throws {
        let office = try Self.makeOffice()
        let (bridge, noor) = try Self.pair(in: office)
        let tunnel = try office.create("project", ["title": "Tunnel"])
        let tower = try office.create("project", ["title": "Tower", "lead_contact": .reference(noor)])
        #expect(try office.related(tower, "project_contact") == [noor])
        try office.link(bridge, "project_contact", noor, ["hours": 20])
        try office.link(tunnel, "project_contact", noor, ["hours": 10])
        try office.update(noor, ["last_name": "Leaver"])
        // The sponsor's link is not read, and of the user's two the one with fewer hours is first.
        #expect(try Set(office.related(noor, "project_contact")) == [tunnel, tower])
        #expect(try office.lastChangeSet(noor) == office.lastChangeSet(bridge))
    }

    @Test("the context's calls have the caller's rights")
    func rights() throws {
        let office = try Self.makeOffice()
        let (bridge, noor) = try Self.pair(in: office)
        let hidden = try office.create("project", ["title": "Secret"])
        let ann = try office.create(
            "user", ["username": "ann", "last_name": "Ann", "role": .reference(RecordID(1))])
        try office.administer { administration throws(CRMError) in
            try administration.setDefault(of: "account", to: .publicReadEdit, related: false)
        }
        try office.update(noor, ["owner": .reference(ann)])
        for (project, hours) in [(hidden, 90), (bridge, 1)] {
            try office.link(project, "project_contact", noor, ["hours": .integer(Int64(hours))])
        }
        let call = Office.call(ann)
        // Projects are their owners' alone: for her there is none to leave.
        try office.update(noor, ["last_name": "Leaver"], as: call)
        #expect(try office.related(noor, "project_contact").count == 2)
        // A hook on a link is bound to who links: it may not write a project that she only sees.
        let hers = try office.create("project", ["title": "Hers", "owner": .reference(ann)])
        #expect(try office.link(hers, "project_contact", noor, [:], as: call) == .linked)
        #expect(try office.get(hers)["title"] == "Hers+")
    }

    // MARK: Undo

    @Test("an undo ends links that were made, and brings back what changed or ended, with its values")
    func undo() throws {
        let office = try Self.makeOffice()
        let (bridge, noor) = try Self.pair(in: office)
        try office.link(bridge, "project_contact", noor, ["hours": 20])
        let made = try office.lastChangeSet(bridge)
        try office.link(bridge, "project_contact", noor, ["part": "sponsor", "hours": 30])
        let changed = try office.lastChangeSet(bridge)
        try office.unlink(bridge, "project_contact", noor)
        let ended = try office.lastChangeSet(bridge)

        let linked = try office.undo(ended)
        #expect(linked.links.map(\.action) == [.linked] && linked.left.isEmpty)
        #expect(try office.linkTexts(bridge, "project_contact") == [["part": "sponsor", "hours": "30"]])
        #expect(try office.undo(changed).links.map(\.action) == [.changed])
        #expect(try office.linkTexts(bridge, "project_contact") == [["part": "user", "hours": "20"]])
        #expect(try office.undo(made).links.map(\.action) == [.unlinked])
        #expect(try office.related(bridge, "project_contact").isEmpty)
        // Again there is nothing to do, and a dry run does nothing.
        #expect(try office.undo(made).links.isEmpty)
        #expect(try office.undo(ended, mode: .rollBack).left.count > 0)
        #expect(try office.related(bridge, "project_contact").isEmpty)
    }

    @Test("a link that was changed since is left, unless that is to be lost")
    func changedSince() throws {
        let office = try Self.makeOffice()
        let (bridge, noor) = try Self.pair(in: office)
        try office.link(bridge, "project_contact", noor, ["hours": 20])
        let made = try office.lastChangeSet(bridge)
        try office.link(bridge, "project_contact", noor, ["hours": 30])
        let kept = try office.undo(made)
        #expect(kept.links.isEmpty)
        #expect(kept.left.contains { $0.why.hasPrefix("changed since") && $0.record == bridge })
        #expect(try office.undo(made, since: .overwritten).links.map(\.action) == [.unlinked])
        #expect(try office.related(bridge, "project_contact").isEmpty)
    }

    @Test("records and links of one change set are undone together")
    func together() throws {
        let office = try Self.makeOffice()
        let noor = try office.create("contact", ["last_name": "Noor"])
        let tower = try office.create("project", ["title": "Tower", "lead_contact": .reference(noor)])
        let report = try office.undo(try office.lastChangeSet(tower))
        #expect(report.links.map(\.action) == [.unlinked] && report.left.isEmpty)
        #expect(report.restored.map(\.action) == [.deleted])
        try office.restore(tower)
        #expect(try office.related(tower, "project_contact").isEmpty)
    }

    @Test("a link with a record that the caller may not view is not there for an undo")
    func hiddenLink() throws {
        let office = try Self.makeOffice()
        let (bridge, noor) = try Self.pair(in: office)
        let ann = try office.create(
            "user", ["username": "ann", "last_name": "Ann", "role": .reference(RecordID(1))])
        try office.link(bridge, "project_contact", noor, [:])
        let made = try office.lastChangeSet(noor)
        let unseen = #expect(throws: CRMError.self) { try office.undo(made, as: Office.call(ann)) }
        #expect(unseen?.kind == .notFound)
        #expect(try office.related(bridge, "project_contact") == [noor])
    }
}
