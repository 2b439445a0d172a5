import CRMSDK
import Identity
import Log
import Records
import Registry
import Security
import Storage

/// One call of somebody without an account, let through: as whom it acts and how far it reaches.
struct GateCall: Sendable {
    let gate: PublicGate
    let pass: GatePass
    let context: CallContext
    let services: KernelServices
    let snapshot: KernelSnapshot

    /// How a call came.
    struct Way: Sendable {
        let peer: String
        let requestID: String
        var deadline: ContinuousClock.Instant?
        var isPage = false
        var origin: String?
        var isOwnPage = false
    }

    /// Nil where there is no such gate, where it is closed, or where it names nobody as whom a call can act.
    static func through(
        _ registered: RegisteredGate, named key: String, to method: String, _ way: Way,
        _ services: KernelServices, _ snapshot: KernelSnapshot, on reader: ReadConnection
    ) throws(CRMError) -> GateCall? {
        let gate = registered.gate
        guard let record = try services.records.record(of: gate, named: key, snapshot, on: reader),
            record[gate.openField] == true, let user = record[gate.userField].reference
        else { return nil }
        guard let person = snapshot.people[user], person.entity == "user", person.isActive else {
            services.log.warning(
                "a gate names nobody active", ["gate": gate.entity, "record": record.id.description])
            return nil
        }
        let pass = GatePass(
            PublicCall(
                gate: record, address: address(of: way.peer), isPage: way.isPage, origin: way.origin,
                isOwnPage: way.isOwnPage), gate)
        // Never with an administrator's rights, whoever it is.
        let principal = Principal(user: user, isAdministrator: false, source: .gate)
        let context = CallContext(
            principal: principal, source: .gate(gate.entity, record.id), method: method,
            requestID: way.requestID, deadline: way.deadline, timeZone: person.timeZone,
            language: person.language)
        return GateCall(gate: gate, pass: pass, context: context, services: services, snapshot: snapshot)
    }

    /// Without the port.
    private static func address(of peer: String) -> String {
        guard IPAddress(peer: peer) != nil, let colon = peer.lastIndex(of: ":") else { return "local" }
        return peer[..<colon].filter { $0 != "[" && $0 != "]" }
    }

    /// - Throws: `tooManyRequests`.
    func admit(from peer: String) throws(CRMError) {
        try services.gateKeeper.admit(from: peer, to: gate, pass.call.gate)
    }

    /// Runs an action that writes, in the writer's transaction. What may not be told is logged, and nothing of it
    /// stays.
    ///
    /// - Throws: what the caller may know: mistakes in what they gave, and that it cannot be done now.
    func run(
        _ action: RegisteredAction, _ parameters: StructuredValue, in transaction: WriteTransaction
    ) throws(CRMError) {
        do throws(CRMError) {
            try transaction.savepoint { () throws(CRMError) in
                _ = try services.records.unit(transaction, context) { unit throws(CRMError) in
                    try services.records.act(action, parameters, in: unit, through: pass)
                }
            }
        } catch  where !Self.isTold(error) {
            services.log.warning(
                "a call through a gate came to nothing",
                [
                    "gate": "\(gate.entity):\(pass.call.gate.id)", "method": context.method,
                    "request_id": context.requestID, "kind": error.kind.name, "rule": error.rule ?? "none",
                ])
        }
    }

    private static func isTold(_ error: CRMError) -> Bool {
        switch error.kind {
        case .invalidRecord: !error.fields.isEmpty && error.rule == nil
        case .unavailable, .limitExceeded, .internalError, .tooManyRequests: true
        default: false
        }
    }

    /// What the gate's page shows.
    func page(
        _ action: RegisteredAction, _ parameters: StructuredValue, on reader: ReadConnection
    ) throws(CRMError) -> StructuredValue {
        try services.records.act(action, parameters, context, snapshot, on: reader, through: pass)
    }
}
