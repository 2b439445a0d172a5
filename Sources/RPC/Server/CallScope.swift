package import CRMSDK
package import Identity
package import JSON
package import Records
package import Security
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
    package let caller: Caller?
    /// Where the result goes.
    package var writer: JSONWriter

    /// Who calls, and by what right.
    package struct Caller: Sendable {
        package let principal: Principal
        /// Nil on the administrators' socket, where the system itself says who it is.
        package let session: Session?
    }

    /// - Throws: `unauthenticated`, for methods that need somebody only in some cases.
    package func principal() throws(CRMError) -> Principal {
        guard let caller else { throw .noSession }
        return caller.principal
    }

    /// What the rooms below are told about the call.
    package func context(source: CallSource? = nil) throws(CRMError) -> CallContext {
        let principal = try principal()
        let person = snapshot.people[principal.user]
        return CallContext(
            principal: principal, source: source ?? request.source, method: method.name,
            requestID: request.requestID, deadline: request.deadline, timeZone: person?.timeZone ?? "UTC",
            language: person?.language ?? "en")
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
