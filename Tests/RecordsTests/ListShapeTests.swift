import CRMSDK
import Installation
import Query
import Records
import Registry
import Security
import SecurityCases
import Storage
import Testing

/// Every way of finding the records that a caller may see gives the same pages.
@Suite("Shapes of a list")
struct ListShapeTests {
    static let sorts: [[String]?] = [
        nil, ["-title"], ["title", "-id"], ["-modified_at"], ["title", "-modified_at"], ["-title", "id"],
        ["id"],
    ]

    @Test("every shape gives the records that the plain procedure allows, in one order, page by page")
    func shapesAgree() throws {
        let first = UInt64.random(in: 0...(UInt64.max / 2))
        var chosen: Set<ListShape> = []
        // Two companies; more where these had nothing to choose, since everybody sees all or nothing there.
        for seed in first..<(first + 20) {
            guard seed < first + 2 || chosen.count < ListShape.allCases.count else { break }
            let company = try DatabaseCompany(seed: seed)
            let reader = try company.office.database.makeReader()
            let plain = PlainProcedure(facts: company.facts, entities: company.entities)
            for user in company.facts.users.values.sorted(by: { $0.id < $1.id }).prefix(4) {
                let call = Office.call(user.id, isAdministrator: user.isAdministrator)
                for entity in DatabaseCompany.names
                where company.mayView(entity, call) {
                    let expected = company.records.filter { id, made in
                        made.entity == entity && !made.isDeleted
                            && plain.allows(user.id, .view, entity, company.facts(of: id))
                    }
                    for sort in Self.sorts {
                        var parameters = ListParameters(entity: entity)
                        let name = DatabaseCompany.mandatoryNames[entity] ?? "title"
                        parameters.sort = sort?.map { $0.replacing("title", with: name) }
                        parameters.fields = ["id"]
                        let where_ = "seed \(seed), user \(user.id), \(entity) by \(sort ?? ["default"])"
                        let whole = try Self.whole(parameters, call, company.office, reader)
                        #expect(Set(whole) == Set(expected.keys), "\(where_)")
                        for shape in ListShape.allCases {
                            company.office.database.counts.costs = .favouring(shape)
                            parameters.limit = 3
                            let plan = try company.office.records.planList(
                                call, company.office.snapshot, parameters)
                            if let shape = plan.read.shape { chosen.insert(shape) }
                            let pages = try company.office.walk(parameters, as: call, on: reader)
                            #expect(pages == whole, "\(where_), \(shape)")
                        }
                    }
                }
            }
        }
        #expect(chosen == Set(ListShape.allCases), "seed \(first)")
    }

    /// All records in one read that goes through everybody's.
    private static func whole(
        _ parameters: ListParameters, _ call: CallContext, _ office: Office, _ reader: ReadConnection
    ) throws -> [RecordID] {
        office.database.counts.costs = .favouring(.walk)
        var parameters = parameters
        parameters.limit = 1000
        return try office.walk(parameters, as: call, on: reader)
    }

    @Test("a cursor goes on where it was after the counts have made another shape the cheapest")
    func cursorOutlivesShape() throws {
        let house = try House()
        var parameters = ListParameters(entity: "account")
        parameters.limit = 2
        parameters.fields = ["id"]
        var walked: [RecordID] = []
        var shapes = ListShape.allCases[...]
        repeat {
            house.office.database.counts.costs = .favouring(shapes.popFirst() ?? .walk)
            let plan = try house.office.records.planList(house.seller, house.office.snapshot, parameters)
            parameters.cursor = try house.office.records.list(plan, on: house.office.database.makeReader()) {
                walked.append(RecordID($0.int64(plan.read.idColumn)))
            }
        } while parameters.cursor != nil
        #expect(walked == house.sellers.sorted())
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let shape: ListShape
        let indexes: [String]
        let absent: [String]
        var testDescription: String { "\(shape)" }
    }

    @Test(
        "a shape reads by its index and sorts no more than it must",
        arguments: [
            Case(shape: .walk, indexes: ["e_account.sort"], absent: ["TEMP B-TREE", "owner.sort"]),
            Case(shape: .merge, indexes: ["e_account.owner.sort"], absent: ["e_account.sort"]),
            Case(shape: .gather, indexes: ["e_account.owner."], absent: ["e_account.sort"]),
        ])
    func queryPlan(_ expected: Case) throws {
        let house = try House()
        house.office.database.counts.costs = .favouring(expected.shape)
        var parameters = ListParameters(entity: "account")
        parameters.fields = ["id"]
        let plan = try house.office.records.planList(house.seller, house.office.snapshot, parameters)
        #expect(plan.read.shape == expected.shape)
        let lines = try house.office.database.makeReader().queryPlan(plan.read.statements[0])
        let text = lines.joined(separator: "\n")
        for index in expected.indexes { #expect(text.contains(index), "\(text)") }
        for word in expected.absent { #expect(!text.contains(word), "\(text)") }
    }

    @Test("moves between owners and the recycle bin are seen by every shape, and after a restart")
    func countsFollow() throws {
        let house = try House()
        let office = house.office
        let given = house.sellers[0]
        let taken = house.others[0]
        try office.update(given, ["owner": .reference(FirstRecords.administrator)])
        try office.update(taken, ["owner": .reference(house.seller.principal.user)])
        try office.delete(house.sellers[1])
        try office.delete(house.sellers[2])
        try office.restore(house.sellers[2])
        let expected = Set(house.sellers).subtracting([given, house.sellers[1]]).union([taken])
        for shape in ListShape.allCases {
            office.database.counts.costs = .favouring(shape)
            let listed = try office.walk(ListParameters(entity: "account"), as: house.seller)
            #expect(Set(listed) == expected, "\(shape)")
        }
        let account = try office.snapshot.registry.entity("account").number
        let total = Int64(house.sellers.count + house.others.count - 1)
        #expect(office.database.counts.total(account) == total)
        var kept: Int64 = 0
        let statement = Statement("SELECT sum(records) FROM crm_owner_count WHERE entity = \(account)")
        try office.database.makeReader().rows(statement) { row in
            kept = row.int64(0)
            return .stop
        }
        #expect(kept == total)
    }
}

/// A seller who sees own accounts alone, beside those of others.
private struct House {
    let office: Office
    let seller: CallContext
    private(set) var sellers: [RecordID] = []
    private(set) var others: [RecordID] = []

    init() throws {
        office = try Office()
        let user = try office.create(
            "user",
            [
                "username": "seller", "last_name": "Seller", "role": .reference(RecordID(1)),
                "status": "active",
            ])
        seller = Office.call(user)
        try office.administer { (administration) throws(CRMError) in
            try administration.setDefault(of: "account", to: .private, related: false)
        }
        for number in 0..<9 {
            // The same names throughout, so that the id decides.
            let owner = number % 2 == 0 ? user : FirstRecords.administrator
            let id = try office.create("account", ["account_name": "Same", "owner": .reference(owner)])
            if number % 2 == 0 { sellers.append(id) } else { others.append(id) }
        }
    }
}

extension DatabaseCompany {
    fileprivate func mayView(_ entity: String, _ call: CallContext) -> Bool {
        do throws(CRMError) {
            try office.snapshot.security.require(call.principal, .view, entity)
            return true
        } catch {
            return false
        }
    }
}

extension ShapeCosts {
    /// Costs that make one shape the cheapest wherever it can be taken.
    static func favouring(_ shape: ListShape) -> ShapeCosts {
        var costs = ShapeCosts()
        costs.walkedRow = shape == .walk ? 0 : 1e9
        costs.gatheredRow = shape == .gather ? 0 : shape == .merge ? 1e3 : 1e9
        costs.mergedOwner = shape == .merge ? 0 : 1e9
        costs.mergedRow = shape == .merge ? 0 : 1e9
        return costs
    }
}
