import CRMSDK
import Crypto

/// What a user proves their identity with, as stored. Kept in memory too, so that a log-in reads no storage and
/// takes equally long whether there is such a user.
struct Credential: Sendable {
    /// scrypt, encoded with its salt and parameters.
    var password: String
    var mustChangePassword: Bool
    var secondFactor: SecondFactor?
}

/// Codes from an app (RFC 6238) and, for when the telephone is lost, recovery codes that each work once.
///
/// The secret is stored as it is: encrypting it under a key that lies beside it would keep nobody out.
struct SecondFactor: Sendable {
    var secret: [UInt8]
    /// Asked for only once the user has shown that their app counts alike.
    var isConfirmed: Bool
    /// The last step whose code was used; that and earlier ones no longer work.
    var lastStep: UInt64?
    /// SHA-256 of each recovery code left; the codes have 80 bits of chance, so that no salt is needed.
    var recoveryDigests: [SHA256Digest]

    /// What a code proves.
    enum Proof: Hashable, Sendable {
        case step(UInt64)
        case recovery(SHA256Digest)
    }

    /// Nil if the code is wrong, or was used before.
    func proof(by code: String, secondsSince1970: Int64) -> Proof? {
        let code = RecoveryCode.normalized(code)
        if let step = TOTP.verify(code, secret: secret, secondsSince1970: secondsSince1970, after: lastStep) {
            return .step(step)
        }
        let digest = RecoveryCode.digest(code)
        return recoveryDigests.contains(digest) ? .recovery(digest) : nil
    }

    /// Whether nobody else has used the code meanwhile.
    func canSpend(_ proof: Proof) -> Bool {
        switch proof {
        case .step(let step): lastStep.map { step > $0 } ?? true
        case .recovery(let digest): recoveryDigests.contains(digest)
        }
    }

    /// What is left once `proof` was used.
    mutating func spend(_ proof: Proof) {
        switch proof {
        case .step(let step): lastStep = max(lastStep ?? step, step)
        case .recovery(let digest): recoveryDigests.removeAll { $0 == digest }
        }
    }
}

/// `k7mq-x2va-…`: sixteen characters of five bits, in fours, for paper.
enum RecoveryCode {
    static let count = 10
    static let length = 16

    static func make() -> String { ReadableSecret.make(groups: 4, of: 4) }

    /// Without what people add or leave out when they copy a code.
    static func normalized(_ code: String) -> String {
        String(code.lowercased().unicodeScalars.filter { $0 != "-" && $0 != " " }.map(Character.init))
    }

    static func digest(_ normalized: String) -> SHA256Digest { SHA256.hash(Array(normalized.utf8)) }
}

/// Random text for people to read and type: five bits a character, in groups with hyphens between.
enum ReadableSecret {
    static func make(groups: Int, of length: Int) -> String {
        (0..<groups).map { _ in SecureRandom.password(length: length) }.joined(separator: "-")
    }

    /// A password of 100 bits.
    static func password() -> String { make(groups: 4, of: 5) }
}
