package import CRMSDK
import Crypto
import Log
import Storage
import Synchronization

/// What somebody shows to log in.
package struct LoginRequest: Sendable {
    package let username: String
    package let password: String
    /// Of the second factor, or a recovery code.
    package let code: String?
    /// The address that the call came from.
    package let peer: String
    /// `api` or `console`.
    package let source: String

    package init(
        username: String, password: String, code: String? = nil, peer: String, source: String = "api"
    ) {
        self.username = username
        self.password = password
        self.code = code
        self.peer = peer
        self.source = source
    }
}

package struct LoginAnswer: Sendable {
    /// 43 characters of base64url; never seen again.
    package let token: String
    /// When the session ends however much it is used.
    package let expiresAt: Instant
    package let user: IdentityUser
    /// Until then only `Session.openMethods` may be called.
    package let mustChangePassword: Bool
    /// Until then only `Session.methodsForSetUp` may be called.
    package let mustSetUpSecondFactor: Bool
}

/// Logging in. Every refusal takes the same way: one hash, one unit of the writer, one answer; whether there is such
/// a user, whether they are active, and whether they have to wait cannot be told from outside (ASVS 5.0 6.3.8).
extension IdentityService {
    /// - Throws (by `completion`): `unauthenticated`, with one text for every reason; `tooManyRequests` when the
    ///   address has sent too many wrong passwords or too many log-ins wait; `unavailable`.
    package func login(
        _ request: LoginRequest, completion: @escaping @Sendable (Result<LoginAnswer, CRMError>) -> Void
    ) {
        if let error = refusalOfAddress(request.peer) { return completion(.failure(error)) }
        let isAccepted = threads.submit { [self] in
            // Others of the same address may have failed while this one waited.
            if let error = refusalOfAddress(request.peer) { return completion(.failure(error)) }
            judge(request, completion)
        }
        if !isAccepted { completion(.failure(.tooManyLogins(retryAfterSeconds: 5))) }
    }

    private func refusalOfAddress(_ peer: String) -> CRMError? {
        guard let address = IPAddress(peer: peer)?.networkOfOneSubscriber else { return nil }
        let now = clock.now
        let wait = credentials.withLock { $0.addresses.retryAfterSeconds(address, at: now) }
        return wait.map { .tooManyLogins(retryAfterSeconds: $0) }
    }

    /// Why a log-in was refused: for the change log alone.
    private enum Refusal: String {
        case unknownUser = "unknown_user"
        case inactiveUser = "inactive_user"
        case noPassword = "no_password"
        case waiting
        case wrongPassword = "wrong_password"
        case wrongCode = "wrong_code"
        case missingCode = "missing_code"
        /// The password was changed, or the code used, between look and store.
        case overtaken

        /// Whether the attempt counts against the user.
        var isCounted: Bool { self == .wrongPassword || self == .wrongCode || self == .missingCode }
    }

    private enum Candidate {
        case known(IdentityUser, Credential)
        case refused(IdentityUser?, Refusal)
    }

    private func candidate(_ request: LoginRequest) -> Candidate {
        guard request.password.utf8.count <= configuration.passwords.maximumLength * 4,
            let user = user(named: request.username)
        else { return .refused(nil, .unknownUser) }
        guard user.isActive else { return .refused(user, .inactiveUser) }
        let now = clock.now
        switch credentials.withLock({ $0.beginAttempt(user.id, at: now, configuration.logins) }) {
        case .allowed(let credential): return .known(user, credential)
        case .waiting: return .refused(user, .waiting)
        case .withoutCredential: return .refused(user, .noPassword)
        }
    }

    /// On a thread that hashes.
    private func judge(
        _ request: LoginRequest, _ completion: @escaping @Sendable (Result<LoginAnswer, CRMError>) -> Void
    ) {
        do throws(CryptoError) {
            switch candidate(request) {
            case .refused(let user, let refusal):
                _ = try configuration.hashing.verify("", configuration.hashing.dummy)
                refuse(request, user, refusal, completion)
            case .known(let user, let credential):
                let verification = try configuration.hashing.verify(request.password, credential.password)
                guard verification.valid else { return refuse(request, user, .wrongPassword, completion) }
                let renewed =
                    verification.needsRehash ? try configuration.hashing.encode(request.password) : nil
                accept(request, user, credential, renewed: renewed, completion)
            }
        } catch {
            log.error("a password could not be checked", ["cause": error.message])
            completion(
                .failure(CRMError(.unavailable, "the password could not be checked", hint: "Try again.")))
        }
    }

    private func refuse(
        _ request: LoginRequest, _ user: IdentityUser?, _ refusal: Refusal,
        _ completion: @escaping @Sendable (Result<LoginAnswer, CRMError>) -> Void
    ) {
        let now = clock.now
        if let address = IPAddress(peer: request.peer)?.networkOfOneSubscriber {
            credentials.withLock { $0.addresses.recordFailure(address, at: now) }
        }
        var entry = IdentityEntry(
            .loginFailed, actor: nil, source: request.source, method: "auth.login",
            [("reason", .text(refusal.rawValue)), ("address", .text(request.peer))])
        if let user { entry.facts.append(("user", .user(user.id))) }
        let finished = entry
        database.writer.submit(deadline: nil) { transaction throws(CRMError) in
            if let user, refusal.isCounted { try IdentityStore.addFailure(user.id, at: now, transaction) }
            try transaction.append(finished.changeEntry)
        } completion: { [log] result in
            if case .failure(let error) = result {
                log.error("a refused log-in could not be recorded", ["cause": error.detail ?? error.message])
            }
            completion(.failure(.badLogin))
        }
    }

    /// The password was right.
    private func accept(
        _ request: LoginRequest, _ user: IdentityUser, _ credential: Credential, renewed: String?,
        _ completion: @escaping @Sendable (Result<LoginAnswer, CRMError>) -> Void
    ) {
        var proof: SecondFactor.Proof?
        if let factor = credential.secondFactor, factor.isConfirmed {
            // The same answer, and counted alike: a password that was guessed is not confirmed to the guesser.
            guard let code = request.code else { return refuse(request, user, .missingCode, completion) }
            proof = factor.proof(by: code, secondsSince1970: clock.wallSecondsSince1970)
            guard proof != nil else { return refuse(request, user, .wrongCode, completion) }
        }
        // Not only once it is stored: many right log-ins at once must not look like many wrong ones.
        credentials.withLock { $0.withdrawAttempt(user.id) }
        openSession(
            request, user, Accepted(credential: credential, renewed: renewed, proof: proof), completion)
    }

    /// What was proved, to be found unchanged when the session is stored.
    private struct Accepted: Sendable {
        var credential: Credential
        /// The password hashed anew, where the stored hash was weaker than is asked for now.
        let renewed: String?
        let proof: SecondFactor.Proof?
    }

    private func openSession(
        _ request: LoginRequest, _ user: IdentityUser, _ accepted: Accepted,
        _ completion: @escaping @Sendable (Result<LoginAnswer, CRMError>) -> Void
    ) {
        let token = BearerToken.makeSession()
        let digest = BearerToken.digest(token)
        let now = clock.now
        let expiresAt = now.adding(seconds: configuration.sessions.absoluteSeconds)
        let mustChange = accepted.credential.mustChangePassword
        database.writer.submit(deadline: nil) { [self] transaction throws(CRMError) in
            let credential = try confirm(accepted, user.id, transaction)
            try IdentityStore.clearFailures(user.id, transaction)
            let id = try IdentityStore.addSession(
                user.id, digest: digest, createdAt: now, expiresAt: expiresAt, peer: request.peer, transaction
            )
            let dropped = try IdentityStore.dropOldestSessions(
                of: user.id, keeping: configuration.sessions.sessionsPerUser, transaction)
            let entry = IdentityEntry(
                .login, actor: user.id, source: request.source, method: "auth.login",
                [("session", .integer(id)), ("address", .text(request.peer))])
            try transaction.append(entry.changeEntry)
            let session = LiveSession(
                id: id, user: user.id, createdAt: now, expiresAt: expiresAt, address: request.peer,
                mustChangePassword: mustChange, lastSeenAt: now, storedLastSeenAt: now)
            transaction.afterCommit { [self] in
                access.withLock { table in
                    table.add(session, digest: digest)
                    table.removeSessions(dropped)
                }
                credentials.withLock { table in
                    table.credentials[user.id] = credential
                    table.failures[user.id] = nil
                }
            }
        } completion: { [self] result in
            switch result {
            case .success:
                let answer = LoginAnswer(
                    token: token, expiresAt: expiresAt, user: user, mustChangePassword: mustChange,
                    mustSetUpSecondFactor: mustSetUpSecondFactor(user))
                completion(.success(answer))
            case .failure(let error) where error.kind == .unauthenticated:
                refuse(request, user, .overtaken, completion)
            case .failure(let error): completion(.failure(error))
            }
        }
    }

    /// In the unit: that the password was not changed and the code not used since they were looked at; stores what
    /// the log-in makes of the credential.
    private func confirm(
        _ accepted: Accepted, _ user: RecordID, _ transaction: WriteTransaction
    ) throws(CRMError) -> Credential {
        var credential = accepted.credential
        guard try IdentityStore.passwordHash(of: user, transaction) == credential.password else {
            throw .badLogin
        }
        credential.secondFactor = try IdentityStore.secondFactor(of: user, transaction)
        if let proof = accepted.proof {
            guard var factor = credential.secondFactor, factor.canSpend(proof) else { throw .badLogin }
            factor.spend(proof)
            try IdentityStore.setSecondFactor(user, factor, transaction)
            credential.secondFactor = factor
        }
        if let renewed = accepted.renewed {
            credential.password = renewed
            try IdentityStore.renewHash(user, renewed, transaction)
        }
        return credential
    }
}
