package import CRMSDK
import JSON
import ModuleLoader
import Query
package import Records
package import Registry
import Security
package import Storage

/// What has been done, or would be, to a module and to the schema.
package struct InstallationReport: Sendable {
    package let module: String
    package let version: String
    package let isEnabled: Bool
    /// One sentence per step of the schema's plan; empty when nothing had to change.
    package let steps: [String]
}

/// A module as a list shows it.
package struct ModuleFacts: Sendable {
    /// `core`, `enabled`, `disabled`, `available`, `failed`.
    package let state: String
    package let name: String
    package let version: String?
    package let label: String?
    package let summary: String?
    package let sha256: String?
    package let path: String?
    /// Why it does not run, or cannot be enabled.
    package let problem: String?
    package let dependencies: [String]
    package let entities: [String]
    package let actions: [String]
}

extension Installation {
    // MARK: Enable

    /// Brings a module's code into the process; nothing is registered yet. Blocks: not for the writer's thread.
    package func prepare(_ call: CallContext, module source: String) throws(CRMError) -> RegisteredModule {
        try requireAdministrator(call, "enable modules")
        return try load(source)
    }

    /// Registers a prepared module: definitions, migrations, hooks and actions, in one unit.
    package func enable(
        _ call: CallContext, _ module: RegisteredModule, in transaction: WriteTransaction
    ) throws(CRMError) -> InstallationReport {
        try requireAdministrator(call, "enable modules")
        try refuseWhilePurging(module.name, transaction)
        let running = snapshots.current.registry.modules.filter { $0.name != module.name }
        let all = try ordered(running + [module])
        let before = try SchemaStore.load(transaction)
        let plan = try SchemaPlanner.plan(before, wanted: all.map(Self.wanted))
        try transaction.apply(plan)
        try transaction.store(
            Storage.StoredModule(
                name: module.name, version: module.manifest.version.description, sha256: module.sha256,
                isEnabled: true, label: module.manifest.label, manifest: ModuleSummary(module.manifest).text,
                enabledAt: transaction.now))
        try refuseSharedRelations(of: module, among: running)
        let registry = try Self.registry(SchemaStore.load(transaction), all)
        var steps = plan.sentences + (try transaction.bringLinkTables(to: registry.relations))
        try migrate(module, registry, call, transaction)
        steps += try bringFixtures(of: all, registry, call, transaction)
        try note(call, "enable", module.name, steps, transaction)
        publish(registry, after: transaction)
        let name = module.name
        transaction.afterCommit { [self] in
            noteRunning(name)
            forgetCrashes(of: name)
        }
        return InstallationReport(
            module: module.name, version: module.manifest.version.description, isEnabled: true, steps: steps)
    }

    private func refuseSharedRelations(
        of module: RegisteredModule, among running: [RegisteredModule]
    ) throws(CRMError) {
        let names = Set(module.manifest.relations.map(\.name))
        for other in running {
            guard let taken = other.manifest.relations.first(where: { names.contains($0.name) }) else {
                continue
            }
            throw CRMError(
                .invalidParameters,
                "relation \"\(taken.name)\" of module \"\(module.name)\" exists already, brought by \"\(other.name)\""
            )
        }
    }

    private func ordered(_ modules: [RegisteredModule]) throws(CRMError) -> [RegisteredModule] {
        let core = modules.filter { $0.name == self.core.name }
        let others = modules.filter { $0.name != self.core.name }
        return core
            + (try LoadOrder.order(others.map(\.manifest))).compactMap { manifest in
                others.first { $0.name == manifest.name }
            }
    }

    /// Runs the steps that have not been run for this installation, in order, with the module's own rights.
    private func migrate(
        _ module: RegisteredModule, _ registry: RegistrySnapshot, _ call: CallContext,
        _ transaction: WriteTransaction
    ) throws(CRMError) {
        var done: Set<Int64> = []
        try transaction.rows(MigrationLedger.applied(module.name)) { row throws(CRMError) in
            done.insert(row.int64(0))
            return .next
        }
        let pending = module.manifest.migrations.filter { !done.contains(Int64($0.number)) }
        guard !pending.isEmpty else { return }
        let snapshot = snapshots.current.with(registry: registry)
        for migration in pending.sorted(by: { $0.number < $1.number }) {
            try records.unit(transaction, call, on: snapshot) { (unit) throws(CRMError) in
                try unit.run(migration, of: module.name)
            }
            try transaction.execute(MigrationLedger.note(migration, of: module.name, at: transaction.now))
        }
    }

    /// Of all modules that run: one of another module's entity may have waited for this one.
    private func bringFixtures(
        of modules: [RegisteredModule], _ registry: RegistrySnapshot, _ call: CallContext,
        _ transaction: WriteTransaction
    ) throws(CRMError) -> [String] {
        let raised = call.acting(as: .kernel(for: call.principal.user))
        return try records.unit(transaction, raised, on: snapshots.current.with(registry: registry)) {
            (unit) throws(CRMError) in
            var sentences: [String] = []
            for module in modules { sentences += try unit.bringFixtures(of: module.manifest) }
            return sentences
        }
    }

    /// What a newer kernel ships with its own entities.
    func bringOwnFixtures(_ reader: ReadConnection) throws(CRMError) {
        let count = try reader.first(FixtureStatements.count(of: core.name, core.version)) { $0.int64(0) }
        guard count != Int64(core.fixtures.count) else { return }
        let call = CallContext(
            principal: .kernel(for: FirstRecords.administrator), source: .system, method: "upgrade",
            requestID: "upgrade")
        _ = try database.writer.perform { [self] (transaction) throws(CRMError) in
            try records.unit(transaction, call) { (unit) throws(CRMError) in
                try unit.bringFixtures(of: core)
            }
        }
    }

    // MARK: Disable

    /// Takes a module out of the registry; its tables and records stay, and come back when it is enabled again.
    ///
    /// - Throws: `invalidParameters` when it is not enabled, or while others need it, with their names as candidates.
    package func disable(
        _ call: CallContext, _ name: String, in transaction: WriteTransaction
    ) throws(CRMError) -> InstallationReport {
        try requireAdministrator(call, "disable modules")
        let schema = try SchemaStore.load(transaction)
        guard name != core.name else { throw CRMError(.invalidParameters, "\"core\" cannot be disabled") }
        guard let index = schema.modules.firstIndex(where: { $0.name == name && $0.isEnabled }) else {
            throw CRMError(.invalidParameters, "module \"\(name.prefix(60))\" is not enabled")
        }
        let running = snapshots.current.registry.modules
        let dependants = LoadOrder.dependants(of: name, among: running.map(\.manifest))
        guard dependants.isEmpty else {
            var error = CRMError(
                .invalidParameters, "module \"\(name)\" is needed by \(dependants.joined(separator: ", "))",
                hint: "Disable them first, in this order.")
            error.candidates = dependants
            throw error
        }
        var module = schema.modules[index]
        module.isEnabled = false
        try transaction.store(module)
        try note(call, "disable", name, [], transaction)
        let registry = try Self.registry(SchemaStore.load(transaction), running.filter { $0.name != name })
        publish(registry, after: transaction)
        transaction.afterCommit { [self] in noteRunning(name) }
        return InstallationReport(module: name, version: module.version, isEnabled: false, steps: [])
    }

    // MARK: List

    /// All modules: those that run, those that are switched off, those that could be enabled, by name.
    package func modules(_ reader: ReadConnection) throws(CRMError) -> [ModuleFacts] {
        let running = snapshots.current.registry.modules
        let stored = try SchemaStore.load(reader).modules
        let failed = failedModules
        let onDisk = available()
        var all = running.map { module in
            facts(
                module.manifest, state: module.name == core.name ? "core" : "enabled", sha256: module.sha256)
        }
        for module in stored where !all.contains(where: { $0.name == module.name }) {
            all.append(
                ModuleFacts(
                    state: module.isEnabled ? "failed" : "disabled", name: module.name,
                    version: module.version,
                    label: module.label, summary: nil, sha256: module.sha256, path: nil,
                    problem: failed[module.name]?.message, dependencies: [], entities: [], actions: []))
        }
        for entry in onDisk where !all.contains(where: { $0.name == entry.name }) {
            var problem: String?
            if case .failure(let error) = entry.stamp { problem = error.message }
            all.append(
                ModuleFacts(
                    state: "available", name: entry.name, version: nil, label: nil, summary: nil, sha256: nil,
                    path: entry.path, problem: problem, dependencies: [], entities: [], actions: []))
        }
        return all.sorted { $0.name < $1.name }
    }

    private func facts(_ manifest: ModuleManifest, state: String, sha256: String) -> ModuleFacts {
        ModuleFacts(
            state: state, name: manifest.name, version: manifest.version.description, label: manifest.label,
            summary: manifest.summary, sha256: sha256.isEmpty ? nil : sha256, path: nil, problem: nil,
            dependencies: manifest.dependencies.map(\.name), entities: manifest.entities.map(\.name),
            actions: manifest.actions.map { "\(manifest.name).\($0.name)" })
    }

    // MARK: The log

    /// An entry of the change log about the installation itself.
    func note(
        _ call: CallContext, _ verb: String, _ subject: String, _ steps: [String],
        _ transaction: WriteTransaction,
        kind: ChangeKind = .module
    ) throws(CRMError) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("verb")
        writer.string(verb)
        writer.key("subject")
        writer.string(subject)
        writer.key("steps")
        writer.beginArray()
        for step in steps { writer.string(step) }
        writer.endArray()
        writer.endObject()
        _ = try transaction.append(
            ChangeEntry(
                kind, actor: call.principal.user, source: call.source.name, method: call.method,
                payload: writer.finish()))
    }
}
