import CRMSDK
import CRMSDKTesting
import Glibc
import Log
import ModuleLoader
import TestKit
import Testing

/// The libraries stay in the test program for good, and a loader is per test, so these tests do not disturb each
/// other; but a library's types are looked up by name across the process, hence one at a time.
@Suite("Module loader: a real library", .serialized)
struct LoadingTests {
    private let folder: TemporaryFolder
    private let store: ModuleStore
    private let loader: ModuleLoader

    init() throws {
        folder = try TemporaryFolder()
        store = ModuleStore(directory: folder.path + "/kernel/modules", dataFolder: folder.path)
        loader = ModuleLoader(store: store, log: Log(room: "modules", level: .error))
    }

    private func stage(_ bytes: [UInt8]) throws -> StoredModule {
        let path = folder.path + "/libChangedModule.so"
        writeFile(bytes, path)
        return try store.stage(source: path)
    }

    @Test("the Sales module is staged, loaded, and hands over its manifest")
    func loads() throws {
        let module = try loader.load(try store.stage(source: Bundled.sales))
        #expect(module.manifest.name == "sales")
        #expect(
            Set(module.manifest.entities.map(\.name)).isSuperset(of: ["lead", "potential", "stage_history"]))
        #expect(
            Set(module.manifest.actions.map(\.name)).isSuperset(of: ["convert_lead", "forecast", "pipeline"]))
        #expect(module.path.hasPrefix(folder.path))
    }

    @Test("values, casts and typed errors agree on both sides of dlopen")
    func oneSDK() throws {
        let module = try loader.load(try store.stage(source: Bundled.sales))
        let context = TestModuleContext(
            manifests: [module.manifest],
            entities: [
                EntityDefinition("account", label: "Account", plural: "Accounts", fields: [.text("n", "N")])
            ])

        let convert = try #require(module.manifest.actions.first { $0.name == "convert_lead" })
        do {
            _ = try convert.body(.object([]), context)
            Issue.record("a conversion without a lead was accepted")
        } catch {
            #expect(error.kind == .invalidParameters)
        }
        let untyped: any Error = try #require(throws: (any Error).self) {
            try convert.body(.object([]), context)
        }
        #expect(untyped is CRMError)
        #expect((untyped as? CRMError)?.message == "a conversion needs a lead")

        let account = try context.create("account", ["n": "x"])
        let values: [String: Value] = [
            "potential_name": "p", "related_to": .reference(account.id),
            "closing_date": CalendarDate("2026-05-01").map { .date($0) } ?? .null,
        ]
        let potential = try context.create("potential", values)
        let probability: Any = try #require(potential["probability"].decimal)
        #expect(probability is FixedDecimal)
    }

    @Test("the same file is loaded once; another build of it waits for a restart")
    func twice() throws {
        let first = try loader.load(try store.stage(source: Bundled.sales))
        #expect(try loader.load(try store.stage(source: Bundled.sales)) === first)
        let rebuilt = try stage(readFile(Bundled.sales) + [0])
        let error = #expect(throws: CRMError.self) { try loader.load(rebuilt) }
        #expect(error?.message == "another build of module \"sales\" is running")
        #expect(error?.kind == .unavailable)
    }

    @Test("a library without the entry point that its stamp promises is refused")
    func missingSymbol() throws {
        let stored = try stage(SalesLibrary.patched(24, Array("salez".utf8)))
        let error = #expect(throws: CRMError.self) { try loader.load(stored) }
        #expect(error?.message == "module \"salez\" has no entry point \"salez_module_create\"")
        #expect(error?.hint != nil)
    }

    @Test("a library that the system's loader refuses is refused in our words, its own in the detail only")
    func corrupt() throws {
        var bytes = readFile(Bundled.sales)
        // e_phnum: no program headers, so nothing to map.
        bytes[56] = 0
        bytes[57] = 0
        let stored = try stage(bytes)
        let error = #expect(throws: CRMError.self) { try loader.load(stored) }
        #expect(error?.message == "module \"sales\" could not be loaded")
        #expect(error?.detail?.contains(stored.path) == true)
    }

    @Test("a job on many records stays one while its calls are noted")
    func notedJob() throws {
        var manifest = ModuleManifest("rental", version: "1.0.0", label: "Rental", summary: "Bicycles.")
        manifest.jobs = [
            Job("retire", everySeconds: 60) { _ in
                [RecordID(17)]
            } step: { id, context in
                context.log("retired \(id.rawValue)")
            }
        ]
        let noted = try manifest.noted(in: CallSites(path: folder.path + "/calls"))
        let work = try #require(noted.jobs.first?.records)
        let context = TestModuleContext(manifests: [])
        #expect(try work.find(context) == [RecordID(17)])
        try work.step(RecordID(17), context)
        #expect(context.logLines == ["retired 17"])
    }

    @Test("a loader that notes calls hands over a manifest that works the same, and leaves nothing standing")
    func noted() throws {
        let page = folder.path + "/calls"
        let loader = ModuleLoader(
            store: store, log: Log(room: "modules", level: .error), sites: try CallSites(path: page))
        let module = try loader.load(try store.stage(source: Bundled.sales))
        let plain = try ModuleLoader(store: store, log: Log(room: "modules", level: .error))
            .load(try store.stage(source: Bundled.sales)).manifest
        #expect(module.manifest.hooks.map(\.name) == plain.hooks.map(\.name))
        #expect(!plain.hooks.isEmpty)
        let action = try #require(module.manifest.actions.first)
        #expect(throws: CRMError.self) { try action.body(.object([]), TestModuleContext(manifests: [])) }
        #expect(try CallSiteReader(path: page).calls() == [])
    }

    @Test("after a refusal the loader loads what is sound")
    func recovers() throws {
        let broken = try stage(SalesLibrary.patched(24, Array("salez".utf8)))
        #expect(throws: CRMError.self) { try loader.load(broken) }
        #expect(try loader.load(try store.stage(source: Bundled.sales)).manifest.name == "sales")
    }

    @Test("inspecting tells the facts without staging or loading")
    func inspect() throws {
        let facts = try loader.inspect(source: Bundled.sales)
        #expect(facts.stamp.name == "sales")
        #expect(facts.refusal == nil)
        #expect(facts.sizeBytes == readFile(Bundled.sales).count)
        #expect(facts.sha256 == (try store.stage(source: Bundled.sales)).sha256)

        let foreign = folder.path + "/libForeignModule.so"
        writeFile(SalesLibrary.patched(72, Array("Klang".utf8)), foreign)
        #expect(try loader.inspect(source: foreign).refusal?.message.contains("Klang") == true)
    }
}
