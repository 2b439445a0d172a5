import CRMSDK
import Query
import Records
import Registry
import Security
import Storage
import Testing

@Suite("Lines of a record")
struct LinesTests {
    let office: Office
    let estimate: RecordID

    init() throws {
        office = try LinesOffice.make()
        estimate = try office.create(
            "estimate",
            [
                "subject": "Fleet",
                "items": .lines([LinesOffice.line("wheel", 40_000), LinesOffice.line("door", 20_000)]),
            ])
    }

    @Test("lines are read in the order written, with ids, defaults and the record's currency")
    func create() throws {
        try office.update(
            estimate,
            [
                "items": .lineChange(set: [
                    Line(["name": "lamp", "quantity": 5, "price": .decimal(.init(units: 125_000, scale: 4))])
                ])
            ]
        )
        let lines = try office.get(estimate).lines("items")
        #expect(lines.map { $0["name"] } == ["wheel", "door", "lamp"])
        #expect(lines.allSatisfy { ($0.id?.rawValue ?? 0) > 0 })
        #expect(lines[0]["optional"] == false)
        #expect(lines[2]["quantity"] == LinesOffice.quantity(50_000))
        #expect(lines[2]["price"] == .money(Money(tenThousandths: 125_000, currency: CurrencyCode("EUR")!)))
        #expect(try office.get(estimate)["currency"].reference != nil)
    }

    @Test("a record without lines has none, and reads as null for modules")
    func none() throws {
        let id = try office.create("estimate", ["subject": "Empty", "items": .lines([])])
        #expect(try office.get(id)["items"] == .null)
        #expect(try office.update(id, ["items": .lines([])]) == false)
    }

    @Test("written whole: an id keeps its line and the fields not named, the order is the one written")
    func whole() throws {
        let old = try office.get(estimate).lines("items")
        try office.update(
            estimate,
            [
                "items": .lines([
                    LinesOffice.line("lamp", 10_000),
                    Line(id: old[1].id, ["quantity": LinesOffice.quantity(1)]),
                ])
            ])
        let lines = try office.get(estimate).lines("items")
        #expect(lines.map { $0["name"] } == ["lamp", "door"])
        #expect(lines[1].id == old[1].id)
        #expect(lines[1]["quantity"] == LinesOffice.quantity(1))
        #expect(try office.get(estimate).version == 2)
    }

    @Test("what was read can be written back and changes nothing")
    func unchanged() throws {
        let lines = try office.get(estimate)["items"]
        #expect(try office.update(estimate, ["items": lines]) == false)
        #expect(try office.get(estimate).version == 1)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let items: Value
        let field, code: String
        var testDescription: String { "\(field): \(code)" }
    }

    private static let unknown = RecordID(999)

    @Test(
        "what a line does not take is refused at its place",
        arguments: [
            Refusal(items: "x", field: "items", code: "type"),
            Refusal(
                items: .lines([LinesOffice.line("a", 1), Line(["name": "b"])]), field: "items[1].quantity",
                code: "required"),
            Refusal(
                items: .lines([Line(["name": "b", "quantity": -1])]), field: "items[0].quantity",
                code: "range"),
            Refusal(
                items: .lines([Line(["name": "b", "quantity": 1, "colour": "red"])]),
                field: "items[0].colour", code: "unknown_field"),
            Refusal(
                items: .lines([Line(["name": "b", "quantity": 1, "total": 1])]), field: "items[0].total",
                code: "read_only"),
            Refusal(
                items: .lines([Line(["name": "b", "quantity": 1, "position": 3])]),
                field: "items[0].position", code: "read_only"),
            Refusal(
                items: .lines([Line(["name": "b", "quantity": 1, "account": .reference(unknown)])]),
                field: "items[0].account", code: "not_found"),
            Refusal(
                items: .lines([Line(id: unknown, ["name": "b"])]), field: "items[0].id", code: "not_found"),
            Refusal(
                items: .lineChange(set: [Line(id: unknown, [:])]), field: "items.set[0].id",
                code: "not_found"),
            Refusal(items: .lineChange(remove: [unknown]), field: "items.remove[0]", code: "not_found"),
        ])
    func refused(_ refusal: Refusal) throws {
        let error = #expect(throws: CRMError.self) {
            try office.update(estimate, ["items": refusal.items])
        }
        #expect(error?.kind == .invalidRecord)
        #expect(error?.fields.first?.field == refusal.field)
        #expect(error?.fields.first?.code == refusal.code)
        #expect(try office.get(estimate).version == 1)
    }

    @Test("an id that comes twice, or is set and removed at once, is refused")
    func twice() throws {
        let id = try office.get(estimate).lines("items")[0].id
        for items in [
            Value.lines([Line(id: id, [:]), Line(id: id, [:])]),
            .lineChange(set: [Line(id: id, [:])], remove: [id].compactMap { $0 }),
        ] {
            #expect(throws: CRMError.self) { try office.update(estimate, ["items": items]) }
        }
    }

    @Test("another record's line is not this one's")
    func foreign() throws {
        let other = try office.create(
            "estimate", ["subject": "Other", "items": .lines([LinesOffice.line("roof", 1)])])
        let id = try office.get(other).lines("items")[0].id
        #expect(throws: CRMError.self) {
            try office.update(estimate, ["items": .lines([Line(id: id, ["name": "taken"])])])
        }
        #expect(try office.names(of: other) == ["roof"])
    }

    @Test("1,000 lines are taken, one more is over the limit")
    func limit() throws {
        let many = (1...1000).map { LinesOffice.line("n\($0)", 1) }
        try office.update(estimate, ["items": .lines(many)])
        #expect(try office.get(estimate).lines("items").count == 1000)
        let error = #expect(throws: CRMError.self) {
            try office.update(estimate, ["items": .lineChange(set: [LinesOffice.line("more", 1)])])
        }
        #expect(error?.kind == .limitExceeded)
    }

    @Test("lines go to the bin and come back with their record, and are not seen meanwhile")
    func bin() throws {
        let request = ListParameters(entity: "estimate_item")
        #expect(try office.walk(request).count == 2)
        try office.delete(estimate)
        #expect(try office.walk(request).isEmpty)
        try office.restore(estimate)
        #expect(try office.names(of: estimate) == ["wheel", "door"])
    }

    @Test("a page reads lines only when they are asked for")
    func page() throws {
        func columns(_ fields: [String]?) throws -> [String] {
            var parameters = ListParameters(entity: "estimate")
            parameters.fields = fields
            return try office.records.planList(office.root, office.snapshot, parameters).read.columns.map(
                \.field.name)
        }
        #expect(try columns(nil).contains("items") == false)
        #expect(try columns(["items"]) == ["id", "items"])
    }

    @Test("the history tells of each line what changed")
    func history() throws {
        let old = try office.get(estimate).lines("items")
        try office.update(
            estimate,
            [
                "items": .lineChange(
                    set: [Line(id: old[0].id, ["quantity": 5]), LinesOffice.line("lamp", 1)],
                    remove: [old[1].id].compactMap { $0 })
            ])
        let history = try office.records.history(
            office.root, office.snapshot, on: office.database.makeReader(), id: estimate)
        #expect(history.map(\.lines.count) == [1, 1])
        let lines = history[1].lines[0].lines
        #expect(lines.map(\.kind) == [.changed, .added, .removed])
        #expect(lines[0].changes.map(\.field.name) == ["quantity"])
        #expect(lines[0].changes[0].old == LinesOffice.quantity(40_000))
        let removed = lines[2].changes.first { $0.field.name == "name" }
        #expect(removed?.old == "door")
        #expect(removed?.new == .null)
    }

    @Test("a filter, a sort and a measure of lines are refused, each in a sentence")
    func refusedReads() throws {
        var sorted = ListParameters(entity: "estimate")
        sorted.sort = ["items"]
        #expect(throws: CRMError.self) { try office.walk(sorted) }
        let error = #expect(throws: CRMError.self) {
            try office.ids("estimate", where: .where("items", .isEmpty))
        }
        #expect(error?.hint?.contains("estimate_item") == true)
        #expect(throws: CRMError.self) {
            try office.records.planAggregate(
                office.root, office.snapshot, entity: "estimate", filter: nil, groups: [],
                measures: [.init(operation: .count, path: "items", name: "n")])
        }
    }

    @Test("lines are no records: they are written through their record alone")
    func noRecords() throws {
        #expect(throws: CRMError.self) {
            try office.create("estimate_item", ["name": "a", "quantity": 1])
        }
        let id = try #require(try office.get(estimate).lines("items")[0].id)
        #expect(throws: CRMError.self) { try office.update(id, ["name": "a"]) }
        #expect(throws: CRMError.self) { try office.delete(id) }
        #expect(throws: CRMError.self) { try office.get(id) }
    }

    @Test("an unknown currency and a second one are refused at the amount")
    func currencies() throws {
        let dollars = Value.money(Money(tenThousandths: 1, currency: CurrencyCode("QQQ")!))
        let error = #expect(throws: CRMError.self) {
            try office.update(
                estimate,
                ["items": .lines([Line(["name": "a", "quantity": 1, "price": dollars])])])
        }
        #expect(error?.fields.first?.field == "items[0].price")
    }
}
