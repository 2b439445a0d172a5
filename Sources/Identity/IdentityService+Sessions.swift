package import CRMSDK
import Log
import Storage
import Synchronization

/// Ending and listing sessions. What is ended is ended for the very next call (ASVS 5.0 7.4.1).
extension IdentityService {
    /// Ends the session that makes the call. A key or the console has none to end: nothing happens.
    package func logout(
        _ call: IdentityCall, completion: @escaping @Sendable (Result<Void, CRMError>) -> Void
    ) {
        guard case .login(let id) = call.session.origin else { return completion(.success(())) }
        let entry = IdentityEntry(.logout, by: call, [("session", .integer(id))])
        end(entry, completion) { transaction throws(CRMError) in
            let isEnded = try IdentityStore.deleteSession(id, of: nil, transaction)
            return isEnded ? [id] : []
        }
    }

    /// The live sessions of a user, newest first. Of others only an administrator's call sees any.
    package func sessions(of user: RecordID, _ call: IdentityCall) throws(CRMError) -> [SessionSummary] {
        try checkMayManage(user, call)
        let now = clock.now
        let idle = configuration.sessions.idleSeconds
        return access.withLock { Array($0.sessions.values) }
            .filter { $0.user == user && $0.isLive(at: now, idleSeconds: idle) }
            .map(\.summary)
            .sorted { $0.id > $1.id }
    }

    /// Ends one session: one's own, or anyone's for an administrator.
    ///
    /// - Throws (by `completion`): `notFound`, for others' sessions too.
    package func revokeSession(
        _ id: Int64, _ call: IdentityCall, completion: @escaping @Sendable (Result<Void, CRMError>) -> Void
    ) {
        if call.isByNarrowedKey { return refuse(call, .notByKey, completion) }
        let owner = call.isAdministrator ? nil : call.user
        let entry = IdentityEntry(
            .security, by: call, [("event", .text("session_revoked")), ("session", .integer(id))])
        end(entry, completion) { transaction throws(CRMError) in
            guard try IdentityStore.deleteSession(id, of: owner, transaction) else {
                throw .sessionNotFound(id)
            }
            return [id]
        }
    }

    /// Ends all sessions of a user, except the one that makes the call.
    package func revokeSessions(
        of user: RecordID, _ call: IdentityCall,
        completion: @escaping @Sendable (Result<Void, CRMError>) -> Void
    ) {
        do throws(CRMError) { try checkMayManage(user, call) } catch {
            return refuse(call, error, completion)
        }
        var kept: Int64?
        if case .login(let id) = call.session.origin { kept = id }
        let entry = IdentityEntry(
            .security, by: call, [("event", .text("sessions_revoked")), ("user", .user(user))])
        end(entry, completion) { [kept] transaction throws(CRMError) in
            try IdentityStore.deleteSessions(of: user, except: kept, transaction)
        }
    }

    private func end(
        _ entry: IdentityEntry, _ completion: @escaping @Sendable (Result<Void, CRMError>) -> Void,
        _ delete: @escaping @Sendable (WriteTransaction) throws(CRMError) -> Set<Int64>
    ) {
        database.writer.submit(
            deadline: nil,
            { [self] transaction throws(CRMError) in
                let ended = try delete(transaction)
                try transaction.append(entry.changeEntry)
                transaction.afterCommit { [self] in access.withLock { $0.removeSessions(ended) } }
            }, completion: completion)
    }

    /// - Throws: `forbidden` unless it is the caller's own, or the caller is an administrator; to a key that was
    ///   narrowed to something, always.
    func checkMayManage(_ user: RecordID, _ call: IdentityCall) throws(CRMError) {
        guard !call.isByNarrowedKey else { throw .notByKey }
        guard call.user == user || call.isAdministrator else { throw .notAnAdministrator }
    }

    /// Answers a refusal after it was recorded, in a unit of its own (ASVS 5.0 16.3.2).
    func refuse<R: Sendable>(
        _ call: IdentityCall, _ error: CRMError,
        _ completion: @escaping @Sendable (Result<R, CRMError>) -> Void
    ) {
        let entry = IdentityEntry(.refusal, by: call, [("reason", .text(error.message))])
        database.writer.submit(deadline: nil) { transaction throws(CRMError) in
            _ = try transaction.append(entry.changeEntry)
        } completion: { [log] result in
            if case .failure(let cause) = result {
                log.error("a refusal could not be recorded", ["cause": cause.detail ?? cause.message])
            }
            completion(.failure(error))
        }
    }
}
