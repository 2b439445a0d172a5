package import CRMSDK
import Storage
import Synchronization

/// API keys: for programs, which cannot type a password. A key's rights are at most its user's.
extension IdentityService {
    /// Makes a key for a user: for oneself, or as an administrator for anyone.
    ///
    /// - Throws (by `completion`): `forbidden` to a key, which cannot make another; `invalidParameters` for an
    ///   expiry that is past; `limitExceeded` for too many keys.
    package func createKey(
        _ request: APIKeyRequest, for user: RecordID, _ call: IdentityCall,
        completion: @escaping @Sendable (Result<NewAPIKey, CRMError>) -> Void
    ) {
        let now = clock.now
        do throws(CRMError) {
            try checkMayManageKeys(of: user, call)
            if let expiresAt = request.expiresAt, expiresAt <= now {
                throw CRMError(.invalidParameters, "an API key cannot expire in the past")
            }
        } catch {
            return error.kind == .forbidden ? refuse(call, error, completion) : completion(.failure(error))
        }
        let token = BearerToken.makeKey()
        let digest = BearerToken.digest(token)
        let limit = configuration.sessions.keysPerUser
        database.writer.submit(
            deadline: nil,
            { [self] transaction throws(CRMError) in
                guard try IdentityStore.keyCount(of: user, transaction) < limit else {
                    throw CRMError(
                        .limitExceeded, "a user cannot have more than \(limit) API keys",
                        hint: "Revoke one that is no longer used.")
                }
                let id = try IdentityStore.addKey(
                    user, request, digest: digest, createdAt: now, by: call.user, transaction)
                var facts: [(name: StaticString, value: IdentityEntry.Fact)] = [
                    ("event", .text("key_created")), ("key", .integer(id)), ("user", .user(user)),
                    ("name", .text(request.name)), ("scopes", .text(request.scopes.description)),
                ]
                if let contact = request.contact { facts.append(("contact", .integer(contact.rawValue))) }
                let entry = IdentityEntry(.security, by: call, facts)
                try transaction.append(entry.changeEntry)
                let key = LiveKey(id: id, user: user, request, createdAt: now)
                transaction.afterCommit { [self] in access.withLock { $0.add(key, digest: digest) } }
                return NewAPIKey(key: key.summary, token: token)
            }, completion: completion)
    }

    /// A user's keys, newest first; expired ones too, until they are revoked.
    package func keys(of user: RecordID, _ call: IdentityCall) throws(CRMError) -> [APIKeySummary] {
        try checkMayManage(user, call)
        return access.withLock { Array($0.keys.values) }
            .filter { $0.user == user }
            .map(\.summary)
            .sorted { $0.id > $1.id }
    }

    /// Ends a key: one's own, or anyone's for an administrator. A key may end itself.
    ///
    /// - Throws (by `completion`): `notFound`, for others' keys too.
    package func revokeKey(
        _ id: Int64, _ call: IdentityCall, completion: @escaping @Sendable (Result<Void, CRMError>) -> Void
    ) {
        if call.isByKey, call.session.origin != .apiKey(id) { return refuse(call, .notByKey, completion) }
        let owner = call.isAdministrator ? nil : call.user
        database.writer.submit(
            deadline: nil,
            { [self] transaction throws(CRMError) in
                guard let user = try IdentityStore.deleteKey(id, of: owner, transaction) else {
                    throw .keyNotFound(id)
                }
                let entry = IdentityEntry(
                    .security, by: call,
                    [("event", .text("key_revoked")), ("key", .integer(id)), ("user", .user(user))])
                try transaction.append(entry.changeEntry)
                transaction.afterCommit { [self] in access.withLock { $0.removeKeys([id]) } }
            }, completion: completion)
    }

    private func checkMayManageKeys(of user: RecordID, _ call: IdentityCall) throws(CRMError) {
        guard !call.isByKey else { throw .notByKey }
        try checkMayManage(user, call)
        guard self.user(id: user) != nil else { throw .recordNotFound(user, entity: "user") }
    }
}
