package import CRMSDK
import Query
package import Registry
import Security
package import Storage

extension RecordService {
    /// Runs a unit of work in the writer's transaction. What it changed of people, rights or currencies is reviewed as
    /// a whole, and published after COMMIT for the next call of everyone.
    package func unit<Result>(
        _ transaction: WriteTransaction, _ call: CallContext, on snapshot: KernelSnapshot? = nil,
        _ body: (UnitOfWork) throws(CRMError) -> Result
    ) throws(CRMError) -> Result {
        let unit = UnitOfWork(self, transaction, call, snapshot ?? snapshots.current)
        let result = try body(unit)
        if unit.changesDirectories {
            let directories = try Directories(unit.snapshot.registry, from: transaction)
            try DirectoryReview(unit, after: directories).refuseWhatBreaks()
            try unit.settleDuplicateRules(after: directories.duplicateRules)
            snapshots.publish(directories, after: transaction)
        }
        return result
    }

    /// Runs a module's action that writes, as a unit of work.
    package func act(
        _ action: RegisteredAction, _ parameters: StructuredValue, in unit: UnitOfWork,
        through gate: GatePass? = nil
    ) throws(CRMError) -> StructuredValue {
        try require(action, unit.call, unit.snapshot)
        let before = unit.transaction.writtenRows
        let context = BoundContext(unit: unit, call: unit.call, module: action.module, through: gate)
        let answer = try run(action, parameters, context)
        if let gate, unit.transaction.writtenRows != before { try unit.note(gate) }
        return answer
    }

    /// Runs a module's action that only reads.
    package func act(
        _ action: RegisteredAction, _ parameters: StructuredValue, _ call: CallContext,
        _ snapshot: KernelSnapshot,
        on connection: ReadConnection, through gate: GatePass? = nil
    ) throws(CRMError) -> StructuredValue {
        try require(action, call, snapshot)
        let context = BoundContext(
            self, snapshot, connection, call: call, module: action.module, through: gate)
        return try run(action, parameters, context)
    }

    private func require(
        _ action: RegisteredAction, _ call: CallContext, _ snapshot: KernelSnapshot
    ) throws(CRMError) {
        guard let right = action.action.requires else { return }
        try snapshot.security.require(call.principal, right.verb, right.entity)
    }

    private func run(
        _ action: RegisteredAction, _ parameters: StructuredValue, _ context: BoundContext
    ) throws(CRMError) -> StructuredValue {
        defer { context.end() }
        return try action.action.body(parameters, context)
    }
}
