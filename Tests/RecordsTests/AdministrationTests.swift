import CRMSDK
import Query
import Records
import Security
import Storage
import Testing

/// Who may do what, changed: each change one unit, effective for the next call, and refused where it would break something.
@Suite("Administration of rights")
struct AdministrationTests {
    let office: Office
    let ann, bob: RecordID
    let north, south: RecordID
    let sales: RecordID

    init() throws {
        let office = try Office()
        self.office = office
        let profiles = office.snapshot.security.facts.profiles.values
        let sales = try #require(profiles.first { $0.name == "Sales" }?.id)
        func role(_ name: String) throws -> RecordID {
            try #require(
                try office.administer { administration throws(CRMError) in
                    try administration.createRole(name, reportsTo: RecordID(1), profiles: [sales])
                }.id)
        }
        func user(_ name: String, _ role: RecordID) throws -> RecordID {
            try office.create(
                "user", ["username": .text(name), "last_name": .text(name), "role": .reference(role)])
        }
        let (north, south) = (try role("North"), try role("South"))
        (self.sales, self.north, self.south) = (sales, north, south)
        (ann, bob) = (try user("ann", north), try user("bob", south))
    }

    private var facts: SecurityFacts { office.snapshot.security.facts }

    private func setPrivate(_ entity: String = "account") throws {
        try office.administer { administration throws(CRMError) in
            try administration.setDefault(of: entity, to: .private, related: false)
        }
    }

    private func error(_ body: () throws -> Void) -> CRMError? {
        do { try body() } catch { return error as? CRMError }
        return nil
    }

    @Test("a new installation ships four profiles, and people without one work with the system's default")
    func shipped() throws {
        #expect(
            Set(facts.profiles.values.map(\.name))
                == ["standard", "Administrator", "Sales", "Support", "Guest"])
        #expect(facts.roles[RecordID(1)]?.profiles == [ProfileFact.standard.id])
        let sales = try #require(facts.profiles[sales])
        #expect(sales.rights(to: "account").verbs == [.view, .create, .edit, .delete, .convertLead])
        #expect(sales.rights(to: "ticket").verbs == [.view])
    }

    @Test("a default is in force for the next call, a rule widens it, and taking both back restores it")
    func nextCall() throws {
        let account = try office.create("account", ["account_name": "Northwind", "owner": .reference(ann)])
        let asBob = Office.call(bob)
        #expect(try office.ids("account", where: nil, as: asBob) == [account])
        try setPrivate()
        #expect(try office.ids("account", where: nil, as: asBob) == [])
        let (from, to) = (north, south)
        let rule = try office.administer { administration throws(CRMError) in
            try administration.createRule(
                SharingRule(
                    id: RecordID(0), entity: "account", from: .role(from), to: .role(to), permission: .read))
        }
        #expect(rule.warnings.isEmpty)
        #expect(try office.ids("account", where: nil, as: asBob) == [account])
        #expect(
            error { _ = try office.update(account, ["account_name": "Mine"], as: asBob) }?.kind == .forbidden)
        let id = try #require(rule.id)
        try office.administer { administration throws(CRMError) in try administration.deleteRule(id) }
        #expect(try office.ids("account", where: nil, as: asBob) == [])
        #expect(
            error { _ = try office.update(account, ["account_name": "Mine"], as: asBob) }?.kind == .notFound)
    }

    @Test("a rule that can have no effect is made, with the reason")
    func inertRule() throws {
        let (from, to) = (north, south)
        let outcome = try office.administer { administration throws(CRMError) in
            try administration.createRule(
                SharingRule(
                    id: RecordID(0), entity: "account", from: .role(from), to: .role(to), permission: .read))
        }
        #expect(outcome.id != nil)
        #expect(outcome.warnings.map(\.code) == ["rule_inert"])
    }

    @Test("a role's users, places and subordinates are not lost with it")
    func deleteRole() throws {
        let (north, south, ann) = (north, south, ann)
        let below = try office.create("role", ["role_name": "Below", "parent_role": .reference(north)])
        let group = try #require(
            try office.administer { administration throws(CRMError) in
                try administration.createGroup("Sellers", description: nil, members: [.role(north)])
            }.id)
        #expect(error { try office.delete(north) }?.kind == .invalidRecord)
        try office.administer { administration throws(CRMError) in
            try administration.deleteRole(north, replacement: south)
        }
        #expect(facts.roles[north] == nil)
        #expect(facts.roles[below]?.parent == RecordID(1))
        #expect(facts.users[ann]?.role == south)
        #expect(facts.groups[group]?.members == [.role(south)])
    }

    @Test("a profile in use is not deleted without a replacement")
    func deleteProfile() throws {
        let (sales, north) = (sales, north)
        let guest = try #require(facts.profiles.values.first { $0.name == "Guest" }?.id)
        let refused = error {
            try office.administer { administration throws(CRMError) in
                try administration.deleteProfile(sales, replacement: nil)
            }
        }
        #expect(refused?.rule == "profile_in_use")
        #expect(facts.profiles[sales] != nil)
        try office.administer { administration throws(CRMError) in
            try administration.deleteProfile(sales, replacement: guest)
        }
        #expect(facts.profiles[sales] == nil)
        #expect(facts.roles[north]?.profiles == [guest])
    }

    @Test(
        "a group's records go to the replacement; deleted as a bare record, it is refused while it owns any")
    func deleteGroup() throws {
        let ann = ann
        let group = try #require(
            try office.administer { administration throws(CRMError) in
                try administration.createGroup("Desk", description: nil, members: [.user(ann)])
            }.id)
        let account = try office.create("account", ["account_name": "A", "owner": .reference(group)])
        #expect(error { try office.delete(group) }?.rule == "group_in_use")
        try office.administer { administration throws(CRMError) in
            try administration.deleteGroup(group, replacement: ann)
        }
        #expect(try office.get(account)["owner"] == .reference(ann))
        #expect(facts.groups[group] == nil)
    }

    @Test("cycles, the last administrator and hidden mandatory fields are refused on every path")
    func refusals() throws {
        let (ann, sales) = (ann, sales)
        func group(_ name: String, _ members: [GroupMember]) throws -> RecordID {
            try #require(
                try office.administer { administration throws(CRMError) in
                    try administration.createGroup(name, description: nil, members: members)
                }.id)
        }
        let inner = try group("Inner", [.user(ann)])
        let outer = try group("Outer", [.group(inner)])
        let cycle = error {
            try office.create(
                "group_member",
                ["member_of": .reference(inner), "kind": "group", "member": .reference(outer)])
        }
        #expect(cycle?.rule == "group_cycle")
        #expect(facts.groups[inner]?.members == [.user(ann)])
        let last = error { _ = try office.update(RecordID(3), ["is_admin": false]) }
        #expect(last?.message.contains("last active administrator") == true)
        let hidden = error {
            try office.administer { administration throws(CRMError) in
                try administration.setFieldAccess("account_name", of: "account", profile: sales, .hidden)
            }
        }
        #expect(hidden?.rule == "mandatory_field_hidden")
    }

    @Test("people who are no administrators change nothing of it and see no profiles and rules")
    func closed() throws {
        let asAnn = Office.call(ann)
        for entity in ["profile", "profile_right", "sharing_rule", "sharing_default", "group_member"] {
            #expect(
                error { _ = try office.ids(entity, where: nil, as: asAnn) }?.kind == .forbidden, "\(entity)")
        }
        #expect(error { try office.create("group", ["group_name": "G"], as: asAnn) }?.kind == .forbidden)
        let user = try office.records.record(asAnn, office.snapshot, bob, office)
        #expect(user["last_name"] == "bob")
        #expect(user["is_admin"].isNull && user["role"].isNull)
        let south = south
        let refused = error {
            try office.administer(as: asAnn) { administration throws(CRMError) in
                try administration.setDefault(of: "account", to: .private, related: false)
            }
        }
        #expect(refused?.kind == .forbidden)
        #expect(facts.roles[south] != nil)
    }

    @Test("a change tried out leaves nothing behind, and says who would lose what")
    func whatIf() throws {
        let account = try office.create("account", ["account_name": "Northwind", "owner": .reference(ann)])
        let (service, root) = (office.records, office.root)
        let after = try office.database.writer.perform(mode: .rollBack) { (transaction) throws(CRMError) in
            try service.unit(transaction, root) { (unit) throws(CRMError) in
                let administration = SecurityAdministration(unit)
                _ = try administration.setDefault(of: "account", to: .private, related: false)
                return try administration.factsNow()
            }
        }
        #expect(facts.defaults.isEmpty)
        var whatIf = WhatIf(root, service, office.snapshot, after: after)
        let report = try whatIf.report(on: office.database.makeReader())
        let lost = report.differences.filter { $0.verb == .view && $0.entity == "account" }
        #expect(lost.map(\.user) == [bob])
        #expect(lost.first?.lost.count == 1)
        #expect(lost.first?.lost.examples.map(\.id) == [account])
        #expect(lost.first?.gained.count == 0)
    }
}

extension RecordService {
    /// A record as a caller sees it.
    fileprivate func record(
        _ call: CallContext, _ snapshot: KernelSnapshot, _ id: RecordID, _ office: Office
    ) throws -> Record { try office.get(id, as: call) }
}
