import CRMSDK
import Core
import Installation
import Query
import Records
import Registry
import Storage
import Testing

/// What enabling a module does once, what it does again, and that a half of it never stays.
@Suite("Enabling modules: steps, failures, sleepers")
struct ModuleEnablingTests {
    /// A module with an entity, whose steps each make a record of it.
    private static func manifest(
        _ version: SemanticVersion, steps: [String], failing: Bool = false
    ) -> ModuleManifest {
        var manifest = ModuleManifest("depot", version: version, label: "Depot", summary: "Depots.")
        manifest.entities = [
            EntityDefinition(
                "depot_note", label: "Note", plural: "Notes", fields: [.text("title", "Title").mandatory()]
            ).labelled(by: "title").sorted(by: "title").listing("title")
        ]
        manifest.extensions = [EntityExtension("account", fields: [.text("depot_code", "Code").indexed()])]
        manifest.relations = [
            RelationDefinition("depot_people", from: "depot_note", to: "contact", label: "People"),
            RelationDefinition("depot_crates", from: "depot_note", to: "crate", label: "Crates"),
        ]
        manifest.fixtures = [Fixture("first_crate", "crate", ["title": "Tools"])]
        manifest.migrations = steps.enumerated().map { index, title in
            Migration(index + 1, version: "1.0.0", title) { context throws(CRMError) in
                _ = try context.create("depot_note", ["title": .text(title)])
                if failing, index == steps.count - 1 { throw CRMError(.internalError, "step \(title) broke") }
            }
        }
        return manifest
    }

    private static var crates: ModuleManifest {
        var manifest = ModuleManifest("crates", version: "1.0.0", label: "Crates", summary: "Crates.")
        manifest.entities = [
            EntityDefinition(
                "crate", label: "Crate", plural: "Crates", fields: [.text("title", "Title").mandatory()]
            ).labelled(by: "title").sorted(by: "title").listing("title")
        ]
        return manifest
    }

    @discardableResult
    private func enable(
        _ manifest: ModuleManifest, in office: Office, mode: UnitMode = .commit
    ) throws(CRMError) -> [String] {
        let (installation, root) = (office.installation, office.root)
        let module = RegisteredModule(manifest: manifest, sha256: "")
        return try office.database.writer.perform(mode: mode) { (transaction) throws(CRMError) in
            try installation.enable(root, module, in: transaction).steps
        }
    }

    /// The steps that the ledger knows, and everything that the database has by name.
    private func state(_ office: Office) throws -> (steps: [String], objects: [String], modules: [String]) {
        let reader = try office.database.makeReader()
        var (steps, objects): ([String], [String]) = ([], [])
        try reader.rows(Statement("SELECT number, summary FROM crm_migration ORDER BY number")) { row in
            steps.append("\(row.int64(0)) \(row.text(1))")
            return .next
        }
        try reader.rows(Statement("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")) {
            row in
            objects.append(row.text(0))
            return .next
        }
        return (steps, objects, try SchemaStore.load(reader).modules.map(\.name))
    }

    private func notes(_ office: Office) throws -> [String] {
        try office.ids("depot_note", where: nil).map { try office.get($0)["title"].text ?? "" }
    }

    @Test("each step is run once, in order, and noted; a newer version runs only what is new")
    func ledger() throws {
        let office = try Office()
        try enable(Self.manifest("1.0.0", steps: ["one", "two"]), in: office, mode: .rollBack)
        #expect(try state(office).steps.isEmpty)
        try enable(Self.manifest("1.0.0", steps: ["one", "two"]), in: office)
        #expect(try state(office).steps == ["1 one", "2 two"])
        #expect(try notes(office) == ["one", "two"])
        try enable(Self.manifest("1.0.0", steps: ["one", "two"]), in: office)
        #expect(try notes(office) == ["one", "two"])
        try enable(Self.manifest("1.1.0", steps: ["one", "two", "three"]), in: office)
        #expect(try state(office).steps == ["1 one", "2 two", "3 three"])
        #expect(try notes(office) == ["one", "two", "three"])
    }

    @Test("a step that breaks undoes the whole enabling: tables, columns, records, ledger, methods")
    func halfFailed() throws {
        let office = try Office()
        let account = try office.create("account", ["account_name": "Fabrikam"])
        let before = try state(office)
        let error = #expect(throws: CRMError.self) {
            try enable(Self.manifest("1.0.0", steps: ["one", "two"], failing: true), in: office)
        }
        #expect(error?.message == "step two broke")
        let after = try state(office)
        #expect(after.objects == before.objects)
        #expect(after.steps.isEmpty && after.modules.isEmpty)
        #expect(office.snapshot.registry[entity: "depot_note"] == nil)
        #expect(try office.get(account).values["depot_code"] == nil)
        // Put right, it is enabled from its first step on.
        try enable(Self.manifest("1.0.0", steps: ["one", "two"]), in: office)
        #expect(try notes(office) == ["one", "two"])
        // A newer version that breaks leaves the older one running, with its data.
        let broken = Self.manifest("1.1.0", steps: ["one", "two", "three"], failing: true)
        #expect(throws: CRMError.self) { try enable(broken, in: office) }
        #expect(try notes(office) == ["one", "two"])
        let reader = try office.database.makeReader()
        #expect(try SchemaStore.load(reader).modules.map(\.version) == ["1.0.0"])
    }

    @Test("what another module's entity is needed for sleeps, and wakes when that module is enabled")
    func sleepers() throws {
        let office = try Office()
        try enable(Self.manifest("1.0.0", steps: ["one"]), in: office)
        let note = try #require(try office.ids("depot_note", where: nil).first)
        let asleep = #expect(throws: CRMError.self) { try office.related(note, "depot_crates") }
        #expect(asleep?.kind == .invalidParameters)
        let told = try enable(Self.crates, in: office)
        #expect(told.contains(#"create the relation "depot_crates""#))
        #expect(told.contains(#"make the record "first_crate" of "crate""#))
        let crate = try #require(try office.ids("crate", where: nil).first)
        #expect(try office.link(note, "depot_crates", crate, [:]) == .linked)
        let (installation, root) = (office.installation, office.root)
        try office.database.writer.perform { (transaction) throws(CRMError) in
            _ = try installation.disable(root, "crates", in: transaction)
        }
        #expect(throws: CRMError.self) { try office.related(note, "depot_crates") }
        try enable(Self.crates, in: office)
        #expect(try office.related(note, "depot_crates") == [crate])
        #expect(try office.ids("crate", where: nil).count == 1)
    }
}
