import CRMSDK
import CRMSDKTesting
import Testing

@Suite("The SDK's vocabulary")
struct VocabularyTests {
    @Test("every kind of error has a name and a number of its own")
    func kinds() {
        #expect(Set(CRMError.Kind.all.map(\.rpcCode)).count == CRMError.Kind.all.count)
        #expect(Set(CRMError.Kind.all.map(\.name)).count == CRMError.Kind.all.count)
    }

    @Test("one problem is the error's message, several are listed by field")
    func invalidRecord() {
        let one = FieldProblem(field: "a", code: "required", message: "A is required")
        let two = FieldProblem(field: "b", code: "range", message: "B is out of range")
        #expect(CRMError.invalidRecord("lead", [one]).message == "A is required")
        #expect(CRMError.invalidRecord("lead", [one, two]).message == "lead is not valid: a, b")
        #expect(CRMError.invalidRecord("lead", [one, two]).fields == [one, two])
    }

    @Test(
        "a picklist's key is its label in snake case",
        arguments: [
            ("Cold Call", "cold_call"), ("Id. Decision Makers", "id_decision_makers"),
            ("Proposal/Price Quote", "proposal_price_quote"), ("Food & Beverage", "food_beverage"),
            ("300-Sales-Software", "300_sales_software"), (" Mr. ", "mr"),
        ])
    func key(_ label: String, _ key: String) {
        #expect(PicklistValue(label).key == key)
    }

    @Test(
        "a version is three numbers",
        arguments: [
            ("1.2.3", true), ("0.0.0", true), ("10.20.30", true), ("1.2", false), ("1.2.3.4", false),
            ("1.2.x", false), ("+1.2.3", false), ("-1.2.3", false), ("01.2.3", false), ("1..3", false),
            ("", false),
        ])
    func version(_ text: String, _ isVersion: Bool) {
        #expect(SemanticVersion(text)?.description == (isVersion ? text : nil))
    }

    @Test("versions are ordered by number, not by letter")
    func versionOrder() {
        #expect(
            ["1.10.0", "1.9.9", "2.0.0", "1.9.10"].compactMap { SemanticVersion($0) }.sorted().map(
                \.description)
                == ["1.9.9", "1.9.10", "1.10.0", "2.0.0"])
    }

    @Test("every operator is found by its symbol, and no other is")
    func operators() {
        for known in FilterOperator.all { #expect(FilterOperator(symbol: known.symbol) == known) }
        #expect(FilterOperator(symbol: "like") == nil)
    }

    @Test("a change knows what differs from before, and what hooks have set")
    func recordChange() {
        let old = Record(id: RecordID(5), entity: "lead", version: 1, values: ["a": 1, "b": 2])
        var change = RecordChange(
            entity: "lead", id: old.id, old: old, given: ["a"], values: ["a": 1, "b": 3, "c": .null])
        #expect(!change.changes("a"))
        #expect(change.changes("b"))
        #expect(!change.changes("c"))
        change["c"] = "set"
        #expect(change.touched == ["c"])
        #expect(change.changes("c"))
    }
}

@Suite("The test platform")
struct TestPlatformTests {
    private let context = TestModuleContext(
        manifests: [],
        entities: [
            EntityDefinition(
                "part", label: "Part", plural: "Parts",
                fields: [
                    .autonumber("part_no", "Number", "PRT00-A"), .text("name", "Name").mandatory(),
                    .integer("size", "Size").range("1", "10"), .reference("parent", "Parent", to: "part"),
                ])
        ])

    @Test("numbers grow beyond their width")
    func numbers() throws {
        var last = Value.null
        for _ in 0..<100 { last = try context.create("part", ["name": "p"])["part_no"] }
        #expect(last == "PRT100-A")
    }

    @Test(
        "refuses what the kernel refuses",
        arguments: [
            ([:], "required"), (["name": 1], "type"), (["name": "n", "size": 0], "range"),
            (["name": "n", "size": 11], "range"), (["name": "n", "colour": "red"], "unknown_field"),
            (["name": .text(String(repeating: "x", count: 256))], "length"),
        ] as [([String: Value], String)])
    func refuses(_ values: [String: Value], _ code: String) {
        let error = #expect(throws: CRMError.self) { try context.create("part", values) }
        #expect(error?.fields.map(\.code) == [code])
    }

    @Test("null is no value: only not-equal, not-in and is-empty hold for it")
    func nulls() throws {
        _ = try context.create("part", ["name": "without"])
        _ = try context.create("part", ["name": "with", "size": 5])
        func names(_ comparison: FilterOperator, _ value: Value) throws -> [String] {
            let filter = Filter.where("size", comparison, value)
            return try context.list(ListRequest("part", where: filter, sort: ["name"])).compactMap {
                $0["name"].text
            }
        }
        #expect(try names(.notEqual, 5) == ["without"])
        #expect(try names(.isNotIn, .list([5])) == ["without"])
        #expect(try names(.isEmpty, .null) == ["without"])
        #expect(try names(.less, 9) == ["with"])
        #expect(try names(.between, .list([5, 5])) == ["with"])
    }

    @Test("paths go over references, and a stale version is a conflict")
    func pathsAndVersions() throws {
        let parent = try context.create("part", ["name": "frame"])
        let child = try context.create("part", ["name": "bolt", "parent": .reference(parent.id)])
        let filter = Filter.where("parent.name", .equal, "FRAME")
        #expect(try context.list(ListRequest("part", where: filter)).map(\.id) == [child.id])
        _ = try context.update("part", child.id, ["size": 2], version: 1)
        let error = #expect(throws: CRMError.self) {
            try context.update("part", child.id, ["size": 3], version: 1)
        }
        #expect(error?.kind == .versionConflict)
    }

    @Test("a deleted record is gone until it is restored")
    func bin() throws {
        let part = try context.create("part", ["name": "p"])
        try context.delete("part", part.id)
        #expect(throws: CRMError.self) { try context.get("part", part.id) }
        #expect(try context.restore("part", part.id) == part)
    }
}
