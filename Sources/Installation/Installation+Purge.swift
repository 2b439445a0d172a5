package import CRMSDK
import ModuleLoader
package import Records
import Registry
import Security
package import Storage
import Text

/// Takes out what a disabled module has left: for good.
extension Installation {
    /// Destroys a disabled module's entities with their records, its fields on others' entities, its relations with
    /// their links, the rights to all of that, and what the kernel keeps of its steps and jobs.
    ///
    /// In a dry run it says what that is. Small modules are gone at once, others in batches beside normal work, which
    /// go on after a kill. What remains is in the change log, without values.
    ///
    /// - Parameter budget: how long this call may work on it.
    /// - Throws: `invalidParameters` for a module that runs or is not known; while another one needs it, or an
    ///   administrator's field refers to what would go, naming them.
    package func purge(
        _ call: CallContext, module name: String, for budget: Duration = .milliseconds(20),
        in transaction: WriteTransaction
    ) throws(CRMError) -> SchemaReport {
        try requireAdministrator(call, "purge modules")
        let before = try SchemaStore.load(transaction)
        let module = try purgeable(name, before, transaction)
        let going = try ModulePurge(of: module, in: before)
        try going.refuseReferrers(in: before)
        let steps = try going.sentences(transaction)
        var plan = try SchemaPlanner.plan(from: before, to: going.emptied(before))
        var order = SchemaTask.Order(.purgeModule, entity: 0, of: name)
        order.detail = going.relations.joined(separator: " ")
        plan.tasks = [order]
        try transaction.apply(plan)
        try transaction.sign(tasksOf: call.principal.user)
        try removeRights(going.entities.map(\.name), call, transaction)
        try removeFixtures(of: name, besides: Set(going.entities.map(\.name)), call, transaction)
        _ = try renewed(in: transaction)
        try note(call, "purge", name, steps, transaction)
        var report = SchemaReport(
            generation: plan.generation, steps: steps, findings: [], notes: going.notes(in: before))
        report.tasks = try begin(1, call, transaction, for: budget)
        return report
    }

    private func purgeable(
        _ name: String, _ schema: StoredSchema, _ transaction: WriteTransaction
    ) throws(CRMError) -> Storage.StoredModule {
        guard name != core.name else {
            throw CRMError(.invalidParameters, "\"core\" cannot be purged")
        }
        guard let module = schema.modules.first(where: { $0.name == name }) else {
            throw unknown(name, schema)
        }
        guard !module.isEnabled else {
            throw CRMError(
                .invalidParameters, "module \"\(name)\" is enabled and cannot be purged",
                hint: "Disable it first; its data stay until it is purged.")
        }
        try refuseWhilePurging(name, transaction)
        let dependants = schema.modules.filter {
            ModuleSummary($0.manifest).dependencies.contains(name)
        }.map(\.name)
        guard dependants.isEmpty else {
            var error = CRMError(
                .invalidParameters, "module \"\(name)\" is needed by \(dependants.joined(separator: ", "))",
                hint: "Purge them first.")
            error.candidates = dependants
            throw error
        }
        return module
    }

    private func unknown(_ name: String, _ schema: StoredSchema) -> CRMError {
        if available().contains(where: { $0.name == name }) {
            return CRMError(
                .invalidParameters, "module \"\(name)\" has never been enabled here",
                hint: "There is nothing to purge.")
        }
        var error = CRMError(.notFound, "module \"\(name.prefix(60))\" does not exist")
        error.candidates = Spelling.nearest(to: name, among: schema.modules.map(\.name))
        if let near = error.candidates.first { error.hint = "Did you mean \"\(near)\"?" }
        return error
    }

    /// What is being destroyed cannot be had at the same time.
    func refuseWhilePurging(_ name: String, _ transaction: WriteTransaction) throws(CRMError) {
        let running = try SchemaTaskStore.running(transaction)
        guard running.contains(where: { $0.order.kind == .purgeModule && $0.order.entityName == name }) else {
            return
        }
        throw CRMError(
            .invalidParameters, "module \"\(name)\" is being purged",
            hint: "schema.tasks shows how far it is.")
    }

    private func removeFixtures(
        of module: String, besides own: Set<String>, _ call: CallContext, _ transaction: WriteTransaction
    ) throws(CRMError) {
        let raised = call.acting(as: .kernel(for: call.principal.user))
        try records.unit(transaction, raised, on: snapshots.current) { (unit) throws(CRMError) in
            try unit.deleteFixtures(of: module, besides: own)
        }
    }

    func removeRights(
        _ entities: [String], _ call: CallContext, _ transaction: WriteTransaction
    ) throws(CRMError) {
        let raised = call.acting(as: .kernel(for: call.principal.user))
        try records.unit(transaction, raised, on: snapshots.current) { (unit) throws(CRMError) in
            for name in entities { try unit.deleteRights(to: name) }
        }
    }
}

/// What goes with a module. Pure, but for the counts.
struct ModulePurge {
    let module: String
    let entities: [StoredEntity]
    /// Fields on the entities of others.
    let fields: [(entity: StoredEntity, field: StoredField)]
    let relations: [String]

    init(of module: Storage.StoredModule, in schema: StoredSchema) throws(CRMError) {
        let name = module.name
        self.module = name
        entities = schema.entities.filter { $0.module == name }
        fields = schema.entities.filter { $0.module != name }.flatMap { entity in
            entity.fields.filter { Self.isField($0, of: name) }.map { (entity, $0) }
        }
        relations = ModuleSummary(module.manifest).relations
    }

    static func isField(_ field: StoredField, of module: String) -> Bool {
        if case .module(module) = field.placement.source { true } else { false }
    }

    private var names: Set<String> { Set(entities.map(\.name)) }

    /// The schema without what would show, index or search any of it.
    func emptied(_ schema: StoredSchema) -> StoredSchema {
        var schema = schema
        for index in schema.entities.indices {
            if schema.entities[index].module == module {
                schema.entities[index].isDeleted = true
                schema.entities[index].isPurging = true
                continue
            }
            for place in schema.entities[index].fields.indices
            where Self.isField(schema.entities[index].fields[place], of: module) {
                schema.entities[index].fields[place].isDeleted = true
                schema.entities[index].fields[place].isPurging = true
            }
        }
        return schema
    }

    /// Fields of administrators that name nothing but what goes.
    func refuseReferrers(in schema: StoredSchema) throws(CRMError) {
        for entity in schema.entities where entity.module != module && !entity.isDeleted {
            for field in entity.fields where !field.isDeleted {
                guard case .custom = field.placement.source else { continue }
                let targets = field.placement.definition.type.targets
                guard !targets.isEmpty, names.isSuperset(of: targets) else { continue }
                var error = CRMError(
                    .invalidParameters,
                    "module \"\(module)\" cannot be purged: \"\(field.name)\" of \"\(entity.name)\" refers to "
                        + targets.joined(separator: ", "),
                    hint: "Delete that field first.")
                error.candidates = ["\(entity.name).\(field.name)"]
                throw error
            }
        }
    }

    /// One sentence for each thing that is destroyed.
    func sentences(_ transaction: WriteTransaction) throws(CRMError) -> [String] {
        var sentences: [String] = []
        for entity in entities {
            let count = try transaction.countRows(of: entity.name)
            let what = entity.facts.lineOf == nil ? "records" : "lines"
            sentences.append("remove \(count) \(what) of \"\(entity.name)\", and its table")
        }
        for (entity, field) in fields {
            let count = try transaction.countValues(of: field.placement.column, in: entity.name)
            sentences.append("remove the field \"\(field.name)\" of \"\(entity.name)\" with \(count) values")
        }
        for relation in try transaction.linkTables(of: relations) {
            let links = try transaction.countLinks(of: relation)
            sentences.append("remove the relation \"\(relation)\" with \(links) links")
        }
        if !entities.isEmpty {
            sentences.append("remove the rights to these entities, and their values from the change log")
        }
        sentences.append("forget the module \"\(module)\", its migrations and its jobs")
        return sentences
    }

    /// What is left with nothing to name.
    func notes(in schema: StoredSchema) -> [String] {
        schema.entities.filter { $0.module != module && !$0.isDeleted }.flatMap { entity in
            entity.definition.fields.filter { !names.isDisjoint(with: $0.type.targets) }.map {
                "references by \"\($0.name)\" of \"\(entity.name)\" to its records are emptied"
            }
        }
    }
}
