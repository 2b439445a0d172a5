import CRMSDK
import Query
import Records
import Registry
import Security
import Storage
import TestRandom
import Testing

@Suite("Finding records by values, planned once")
struct RecordFinderTests {
    @Test("answers what a list with the same conditions answers, for everyone")
    func likeLists() throws {
        let office = try Office()
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed)
        let ann = try office.create(
            "user", ["username": "ann", "last_name": "Ann", "role": .reference(RecordID(1))])
        let names: [Value] = ["Łódź", "lodz", "Lodz AG", "straße", "STRASSE", "東京", "x"]
        let industries: [Value] = ["banking", "energy"]
        var made: [RecordID] = []
        func some(_ values: [Value]) -> Value { values.randomElement(using: &random) ?? .null }
        for _ in 0..<60 {
            let owner = Bool.random(using: &random) ? ann : office.root.principal.user
            made.append(
                try office.create(
                    "account",
                    [
                        "account_name": some(names), "industry": some(industries + [.null]),
                        "employees": some([.null, 0, 7]), "owner": .reference(owner),
                        "parent_account": some([.null] + made.suffix(2).map { .reference($0) }),
                    ]))
        }
        for id in made.prefix(5) { try office.delete(id) }
        try office.administer { administration throws(CRMError) in
            try administration.setDefault(of: "account", to: .private, related: false)
        }
        let reader = try office.database.makeReader()
        let fields = ["account_name", "industry", "employees", "parent_account", "owner", "id"]
        for call in [office.root, Office.call(ann)] {
            for _ in 0..<60 {
                let chosen = Array(
                    fields.shuffled(using: &random).prefix(Int.random(in: 1...3, using: &random)))
                let finder = try #require(
                    try office.records.finder(call, office.snapshot, of: "account", by: chosen, limit: 100))
                for _ in 0..<3 {
                    let values: [Value] = chosen.map { field -> Value in
                        switch field {
                        case "account_name": return some(names + ["absent"])
                        case "industry": return some(industries)
                        case "employees": return some([0, 7, 8])
                        case "owner": return .reference(ann)
                        default: return .reference(made.randomElement(using: &random) ?? ann)
                        }
                    }
                    var found: [RecordID] = []
                    try reader.rows(try finder.statement(values)) { row in
                        found.append(RecordID(row.int64(0)))
                        return .next
                    }
                    let filter = Filter.all(zip(chosen, values).map { .where($0, .equal, $1) })
                    let listed = try office.ids("account", where: filter, as: call)
                    #expect(found == listed, "\(chosen) \(values), seed \(seed)")
                }
            }
        }
    }

    @Test("is found by the index of the value, by whoever sees a part of the records as by whoever sees all")
    func plan() throws {
        let office = try Office()
        let ann = try office.create(
            "user", ["username": "ann", "last_name": "Ann", "role": .reference(RecordID(1))])
        try office.administer { administration throws(CRMError) in
            try administration.setDefault(of: "account", to: .private, related: false)
        }
        let reader = try office.database.makeReader()
        for call in [office.root, Office.call(ann)] {
            let finder = try #require(
                try office.records.finder(
                    call, office.snapshot, of: "account", by: ["account_name"], limit: 2))
            let plan = try reader.queryPlan(try finder.statement(["Acme"]))
            #expect(plan.contains { $0.contains("account_name__k>?") }, "\(plan)")
        }
    }

    @Test("an amount is looked for by a list; a hidden field is not there")
    func refusals() throws {
        let office = try Office()
        let amount = try office.records.finder(
            office.root, office.snapshot, of: "account", by: ["annual_revenue"], limit: 2)
        #expect(amount == nil)
        #expect(throws: CRMError.self) {
            try office.records.finder(office.root, office.snapshot, of: "account", by: ["nothing"], limit: 2)
        }
        let finder = try #require(
            try office.records.finder(
                office.root, office.snapshot, of: "account", by: ["employees"], limit: 2))
        #expect(throws: CRMError.self) { try finder.statement(["many"]) }
    }
}
