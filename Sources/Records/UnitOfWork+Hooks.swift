package import CRMSDK
import JSON
import Query
import Registry
import Security
import Storage

/// Hooks and actions: modules' code inside a unit of work.
extension UnitOfWork {
    func runHooks(_ moment: Hook.Moment, _ change: inout RecordChange, _ call: CallContext) throws(CRMError) {
        let hooks = snapshot.registry.hooks(on: change.entity, moment)
        guard !hooks.isEmpty else { return }
        try deeper { () throws(CRMError) in
            for registered in hooks {
                let context = BoundContext(unit: self, call: call, module: registered.module)
                defer { context.end() }
                try registered.hook.body(&change, context)
            }
        }
    }

    func runAfterHooks(
        _ moment: Hook.Moment, _ entity: Entity, _ id: RecordID, old: Record?, given: Set<String>,
        _ values: [String: Value], _ call: CallContext
    ) throws(CRMError) {
        guard !snapshot.registry.hooks(on: entity.name, moment).isEmpty else { return }
        var change = RecordChange(entity: entity.name, id: id, old: old, given: given, values: values)
        try runHooks(moment, &change, call)
    }

    func runLinkHooks(_ change: inout LinkChange, _ call: CallContext) throws(CRMError) {
        let hooks = snapshot.registry.linkHooks(on: change.relation, change.moment)
        guard !hooks.isEmpty else { return }
        try deeper { () throws(CRMError) in
            for registered in hooks {
                let context = BoundContext(unit: self, call: call, module: registered.module)
                defer { context.end() }
                try registered.hook.body(&change, context)
            }
        }
    }

    private func deeper(_ body: () throws(CRMError) -> Void) throws(CRMError) {
        guard depth < Self.maximumDepth else {
            throw CRMError(
                .limitExceeded, "hooks that write have called each other \(Self.maximumDepth) deep",
                hint: "A module's hook seems to cause itself.")
        }
        depth += 1
        defer { depth -= 1 }
        try body()
    }

    /// Runs one step of a module from older data to the present, with the module's own rights.
    package func run(_ migration: Migration, of module: String) throws(CRMError) {
        let raised = call.acting(as: .kernel(for: call.principal.user))
        let context = BoundContext(unit: self, call: raised, module: module)
        defer { context.end() }
        try migration.body(context)
    }

    /// Runs a module's job, with the module's own rights.
    package func run(_ job: Job, of module: String) throws(CRMError) {
        let context = BoundContext(unit: self, call: call, module: module)
        defer { context.end() }
        try job.body(context)
    }

    /// Asks a module's job for the records that there is work on.
    package func find(_ work: Job.RecordWork, of module: String) throws(CRMError) -> [RecordID] {
        let context = BoundContext(unit: self, call: call, module: module)
        defer { context.end() }
        return try work.find(context)
    }

    /// Runs one step of a module's job, with the module's own rights.
    package func run(_ work: Job.RecordWork, on record: RecordID, of module: String) throws(CRMError) {
        let context = BoundContext(unit: self, call: call, module: module)
        defer { context.end() }
        try work.step(record, context)
    }

    /// Notes that a module acted with its own rights; once per unit, module and reason.
    func noteElevation(module: String, reason: String, _ call: CallContext) throws(CRMError) {
        guard elevations.insert("\(module): \(reason)").inserted else { return }
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("module")
        writer.string(module)
        writer.key("reason")
        writer.string(reason)
        writer.endObject()
        try transaction.append(
            ChangeEntry(
                .elevate, actor: call.principal.user, source: call.source.name, method: call.method,
                payload: writer.finish()))
    }
}
