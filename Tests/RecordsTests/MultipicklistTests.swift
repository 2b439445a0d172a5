import CRMSDK
import Core
import Testing

@Suite("Fields of several choices")
struct MultipicklistTests {
    let office: Office
    let both, north, none: RecordID

    init() throws {
        var core = CoreModule().manifest
        core.entities.append(
            EntityDefinition(
                "depot", label: "Depot", plural: "Depots",
                fields: [
                    .text("name", "Name").mandatory(),
                    .multipicklist(
                        "regions", "Regions", ["North", "North East", "South"].map { PicklistValue($0) }),
                ]
            ).labelled(by: "name").sorted(by: "name"))
        office = try Office(core: core)
        both = try office.create("depot", ["name": "A", "regions": .list(["south", "north"])])
        north = try office.create("depot", ["name": "B", "regions": .list(["north_east"])])
        none = try office.create("depot", ["name": "C", "regions": .list([])])
    }

    @Test("choices are read in the order of the list, and none is null")
    func order() throws {
        #expect(try office.get(both)["regions"] == .list(["north", "south"]))
        #expect(try office.get(none)["regions"] == .null)
    }

    @Test("the same choices in another order change nothing")
    func unchanged() throws {
        #expect(try office.update(both, ["regions": .list(["south", "north"])]) == false)
        #expect(try office.update(both, ["regions": .list(["south"])]))
        #expect(try office.get(both)["regions"] == .list(["south"]))
    }

    @Test("a filter finds single choices, never parts of their keys")
    func filters() throws {
        let cases: [(FilterOperator, Value, [RecordID])] = [
            (.contains, "north", [both]), (.contains, "north_east", [north]),
            (.isIn, .list(["south", "north_east"]), [both, north]), (.isIn, .list([]), []),
            (.isNotIn, .list(["south"]), [north, none]), (.isEmpty, .null, [none]),
            (.isNotEmpty, .null, [both, north]),
        ]
        for (comparison, operand, expected) in cases {
            let found = try office.ids("depot", where: .where("regions", comparison, operand))
            #expect(found == expected, "\(comparison.symbol) \(operand)")
        }
    }

    @Test("a choice that the list does not have is refused, in a value and in a filter")
    func unknown() throws {
        #expect(throws: CRMError.self) {
            try office.create("depot", ["name": "D", "regions": .list(["west"])])
        }
        #expect(throws: CRMError.self) {
            try office.ids("depot", where: .where("regions", .contains, "west"))
        }
        #expect(throws: CRMError.self) {
            try office.ids("depot", where: .where("regions", .equal, "north"))
        }
    }
}
