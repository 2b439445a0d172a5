package import CRMSDK
import Log
package import Records
import Registry
import Security
package import Storage

/// What has been done, or would be, to the schema.
package struct SchemaReport: Sendable {
    /// The generation of the schema that the plan was made for.
    package let generation: Int64
    /// One sentence per step.
    package let steps: [String]
    /// What the records say to it.
    package let findings: [SchemaFinding]
    /// What depends on it.
    package let notes: [String]
    /// What goes on in batches; empty before it is applied.
    package var tasks: [SchemaTask] = []
}

/// Entities, fields, lists and sections made and changed by administrators at run time: each change is one unit, is
/// noted in the change log, and is there for the next call.
extension Installation {
    /// What the changes would do, and what the records say to them. Reads only, and may take long.
    package func plan(
        _ call: CallContext, _ changes: [SchemaChange], on reader: ReadConnection
    ) throws(CRMError) -> SchemaReport {
        try requireAdministrator(call, "change the schema")
        let plan = try SchemaPlanner.plan(SchemaStore.load(reader), changes: changes)
        var findings: [SchemaFinding] = []
        for probe in plan.probes {
            if let finding = try probe.find(reader) { findings.append(finding) }
        }
        return SchemaReport(
            generation: plan.generation, steps: plan.sentences, findings: findings,
            notes: plan.notes + (try RightsInVain.notes(changes, reader)))
    }

    /// Does it all, or nothing of it. What would hold the writer too long goes on in batches.
    ///
    /// - Parameter generation: That of the plan which was shown; nil where there was none.
    /// - Throws: `versionConflict` when the schema has changed since then; `duplicate` naming values that are not
    ///   unique; `invalidParameters` for a change that cannot be made.
    package func apply(
        _ call: CallContext, _ changes: [SchemaChange], expecting generation: Int64? = nil,
        in transaction: WriteTransaction
    ) throws(CRMError) -> SchemaReport {
        try requireAdministrator(call, "change the schema")
        let schema = try SchemaStore.load(transaction)
        if let generation, generation != schema.generation {
            throw CRMError(
                .versionConflict, "the schema has changed since this plan was made", hint: "Plan again.")
        }
        let plan = try SchemaPlanner.plan(schema, changes: changes)
        let findings = try refusing(plan, transaction)
        let notes = plan.notes + (try RightsInVain.notes(changes, transaction))
        try transaction.apply(plan)
        try transaction.sign(tasksOf: call.principal.user)
        let before = snapshots.current
        let registry = try renewed(in: transaction)
        try refuseUnwritable(before, registry)
        try follow(plan.renames, registry, call, transaction)
        let subject = plan.steps.isEmpty ? "nothing" : "\(changes.count) changes"
        try note(call, call.method, subject, plan.sentences, transaction, kind: .schema)
        var report = SchemaReport(
            generation: plan.generation, steps: plan.sentences, findings: findings, notes: notes)
        if !plan.tasks.isEmpty { report.tasks = try begin(plan.tasks.count, call, transaction) }
        return report
    }

    /// A field that becomes mandatory must be one that those who create records can write.
    private func refuseUnwritable(
        _ before: KernelSnapshot, _ after: RegistrySnapshot
    ) throws(CRMError) {
        let facts = before.security.facts
        let problems = facts.errors(
            of: before.registry.entities.map { SecuredEntity($0.completeDefinition) },
            becoming: after.entities.map { SecuredEntity($0.completeDefinition) })
        if let problem = problems.first { throw problem.error }
    }

    /// What is quickly asked of the records, and what decides.
    private func refusing(
        _ plan: SchemaPlan, _ transaction: WriteTransaction
    ) throws(CRMError) -> [SchemaFinding] {
        var findings: [SchemaFinding] = []
        for probe in plan.probes where probe.isCheap {
            guard let finding = try probe.find(transaction) else { continue }
            if finding.weight == .refusal {
                var error = CRMError(
                    finding.code == "duplicates" ? .duplicate : .invalidParameters, finding.message,
                    hint: finding.code == "duplicates"
                        ? "Change those records first; the plan lists them."
                        : "Replace it with picklist.merge, or retire it.")
                error.candidates = finding.records.prefix(20).map { "\($0.id)" }
                throw error
            }
            findings.append(finding)
        }
        return findings
    }

    /// Rights to a field that has another name now are rights to that name.
    private func follow(
        _ renames: [FieldRename], _ registry: RegistrySnapshot, _ call: CallContext,
        _ transaction: WriteTransaction
    ) throws(CRMError) {
        for rename in renames {
            var rights: [RecordID] = []
            try transaction.rows(RightsStatements.rights(to: rename.from, of: rename.entity)) { row in
                rights.append(RecordID(row.int64(0)))
                return .next
            }
            guard !rights.isEmpty else { continue }
            try records.unit(transaction, call, on: snapshots.current.with(registry: registry)) {
                (unit) throws(CRMError) in
                for id in rights {
                    try unit.update(
                        id, entity: "field_access", ["field": .text(rename.to)], version: nil,
                        module: core.name)
                }
            }
        }
    }

    /// Small work is done at once; what is left goes on with `workOnSchema`.
    func begin(
        _ count: Int, _ call: CallContext, _ transaction: WriteTransaction,
        for budget: Duration = .milliseconds(20)
    ) throws(CRMError) -> [SchemaTask] {
        let tasks = Array(try SchemaTaskStore.latest(transaction, limit: count).reversed())
        for task in tasks where task.status == .running && task.order.kind != .emptyColumn {
            let ended = try SchemaWork(self, transaction).advance(task, for: budget)
            if ended.status == .stopped { throw ended.refusal }
        }
        var begun: [SchemaTask] = []
        for task in tasks {
            if let now = try SchemaTaskStore.task(task.id, transaction) { begun.append(now) }
        }
        return begun
    }

    /// Goes on with what changes of the schema have left to do, in batches that hold the writer for 40 ms at most.
    ///
    /// - Parameter budget: how long altogether; the rest is for the next time.
    package func workOnSchema(
        for budget: Duration = .seconds(1), batch: Duration = .milliseconds(40),
        page: Int = SchemaWork.pageRows
    ) {
        let end = ContinuousClock.now + budget
        do throws(CRMError) {
            repeat {
                let isIdle = try database.writer.perform { [self] transaction throws(CRMError) -> Bool in
                    guard let task = try SchemaTaskStore.running(transaction).first else { return true }
                    _ = try SchemaWork(self, transaction, pageRows: page).advance(task, for: batch)
                    return false
                }
                if isIdle { return }
            } while ContinuousClock.now < end
        } catch {
            log.error(
                "work on the schema could not go on", ["reason": error.message, "detail": error.detail ?? ""])
        }
    }
}

extension SchemaTask {
    /// Why a task that stopped at once is refused, with the records that stopped it.
    var refusal: CRMError {
        var error = CRMError(.invalidParameters, problem ?? "the change could not be made")
        if !unfit.isEmpty {
            error.hint =
                "Correct those records, or choose on_failure \"empty\"; schema.plan lists all of them."
        }
        error.candidates = unfit.prefix(20).map { "\($0.id)" }
        return error
    }
}
