import CRMSDK
import Query
import Records
import Registry
import Security
import Storage
import TestRandom
import Testing

@Suite("Lines: rights, hooks and random changes")
struct LineRightsTests {
    /// A private estimate of the administrator's and one of Ann's, each with one line of the same item.
    private func makeOffice() throws -> (Office, ann: CallContext, mine: RecordID, hers: RecordID) {
        let office = try LinesOffice.make()
        let ann = try office.create(
            "user", ["username": "ann", "last_name": "Ann", "role": .reference(RecordID(1))])
        let call = Office.call(ann)
        let items = Value.lines([LinesOffice.line("wheel", 30_000)])
        let mine = try office.create("estimate", ["subject": "A", "items": items])
        let hers = try office.create("estimate", ["subject": "B", "items": items], as: call)
        try office.administer { administration throws(CRMError) in
            try administration.setDefault(of: "estimate", to: .private, related: false)
        }
        return (office, call, mine, hers)
    }

    private func sums(_ office: Office, _ call: CallContext) throws -> [[Value]] {
        let plan = try office.records.planAggregate(
            call, office.snapshot, entity: "estimate_item", filter: .where("name", .equal, "wheel"),
            groups: [.init(path: "name", interval: nil, name: "name")],
            measures: [.init(operation: .sum, path: "quantity", name: "sum")])
        var groups: [[Value]] = []
        try office.records.aggregate(plan, on: office.database.makeReader()) { row throws(CRMError) in
            var values: [Value] = []
            for member in plan.members { values.append(try plan.value(member, row, office.snapshot)) }
            groups.append(values)
        }
        return groups
    }

    @Test("a line is listed, counted and summed for whoever views its record")
    func visible() throws {
        let (office, ann, mine, hers) = try makeOffice()
        let request = ListParameters(entity: "estimate_item")
        #expect(try office.walk(request, as: ann).count == 1)
        #expect(try office.walk(request).count == 2)
        #expect(try sums(office, ann) == [["wheel", LinesOffice.quantity(30_000)]])
        #expect(try sums(office, office.root) == [["wheel", LinesOffice.quantity(60_000)]])
        let over = try office.ids(
            "estimate_item", where: .where("parent.subject", .equal, "A"), as: office.root)
        #expect(over == [try #require(try office.get(mine).lines("items")[0].id)])
        #expect(
            try office.ids("estimate_item", where: .where("parent", .equal, .reference(mine)), as: ann) == [])
        #expect(try office.names(of: hers) == ["wheel"])
    }

    @Test("a hidden field of lines is nowhere, and stays when the lines are written without it")
    func hiddenField() throws {
        let (office, ann, _, hers) = try makeOffice()
        let price = Value.decimal(FixedDecimal(units: 70_000, scale: 4))
        let id = try #require(try office.get(hers).lines("items")[0].id)
        try office.update(hers, ["items": .lineChange(set: [Line(id: id, ["price": price])])])
        try office.administer { administration throws(CRMError) in
            try administration.setFieldAccess("price", of: "estimate_item", profile: nil, .hidden)
        }
        let line = try #require(try office.get(hers, as: ann).lines("items").first)
        #expect(line.values["price"] == nil)
        #expect(line["name"] == "wheel")
        let error = #expect(throws: CRMError.self) {
            try office.update(hers, ["items": .lines([Line(id: id, ["price": price])])], as: ann)
        }
        #expect(error?.fields.map(\.code) == ["unknown_field"])
        #expect(throws: CRMError.self) {
            try office.ids("estimate_item", where: .where("price", .isEmpty), as: ann)
        }
        try office.update(hers, ["items": .lines([Line(id: id, ["name": "tyre"])])], as: ann)
        #expect(try office.get(hers).lines("items")[0]["price"].money?.tenThousandths == 70_000)
        let history = try office.records.history(
            ann, office.snapshot, on: office.database.makeReader(), id: hers)
        let fields = history.flatMap(\.lines).flatMap(\.lines).flatMap(\.changes).map(\.field.name)
        #expect(!fields.contains("price"))
    }

    @Test("where the field of lines is hidden, so is their entity")
    func hiddenLines() throws {
        let (office, ann, _, hers) = try makeOffice()
        try office.administer { administration throws(CRMError) in
            try administration.setFieldAccess("items", of: "estimate", profile: nil, .hidden)
        }
        #expect(try office.get(hers, as: ann).values["items"] == nil)
        let hidden = #expect(throws: CRMError.self) {
            try office.walk(ListParameters(entity: "estimate_item"), as: ann)
        }
        let absent = #expect(throws: CRMError.self) {
            try office.walk(ListParameters(entity: "estimate_itex"), as: ann)
        }
        #expect(hidden?.kind == absent?.kind)
        #expect(hidden?.message == absent?.message.replacing("itex", with: "item"))
        #expect(throws: CRMError.self) {
            try office.update(hers, ["items": .lines([])], as: ann)
        }
    }

    @Test("a reference in a line obeys the rights of the record that it names")
    func references() throws {
        let (office, ann, _, hers) = try makeOffice()
        let account = try office.create("account", ["account_name": "Secret"])
        try office.administer { administration throws(CRMError) in
            try administration.setDefault(of: "account", to: .private, related: false)
        }
        let error = #expect(throws: CRMError.self) {
            let line = Line(["name": "a", "quantity": 1, "account": .reference(account)])
            try office.update(hers, ["items": .lines([line])], as: ann)
        }
        #expect(error?.fields.first?.field == "items[0].account")
    }

    @Test("a hook sets any field of lines, adds some and sees the ids of those that are stored")
    func hooks() throws {
        let office = try LinesOffice.make(hooks: [
            Hook("total", on: "estimate", [.beforeCreate, .beforeUpdate]) { change, _ throws(CRMError) in
                var lines = change.lines("items")
                for index in lines.indices {
                    lines[index]["total"] = .decimal(
                        FixedDecimal(units: lines[index]["quantity"].decimal?.units ?? 0, scale: 4))
                }
                if change.isNew { lines.append(Line(["name": "freight", "quantity": 1])) }
                change.setLines("items", lines)
            },
            Hook("ids", on: "estimate", [.afterCreate]) { change, _ throws(CRMError) in
                guard change.lines("items").allSatisfy({ $0.id != nil }) else {
                    throw CRMError(.internalError, "a stored line has no id")
                }
            },
        ])
        let id = try office.create(
            "estimate", ["subject": "A", "items": .lines([LinesOffice.line("wheel", 30_000)])])
        let lines = try office.get(id).lines("items")
        #expect(lines.map { $0["name"] } == ["wheel", "freight"])
        #expect(lines[0]["total"].money?.tenThousandths == 30_000)
        try office.update(id, ["items": .lineChange(remove: [lines[1].id].compactMap { $0 })])
        #expect(try office.names(of: id) == ["wheel"])
    }

    @Test(
        "written whole, or by set and remove: what is read is what was written",
        arguments: [UInt64(20_261_122)])
    func random(seed: UInt64) throws {
        var random = SeededRandom(seed)
        let office = try LinesOffice.make()
        let (one, other) = (
            try office.create("estimate", ["subject": "whole"]),
            try office.create("estimate", ["subject": "in parts"])
        )
        func content(_ id: RecordID) throws -> [[String: Value]] {
            try office.get(id).lines("items").map(\.values)
        }
        for step in 0..<60 {
            let comment = Comment(rawValue: "seed \(seed), step \(step)")
            let (left, right) = (try office.get(one).lines("items"), try office.get(other).lines("items"))
            // Each line stays, changes or goes; new ones come at the end, which is where "set" puts them.
            var whole: [Line] = []
            var set: [Line] = []
            var remove: [RecordID] = []
            for (mine, its) in zip(left, right) {
                switch Int.random(in: 0..<4, using: &random) {
                case 0: remove.append(contentsOf: [its.id].compactMap { $0 })
                case 1:
                    let change: [String: Value] = ["quantity": .integer(.random(in: 0..<100, using: &random))]
                    whole.append(Line(id: mine.id, change))
                    set.append(Line(id: its.id, change))
                default: whole.append(Line(id: mine.id, [:]))
                }
            }
            for _ in 0..<Int.random(in: 0..<4, using: &random) {
                let new = LinesOffice.line("n\(step)", .random(in: 0..<1_000_000, using: &random))
                whole.append(new)
                set.append(new)
            }
            try office.update(one, ["items": .lines(whole)])
            try office.update(other, ["items": .lineChange(set: set, remove: remove)])
            #expect(try content(one) == content(other), comment)
            #expect(try content(one).count == whole.count, comment)
        }
    }
}
