import CRMSDK
import Core
import Installation
import Query
import Records
import Registry
import Storage
import Testing

/// What is done to a record holds for all that names it, be its module enabled or not, be its field deleted or not.
@Suite("Sleeping data: purge, merge, undo")
struct SleepingDataTests {
    /// Notes name accounts by a field that may be empty, by one that may not, and in lines; people are linked with them,
    /// and contacts have a second account.
    private static var depot: ModuleManifest {
        var manifest = ModuleManifest("depot", version: "1.0.0", label: "Depot", summary: "Depots.")
        manifest.entities = [
            EntityDefinition(
                "depot_note", label: "Note", plural: "Notes",
                fields: [
                    .text("title", "Title").mandatory(),
                    .reference("holder", "Holder", to: "account").mandatory(),
                    .reference("guest", "Guest", to: "account"),
                    .lines("items", "Items", of: "depot_item"),
                ]
            ).labelled(by: "title").sorted(by: "title").listing("title"),
            EntityDefinition.line(
                "depot_item", of: "depot_note", label: "Item", plural: "Items",
                fields: [.text("name", "Name").mandatory(), .reference("maker", "Maker", to: "account")]),
        ]
        manifest.extensions = [
            EntityExtension("contact", fields: [.reference("depot_account", "Depot account", to: "account")])
        ]
        manifest.relations = [
            RelationDefinition(
                "depot_people", from: "depot_note", to: "contact", label: "People",
                fields: [.text("part", "Part"), .integer("hours", "Hours")])
        ]
        return manifest
    }

    private let office: Office
    private let acme, other: RecordID

    init() throws {
        office = try Office()
        acme = try office.create("account", ["account_name": "Acme"])
        other = try office.create("account", ["account_name": "Other"])
        try enable()
    }

    private func enable() throws(CRMError) {
        let (installation, root) = (office.installation, office.root)
        let module = RegisteredModule(manifest: Self.depot, sha256: "")
        try office.database.writer.perform { (transaction) throws(CRMError) in
            _ = try installation.enable(root, module, in: transaction)
        }
    }

    private func disable() throws(CRMError) {
        let (installation, root) = (office.installation, office.root)
        try office.database.writer.perform { (transaction) throws(CRMError) in
            _ = try installation.disable(root, "depot", in: transaction)
        }
    }

    private func note(_ values: [String: Value]) throws(CRMError) -> RecordID {
        try office.create(
            "depot_note", ["title": "Note", "holder": .reference(other)].merging(values) { $1 })
    }

    private func purge(_ id: RecordID, _ references: PurgedReferences) throws(CRMError) -> PurgeReport {
        try office.unit { unit throws(CRMError) in try unit.purge(id, entity: nil, references: references) }
    }

    private func refusal(_ id: RecordID, _ references: PurgedReferences) -> [String] {
        let error = #expect(throws: CRMError.self) { try purge(id, references) }
        #expect(error?.kind == .invalidRecord)
        return error?.fields.map(\.message) ?? []
    }

    @Test(
        "a record that a disabled module's record names is not purged, and emptied there when that is wanted")
    func purge() throws {
        let note = try note(["guest": .reference(acme)])
        let noor = try office.create("contact", ["last_name": "Noor", "depot_account": .reference(acme)])
        try office.delete(acme)
        try disable()
        #expect(
            Set(refusal(acme, .refuse)) == [
                "depot_note \(note) \"Note\" refers to it by Guest; the module depot is not enabled",
                "contact \(noor) \"Noor\" refers to it by Depot account; the module depot is not enabled",
            ])
        #expect(try purge(acme, .clear).cleared == 2)
        try enable()
        #expect(try office.get(note)["guest"].isNull)
        #expect(try office.get(noor)["depot_account"].isNull)
        #expect(try office.history(of: note).last?.changes.map(\.field.name) == ["guest"])
        #expect(try ChangeLog.verify(office.database.makeReader()).firstBroken == nil)
    }

    @Test(
        "what a disabled module's record cannot be without is never emptied",
        arguments: [
            ("holder", "refers to it by Holder; the module depot is not enabled"),
            ("items", "refers to it by Maker of a line; the module depot is not enabled"),
        ])
    func mandatory(field: String, sentence: String) throws {
        let value: Value =
            field == "items"
            ? .lines([Line(["name": "Lathe", "maker": .reference(acme)])]) : .reference(acme)
        let note = try note([field: value])
        try office.delete(acme)
        try disable()
        for references in [PurgedReferences.refuse, .clear] {
            #expect(refusal(acme, references) == ["depot_note \(note) \"Note\" \(sentence)"])
        }
        try enable()
        try office.restore(acme)
        let shown = try office.get(note)
        #expect(
            field == "items" ? shown.lines("items")[0]["maker"] == .reference(acme) : shown[field] == value)
    }

    @Test("deleted fields and entities name records as well, for they may be restored")
    func deleted() throws {
        try office.change(
            .createField(entity: "contact", .reference("x_second", "Second", to: "account").mandatory()))
        let x = FieldName("contact", "x_second")
        try office.change(
            .createEntity(
                EntityDefinition(
                    "x_box", label: "Box", plural: "Boxes",
                    fields: [
                        .text("x_title", "Title").mandatory(), .reference("x_of", "Of", to: "account"),
                    ]
                ).labelled(by: "x_title").sorted(by: "x_title").listing("x_title")))
        let noor = try office.create("contact", ["last_name": "Noor", "x_second": .reference(acme)])
        let box = try office.create("x_box", ["x_title": "Red", "x_of": .reference(acme)])
        try office.delete(acme)
        try office.change(.deleteField(x))
        try office.change(.deleteEntity("x_box"))
        #expect(
            Set(refusal(acme, .refuse)) == [
                "contact \(noor) \"Noor\" refers to it by Second; the field is deleted",
                "x_box \(box) \"Red\" refers to it by Of; the entity x_box is deleted",
            ])
        #expect(try purge(acme, .clear).cleared == 2)
        try office.change(.restoreField(x), .restoreEntity("x_box"))
        #expect(try office.get(noor)["x_second"].isNull)
        #expect(try office.get(box)["x_of"].isNull)
    }

    @Test("a merge moves what disabled modules have, and an undo brings the references back, enabled or not")
    func merge() throws {
        let guest = try note(["guest": .reference(other)])
        let holder = try note(["holder": .reference(other)])
        let maker = try note([
            "holder": .reference(acme),
            "items": .lines([Line(["name": "Lathe", "maker": .reference(other)])]),
        ])
        func names() throws -> [Value] {
            [
                try office.get(guest)["guest"], try office.get(holder)["holder"],
                try office.get(maker).lines("items")[0]["maker"],
            ]
        }
        let before = try names()
        try disable()
        let report = try office.merge(acme, [other])
        let merged = try office.lastChangeSet()
        #expect([report.references, report.lines, report.links] == [3, 1, 0])
        try enable()
        #expect(try names() == [Value](repeating: .reference(acme), count: 3))
        try disable()
        let undone = try office.undo(merged)
        #expect(undone.left.isEmpty, "\(undone.left)")
        try enable()
        #expect(try names() == before)
        #expect(try office.get(other)["account_name"] == "Other")
    }

    @Test("links of a disabled module come to the master, with their values")
    func links() throws {
        let (first, second) = (try note([:]), try note([:]))
        let noor = try office.create("contact", ["last_name": "Noor"])
        let double = try office.create("contact", ["last_name": "Nor"])
        try office.link(first, "depot_people", double, ["part": "sponsor", "hours": 3])
        try office.link(second, "depot_people", noor, ["part": "user"])
        try office.link(second, "depot_people", double, ["part": "sponsor", "hours": 5])
        try disable()
        let report = try office.merge(noor, [double])
        let merged = try office.lastChangeSet()
        #expect([report.links, report.dropped] == [1, 1])
        let undone = try office.undo(merged, mode: .rollBack)
        #expect(undone.left.contains { $0.why.contains("its module may be disabled") }, "\(undone.left)")
        try enable()
        #expect(try office.related(noor, "depot_people").sorted() == [first, second])
        #expect(
            try office.linkTexts(noor, "depot_people") == [
                ["part": "sponsor", "hours": "3"], ["part": "user", "hours": "5"],
            ])
        // The module is there again: so is all that the merge has moved.
        let again = try office.undo(merged)
        #expect(again.left.isEmpty, "\(again.left)")
        #expect(try office.related(double, "depot_people").sorted() == [first, second])
        #expect(try office.linkTexts(noor, "depot_people") == [["part": "user"]])
    }
}
