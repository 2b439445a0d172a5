import CRMSDK
import JSON
import Records
import Registry
import Security
import Storage

/// Makes a row of the table from an action that may be called through a gate: without a token, and with one no
/// otherwise.
enum GateMethod {
    /// The most that the parameters of one call may weigh.
    static let parameterLimitBytes = 64 << 10

    static func method(for registered: RegisteredAction, through gate: RegisteredGate) -> Method {
        let action = registered.action
        return Method(
            registered.method, needs: .nothing, .writes, action.summary,
            action.description
                + " Through a \(gate.gate.entity) that an administrator has made and opened, as the user whom it names; "
                + "limited by address and by \(gate.gate.entity). The answer is the same whatever became of it, but for "
                + "mistakes in what was given.",
            parameters: action.parameters, result: action.result, errors: [.invalidRecord, .tooManyRequests]
        ) { scope throws(CRMError) in
            let (services, request, snapshot) = (scope.services, scope.request, scope.snapshot)
            try services.gateKeeper.admitCall(from: request.peer)
            guard scope.parameters?.rawBytes.count ?? 0 <= parameterLimitBytes else {
                throw CRMError(
                    .limitExceeded, "the parameters are over the limit of \(parameterLimitBytes) bytes")
            }
            let (answer, json) = (gate.gate.answer, ValueJSON(snapshot.currencies))
            let way = GateCall.Way(
                peer: request.peer, requestID: request.requestID, deadline: request.deadline)
            guard
                let call = try GateCall.through(
                    gate, named: try scope.arguments.text("form"), to: registered.method, way, services,
                    snapshot, on: scope.reader)
            else {
                json.write(answer, to: &scope.writer)
                return .done
            }
            try call.admit(from: request.peer)
            let principal = call.context.principal
            let parameters = try ParameterReading.structured(
                scope.parameters, action.parameters,
                FieldView(registry: snapshot.registry) { snapshot.security.mask(principal, $0) })
            return .write(.commit) { transaction, writer throws(CRMError) in
                try call.run(registered, parameters, in: transaction)
                json.write(answer, to: &writer)
            }
        }
    }
}
