package import CRMSDK
import JSON
import Security
import Storage

/// What lets somebody without an account run an action: the call as the module is told of it, and how far it reaches.
///
/// It narrows the action's own context, raised rights included. Hooks that its writes cause run as they do for anyone.
package struct GatePass: Sendable {
    package let call: PublicCall
    package let gate: PublicGate

    package init(_ call: PublicCall, _ gate: PublicGate) {
        self.call = call
        self.gate = gate
    }

    /// - Throws: `forbidden` for an entity beyond it: the module's manifest is wrong, or the module is.
    func checkReach(_ entity: String, of module: String) throws(CRMError) {
        guard entity != gate.entity, !gate.reach.contains(entity) else { return }
        var error = CRMError(
            .forbidden, "an action of \"\(module)\" through \"\(gate.entity)\" may not touch \"\(entity)\"")
        error.rule = "gate_reach"
        throw error
    }
}

extension UnitOfWork {
    /// Notes through which gate and from where the unit was called; as whom stands in every entry. Where no record was
    /// written nothing is noted: the address goes with a record's history, and would stay for ever without one.
    func note(_ pass: GatePass) throws(CRMError) {
        let entries = try ChangeLog.entries(transaction, changeSet: transaction.changeSet)
        guard entries.contains(where: { $0.entry.record != nil }) else { return }
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("gate")
        writer.string(pass.gate.entity)
        writer.key("record")
        writer.int(pass.call.gate.id.rawValue)
        writer.key("address")
        writer.string(pass.call.address)
        writer.endObject()
        try transaction.append(
            ChangeEntry(
                .publicCall, actor: call.principal.user, source: call.source.name, method: call.method,
                payload: writer.finish()))
    }
}
