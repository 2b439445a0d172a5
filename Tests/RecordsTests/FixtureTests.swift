import CRMSDK
import Core
import Installation
import Query
import Records
import Registry
import Storage
import Testing

/// The records that a module ships, from version to version.
@Suite("Fixtures: records that modules ship")
struct FixtureTests {
    /// A module that ships accounts, one of which is the other's parent, and a note of an entity of its own.
    private static func manifest(
        _ version: SemanticVersion, name: String = "Head office", phone: String? = nil,
        _ more: [Fixture] = []
    ) -> ModuleManifest {
        var manifest = ModuleManifest("depot", version: version, label: "Depot", summary: "Depots.")
        manifest.entities = [
            EntityDefinition(
                "depot_note", label: "Note", plural: "Notes", fields: [.text("title", "Title").mandatory()]
            ).labelled(by: "title").sorted(by: "title").listing("title")
        ]
        var head: [String: Value] = ["account_name": .text(name), "industry": "retail"]
        if let phone { head["phone"] = .text(phone) }
        manifest.fixtures =
            [
                Fixture("head", "account", head),
                Fixture(
                    "branch", "account", ["account_name": "Branch"], references: ["parent_account": "head"]),
                Fixture("welcome", "depot_note", ["title": "Welcome"]),
                Fixture("later", "dragon", ["title": "Of an entity that is not there"]),
            ] + more
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

    private func disable(in office: Office) throws(CRMError) {
        let (installation, root) = (office.installation, office.root)
        try office.database.writer.perform { (transaction) throws(CRMError) in
            _ = try installation.disable(root, "depot", in: transaction)
        }
    }

    private func account(_ name: String, in office: Office) throws -> RecordID? {
        try office.ids("account", where: .where("account_name", .equal, .text(name))).first
    }

    @Test("they are made when the module is enabled, once, and a dry run makes none")
    func made() throws {
        let office = try Office()
        let told = try enable(Self.manifest("1.0.0"), in: office, mode: .rollBack)
        #expect(told.contains(#"make the record "head" of "account""#))
        #expect(try account("Head office", in: office) == nil)
        try enable(Self.manifest("1.0.0"), in: office)
        let head = try #require(try account("Head office", in: office))
        let branch = try #require(try account("Branch", in: office))
        #expect(try office.get(branch)["parent_account"].reference == head)
        #expect(try office.ids("depot_note", where: nil).count == 1)
        // Kept while the module is not there, and not made a second time.
        try disable(in: office)
        #expect(try account("Head office", in: office) == head)
        #expect(try enable(Self.manifest("1.0.0"), in: office).allSatisfy { !$0.contains("the record") })
        #expect(try office.ids("account", where: nil).count == 2)
        #expect(try office.get(head).version == 1)
    }

    @Test("a newer version changes what nobody has changed, field by field")
    func updated() throws {
        let office = try Office()
        try enable(Self.manifest("1.0.0"), in: office)
        let head = try #require(try account("Head office", in: office))
        try office.update(head, ["industry": "banking"])
        var next = Self.manifest("1.1.0", name: "Main office", phone: "+48 22 1")
        next.fixtures[0].values["industry"] = "energy"
        try enable(next, in: office)
        let now = try office.get(head)
        #expect(now["account_name"] == "Main office")
        #expect(now["industry"] == "banking")
        #expect(now["phone"] == "+48 22 1")
        // What was changed stays the user's for good; what was not goes on.
        try office.update(head, ["phone": "+48 22 2"])
        var third = Self.manifest("1.2.0", name: "Office", phone: "+48 22 3")
        third.fixtures[0].values["industry"] = "retail"
        try enable(third, in: office)
        let last = try office.get(head)
        #expect(last["account_name"] == "Office")
        #expect(last["industry"] == "banking" && last["phone"] == "+48 22 2")
    }

    @Test("one that was deleted is never made again, and what refers to it is left as it is")
    func deleted() throws {
        let office = try Office()
        try enable(Self.manifest("1.0.0"), in: office)
        let head = try #require(try account("Head office", in: office))
        try office.delete(head)
        let more = [
            Fixture(
                "depot", "account", ["account_name": "Depot"], references: ["parent_account": "head"])
        ]
        try enable(Self.manifest("1.1.0", name: "Main office", more), in: office)
        #expect(try account("Main office", in: office) == nil)
        let depot = try #require(try account("Depot", in: office))
        #expect(try office.get(depot)["parent_account"].isNull)
        try office.restore(head)
        #expect(try office.get(head)["account_name"] == "Head office")
        // Back again, it is looked after again.
        try enable(Self.manifest("1.2.0", name: "Main office", more), in: office)
        #expect(try office.get(head)["account_name"] == "Main office")
    }

    @Test("one that cannot be made refuses the module, and nothing of it is left")
    func refused() throws {
        let office = try Office()
        let wrong = [Fixture("wrong", "account", ["industry": "no such industry"])]
        let error = #expect(throws: CRMError.self) {
            try enable(Self.manifest("1.0.0", wrong), in: office)
        }
        #expect(error?.kind == .invalidRecord)
        #expect(error?.message.hasPrefix(#"the record "wrong" of module "depot""#) == true)
        #expect(try account("Head office", in: office) == nil)
        #expect(office.snapshot.registry.modules.map(\.name) == ["core"])
        let reader = try office.database.makeReader()
        #expect(try SchemaStore.load(reader).modules.isEmpty)
    }

    @Test("a purge takes them along: those of others' entities lie in the recycle bin")
    func purged() throws {
        let office = try Office()
        try enable(Self.manifest("1.0.0"), in: office)
        let mine = try office.create("account", ["account_name": "Mine"])
        try disable(in: office)
        let (installation, root) = (office.installation, office.root)
        try office.database.writer.perform { (transaction) throws(CRMError) in
            _ = try installation.purge(root, module: "depot", for: .seconds(10), in: transaction)
        }
        #expect(try office.ids("account", where: nil) == [mine])
        // The name is free: it begins anew.
        try enable(Self.manifest("1.0.0"), in: office)
        #expect(try account("Head office", in: office) != nil)
    }

    @Test(
        "a manifest says what is wrong with its fixtures",
        arguments: [
            (Fixture("Head", "account", ["x": "y"]), "the key is not snake case"),
            (Fixture("head", "account", ["x": "y"]), "is declared twice"),
            (Fixture("more", "account", [:]), "has no values"),
            (
                Fixture("more", "account", ["x": "y"], references: ["parent": "none"]),
                "does not stand before it"
            ),
            (Fixture("more", "depot_note", ["body": "y"]), "has no field \"body\""),
        ])
    func checked(_ fixture: Fixture, _ problem: String) {
        let problems = ManifestCheck.problems(Self.manifest("1.0.0", [fixture]))
        #expect(problems.count == 1 && problems[0].contains(problem), "\(problems)")
        #expect(ManifestCheck.problems(Self.manifest("1.0.0")).isEmpty)
    }
}
