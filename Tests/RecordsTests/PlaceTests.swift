import CRMSDK
import Core
import Query
import Records
import Storage
import TestRandom
import Testing

@Suite("Places and what is near them")
struct PlaceTests {
    let office: Office

    init() throws {
        var core = CoreModule().manifest
        let account = try #require(core.entities.firstIndex { $0.name == "account" })
        core.entities[account].fields.append(.place("location", "Location"))
        office = try Office(core: core)
    }

    private func near(_ place: String, _ distance: String, _ path: String = "location") -> Filter {
        .where(path, .near, .list([.text(place), .text(distance)]))
    }

    private func names(_ filter: Filter, entity: String = "account", _ name: String = "account_name") throws
        -> [String]
    {
        try office.ids(entity, where: filter).map { try office.get($0)[name].text ?? "" }
    }

    @Test("what lies within the distance, over the 180th meridian and at the pole; nothing without a place")
    func near() throws {
        for (name, place) in [
            ("Berlin", "52.5200066,13.404954"), ("Potsdam", "52.3988889,13.0656667"),
            ("Paris", "48.8566,2.3522"),
            ("Suva", "-18.1416,178.4419"), ("Apia", "-13.8333,-171.75"), ("North Pole", "90,0"),
            ("Alert", "82.5018,-62.3481"),
        ] {
            try office.create("account", ["account_name": .text(name), "location": .text(place)])
        }
        try office.create("account", ["account_name": "Nowhere"])
        #expect(try names(near("52.52,13.405", "30 km")) == ["Berlin", "Potsdam"])
        #expect(try names(near("52.52,13.405", "20 mi")) == ["Berlin", "Potsdam"])
        #expect(try names(near("52.52,13.405", "20 km")) == ["Berlin"])
        #expect(try names(near("-16,-180", "1200 km")) == ["Suva", "Apia"])
        #expect(try names(near("89.9,120", "850 km")) == ["North Pole", "Alert"])
        #expect(
            try names(.not(near("52.52,13.405", "1000 km"))) == [
                "Suva", "Apia", "North Pole", "Alert", "Nowhere",
            ])
        #expect(try names(.where("location", .equal, "geo:48.8566,2.3522")) == ["Paris"])
        #expect(try names(.where("location", .isEmpty)) == ["Nowhere"])
    }

    @Test("a list is what every single distance says, whatever the circle")
    func property() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed)
        var places: [RecordID: GeoPoint] = [:]
        for number in 0..<150 {
            // Half of them in one town.
            let (spread, latitude, longitude): (Int32, Int32, Int32) =
                number.isMultiple(of: 2) ? (200_000, 525_200_000, 134_000_000) : (600_000_000, 0, 0)
            let point = try #require(
                GeoPoint(
                    latitude: latitude + Int32.random(in: -spread...spread, using: &random),
                    longitude: longitude + Int32.random(in: -spread...spread, using: &random)))
            let id = try office.create(
                "account", ["account_name": .text("A\(number)"), "location": .text(point.description)])
            places[id] = point
        }
        for _ in 0..<40 {
            let centre = try #require(places.values.randomElement(using: &random))
            let distance =
                "\(Int.random(in: 1...[2, 20, 500, 15_000].randomElement(using: &random)!, using: &random)) km"
            let circle = try #require(GeoCircle(centre: centre, distance: distance))
            let wanted = Set(places.filter { circle.contains($0.value) }.keys)
            let found = Set(try office.ids("account", where: near(centre.description, distance)))
            #expect(found == wanted, "seed \(seed): \(distance) around \(centre)")
        }
    }

    @Test("a path over a reference is searched the same way")
    func elsewhere() throws {
        let berlin = try office.create(
            "account", ["account_name": "Berlin", "location": "52.5200066,13.404954"])
        try office.create("contact", ["last_name": "Noor", "account": .reference(berlin)])
        let found = try names(near("52.5,13.4", "10 km", "account.location"), entity: "contact", "last_name")
        #expect(found == ["Noor"])
    }

    @Test("the index on the place is walked, not all accounts")
    func queryPlan() throws {
        var parameters = ListParameters(entity: "account")
        parameters.filter = near("52.5,13.4", "10 km")
        let plan = try office.records.planList(office.root, office.snapshot, parameters)
        let reader = try office.database.makeReader()
        let steps = try plan.read.statements.flatMap { try reader.queryPlan($0) }
        #expect(
            steps.contains { $0.contains("INDEX e_account.field.location (location>? AND location<?)") },
            "\(steps)")
        #expect(!steps.contains { $0.hasPrefix("SCAN") }, "\(steps)")
    }

    @Test(
        "what is no circle is refused by name",
        arguments: [
            Value.text("52.52,13.405"), .list([.text("52.52,13.405")]),
            .list([.text("52.52,13.405"), .text("far")]),
            .list([.text("nowhere"), .text("5 km")]), .list([.text("52.52,13.405"), .text("-5 km")]), .null,
        ])
    func refused(_ operand: Value) throws {
        let error = try #require(throws: CRMError.self) {
            try office.ids("account", where: .where("location", .near, operand))
        }
        #expect(error.kind == .invalidParameters && error.message.contains("near"), "\(error)")
        let other = try #require(throws: CRMError.self) {
            try office.ids("account", where: .where("account_name", .near, operand))
        }
        #expect(other.message.contains("\"near\" cannot be used on \"account_name\""), "\(other)")
        let sorted = try #require(throws: CRMError.self) {
            var parameters = ListParameters(entity: "account")
            parameters.sort = ["location"]
            _ = try office.walk(parameters)
        }
        #expect(sorted.message.contains("location"), "\(sorted)")
    }
}
