import CRMSDK
import Dispatch
import Query
import Records
import Registry
import Security
import Storage
import Synchronization
import Testing

/// What only administrators read of people and of figures, asked for by others on every path.
@Suite("Closed fields")
struct ClosedFieldTests {
    private let office: Office
    private let ann: CallContext

    init() throws {
        office = try BundledModulesTests.office(["sales"])
        let user = try office.create(
            "user", ["username": "ann", "last_name": "Ann", "role": .reference(RecordID(1))])
        ann = Office.call(user)
        try office.create("account", ["account_name": "Fabrikam"], as: ann)
    }

    // MARK: Who is whose superior, and who is an administrator

    /// Each asks for a field of users: of `user` itself, or through a reference.
    private static let paths: [HiddenFieldTests.Path] = [
        .init(name: "a filter") { office, call, field in
            _ = try office.ids("user", where: .where(field, .isNotEmpty), as: call)
        },
        .init(name: "a filter through the owner") { office, call, field in
            _ = try office.ids("account", where: .where("owner.\(field)", .isNotEmpty), as: call)
        },
        .init(name: "a sort") { office, call, field in
            var parameters = ListParameters(entity: "user")
            parameters.sort = [field]
            _ = try office.walk(parameters, as: call)
        },
        .init(name: "fields through the maker") { office, call, field in
            var parameters = ListParameters(entity: "account")
            parameters.fields = ["created_by.\(field)"]
            _ = try office.walk(parameters, as: call)
        },
        .init(name: "a group through the owner") { office, call, field in
            _ = try office.records.planAggregate(
                call, office.snapshot, entity: "account", filter: nil,
                groups: [.init(path: "owner.\(field)", interval: nil, name: "g")],
                measures: [.init(operation: .count, path: nil, name: "n")])
        },
        .init(name: "a write") { office, call, field in
            try office.update(call.principal.user, [field: .integer(1)], as: call)
        },
    ]

    @Test("whose role somebody has, and who is an administrator, cannot be asked", arguments: paths)
    func people(_ path: HiddenFieldTests.Path) throws {
        for field in ["role", "is_admin"] {
            let error = #expect(throws: CRMError.self) { try path.use(office, ann, field) }
            #expect([.invalidParameters, .invalidRecord, .forbidden].contains(error?.kind), "\(field)")
        }
        // The same asked about what everybody reads, and by an administrator, is answered.
        guard path.name != "a write" else { return }
        try path.use(office, ann, "title")
        try path.use(office, office.root, "role")
    }

    @Test("one's own user says neither")
    func oneself() throws {
        let me = try office.get(ann.principal.user, as: ann)
        #expect(me.values["role"] == nil && me.values["is_admin"] == nil)
        #expect(me.values["username"] == "ann")
    }

    // MARK: Actions of modules

    @Test(
        "an action of a module is told no more than its caller: figures of a hidden amount are refused, not summed",
        arguments: ["sales.forecast", "sales.win_rate", "sales.pipeline"])
    func actions(_ name: String) throws {
        let account = try #require(try office.ids("account", where: nil).first)
        let amount = Value.decimal(FixedDecimal(units: 1_234_500, scale: 4))
        for stage in ["qualification", "closed_won"] {
            try office.create(
                "potential",
                [
                    "potential_name": "Lathes", "related_to": .reference(account), "amount": amount,
                    "sales_stage": .text(stage),
                    "closing_date": .date(try #require(CalendarDate("2026-12-01"))),
                ], as: ann)
        }
        let shown = try office.act(name, .object([]), as: ann)
        #expect("\(shown)".contains("1234500") || "\(shown)".contains("123.45"), "\(shown)")
        try office.administer { administration throws(CRMError) in
            try administration.setFieldAccess("amount", of: "potential", profile: nil, .hidden)
        }
        do {
            let answer = try office.act(name, .object([]), as: ann)
            let text = "\(answer)"
            #expect(!text.contains("1234500") && !text.contains("123.45"), "\(text)")
        } catch let error as CRMError {
            #expect([.invalidParameters, .forbidden].contains(error.kind), "\(error)")
        }
        _ = try office.act(name, .object([]))
    }

    // MARK: At once

    @Test("roles that are moved at the same time never come to stand above themselves")
    func moves() throws {
        var roles: [RecordID] = []
        for name in ["A", "B", "C", "D"] {
            roles.append(
                try #require(
                    try office.administer { administration throws(CRMError) in
                        try administration.createRole(name, reportsTo: RecordID(1), profiles: [])
                    }.id))
        }
        let all = roles
        let moved = Atomic<Int>(0)
        let refused = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 60) { index in
            let (role, parent) = (all[index % 4], all[(index / 4 + index) % 4])
            do throws(CRMError) {
                try office.administer { administration throws(CRMError) in
                    try administration.updateRole(
                        role, ["parent_role": .reference(parent)], profiles: nil)
                }
                moved.add(1, ordering: .relaxed)
            } catch {
                refused.add(1, ordering: .relaxed)
            }
        }
        let tree = office.snapshot.security.facts.roles
        for role in all {
            var steps = 0
            var next: RecordID? = role
            while let known = next, steps <= all.count + 1 {
                next = tree[known]?.parent
                steps += 1
            }
            #expect(next == nil, "role \(role) is in a cycle")
        }
        #expect(moved.load(ordering: .relaxed) > 0 && refused.load(ordering: .relaxed) > 0)
    }
}
