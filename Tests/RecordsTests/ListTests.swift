import CRMSDK
import Query
import Records
import Registry
import Security
import Storage
import TestRandom
import Testing

@Suite("Lists")
struct ListTests {
    let office: Office

    init() throws { office = try Office() }

    @Test("pages by cursor are one sorted read, for random nullable and mixed sorts")
    func cursorWalk() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed)
        let industries: [Value] = [.null, "banking", "energy", "other"]
        for index in 0..<60 {
            try office.create(
                "account",
                [
                    "account_name": .text(
                        ["Zeta", "alpha", "Álpha", "Łódź", "東京", "beta"].randomElement(using: &random)!),
                    "employees": Bool.random(using: &random)
                        ? .null : .integer(Int64.random(in: 0...4, using: &random)),
                    "industry": industries.randomElement(using: &random)!,
                    "ownership": Bool.random(using: &random) ? .null : .text("o\(index % 3)"),
                    "annual_revenue": Bool.random(using: &random)
                        ? .null
                        : .decimal(FixedDecimal(units: Int64.random(in: 0...3, using: &random), scale: 4)),
                ])
        }
        let sortable = [
            "account_name", "employees", "industry", "ownership", "annual_revenue", "modified_at",
            "account_no",
        ]
        for _ in 0..<40 {
            var parameters = ListParameters(entity: "account")
            parameters.sort = sortable.shuffled(using: &random).prefix(Int.random(in: 1...3, using: &random))
                .map { Bool.random(using: &random) ? $0 : "-" + $0 }
            parameters.limit = 1000
            let whole = try office.walk(parameters)
            #expect(whole.count == 60)
            parameters.limit = Int.random(in: 1...25, using: &random)
            let pages = try office.walk(parameters)
            #expect(pages == whole, "sort \(parameters.sort!) limit \(parameters.limit), seed \(seed)")
        }
    }

    @Test(
        "a list of a thousand values is taken, of texts and of numbers, alone and beside others; one more is not"
    )
    func manyValues() throws {
        let id = try office.create("account", ["account_name": "N999", "employees": 999])
        func values(_ count: Int, _ value: (Int) -> Value) -> Value { .list((0..<count).map(value)) }
        let names = values(1_000) { .text("n\($0)") }
        let filters: [Filter] = [
            .where("account_name", .isIn, names),
            .where("employees", .isIn, values(1_000) { .integer(Int64($0)) }),
            .all([.where("account_name", .isIn, names), .where("account_name", .isIn, names)]),
            .not(.where("account_name", .isIn, values(999) { .text("n\($0)") })),
        ]
        for filter in filters { #expect(try office.ids("account", where: filter) == [id]) }
        let three: Filter = .all([filters[0], filters[0], .where("employees", .isIn, .list([.integer(999)]))])
        let error = #expect(throws: CRMError.self) { try office.ids("account", where: three) }
        #expect(error?.kind == .limitExceeded)
        #expect(throws: CRMError.self) {
            try office.ids("account", where: .where("account_name", .isIn, values(1_001) { .text("n\($0)") }))
        }
    }

    @Test("a sort with which the default begins goes on as the default does, both ways, along one index")
    func beginningOfDefault() throws {
        for (last, first) in [("Lee", "Bo"), ("Lee", "Al"), ("Ames", "Cy"), ("Lee", "Al")] {
            try office.create("contact", ["last_name": .text(last), "first_name": .text(first)])
        }
        var parameters = ListParameters(entity: "contact")
        let whole = try office.walk(parameters)
        let reader = try office.database.makeReader()
        for (sort, expected) in [("last_name", whole), ("-last_name", whole.reversed())] {
            for limit in [1, 3, 50] {
                parameters.sort = [sort]
                parameters.limit = limit
                #expect(try office.walk(parameters) == expected, "\(sort) by \(limit)")
            }
            let plan = try office.records.planList(office.root, office.snapshot, parameters)
            for statement in plan.read.statements {
                let lines = try reader.queryPlan(statement)
                #expect(lines.contains { $0.contains("e_contact.sort") }, "\(lines)")
                #expect(!lines.contains { $0.contains("TEMP B-TREE") }, "\(lines)")
            }
        }
        var indexes: [String] = []
        try reader.rows(Statement("SELECT name FROM sqlite_master WHERE tbl_name = 'e_contact'")) { row in
            indexes.append(row.text(0))
            return .next
        }
        #expect(indexes.contains("e_contact.field.email") && !indexes.contains("e_contact.field.last_name"))
    }

    @Test("where the default goes on by a field that is hidden from the caller, the id follows")
    func hiddenRestOfDefault() throws {
        let ann = try office.create(
            "user", ["username": "ann", "last_name": "Ann", "role": .reference(RecordID(1))])
        try office.administer { administration throws(CRMError) in
            try administration.setFieldAccess("first_name", of: "contact", profile: nil, .hidden)
        }
        let ids = try ["Bo", "Al", "Cy"].map {
            try office.create(
                "contact", ["last_name": "Lee", "first_name": .text($0), "owner": .reference(ann)])
        }
        var parameters = ListParameters(entity: "contact")
        parameters.sort = ["last_name"]
        parameters.limit = 1
        #expect(try office.walk(parameters, as: Office.call(ann)) == ids)
        parameters.sort = ["-last_name"]
        #expect(try office.walk(parameters, as: Office.call(ann)) == ids.reversed())
    }

    @Test("a cursor of another query, a changed one and a made-up one are refused")
    func foreignCursor() throws {
        for name in ["A", "B", "C"] { try office.create("account", ["account_name": .text(name)]) }
        let reader = try office.database.makeReader()
        var parameters = ListParameters(entity: "account")
        parameters.limit = 1
        let plan = try office.records.planList(office.root, office.snapshot, parameters)
        let cursor = try #require(try office.records.list(plan, on: reader) { _ in })
        parameters.sort = ["-account_name"]
        parameters.cursor = cursor
        #expect(throws: CRMError.self) {
            try office.records.planList(office.root, office.snapshot, parameters)
        }
        parameters.sort = nil
        for wrong in ["", "x", String(cursor.dropLast()), String(cursor.reversed()), cursor + "AAAA"] {
            parameters.cursor = wrong
            let error = #expect(throws: CRMError.self) {
                try office.records.planList(office.root, office.snapshot, parameters)
            }
            #expect(error?.kind == .invalidParameters)
        }
        parameters.cursor = cursor
        #expect(throws: Never.self) { try office.records.planList(office.root, office.snapshot, parameters) }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let filter: Filter
        let names: Set<String>
        var testDescription: String { "\(filter.node)" }
    }

    @Test(
        "a filter finds what it says, empty values included only where they should be",
        arguments: [
            Case(filter: .where("account_name", .equal, "ÁCME"), names: ["Acme"]),
            Case(filter: .where("account_name", .notEqual, "acme"), names: ["Łódź Steel", "Zeta"]),
            Case(filter: .where("account_name", .startsWith, "lodz"), names: ["Łódź Steel"]),
            Case(filter: .where("account_name", .contains, "STEEL"), names: ["Łódź Steel"]),
            Case(filter: .where("account_name", .endsWith, "eel"), names: ["Łódź Steel"]),
            Case(filter: .where("account_name", .greater, "acme"), names: ["Łódź Steel", "Zeta"]),
            Case(filter: .where("account_name", .lessOrEqual, "ACME"), names: ["Acme"]),
            Case(filter: .where("employees", .equal, 10), names: ["Acme"]),
            Case(filter: .where("employees", .notEqual, 10), names: ["Łódź Steel", "Zeta"]),
            Case(filter: .where("employees", .greaterOrEqual, 10), names: ["Acme", "Zeta"]),
            Case(filter: .where("employees", .isEmpty), names: ["Łódź Steel"]),
            Case(filter: .where("employees", .isNotEmpty), names: ["Acme", "Zeta"]),
            Case(filter: .where("employees", .isIn, .list([10, 20])), names: ["Acme", "Zeta"]),
            Case(filter: .where("employees", .isNotIn, .list([10])), names: ["Łódź Steel", "Zeta"]),
            Case(filter: .where("employees", .isIn, .list([])), names: []),
            Case(filter: .where("employees", .between, .list([15, 20])), names: ["Zeta"]),
            Case(filter: .not(.where("employees", .equal, 10)), names: ["Łódź Steel", "Zeta"]),
            Case(filter: .not(.not(.where("employees", .equal, 10))), names: ["Acme"]),
            Case(filter: .where("parent_account.account_name", .equal, "acme"), names: ["Zeta"]),
            Case(filter: .where("parent_account.industry", .isEmpty), names: ["Acme", "Łódź Steel"]),
            Case(filter: .where("industry", .equal, "energy"), names: ["Acme"]),
            Case(filter: .where("created_at", .within, "today"), names: ["Acme", "Łódź Steel", "Zeta"]),
            Case(filter: .where("created_at", .within, "last 7 days"), names: []),
            Case(
                filter: .where("annual_revenue", .greater, .decimal(FixedDecimal(units: 100, scale: 2))),
                names: ["Zeta"]),
            Case(filter: .all([]), names: ["Acme", "Łódź Steel", "Zeta"]), Case(filter: .any([]), names: []),
            Case(
                filter: .any([.where("employees", .equal, 10), .where("employees", .equal, 20)]),
                names: ["Acme", "Zeta"]),
        ])
    func filters(_ test: Case) throws {
        let acme = try office.create(
            "account", ["account_name": "Acme", "employees": 10, "industry": "energy"])
        let lodz = try office.create("account", ["account_name": "Łódź Steel"])
        let zeta = try office.create(
            "account",
            [
                "account_name": "Zeta", "employees": 20, "parent_account": .reference(acme),
                "annual_revenue": .decimal(FixedDecimal(units: 2_0000, scale: 4)),
            ])
        let names = [acme: "Acme", lodz: "Łódź Steel", zeta: "Zeta"]
        #expect(Set(try office.ids("account", where: test.filter).compactMap { names[$0] }) == test.names)
    }

    @Test(
        "a filter that makes no sense is refused by name",
        arguments: [
            (Filter.where("nonsense", .equal, "x"), "nonsense"),
            (.where("employees", .contains, "x"), "contains"),
            (.where("employees", .equal, "x"), "employees"), (.where("industry", .equal, "magic"), "magic"),
            (.where("account_name.x", .equal, "x"), "account_name"),
            (.where("parent_account.nonsense", .equal, "x"), "nonsense"),
            (.where("employees", .between, .list([1])), "between"), (.where("employees", .isIn, 1), "in"),
            (.where("created_at", .within, "soon"), "within"),
            (.where("a.b.c.d.e.f.g", .equal, 1), "references"),
        ])
    func refused(_ filter: Filter, _ named: String) throws {
        let error = #expect(throws: CRMError.self) { try office.ids("account", where: filter) }
        #expect(error?.message.contains(named) == true, "\(error?.message ?? "")")
    }

    @Test("aggregates agree with the list they sum")
    func aggregates() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed)
        var expected: [Value: (count: Int64, sum: Int64)] = [:]
        for index in 0..<50 {
            let industry: Value = [.null, "banking", "energy"].randomElement(using: &random)!
            let units = Int64.random(in: -1_000_000...1_000_000, using: &random)
            try office.create(
                "account",
                [
                    "account_name": .text("A\(index)"), "industry": industry,
                    "annual_revenue": .decimal(FixedDecimal(units: units, scale: 4)),
                ])
            expected[industry, default: (0, 0)].count += 1
            expected[industry, default: (0, 0)].sum += units
        }
        let plan = try office.records.planAggregate(
            office.root, office.snapshot, entity: "account", filter: nil,
            groups: [.init(path: "industry", interval: nil, name: "industry")],
            measures: [
                .init(operation: .count, path: nil, name: "count"),
                .init(operation: .sum, path: "annual_revenue", name: "total"),
            ])
        var found: [Value: (count: Int64, sum: Int64)] = [:]
        try office.records.aggregate(plan, on: office.database.makeReader()) { row throws(CRMError) in
            var values: [Value] = []
            for member in plan.members { values.append(try plan.value(member, row, office.snapshot)) }
            found[values[0]] = (values[1].integer ?? 0, values[2].money?.tenThousandths ?? 0)
        }
        #expect(found.count == expected.count, "seed \(seed)")
        for (industry, figures) in expected {
            #expect(found[industry]! == figures, "\(industry), seed \(seed)")
        }
    }

    @Test("default lists and references are walked along an index, never scanned")
    func queryPlans() throws {
        let reader = try office.database.makeReader()
        for entity in office.snapshot.registry.entities {
            let plan = try office.records.planList(
                office.root, office.snapshot, ListParameters(entity: entity.name))
            for statement in plan.read.statements {
                let lines = try reader.queryPlan(statement)
                #expect(
                    !lines.contains { $0.contains("SCAN t") && !$0.contains("INDEX") },
                    "\(entity.name): \(lines)")
                #expect(!lines.contains { $0.contains("TEMP B-TREE") }, "\(entity.name): \(lines)")
            }
        }
    }
}
