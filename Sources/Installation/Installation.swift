package import CRMSDK
package import Log
package import ModuleLoader
import Query
package import Records
import Registry
import Security
package import Storage
import Synchronization

/// What is installed: the modules that are enabled, and the entities and fields that they and administrators have made.
///
/// Starts the kernel's snapshot and makes every later one: enabling a module and changing a field are units of work
/// that write the schema and, after COMMIT, publish a new registry. Nothing waits for them; calls under way end on the
/// registry that they began with.
package final class Installation: Sendable {
    package let snapshots: SnapshotHolder
    let database: Database
    let records: RecordService
    let log: Log
    let core: ModuleManifest
    private let store: ModuleStore
    private let loader: ModuleLoader
    private let catalog: ModuleCatalog
    private let crashes: QuarantineFile
    /// Modules that should run and do not, with the reason.
    private let failures: Mutex<[String: CRMError]>

    private init(
        _ setup: Setup, _ modules: Modules, _ snapshots: SnapshotHolder, failures: [String: CRMError]
    ) {
        self.snapshots = snapshots
        database = setup.database
        records = RecordService(
            snapshots: snapshots, log: setup.log, cursorKey: setup.cursorKey, counts: setup.database.counts,
            noteProgress: { [sites = setup.callSites] in sites?.refresh() }, clock: setup.clock)
        log = setup.log
        core = setup.core
        store = modules.store
        loader = modules.loader
        catalog = modules.catalog
        crashes = QuarantineFile(path: setup.dataFolder + "/kernel/quarantine")
        self.failures = Mutex(failures)
    }

    package var recordService: RecordService { records }

    /// What the kernel's program has at hand.
    package struct Setup: Sendable {
        package var database: Database
        package var core: ModuleManifest
        /// `DATA`.
        package var dataFolder: String
        /// Where modules lie that can be enabled by name.
        package var modulesFolder: String
        package var cursorKey: [UInt8]
        /// Where calls into modules are noted for the supervisor; nil in tests and tools.
        package var callSites: CallSites?
        /// Modules not to be loaded, with the reason: the supervisor's judgement after crashes.
        package var quarantined: [String: String]
        package var clock: @Sendable () -> Instant
        package var log: Log

        package init(
            database: Database, core: ModuleManifest, dataFolder: String, modulesFolder: String,
            cursorKey: [UInt8],
            callSites: CallSites? = nil, quarantined: [String: String] = [:],
            clock: @escaping @Sendable () -> Instant = Instant.current, log: Log
        ) {
            self.database = database
            self.core = core
            self.dataFolder = dataFolder
            self.modulesFolder = modulesFolder
            self.cursorKey = cursorKey
            self.callSites = callSites
            self.quarantined = quarantined
            self.clock = clock
            self.log = log
        }
    }

    struct Modules {
        let store: ModuleStore
        let loader: ModuleLoader
        let catalog: ModuleCatalog

        init(_ setup: Setup) {
            store = ModuleStore(directory: setup.dataFolder + "/kernel/modules", dataFolder: setup.dataFolder)
            loader = ModuleLoader(store: store, log: setup.log.child(room: "modules"), sites: setup.callSites)
            catalog = ModuleCatalog(folder: setup.modulesFolder)
        }
    }

    // MARK: Start

    /// Brings the schema to the definitions of the kernel and of the enabled modules, loads these, and makes the first
    /// snapshot. A module that cannot be loaded is left out, with those that need it; the kernel serves without them.
    package static func start(_ setup: Setup) throws(CRMError) -> Installation {
        let modules = Modules(setup)
        let reader = try setup.database.makeReader()
        let stored = try SchemaStore.load(reader).modules.filter(\.isEnabled)
        var failures: [String: CRMError] = [:]
        var loaded: [RegisteredModule] = []
        for module in stored {
            do throws(CRMError) {
                if let reason = setup.quarantined[module.name] {
                    throw CRMError(.unavailable, reason, hint: "Enable it again to give it another chance.")
                }
                let running = try modules.loader.load(modules.store.stored(sha256: module.sha256))
                loaded.append(RegisteredModule(manifest: running.manifest, sha256: running.sha256))
            } catch {
                failures[module.name] = error
            }
        }
        loaded = withoutOrphans(loaded, &failures)
        for (name, error) in failures {
            setup.log.error(
                "module not running", ["module": name, "reason": error.message, "detail": error.detail ?? ""])
        }
        let core = RegisteredModule(manifest: setup.core, sha256: "")
        let running = [core] + loaded
        let schema = try setup.database.writer.perform { (transaction) throws(CRMError) in
            try transaction.apply(
                SchemaPlanner.plan(SchemaStore.load(transaction), wanted: running.map(wanted)))
            let schema = try SchemaStore.load(transaction)
            _ = try transaction.bringLinkTables(to: Self.registry(schema, running).relations)
            return schema
        }
        let registry = try registry(schema, running)
        // A folder that is being made has no currency yet; the one with the id below is about to be the first.
        let isNew = try isEmpty(reader)
        let directories = try isNew ? FirstRecords.directories : Directories(registry, from: reader)
        let snapshots = SnapshotHolder(KernelSnapshot(registry: registry, directories: directories))
        let installation = Installation(setup, modules, snapshots, failures: failures)
        if !isNew { try installation.bringOwnFixtures(reader) }
        return installation
    }

    private static func isEmpty(_ reader: ReadConnection) throws(CRMError) -> Bool {
        try reader.first(Planner.anyRecord) { _ in true } == nil
    }

    /// In load order, without modules whose dependencies do not run.
    private static func withoutOrphans(
        _ modules: [RegisteredModule], _ failures: inout [String: CRMError]
    ) -> [RegisteredModule] {
        var remaining = modules
        while true {
            do throws(CRMError) {
                let order = try LoadOrder.order(remaining.map(\.manifest))
                return order.compactMap { manifest in remaining.first { $0.name == manifest.name } }
            } catch {
                let names = Set(remaining.map(\.name))
                let orphans = remaining.filter { module in
                    module.manifest.dependencies.contains { !names.contains($0.name) }
                }
                // Versions that do not suffice and cycles name no single culprit: then none of them runs.
                for module in orphans.isEmpty ? remaining : orphans { failures[module.name] = error }
                remaining.removeAll { failures[$0.name] != nil }
            }
        }
    }

    static func wanted(_ module: RegisteredModule) -> SchemaPlanner.Wanted {
        (module.name, module.manifest.entities, module.manifest.extensions)
    }

    static func registry(
        _ schema: StoredSchema, _ modules: [RegisteredModule]
    ) throws(CRMError) -> RegistrySnapshot {
        let enabled = Set(modules.map(\.name))
        return RegistrySnapshot(
            generation: Int(schema.generation),
            entities: try schema.registryEntities(enabledModules: enabled),
            complete: try schema.completeEntities(enabledModules: enabled), modules: modules)
    }

    /// As `registry`, with the entities of all modules, and those that are being removed: for whoever removes them.
    static func completeRegistry(
        _ schema: StoredSchema, _ modules: [RegisteredModule]
    ) throws(CRMError) -> RegistrySnapshot {
        var schema = schema
        for index in schema.entities.indices { schema.entities[index].isDeleted = false }
        return RegistrySnapshot(
            generation: Int(schema.generation),
            entities: try schema.registryEntities(
                enabledModules: Set(schema.entities.map(\.module) + schema.modules.map(\.name))),
            modules: modules)
    }

    // MARK: Modules' files

    /// Reads, checks and loads a module's file into this process.
    ///
    /// - Parameter source: A module's name, or a path.
    func load(_ source: String) throws(CRMError) -> RegisteredModule {
        let staged =
            if let sha256 = try hashOfKept(source) {
                try store.stored(sha256: sha256)
            } else {
                try store.stage(source: try path(of: source))
            }
        let running = try loader.load(staged)
        return RegisteredModule(manifest: running.manifest, sha256: running.sha256)
    }

    package func inspect(_ source: String) throws(CRMError) -> InspectedModule {
        if let sha256 = try hashOfKept(source) {
            return try loader.inspect(source: store.stored(sha256: sha256).path)
        }
        return try loader.inspect(source: try path(of: source))
    }

    private func path(of source: String) throws(CRMError) -> String {
        source.contains("/") ? source : try catalog.path(ofModule: source)
    }

    /// The hash under which the kernel's own store keeps a module that the modules folder does not have: what a
    /// partner's module was enabled from may be gone when it is enabled again.
    private func hashOfKept(_ name: String) throws(CRMError) -> String? {
        guard !name.contains("/"), !catalog.available().contains(where: { $0.name == name }) else {
            return nil
        }
        return try SchemaStore.load(database.makeReader()).modules.first { $0.name == name }?.sha256
    }

    func available() -> [ModuleCatalog.Entry] { catalog.available() }

    /// Modules that should run and do not, with the reason.
    package var failedModules: [String: CRMError] { failures.withLock { $0 } }

    func noteRunning(_ name: String) { failures.withLock { $0[name] = nil } }

    /// An administrator gives a module another chance: what it did before does not count any more, at the next start
    /// neither.
    func forgetCrashes(of name: String) {
        do throws(CRMError) {
            var ledger = try crashes.read()
            guard ledger.crashes.contains(where: { $0.module == name }) else { return }
            ledger.clear(name)
            try crashes.write(ledger)
        } catch {
            log.error("crashes could not be forgotten", ["module": name, "reason": error.message])
        }
    }

    /// The registry of the schema as the unit has made it, for what runs now and, after COMMIT, for everyone.
    func renewed(in transaction: WriteTransaction) throws(CRMError) -> RegistrySnapshot {
        let registry = try Self.registry(SchemaStore.load(transaction), snapshots.current.registry.modules)
        publish(registry, after: transaction)
        return registry
    }

    /// Publishes a registry made in this unit, after its COMMIT.
    func publish(_ registry: RegistrySnapshot, after transaction: WriteTransaction) {
        let snapshots = snapshots
        transaction.afterCommit { snapshots.update { $0.with(registry: registry) } }
    }

    func requireAdministrator(_ call: CallContext, _ doing: String) throws(CRMError) {
        guard call.principal.isAdministrator else {
            var error = CRMError(.forbidden, "only an administrator may \(doing)")
            error.rule = "administrator"
            throw error
        }
    }
}
