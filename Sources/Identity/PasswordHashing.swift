package import Crypto

/// How passwords are hashed; tests have a cheap one that counts.
package struct PasswordHashing: Sendable {
    let encode: @Sendable (_ password: String) throws(CryptoError) -> String
    let verify: @Sendable (_ password: String, _ encoded: String) throws(CryptoError) -> Scrypt.Verification
    /// A well-formed hash of no password, as dear to verify as a real one: what is verified in place of the
    /// password of somebody who has none.
    let dummy: String

    package init(
        encode: @escaping @Sendable (_ password: String) throws(CryptoError) -> String,
        verify:
            @escaping @Sendable (_ password: String, _ encoded: String) throws(CryptoError)
            -> Scrypt.Verification,
        dummy: String
    ) {
        self.encode = encode
        self.verify = verify
        self.dummy = dummy
    }

    package static let scrypt = PasswordHashing(
        encode: { password throws(CryptoError) in try Scrypt.encode(password: password) },
        verify: { password, encoded throws(CryptoError) in
            try Scrypt.verify(password: password, encoded: encoded)
        },
        dummy: "$scrypt$\(ScryptParameters.recommended)"
            + "$\(Base64.encodeUnpadded(SecureRandom.bytes(Scrypt.saltByteCount)))"
            + "$\(Base64.encodeUnpadded(SecureRandom.bytes(Scrypt.hashByteCount)))")
}
