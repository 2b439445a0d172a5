package import CRMSDK
package import Identity
package import JSON
package import Records
package import Registry
import Security
package import Storage

/// One call on its way: what a handler is given.
package struct CallScope {
    package let services: KernelServices
    package let method: Method
    package let snapshot: KernelSnapshot
    /// The connection of the thread that the handler runs on; for bounded reads.
    package let reader: ReadConnection
    package let request: RequestFacts
    package let arguments: Arguments
    /// The `params` as they came, checked; nil where there are none.
    package let parameters: JSONNode?
    /// Who calls; nil only for methods that need nobody.
    package let caller: Session?
    /// Tells the caller how far a long call has come; nil where nobody listens for it.
    package let progress: (@Sendable (Int64) -> Void)?
    /// Where the result goes.
    package var writer: JSONWriter

    /// - Throws: `unauthenticated`, for methods that need somebody only in some cases.
    package func session() throws(CRMError) -> Session {
        guard let caller else { throw .noSession }
        return caller
    }

    /// What the rooms below are told about the call.
    package func context(source: CallSource? = nil) throws(CRMError) -> CallContext {
        let session = try session()
        return CallContext(
            principal: session.principal, source: source ?? request.source, method: method.name,
            requestID: request.requestID, deadline: request.deadline, timeZone: session.user.timeZone,
            language: session.user.language)
    }

    /// The fields as the caller sees them.
    package func fieldView() throws(CRMError) -> FieldView {
        let principal = try session().principal
        let security = snapshot.security
        return FieldView(registry: snapshot.registry) { security.mask(principal, $0) }
    }

    /// Holds an API key to what it was narrowed to.
    ///
    /// - Throws: `forbidden` where the key does not cover the verb with entities of that module.
    package func checkScope(_ verb: AccessVerb, _ entity: Entity) throws(CRMError) {
        try Self.check(try session(), verb, entity)
    }

    static func check(_ session: Session, _ verb: AccessVerb, _ entity: Entity) throws(CRMError) {
        guard !session.scopes.isEverything, !session.scopes.permits(verb, in: entity.module) else { return }
        var error = CRMError(.forbidden, "the API key does not cover \"\(entity.module):\(verb.name)\"")
        error.rule = "api_key_scope"
        error.hint = "It covers \(session.scopes)."
        throw error
    }

    /// The entity that a parameter names, if the caller's key covers the verb.
    package func entity(_ verb: AccessVerb, _ name: String = "entity") throws(CRMError) -> Entity {
        let entity = try snapshot.registry.entity(try arguments.text(name))
        try checkScope(verb, entity)
        return entity
    }

    /// The entity of records or lines that a parameter names, if the caller's key covers viewing it.
    package func readableEntity() throws(CRMError) -> Entity {
        let entity = try services.records.readable(try arguments.text("entity"), try context(), snapshot)
        try checkScope(.view, entity)
        return entity
    }

    /// The entity of the record that `id` names. Looked up only where it matters: for keys that are narrowed.
    package func checkScope(_ verb: AccessVerb, of id: RecordID) throws(CRMError) {
        guard let caller, !caller.scopes.isEverything else { return }
        let name = arguments.textIfGiven("entity")
        let entity = try services.records.entity(of: id, named: name, snapshot, reader)
        // What the key's user cannot see is not there: no word about its module.
        try services.records.requireVisible(
            try context(), snapshot, on: reader, id: id, entity, named: name)
        try checkScope(verb, entity)
    }

    /// The mode of a write: `dry_run` runs everything and keeps nothing.
    package var mode: UnitMode { arguments.flag("dry_run") ? .rollBack : .commit }
}

/// What is known of a request before it is read.
package struct RequestFacts: Sendable {
    package let requestID: String
    /// Address and port, or `local`.
    package let peer: String
    package let token: [UInt8]?
    package let deadline: ContinuousClock.Instant
    package let door: Door
    /// The user of the process at the other end of the socket.
    package let peerUserID: UInt32

    /// The socket by which a request came in.
    package enum Door: Sendable {
        /// Everyone, through the network process; known by a token only.
        case endpoint
        /// The administrators of this machine, known by the system.
        case admin
    }

    package var source: CallSource { door == .admin ? .console : .api }
}

extension CRMError {
    static let noSession = CRMError(
        .unauthenticated, "no valid token was sent",
        hint: "Log in with auth.login and send the token as \"Authorization: Bearer …\".")
}
