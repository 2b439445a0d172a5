import CRMSDK
import Core
import Query
import Records
import Registry
import Security
import Storage
import Testing

/// Destroying records: what goes, what stays, what stands in the way.
@Suite("Purge")
struct PurgeTests {
    @Test("a record goes with its links and its values in the log, which still verifies")
    func purge() throws {
        let office = try LinkTests.makeOffice()
        let bridge = try office.create("project", ["title": "Bridge"])
        let noor = try office.create("contact", ["last_name": "Noor-Secret"])
        try office.update(noor, ["first_name": "Ada"])
        try office.link(bridge, "project_contact", noor, ["part": "sponsor"])
        try office.delete(noor)
        let report = try office.unit { unit throws(CRMError) in
            try unit.purge(noor, entity: nil, references: .refuse)
        }
        #expect(report.links == 1)
        #expect(report.cleared == 0)
        // Creation, change, link and deletion of its own, and the link in the project's history.
        #expect(report.erased == 5)
        let gone = #expect(throws: CRMError.self) { try office.get(noor) }
        #expect(gone?.kind == .notFound)
        let history = #expect(throws: CRMError.self) { try office.history(of: noor) }
        #expect(history?.kind == .notFound)
        #expect(try office.related(bridge, "project_contact").isEmpty)
        #expect(try office.history(of: bridge).map(\.isErased) == [false, true])
        let reader = try office.database.makeReader()
        #expect(try ChangeLog.verify(reader).firstBroken == nil)
        let payloads = try ChangeLog.entries(reader, limit: 1000).map {
            String(decoding: $0.entry.payload, as: UTF8.self)
        }
        #expect(!payloads.contains { $0.contains("Noor-Secret") })
    }

    @Test("only an administrator purges, and only from the recycle bin")
    func refusals() throws {
        let office = try LinkTests.makeOffice()
        let noor = try office.create("contact", ["last_name": "Noor"])
        let ann = try office.create(
            "user", ["username": "ann", "last_name": "Ann", "role": .reference(RecordID(1))])
        let live = #expect(throws: CRMError.self) {
            try office.unit { unit throws(CRMError) in try unit.purge(noor, entity: nil, references: .refuse)
            }
        }
        #expect(live?.message == "contact \(noor) is not in the recycle bin")
        try office.delete(noor)
        let other = #expect(throws: CRMError.self) {
            try office.unit(as: Office.call(ann)) { unit throws(CRMError) in
                try unit.purge(noor, entity: nil, references: .refuse)
            }
        }
        #expect(other?.kind == .forbidden)
        let user = #expect(throws: CRMError.self) {
            try office.unit { unit throws(CRMError) in try unit.purge(ann, entity: nil, references: .clear) }
        }
        #expect(user?.kind == .invalidParameters)
        #expect(
            try office.unit { unit throws(CRMError) in try unit.purge(noor, entity: nil, references: .refuse)
            }.id == noor)
    }

    @Test("references stand in the way, named, unless they are to be emptied")
    func references() throws {
        let office = try LinkTests.makeOffice()
        let acme = try office.create("account", ["account_name": "Acme"])
        let noor = try office.create("contact", ["last_name": "Noor", "account": .reference(acme)])
        let binned = try office.create("contact", ["last_name": "Old", "account": .reference(acme)])
        try office.delete(binned)
        try office.delete(acme)
        let refusal = #expect(throws: CRMError.self) {
            try office.unit { unit throws(CRMError) in try unit.purge(acme, entity: nil, references: .refuse)
            }
        }
        #expect(refusal?.kind == .invalidRecord)
        #expect(refusal?.fields.map(\.field) == ["contact.account", "contact.account"])
        let report = try office.unit { unit throws(CRMError) in
            try unit.purge(acme, entity: nil, references: .clear)
        }
        #expect(report.cleared == 2)
        #expect(try office.get(noor)["account"] == .null)
        #expect(try office.history(of: noor).last?.changes.map(\.field.name) == ["account"])
    }

    @Test("a dry run says what would go, and keeps all of it")
    func dryRun() throws {
        let office = try LinkTests.makeOffice()
        let noor = try office.create("contact", ["last_name": "Noor"])
        try office.delete(noor)
        let report = try office.unit(mode: .rollBack) { unit throws(CRMError) in
            try unit.purge(noor, entity: nil, references: .refuse)
        }
        #expect(report.erased == 2)
        try office.restore(noor)
        #expect(try office.get(noor)["last_name"] == "Noor")
        #expect(try office.history(of: noor).allSatisfy { !$0.isErased })
    }
}

/// One call for "make it so": the record with a unique value is there afterwards.
@Suite("Upsert")
struct UpsertTests {
    private static let plant = EntityDefinition(
        "plant", label: "Plant", plural: "Plants",
        fields: [
            .text("code", "Code").unique(), .text("name", "Name").mandatory(), .text("site", "Site"),
        ]
    ).labelled(by: "name").sorted(by: "name").sharing(.private)

    private static func makeOffice() throws -> Office {
        var core = CoreModule().manifest
        core.entities.append(plant)
        return try Office(core: core)
    }

    private static func upsert(
        _ office: Office, _ fields: [String], _ values: [String: Value], as call: CallContext? = nil
    ) throws(CRMError) -> (RecordID, UpsertOutcome) {
        try office.unit(as: call) { unit throws(CRMError) in
            let entity = try office.snapshot.registry.entity("plant")
            return try unit.upsert(entity, matching: fields.compactMap { entity[$0] }, values)
        }
    }

    @Test("creates once, then updates, then leaves alone; texts compared as unique ones are")
    func lifeCycle() throws {
        let office = try Self.makeOffice()
        let first = try Self.upsert(office, ["code"], ["code": "P-1", "name": "Mill"])
        #expect(first.1 == .created)
        let second = try Self.upsert(office, ["code"], ["code": "p-1", "name": "Sawmill"])
        #expect(second.0 == first.0)
        #expect(second.1 == .updated)
        let third = try Self.upsert(office, ["code"], ["code": "p-1", "name": "Sawmill"])
        #expect(third.1 == .unchanged)
        #expect(try office.ids("plant", where: nil) == [first.0])
    }

    @Test("a second field narrows the match; a unique value taken elsewhere is a duplicate")
    func twoFields() throws {
        let office = try Self.makeOffice()
        let made = try Self.upsert(
            office, ["code", "site"], ["code": "P-1", "site": "North", "name": "Mill"])
        let same = try Self.upsert(office, ["code", "site"], ["code": "P-1", "site": "North", "name": "M"])
        #expect(same.0 == made.0)
        let other = #expect(throws: CRMError.self) {
            try Self.upsert(office, ["code", "site"], ["code": "P-1", "site": "South", "name": "M"])
        }
        #expect(other?.kind == .duplicate)
    }

    @Test("an invisible match is a duplicate that names nobody")
    func invisible() throws {
        let office = try Self.makeOffice()
        let ann = try office.create(
            "user", ["username": "ann", "last_name": "Ann", "role": .reference(RecordID(1))])
        _ = try Self.upsert(office, ["code"], ["code": "P-1", "name": "Mill"])
        let error = #expect(throws: CRMError.self) {
            try Self.upsert(office, ["code"], ["code": "P-1", "name": "Mine"], as: Office.call(ann))
        }
        #expect(error?.kind == .duplicate)
        #expect(error?.candidates == [])
    }

    @Test(
        "needs a unique field, and a value for each",
        arguments: [["name"], ["code"], []])
    func refused(_ fields: [String]) throws {
        let office = try Self.makeOffice()
        let error = #expect(throws: CRMError.self) { try Self.upsert(office, fields, ["name": "Mill"]) }
        #expect(error?.kind == .invalidParameters)
    }
}
