import CRMSDK
import Core
import Query
import Records
import Registry
import Security
import SecurityCases
import Storage
import TestRandom
import Testing

/// Links between records, many with many, and the lists that they and references give.
@Suite("Links")
struct LinkTests {
    // MARK: The ground

    /// Projects with their people, each with a part; projects are their owners' alone.
    static let project = EntityDefinition(
        "project", label: "Project", plural: "Projects",
        fields: [.text("title", "Title").mandatory(), .reference("lead_contact", "Lead", to: "contact")]
    ).labelled(by: "title").sorted(by: "title").sharing(.private)

    static let people = RelationDefinition(
        "project_contact", from: "project", to: "contact", label: "People",
        fields: [
            .picklist("part", "Part", labels: ["Sponsor", "User"]),
            .integer("hours", "Hours").range("0", "100").defaulting(to: "8"),
        ]
    ).inverse(label: "Projects")

    static let parts = RelationDefinition(
        "project_part", from: "project", to: "project", label: "Parts",
        fields: [.decimal("share", "Share", scale: 2).mandatory()]
    ).inverse("project_whole", label: "Wholes")

    static let sleeping = RelationDefinition(
        "project_dragon", from: "project", to: "dragon", label: "Dragons")

    static func makeOffice() throws -> Office {
        var core = CoreModule().manifest
        core.entities.append(project)
        core.relations = [people, parts, sleeping]
        return try Office(core: core)
    }

    /// A project and a contact.
    private static func pair(in office: Office) throws -> (RecordID, RecordID) {
        (
            try office.create("project", ["title": "Bridge"]),
            try office.create("contact", ["last_name": "Noor"])
        )
    }

    // MARK: Linking

    @Test("a link is seen from both sides, changes its values, and ends")
    func roundTrip() throws {
        let office = try Self.makeOffice()
        let (bridge, noor) = try Self.pair(in: office)
        #expect(try office.link(bridge, "project_contact", noor, ["part": "sponsor"]) == .linked)
        #expect(try office.related(bridge, "project_contact") == [noor])
        #expect(try office.related(noor, "project_contact") == [bridge])
        #expect(try office.linkTexts(bridge, "project_contact") == [["part": "sponsor", "hours": "8"]])
        #expect(try office.link(bridge, "project_contact", noor, ["part": "sponsor"]) == .unchanged)
        // From the other side it is the same link, and what is not named stays.
        #expect(try office.link(noor, "project_contact", bridge, ["hours": 20]) == .changed)
        #expect(try office.linkTexts(bridge, "project_contact") == [["part": "sponsor", "hours": "20"]])
        try office.unlink(noor, "project_contact", bridge)
        #expect(try office.related(bridge, "project_contact").isEmpty)
        let again = #expect(throws: CRMError.self) { try office.unlink(bridge, "project_contact", noor) }
        #expect(again?.kind == .notFound)
    }

    @Test("a relation within one entity has a name for each direction")
    func directions() throws {
        let office = try Self.makeOffice()
        let whole = try office.create("project", ["title": "Bridge"])
        let part = try office.create("project", ["title": "Pylon"])
        try office.link(whole, "project_part", part, ["share": .decimal(FixedDecimal(units: 50, scale: 2))])
        #expect(try office.related(whole, "project_part") == [part])
        #expect(try office.related(part, "project_whole") == [whole])
        #expect(try office.related(part, "project_part").isEmpty)
        #expect(try office.related(whole, "project_whole").isEmpty)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let relation: String
        var values: [String: Value] = [:]
        let kind: CRMError.Kind
        var field: String?
    }

    @Test(
        "a link that cannot be is refused, and nothing is written",
        arguments: [
            Refusal(testDescription: "unknown relation", relation: "project_cat", kind: .invalidParameters),
            Refusal(
                testDescription: "sleeping relation", relation: "project_dragon", kind: .invalidParameters),
            Refusal(testDescription: "the other direction", relation: "project_part", kind: .notFound),
            Refusal(
                testDescription: "unknown value", relation: "project_contact", values: ["colour": "red"],
                kind: .invalidRecord, field: "link.colour"),
            Refusal(
                testDescription: "a value of no list", relation: "project_contact", values: ["part": "king"],
                kind: .invalidRecord, field: "link.part"),
            Refusal(
                testDescription: "a value out of range", relation: "project_contact", values: ["hours": 101],
                kind: .invalidRecord, field: "link.hours"),
        ])
    func refused(_ refusal: Refusal) throws {
        let office = try Self.makeOffice()
        let (bridge, noor) = try Self.pair(in: office)
        let error = #expect(throws: CRMError.self) {
            try office.link(bridge, refusal.relation, noor, refusal.values)
        }
        #expect(error?.kind == refusal.kind)
        #expect(error?.fields.first?.field == refusal.field)
        #expect(try office.related(bridge, "project_contact").isEmpty)
        #expect(try office.history(of: bridge).map(\.kind) == ["create"])
    }

    @Test("a mandatory value of a link is needed, and a record is not linked with itself")
    func mandatory() throws {
        let office = try Self.makeOffice()
        let whole = try office.create("project", ["title": "Bridge"])
        let part = try office.create("project", ["title": "Pylon"])
        let missing = #expect(throws: CRMError.self) { try office.link(whole, "project_part", part, [:]) }
        #expect(missing?.fields.map(\.code) == ["required"])
        let share = Value.decimal(FixedDecimal(units: 1, scale: 2))
        let itself = #expect(throws: CRMError.self) {
            try office.link(whole, "project_part", whole, ["share": share])
        }
        #expect(itself?.kind == .invalidParameters)
    }

    @Test("both histories tell of a link, with its values, and no version moves")
    func history() throws {
        let office = try Self.makeOffice()
        let (bridge, noor) = try Self.pair(in: office)
        try office.link(bridge, "project_contact", noor, ["part": "user"])
        try office.link(bridge, "project_contact", noor, ["part": "sponsor"])
        try office.unlink(bridge, "project_contact", noor)
        for (id, other) in [(bridge, noor), (noor, bridge)] {
            let entries = try office.history(of: id)
            #expect(entries.map(\.kind) == ["create", "link", "link", "unlink"])
            #expect(entries.dropFirst().allSatisfy { $0.link?.other == other && $0.version == nil })
            #expect(entries[2].changes.map(\.new) == ["sponsor"])
            #expect(entries[2].changes.map(\.old) == ["user"])
            #expect(try office.get(id).version == 1)
        }
    }

    // MARK: The recycle bin

    @Test("links hide while a record lies in the recycle bin, and come back with it")
    func recycleBin() throws {
        let office = try Self.makeOffice()
        let (bridge, noor) = try Self.pair(in: office)
        try office.link(bridge, "project_contact", noor, [:])
        try office.delete(noor)
        #expect(try office.related(bridge, "project_contact").isEmpty)
        let gone = #expect(throws: CRMError.self) { try office.related(noor, "project_contact") }
        #expect(gone?.kind == .notFound)
        let binned = #expect(throws: CRMError.self) { try office.link(bridge, "project_contact", noor, [:]) }
        #expect(binned?.kind == .notFound)
        try office.restore(noor)
        #expect(try office.related(bridge, "project_contact") == [noor])
    }

    // MARK: Rights

    @Test("linking needs sight of both records and the right to edit one of them")
    func rights() throws {
        let office = try Self.makeOffice()
        let (bridge, noor) = try Self.pair(in: office)
        let ann = try office.create(
            "user", ["username": "ann", "last_name": "Ann", "role": .reference(RecordID(1))])
        let call = Office.call(ann)
        // The project is private and not hers: it is not there.
        let hidden = #expect(throws: CRMError.self) {
            try office.link(noor, "project_contact", bridge, [:], as: call)
        }
        #expect(hidden?.kind == .notFound)
        let hers = try office.create("project", ["title": "Tunnel", "owner": .reference(ann)])
        #expect(try office.link(hers, "project_contact", noor, [:], as: call) == .linked)
        // She sees her project only, the administrator both.
        try office.link(bridge, "project_contact", noor, [:])
        #expect(try office.related(noor, "project_contact", as: call) == [hers])
        #expect(try Set(office.related(noor, "project_contact")) == [bridge, hers])
        for sharing in [SharingDefault.publicRead, .publicReadEdit] {
            try office.administer { administration throws(CRMError) in
                try administration.setDefault(of: "account", to: .publicRead, related: false)
            }
            try office.administer { administration throws(CRMError) in
                try administration.setDefault(of: "project", to: sharing, related: false)
            }
            let result = Result { try office.link(bridge, "project_contact", noor, ["hours": 9], as: call) }
            switch result {
            case .success(let outcome):
                #expect(sharing == .publicReadEdit && outcome == .changed)
            case .failure(let error):
                #expect(sharing == .publicRead && (error as? CRMError)?.kind == .forbidden)
            }
        }
    }

    @Test("a value of a link that is hidden is absent, and unknown in filter, sort and write")
    func hiddenValue() throws {
        let office = try Self.makeOffice()
        let (bridge, noor) = try Self.pair(in: office)
        try office.link(bridge, "project_contact", noor, ["hours": 9])
        let ann = try office.create(
            "user", ["username": "ann", "last_name": "Ann", "role": .reference(RecordID(1))])
        try office.update(bridge, ["owner": .reference(ann)])
        try office.administer { administration throws(CRMError) in
            try administration.setFieldAccess("project_contact.hours", of: "project", profile: nil, .hidden)
        }
        let call = Office.call(ann)
        #expect(try office.linkTexts(bridge, "project_contact", as: call) == [[:]])
        #expect(try office.linkTexts(bridge, "project_contact") == [["hours": "9"]])
        #expect(try office.history(of: bridge, as: call)[1].changes.isEmpty)
        let sorted = #expect(throws: CRMError.self) {
            try office.related(bridge, "project_contact", sort: ["link.hours"], as: call)
        }
        #expect(sorted?.kind == .invalidParameters)
        #expect(sorted?.candidates.contains("link.hours") == false)
        let written = #expect(throws: CRMError.self) {
            try office.link(bridge, "project_contact", noor, ["hours": 1], as: call)
        }
        #expect(written?.fields.map(\.code) == ["unknown_field"])
    }

    // MARK: Lists

    @Test("records that refer to a record are a list of it, named after their entity")
    func references() throws {
        let office = try Self.makeOffice()
        let acme = try office.create("account", ["account_name": "Acme"])
        let noor = try office.create("contact", ["last_name": "Noor", "account": .reference(acme)])
        let lin = try office.create("contact", ["last_name": "Lin", "reports_to": .reference(noor)])
        #expect(try office.related(acme, "contact") == [noor])
        #expect(try office.related(acme, "contact.account") == [noor])
        #expect(try office.related(noor, "contact") == [lin])
        let bridge = try office.create("project", ["title": "Bridge", "lead_contact": .reference(noor)])
        #expect(try office.related(noor, "project") == [bridge])
        let unknown = #expect(throws: CRMError.self) { try office.related(noor, "projekt") }
        #expect(unknown?.candidates == ["project"])
    }

    @Test("what is related is what is linked, filtered, sorted and paged like any list")
    func relatedIsFilterOverLinks() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandom(seed)
        let office = try Self.makeOffice()
        var projects: [RecordID] = []
        var contacts: [RecordID] = []
        for number in 0..<6 { projects.append(try office.create("project", ["title": .text("P\(number)")])) }
        for number in 0..<20 {
            contacts.append(try office.create("contact", ["last_name": .text("C\(number % 7)")]))
        }
        var linked: [[RecordID]: Int64] = [:]
        for _ in 0..<150 {
            let (project, contact) = (
                projects.randomElement(using: &random)!, contacts.randomElement(using: &random)!
            )
            if Bool.random(using: &random) || linked[[project, contact]] == nil {
                let hours = Int64.random(in: 0...5, using: &random)
                try office.link(project, "project_contact", contact, ["hours": .integer(hours)])
                linked[[project, contact]] = hours
            } else {
                try office.unlink(contact, "project_contact", project)
                linked[[project, contact]] = nil
            }
        }
        for project in projects {
            let mine = linked.filter { $0.key[0] == project }
            let related = try office.related(project, "project_contact", limit: 3)
            #expect(related.count == mine.count, "seed \(seed)")
            #expect(Set(related) == Set(mine.keys.map { $0[1] }), "seed \(seed)")
            let many = try office.related(
                project, "project_contact", where: .where("link.hours", .greaterOrEqual, .integer(3)),
                sort: ["-link.hours", "last_name"], limit: 2)
            let expected = mine.filter { $0.value >= 3 }
            #expect(Set(many) == Set(expected.keys.map { $0[1] }), "seed \(seed)")
            let hours = many.compactMap { linked[[project, $0]] }
            #expect(hours == hours.sorted(by: >), "seed \(seed)")
        }
        for contact in contacts {
            let related = try office.related(contact, "project_contact")
            #expect(
                Set(related) == Set(linked.keys.filter { $0[1] == contact }.map { $0[0] }), "seed \(seed)")
        }
    }

    @Test("links outlive the kernel that made them")
    func restart() throws {
        var core = CoreModule().manifest
        core.entities.append(Self.project)
        core.relations = [Self.people]
        let office = try Office(core: core)
        let (bridge, noor) = try Self.pair(in: office)
        try office.link(bridge, "project_contact", noor, ["hours": 3])
        // The next version of the module has one more value.
        core.relations[0].fields.append(.text("note", "Note"))
        let again = try Office(core: core, folder: office.folder)
        #expect(try again.related(bridge, "project_contact") == [noor])
        #expect(try again.link(bridge, "project_contact", noor, ["note": "yes"]) == .changed)
        #expect(try again.linkTexts(bridge, "project_contact") == [["hours": "3", "note": "yes"]])
    }
}

// MARK: - One call each

extension Office {
    @discardableResult
    func link(
        _ id: RecordID, _ relation: String, _ other: RecordID, _ values: [String: Value],
        as call: CallContext? = nil
    ) throws(CRMError) -> LinkOutcome {
        try unit(as: call) { unit throws(CRMError) in try unit.link(id, relation, to: other, values) }
    }

    func unlink(
        _ id: RecordID, _ relation: String, _ other: RecordID, as call: CallContext? = nil
    ) throws(CRMError) {
        try unit(as: call) { unit throws(CRMError) in try unit.unlink(id, relation, from: other) }
    }

    /// All pages.
    @discardableResult
    func related(
        _ id: RecordID, _ relation: String, where filter: Filter? = nil, sort: [String]? = nil,
        limit: Int = 50,
        as call: CallContext? = nil
    ) throws(CRMError) -> [RecordID] {
        var parameters = ListParameters(entity: "")
        parameters.filter = filter
        parameters.sort = sort
        parameters.limit = limit
        return try walk(try related(id, relation, parameters, call ?? root), as: call)
    }

    /// The values of the links by which records are in a list, as text, empty ones left out.
    func linkTexts(
        _ id: RecordID, _ relation: String, sort: [String]? = nil, as call: CallContext? = nil
    ) throws(CRMError) -> [[String: String]] {
        let call = call ?? root
        var parameters = ListParameters(entity: "")
        parameters.sort = sort
        let plan = try records.planList(call, snapshot, related(id, relation, parameters, call))
        var texts: [[String: String]] = []
        _ = try records.list(plan, on: database.makeReader()) { row in
            var values: [String: String] = [:]
            for column in plan.read.linkColumns where !column.field.isSystem {
                let index = column.form.valueColumn
                guard !row.isNull(index) else { continue }
                values[column.field.name] = printed(
                    column.field.kind.value(row.value(index), column.field.type, currency: .init("EUR")!))
            }
            texts.append(values)
        }
        return texts
    }

    private func related(
        _ id: RecordID, _ relation: String, _ parameters: ListParameters, _ call: CallContext
    ) throws(CRMError) -> ListParameters {
        let reader = try database.makeReader()
        let entity = try records.entity(of: id, named: nil, snapshot, reader)
        try records.get(call, snapshot, on: reader, id: id, entity: entity.name, fields: ["id"]) { _, _ in }
        return records.related(
            to: id, try records.relatedList(relation, of: entity, call, snapshot), parameters)
    }

    func history(of id: RecordID, as call: CallContext? = nil) throws(CRMError) -> [HistoryEntry] {
        try records.history(call ?? root, snapshot, on: database.makeReader(), id: id)
    }

    @discardableResult
    func unit<R: Sendable>(
        as call: CallContext? = nil, mode: UnitMode = .commit,
        _ body: @escaping @Sendable (UnitOfWork) throws(CRMError) -> R
    ) throws(CRMError) -> R {
        let (service, call) = (records, call ?? root)
        return try database.writer.perform(mode: mode) { (transaction) throws(CRMError) in
            try service.unit(transaction, call, body)
        }
    }
}
