import COpenSSL

/// How much work and memory one scrypt takes: memory is about 128 · 2^logN · r bytes, work grows with p as well.
package struct ScryptParameters: Hashable, Sendable {
    /// Logarithm to base 2 of the cost N.
    package let logN: Int
    /// Block size.
    package let r: Int
    /// Passes that could run in parallel.
    package let p: Int

    package init(logN: Int, r: Int, p: Int) {
        self.logN = logN
        self.r = r
        self.p = p
    }

    /// OWASP's recommendation with 32 MiB: N = 2^15, r = 8, p = 3 (Password Storage Cheat Sheet).
    package static let recommended = ScryptParameters(logN: 15, r: 8, p: 3)

    /// What OpenSSL counts against its limit: the table of N blocks with two of working space, and p blocks.
    private var memoryBytes: Int { 128 * r * ((1 << logN) + 2 + p) }

    /// What we are willing to compute, whoever stored the numbers: no encoded hash may exhaust the process.
    var isAcceptable: Bool {
        guard (1...20).contains(logN), (1...32).contains(r), (1...16).contains(p) else { return false }
        return memoryBytes <= Scrypt.memoryLimitBytes
    }
}

/// Password hashing by scrypt (RFC 7914), stored as `$scrypt$ln=15,r=8,p=3$salt$hash`, with salt and hash in
/// Base64 without padding.
///
/// One hash takes about a tenth of a second and 32 MiB on purpose: never call it on a thread that others wait for.
package enum Scrypt {
    /// What OpenSSL may allocate for one hash.
    package static let memoryLimitBytes = 64 << 20
    package static let saltByteCount = 16
    package static let hashByteCount = 32

    package struct Verification: Equatable, Sendable {
        package let valid: Bool
        /// The password is right but its stored hash is weaker than `recommended`: hash it again and store that.
        package let needsRehash: Bool

        package init(valid: Bool, needsRehash: Bool) {
            self.valid = valid
            self.needsRehash = needsRehash
        }
    }

    /// - Throws: `CryptoError` if the parameters are outside the limits or memory is short.
    package static func hash(
        password: [UInt8], salt: [UInt8], parameters: ScryptParameters = .recommended,
        byteCount: Int = hashByteCount
    ) throws(CryptoError) -> [UInt8] {
        guard parameters.isAcceptable, byteCount > 0 else {
            throw CryptoError(
                kind: .parameters,
                message: "scrypt parameters \(parameters.description) are outside the limits")
        }
        // An empty array may have no address, which EVP_PBE_scrypt(3) reads as "only check the parameters".
        let terminated = password + [0]
        var derived = [UInt8](repeating: 0, count: byteCount)
        let result = terminated.withUnsafeBytes { password in
            EVP_PBE_scrypt(
                password.baseAddress?.assumingMemoryBound(to: CChar.self), password.count - 1,
                salt, salt.count, UInt64(1) << parameters.logN, UInt64(parameters.r), UInt64(parameters.p),
                UInt64(memoryLimitBytes), &derived, derived.count)
        }
        guard result == 1 else { throw .library("password could not be hashed") }
        return derived
    }

    /// Hashes with a new random salt and encodes the result for storing.
    package static func encode(
        password: String, parameters: ScryptParameters = .recommended
    ) throws(CryptoError) -> String {
        let salt = SecureRandom.bytes(saltByteCount)
        let hash = try hash(password: Array(password.utf8), salt: salt, parameters: parameters)
        return EncodedScrypt(parameters: parameters, salt: salt, hash: hash).text
    }

    /// Whether `password` is the one that was encoded.
    ///
    /// - Throws: `CryptoError` of kind `.encoding` if `encoded` is no encoded hash, `.parameters` if its
    ///   parameters are beyond our limits.
    package static func verify(
        password: String, encoded: String
    ) throws(CryptoError) -> Verification {
        let stored = try EncodedScrypt(encoded)
        let computed = try hash(
            password: Array(password.utf8), salt: stored.salt, parameters: stored.parameters,
            byteCount: stored.hash.count)
        let valid = constantTimeEquals(computed, stored.hash)
        return Verification(valid: valid, needsRehash: valid && stored.isWeaker(than: .recommended))
    }
}

extension ScryptParameters: CustomStringConvertible {
    package var description: String { "ln=\(logN),r=\(r),p=\(p)" }

    /// - Returns: nil unless the text is `ln=…,r=…,p=…`, in that order.
    init?(_ text: Substring) {
        var numbers: [Int] = []
        for (part, name) in zip(
            text.split(separator: ",", omittingEmptySubsequences: false), ["ln", "r", "p"])
        {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, pair[0] == name, let number = Int(pair[1]) else { return nil }
            numbers.append(number)
        }
        guard numbers.count == 3, text.utf8.count(where: { $0 == UInt8(ascii: ",") }) == 2 else { return nil }
        self.init(logN: numbers[0], r: numbers[1], p: numbers[2])
    }
}

/// The parts of a stored hash.
private struct EncodedScrypt {
    let parameters: ScryptParameters
    let salt: [UInt8]
    let hash: [UInt8]

    init(parameters: ScryptParameters, salt: [UInt8], hash: [UInt8]) {
        self.parameters = parameters
        self.salt = salt
        self.hash = hash
    }

    init(_ text: String) throws(CryptoError) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt",
            let parameters = ScryptParameters(parts[2]),
            let salt = Base64.decodeUnpadded(String(parts[3])),
            let hash = Base64.decodeUnpadded(String(parts[4])), (16...64).contains(hash.count)
        else { throw CryptoError(kind: .encoding, message: "stored password hash is damaged") }
        self.init(parameters: parameters, salt: salt, hash: hash)
    }

    var text: String {
        "$scrypt$\(parameters)$\(Base64.encodeUnpadded(salt))$\(Base64.encodeUnpadded(hash))"
    }

    func isWeaker(than wanted: ScryptParameters) -> Bool {
        parameters.logN < wanted.logN || parameters.r < wanted.r || parameters.p < wanted.p
            || salt.count < Scrypt.saltByteCount || hash.count < Scrypt.hashByteCount
    }
}
