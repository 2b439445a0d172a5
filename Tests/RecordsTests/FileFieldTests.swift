import CRMSDK
import Core
import Crypto
import Foundation
import Installation
import Query
import Records
import Registry
import Security
import Storage
import Testing

/// Files as values of records: who may, what stays, what goes.
@Suite("Files of records")
struct FileFieldTests {
    private static let paper = EntityDefinition(
        "paper", label: "Paper", plural: "Papers",
        fields: [.text("title", "Title").mandatory(), .file("scan", "Scan"), .file("draft", "Draft")]
    )
    .labelled(by: "title").sharing(.private)

    private func makeOffice() throws -> Office {
        var core = CoreModule().manifest
        core.entities.append(Self.paper)
        return try Office(core: core)
    }

    /// Receives bytes and puts them into a field, as the endpoint does.
    @discardableResult
    private func put(
        _ text: String, into field: String, of id: RecordID, _ office: Office, as call: CallContext? = nil
    ) throws -> FileValue {
        let (service, snapshot, call) = (office.records, office.snapshot, call ?? office.root)
        let place = try service.fileField(
            call, snapshot, on: office.database.makeReader(), of: id, named: field, for: .edit)
        let file = try office.database.files.receive()
        try file.append(Array(text.utf8))
        let content = try file.finish()
        let value = try #require(
            FileValue(
                name: "\(text).txt", mediaType: "text/plain", byteCount: content.byteCount,
                sha256: content.digest.hex))
        try office.database.writer.perform { transaction throws(CRMError) in
            try service.unit(transaction, call) { unit throws(CRMError) in
                _ = try unit.put(value, content, into: place.field, of: id, place.entity)
            }
        }
        withExtendedLifetime(file) {}
        return value
    }

    private func isThere(_ file: FileValue, _ office: Office) -> Bool {
        let digest = SHA256Digest(hex: file.sha256)
        return digest.map { (try? office.database.files.open($0)) != nil } ?? false
    }

    @Test("a file is a value with history: another one takes its place, and both can be had until the purge")
    func life() throws {
        let office = try makeOffice()
        let paper = try office.create("paper", ["title": "Lease"])
        let first = try put("first", into: "scan", of: paper, office)
        let second = try put("second", into: "scan", of: paper, office)
        #expect(try office.get(paper)["scan"].file == second)
        #expect(try office.ids("paper", where: .where("scan", .isNotEmpty, .null)) == [paper])
        #expect(isThere(first, office) && isThere(second, office))
        // Emptied, and given back by its value: it is in the history.
        try office.update(paper, ["scan": .null])
        try office.update(paper, ["scan": .file(first)])
        #expect(try office.get(paper)["scan"].file == first)
        try office.delete(paper)
        #expect(isThere(first, office), "the recycle bin gives back")
        try office.restore(paper)
        #expect(try office.get(paper)["scan"].file == first)
        try office.delete(paper)
        try office.unit { unit throws(CRMError) in
            _ = try unit.purge(paper, entity: nil, references: .refuse)
        }
        #expect(!isThere(first, office) && !isThere(second, office))
        #expect(try ChangeLog.verify(try office.database.makeReader()).firstBroken == nil)
    }

    @Test("with its field a file goes, from the history too; while another field may have it, it stays")
    func purgedField() throws {
        let office = try Office()
        func field(_ name: String) -> FieldName { FieldName("account", name) }
        for name in ["x_scan", "x_draft"] {
            try office.change(.createField(entity: "account", .file(name, name)))
        }
        let account = try office.create("account", ["account_name": "Fabrikam"])
        let files = try [
            put("old", into: "x_scan", of: account, office), put("new", into: "x_scan", of: account, office),
            put("draft", into: "x_draft", of: account, office),
        ]
        for (name, stays) in [("x_scan", true), ("x_draft", false)] {
            try office.change(.deleteField(field(name)))
            #expect(files.allSatisfy { isThere($0, office) }, "a deleted field can be restored")
            try office.change(.purgeField(field(name)))
            office.installation.workOnSchema()
            #expect(files.map { isThere($0, office) } == files.map { _ in stays })
        }
        #expect(try ChangeLog.verify(try office.database.makeReader()).firstBroken == nil)
    }

    @Test("bytes that two records have outlive the purge of one")
    func shared() throws {
        let office = try makeOffice()
        let (one, two) = (
            try office.create("paper", ["title": "One"]), try office.create("paper", ["title": "Two"])
        )
        let file = try put("same", into: "scan", of: one, office)
        try put("same", into: "draft", of: two, office)
        try office.delete(one)
        try office.unit { unit throws(CRMError) in _ = try unit.purge(one, entity: nil, references: .refuse) }
        #expect(isThere(file, office))
        #expect(try office.get(two)["draft"].file == file)
    }

    @Test("nobody can give a record bytes that are not here")
    func foreignBytes() throws {
        let office = try makeOffice()
        let paper = try office.create("paper", ["title": "Lease"])
        let file = try #require(
            FileValue(
                name: "a", mediaType: "text/plain", byteCount: 1, sha256: SHA256.hash([1, 2, 3]).hex))
        let error = #expect(throws: CRMError.self) { try office.update(paper, ["scan": .file(file)]) }
        #expect(error?.message == "the file \(file.sha256) is not here any more")
        #expect(throws: CRMError.self) { try office.update(paper, ["scan": "text"]) }
    }

    @Test(
        "who does not see the record finds none; who may only look may not put; several fields must be told apart"
    )
    func rights() throws {
        let office = try makeOffice()
        let (ann, paper) = (
            try office.create(
                "user", ["username": "ann", "last_name": "Ann", "role": .reference(RecordID(1))]),
            try office.create("paper", ["title": "Lease"])
        )
        try put("first", into: "scan", of: paper, office)
        let reader = try office.database.makeReader()
        func refusal(_ id: RecordID, _ field: String?, _ verb: AccessVerb, _ call: CallContext) -> CRMError? {
            do throws(CRMError) {
                _ = try office.records.fileField(
                    call, office.snapshot, on: reader, of: id, named: field, for: verb)
                return nil
            } catch {
                return error
            }
        }
        let missing = refusal(RecordID(999_999), "scan", .view, Office.call(ann))
        let invisible = refusal(paper, "scan", .view, Office.call(ann))
        #expect(missing?.kind == .notFound && invisible?.kind == .notFound)
        #expect(
            invisible?.message.replacing("\(paper)", with: "ID")
                == missing?.message.replacing("999999", with: "ID"))
        #expect(refusal(paper, nil, .view, office.root)?.kind == .invalidParameters)
        #expect(refusal(paper, "title", .view, office.root)?.kind == .notFound)
        #expect(refusal(paper, "scan", .view, office.root) == nil)
        let account = try office.create("account", ["account_name": "Acme"])
        #expect(refusal(account, nil, .edit, office.root)?.kind == .notFound)
    }

    @Test(
        "a field for a file is neither mandatory nor a line's nor sorted by",
        arguments: [
            FieldDefinition.file("scan", "Scan").mandatory(), .file("scan", "Scan").indexed(),
            .file("scan", "Scan").unique(), .file("scan", "Scan").defaulting(to: "x"),
        ])
    func definitions(_ field: FieldDefinition) {
        #expect(!DefinitionRules.problems(in: field, of: "paper").isEmpty)
        #expect(DefinitionRules.problems(in: .file("scan", "Scan"), of: "paper").isEmpty)
    }
}
