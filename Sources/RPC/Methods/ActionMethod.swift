import CRMSDK
import Identity
import JSON
import Records
import Registry

/// Makes a row of the table from an action that a module adds.
///
/// A reading action runs on the scan lane: what it does is the module's choice. A writing one is one unit of work, and
/// takes `dry_run` as every write does.
enum ActionMethod {
    static func method(for registered: RegisteredAction) -> Method {
        let action = registered.action
        let isWriting = action.effect == .writes
        let hasOwnDryRun = action.parameters.contains { $0.name == RecordMethods.dryRun.name }
        return Method(
            registered.method, needs: .session, isWriting ? .writes : .reads, action.summary,
            action.description,
            parameters: action.parameters + (isWriting && !hasOwnDryRun ? [RecordMethods.dryRun] : []),
            result: action.result, errors: [.notFound, .invalidRecord]
        ) { scope throws(CRMError) in
            let call = try scope.context()
            try checkScope(scope, registered)
            let parameters = try ParameterReading.structured(
                scope.parameters, action.parameters, try scope.fieldView())
            let (records, snapshot) = (scope.services.records, scope.snapshot)
            let json = ValueJSON(snapshot.currencies)
            if isWriting {
                return .write(scope.mode) { transaction, writer throws(CRMError) in
                    let answer = try records.unit(transaction, call) { unit throws(CRMError) in
                        try records.act(registered, parameters, in: unit)
                    }
                    json.write(answer, to: &writer)
                }
            }
            return .scan { reader, writer throws(CRMError) in
                json.write(
                    try records.act(registered, parameters, call, snapshot, on: reader), to: &writer)
            }
        }
    }

    /// A narrowed key needs the action's verb, or, where it has none of its own, `view` or `edit` of its module.
    private static func checkScope(_ scope: CallScope, _ registered: RegisteredAction) throws(CRMError) {
        let session = try scope.session()
        guard !session.scopes.isEverything else { return }
        let verb =
            registered.action.requires?.verb
            ?? (registered.action.effect == .writes ? AccessVerb.edit : .view)
        guard session.scopes.permits(verb, in: registered.module) else {
            var error = CRMError(
                .forbidden, "the API key does not cover \"\(registered.module):\(verb.name)\"")
            error.rule = "api_key_scope"
            throw error
        }
    }
}
