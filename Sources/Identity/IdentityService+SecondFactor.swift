package import CRMSDK
import Crypto
import Storage
import Synchronization

/// What an authenticator app is given to begin with.
package struct SecondFactorOffer: Sendable {
    /// In Base32 (RFC 4648 §6), for typing.
    package let secret: String
    /// `otpauth://totp/…`, for a square to scan.
    package let address: String
}

/// For whom log-ins need a second factor: those of them who have none set one up before anything else.
///
/// Holds for log-ins with a password. API keys, which no person types, and the administrators' socket, whose callers
/// the system vouches for, are not asked.
package struct SecondFactorPolicy: Hashable, Sendable {
    package var ofAdministrators = false
    package var ofEveryone = false
    /// By name: users whose role is exactly one of these.
    package var roles: Set<String> = []

    package init() {}

    /// - Parameter words: `administrators`, `everyone`, or the names of roles.
    package init(_ words: [String]) {
        for word in words {
            switch word {
            case "administrators": ofAdministrators = true
            case "everyone": ofEveryone = true
            default: roles.insert(word)
            }
        }
    }

    func asks(_ user: IdentityUser) -> Bool {
        ofEveryone || ofAdministrators && user.isAdministrator
            || !roles.isEmpty && user.roleName.map(roles.contains) ?? false
    }
}

package struct SecondFactorStatus: Hashable, Sendable {
    package let isInForce: Bool
    package let isRequired: Bool
    package let recoveryCodesLeft: Int
}

/// The second factor: begun with the password, in force once a first code was right, gone with the password or by
/// an administrator.
extension IdentityService {
    /// Whether the configuration asks for a second factor that the user has not put in force.
    func mustSetUpSecondFactor(_ user: IdentityUser) -> Bool {
        configuration.secondFactors.asks(user)
            && credentials.withLock { $0.credentials[user.id]?.secondFactor?.isConfirmed != true }
    }

    /// One's own, or as an administrator anyone's.
    package func secondFactorStatus(
        of id: RecordID, _ call: IdentityCall
    ) throws(CRMError) -> SecondFactorStatus {
        try checkMayManage(id, call)
        guard let user = user(id: id) else { throw .recordNotFound(id, entity: "user") }
        let factor = credentials.withLock { $0.credentials[id]?.secondFactor }
        let isInForce = factor?.isConfirmed == true
        return SecondFactorStatus(
            isInForce: isInForce, isRequired: configuration.secondFactors.asks(user),
            recoveryCodesLeft: isInForce ? factor?.recoveryDigests.count ?? 0 : 0)
    }

    /// Makes a secret and stores it, without asking for codes yet; beginning again replaces it.
    ///
    /// - Throws (by `completion`): `forbidden` for a wrong password; `duplicate` while a second factor is in force.
    package func beginSecondFactor(
        _ call: IdentityCall, password: String,
        completion: @escaping @Sendable (Result<SecondFactorOffer, CRMError>) -> Void
    ) {
        guard !call.isByKey else { return refuse(call, .notByKey, completion) }
        let secret = SecureRandom.bytes(TOTP.secretByteCount)
        let offer = SecondFactorOffer(
            secret: secret, issuer: configuration.issuer, call.session.user.username)
        reauthenticate(call, password: password, completion) { [self] _ in
            change(call, "second_factor_begun", completion) { old throws(CRMError) in
                guard old?.isConfirmed != true else {
                    throw CRMError(
                        .duplicate, "there is a second factor already",
                        hint: "Remove it before you set up another.")
                }
                let factor = SecondFactor(
                    secret: secret, isConfirmed: false, lastStep: nil, recoveryDigests: [])
                return (factor, offer)
            }
        }
    }

    /// Puts the second factor in force, by a first code.
    ///
    /// - Returns (by `completion`): recovery codes, each good for one log-in; never seen again.
    package func confirmSecondFactor(
        _ call: IdentityCall, code: String,
        completion: @escaping @Sendable (Result<[String], CRMError>) -> Void
    ) {
        guard !call.isByKey else { return refuse(call, .notByKey, completion) }
        let codes = (0..<RecoveryCode.count).map { _ in RecoveryCode.make() }
        let digests = codes.map { RecoveryCode.digest(RecoveryCode.normalized($0)) }
        let seconds = clock.wallSecondsSince1970
        change(call, "second_factor_confirmed", completion) { old throws(CRMError) in
            guard var factor = old, !factor.isConfirmed else {
                throw CRMError(
                    .notFound, "there is no second factor to confirm", hint: "Begin with a new one.")
            }
            guard let proof = factor.proof(by: code, secondsSince1970: seconds) else {
                throw CRMError(
                    .forbidden, "the code is wrong", hint: "Look whether the clock of your device is right.")
            }
            factor.spend(proof)
            factor.isConfirmed = true
            factor.recoveryDigests = digests
            return (factor, codes)
        }
    }

    /// Removes the caller's own second factor.
    package func removeSecondFactor(
        _ call: IdentityCall, password: String,
        completion: @escaping @Sendable (Result<Void, CRMError>) -> Void
    ) {
        guard !call.isByKey else { return refuse(call, .notByKey, completion) }
        reauthenticate(call, password: password, completion) { [self] _ in
            change(call, "second_factor_removed", completion) { _ in (nil, ()) }
        }
    }

    /// Removes somebody's second factor and ends all their sessions, as an administrator who has made sure who asks.
    package func resetSecondFactor(
        of user: RecordID, _ call: IdentityCall,
        completion: @escaping @Sendable (Result<Void, CRMError>) -> Void
    ) {
        guard call.isAdministrator else { return refuse(call, .notAnAdministrator, completion) }
        guard call.user != user || call.session.origin == .console else {
            return refuse(
                call, CRMError(.forbidden, "your own second factor can only be removed with your password"),
                completion)
        }
        guard self.user(id: user) != nil else {
            return completion(.failure(.recordNotFound(user, entity: "user")))
        }
        change(call, "second_factor_reset", of: user, endingSessions: true, completion) { _ in (nil, ()) }
    }

    private func change<R: Sendable>(
        _ call: IdentityCall, _ event: String, of user: RecordID? = nil, endingSessions: Bool = false,
        _ completion: @escaping @Sendable (Result<R, CRMError>) -> Void,
        _ decide: @escaping @Sendable (SecondFactor?) throws(CRMError) -> (SecondFactor?, R)
    ) {
        let user = user ?? call.user
        database.writer.submit(
            deadline: nil,
            { [self] transaction throws(CRMError) in
                let old = try IdentityStore.secondFactor(of: user, transaction)
                let (new, answer) = try decide(old)
                try IdentityStore.setSecondFactor(user, new, transaction)
                let ended =
                    endingSessions
                    ? try IdentityStore.deleteSessions(of: user, except: nil, transaction) : []
                let entry = IdentityEntry(
                    .security, by: call, [("event", .text(event)), ("user", .user(user))])
                try transaction.append(entry.changeEntry)
                transaction.afterCommit { [self] in
                    access.withLock { $0.removeSessions(ended) }
                    credentials.withLock { $0.credentials[user]?.secondFactor = new }
                }
                return answer
            }, completion: completion)
    }
}

extension SecondFactorOffer {
    /// The form that authenticator apps read (github.com/google/google-authenticator/wiki/Key-Uri-Format).
    fileprivate init(secret: [UInt8], issuer: String, _ username: String) {
        self.secret = Base32.encode(secret)
        let label = Self.escaped(issuer) + ":" + Self.escaped(username)
        address = "otpauth://totp/\(label)?secret=\(self.secret)&issuer=\(Self.escaped(issuer))"
    }

    /// Percent-encoded but for unreserved characters (RFC 3986 §2.3).
    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte -> String in
            switch byte {
            case 0x41...0x5A, 0x61...0x7A, 0x30...0x39, 0x2D, 0x2E, 0x5F, 0x7E:
                String(UnicodeScalar(byte))
            default: "%" + Hexadecimal.encode([byte]).uppercased()
            }
        }.joined()
    }
}
