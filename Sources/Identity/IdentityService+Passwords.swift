package import CRMSDK
import Crypto
import Storage
import Synchronization

/// Setting and changing passwords. Any change ends the user's other sessions (ASVS 5.0 7.4.3).
extension IdentityService {
    /// Changes the caller's own password.
    ///
    /// - Throws (by `completion`): `forbidden` if `current` is wrong, which counts like a wrong log-in, or the call
    ///   is not made from a log-in; `invalidRecord` with what is wrong with `new`; `tooManyRequests`.
    package func changePassword(
        _ call: IdentityCall, current: String, new: String,
        completion: @escaping @Sendable (Result<Void, CRMError>) -> Void
    ) {
        guard case .login(let session) = call.session.origin else {
            return refuse(call, .notByKey, completion)
        }
        do throws(CRMError) {
            try configuration.passwords.check(new, of: call.session.user.username, .chosen)
            guard new != current else {
                let problem = FieldProblem(
                    field: "password", code: "rule",
                    message: "the new password is the one that is to be changed")
                throw .invalidRecord("password", [problem])
            }
        } catch {
            return completion(.failure(error))
        }
        reauthenticate(call, password: current, completion) { [self] stored in
            guard let encoded = hash(new, completion) else { return }
            var credential = stored
            credential.password = encoded
            credential.mustChangePassword = false
            let replacement = Replacement(
                user: call.user, credential: credential, replaced: stored.password, keptSession: session,
                entry: IdentityEntry(
                    .security, by: call, [("event", .text("password_changed")), ("user", .user(call.user))]))
            replacePassword(replacement, completion)
        }
    }

    /// Gives a user a temporary password, which must be changed at the next log-in, and ends all their sessions.
    ///
    /// - Parameter password: nil to have one made.
    /// - Throws (by `completion`): `forbidden` unless an administrator does it for somebody else, or the console
    ///   for anyone; `notFound`; `invalidRecord`.
    /// - Returns (by `completion`): the password that was made; nil if it was given.
    package func setPassword(
        of user: RecordID, to password: String?, _ call: IdentityCall,
        completion: @escaping @Sendable (Result<String?, CRMError>) -> Void
    ) {
        let made = password == nil ? ReadableSecret.password() : nil
        let password = password ?? made ?? ""
        do throws(CRMError) {
            guard call.isAdministrator else { throw .notAnAdministrator }
            guard call.user != user || call.session.origin == .console else {
                throw CRMError(
                    .forbidden, "your own password can only be changed with the current one",
                    hint: "Call auth.change_password.")
            }
            guard let target = self.user(id: user) else { throw .recordNotFound(user, entity: "user") }
            try configuration.passwords.check(password, of: target.username, .assigned)
        } catch {
            return error.kind == .forbidden ? refuse(call, error, completion) : completion(.failure(error))
        }
        let isAccepted = threads.submit { [self] in
            guard let encoded = hash(password, completion) else { return }
            let replacement = Replacement(
                user: user, credential: Credential(password: encoded, mustChangePassword: true),
                replaced: nil,
                keptSession: nil,
                entry: IdentityEntry(
                    .security, by: call, [("event", .text("password_set")), ("user", .user(user))]))
            replacePassword(replacement) { completion($0.map { made }) }
        }
        if !isAccepted { completion(.failure(.tooManyLogins(retryAfterSeconds: 5))) }
    }

    /// Gives the first administrator a password, while the data folder is being prepared. Waits for the hash.
    ///
    /// - Parameter password: nil to have one made.
    /// - Returns: the password.
    /// - Throws: `duplicate` if the user has a password already; `invalidRecord` for a password that is too short
    ///   or too common.
    package func createFirstCredential(
        user: RecordID, username: String, password: String?, mustChange: Bool
    ) throws(CRMError) -> String {
        let password = password ?? ReadableSecret.password()
        try configuration.passwords.check(password, of: username, .assigned)
        let encoded: String
        do throws(CryptoError) {
            encoded = try configuration.hashing.encode(password)
        } catch {
            throw CRMError(.unavailable, "the password could not be hashed", detail: error.message)
        }
        let credential = Credential(password: encoded, mustChangePassword: mustChange)
        try database.writer.perform { [self] transaction throws(CRMError) in
            guard try IdentityStore.addCredential(user, credential, transaction) else {
                throw CRMError(.duplicate, "user \"\(username)\" has a password already")
            }
            let entry = IdentityEntry(
                .security, actor: nil, source: "console", method: "init",
                [("event", .text("password_set")), ("user", .user(user))])
            try transaction.append(entry.changeEntry)
            transaction.afterCommit { [self] in credentials.withLock { $0.credentials[user] = credential } }
        }
        return password
    }

    // MARK: Steps

    /// Looks at the caller's password once more and goes on, on a thread that hashes, if it is right.
    func reauthenticate<R: Sendable>(
        _ call: IdentityCall, password: String,
        _ completion: @escaping @Sendable (Result<R, CRMError>) -> Void,
        proceed: @escaping @Sendable (Credential) -> Void
    ) {
        let isAccepted = threads.submit { [self] in
            let now = clock.now
            switch credentials.withLock({ $0.beginAttempt(call.user, at: now, configuration.logins) }) {
            case .withoutCredential: refuse(call, .wrongCurrentPassword, completion)
            case .waiting(let seconds):
                let seconds = seconds ?? configuration.logins.longestWaitSeconds
                completion(.failure(.tooManyLogins(retryAfterSeconds: Int(seconds))))
            case .allowed(let credential):
                let isRight = (try? configuration.hashing.verify(password, credential.password))?.valid
                guard isRight == true else {
                    database.writer.submit(deadline: nil) { transaction throws(CRMError) in
                        try IdentityStore.addFailure(call.user, at: now, transaction)
                    } completion: { [self] _ in
                        refuse(call, .wrongCurrentPassword, completion)
                    }
                    return
                }
                credentials.withLock { $0.withdrawAttempt(call.user) }
                proceed(credential)
            }
        }
        if !isAccepted { completion(.failure(.tooManyLogins(retryAfterSeconds: 5))) }
    }

    private func hash<R: Sendable>(
        _ password: String, _ completion: @Sendable (Result<R, CRMError>) -> Void
    ) -> String? {
        do throws(CryptoError) {
            return try configuration.hashing.encode(password)
        } catch {
            completion(
                .failure(CRMError(.unavailable, "the password could not be hashed", detail: error.message)))
            return nil
        }
    }

    private struct Replacement: Sendable {
        let user: RecordID
        let credential: Credential
        /// The hash that must still be there; nil for whichever, or none.
        let replaced: String?
        /// The session that goes on.
        let keptSession: Int64?
        let entry: IdentityEntry
    }

    private func replacePassword(
        _ replacement: Replacement, _ completion: @escaping @Sendable (Result<Void, CRMError>) -> Void
    ) {
        let user = replacement.user
        database.writer.submit(
            deadline: nil,
            { [self] transaction throws(CRMError) in
                var credential = replacement.credential
                let isReplaced = try IdentityStore.setPassword(
                    user, credential, replacing: replacement.replaced, transaction)
                if !isReplaced {
                    guard replacement.replaced == nil,
                        try IdentityStore.addCredential(user, credential, transaction)
                    else { throw .wrongCurrentPassword }
                }
                credential.secondFactor = try IdentityStore.secondFactor(of: user, transaction)
                try IdentityStore.clearFailures(user, transaction)
                let ended = try IdentityStore.deleteSessions(
                    of: user, except: replacement.keptSession, transaction)
                try transaction.append(replacement.entry.changeEntry)
                transaction.afterCommit { [self, credential] in
                    credentials.withLock { table in
                        table.credentials[user] = credential
                        table.failures[user] = nil
                    }
                    access.withLock { table in
                        table.removeSessions(ended)
                        if let kept = replacement.keptSession { table.passwordWasChanged(session: kept) }
                    }
                }
            }, completion: completion)
    }
}
