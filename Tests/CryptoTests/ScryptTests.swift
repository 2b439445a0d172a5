import Crypto
import Testing

@Suite("Password hashes")
struct ScryptTests {
    /// Cheap enough for tests; production uses `.recommended`.
    private static let quick = ScryptParameters(logN: 4, r: 8, p: 1)

    @Test(
        "the published vectors (RFC 7914 §12)",
        arguments: [
            (
                "", "", ScryptParameters(logN: 4, r: 1, p: 1),
                "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
                    + "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
            ),
            (
                "password", "NaCl", ScryptParameters(logN: 10, r: 8, p: 16),
                "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
                    + "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
            ),
            (
                "pleaseletmein", "SodiumChloride", ScryptParameters(logN: 14, r: 8, p: 1),
                "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                    + "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
            ),
        ])
    func vectors(_ password: String, _ salt: String, _ parameters: ScryptParameters, _ hex: String) throws {
        let hash = try Scrypt.hash(
            password: Array(password.utf8), salt: Array(salt.utf8), parameters: parameters, byteCount: 64)
        #expect(Hexadecimal.encode(hash) == hex)
    }

    @Test(
        "the right password verifies, others do not", arguments: ["", "a", "pass\u{0}word", "пароль", "p@ss"])
    func verification(_ password: String) throws {
        let encoded = try Scrypt.encode(password: password, parameters: ScryptTests.quick)
        #expect(encoded.hasPrefix("$scrypt$ln=4,r=8,p=1$"))
        #expect(try Scrypt.verify(password: password, encoded: encoded).valid)
        #expect(try !Scrypt.verify(password: password + "x", encoded: encoded).valid)
        #expect(try Scrypt.encode(password: password, parameters: ScryptTests.quick) != encoded)
    }

    @Test("only a right password over a weaker hash asks to be hashed again")
    func rehash() throws {
        let weak = try Scrypt.encode(password: "p", parameters: ScryptTests.quick)
        #expect(try Scrypt.verify(password: "p", encoded: weak) == .init(valid: true, needsRehash: true))
        #expect(try Scrypt.verify(password: "q", encoded: weak) == .init(valid: false, needsRehash: false))
        let strong = try Scrypt.encode(password: "p")
        #expect(strong.hasPrefix("$scrypt$ln=15,r=8,p=3$"))
        #expect(try Scrypt.verify(password: "p", encoded: strong) == .init(valid: true, needsRehash: false))
    }

    @Test(
        "a damaged hash is an error, not a wrong password",
        arguments: [
            "", "plain", "$scrypt$", "$scrypt$ln=4,r=8,p=1$AAAA", "$bcrypt$ln=4,r=8,p=1$AAAA$" + hash,
            "$scrypt$ln=4,r=8$AAAA$" + hash, "$scrypt$r=8,ln=4,p=1$AAAA$" + hash,
            "$scrypt$ln=4,r=8,p=1,x=1$AAAA$" + hash, "$scrypt$ln=x,r=8,p=1$AAAA$" + hash,
            "$scrypt$ln=4,r=8,p=1$AA=A$" + hash, "$scrypt$ln=4,r=8,p=1$AAAA$AAAA",
            "$scrypt$ln=4,r=8,p=1$AAAA$" + hash + "$",
        ])
    func damaged(_ encoded: String) {
        #expect { try Scrypt.verify(password: "p", encoded: encoded) } throws: { error in
            (error as? CryptoError)?.kind == .encoding
        }
    }

    private static let hash = String(repeating: "A", count: 43)

    @Test(
        "parameters that would exhaust the process are refused",
        arguments: [
            "ln=0,r=8,p=1", "ln=-1,r=8,p=1", "ln=21,r=1,p=1", "ln=16,r=8,p=1", "ln=15,r=16,p=1",
            "ln=4,r=0,p=1",
            "ln=4,r=33,p=1", "ln=4,r=8,p=0", "ln=4,r=8,p=17", "ln=9223372036854775807,r=1,p=1",
        ])
    func excessive(_ parameters: String) {
        #expect {
            try Scrypt.verify(password: "p", encoded: "$scrypt$\(parameters)$AAAA$\(ScryptTests.hash)")
        } throws: {
            ($0 as? CryptoError)?.kind == .parameters
        }
    }
}

@Suite("One-time passwords")
struct OneTimePasswordTests {
    private static let secret = Array("12345678901234567890".utf8)

    @Test("the published counter vectors (RFC 4226, appendix D)")
    func counterVectors() {
        let expected = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
            "520489",
        ]
        #expect((0..<10).map { HOTP.code(secret: OneTimePasswordTests.secret, counter: $0) } == expected)
    }

    @Test(
        "the published time vectors (RFC 6238, appendix B, SHA-1)",
        arguments: [
            (59, "94287082"), (1_111_111_109, "07081804"), (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"), (20_000_000_000, "65353130"),
        ] as [(Int64, String)])
    func timeVectors(_ seconds: Int64, _ code: String) {
        let secret = OneTimePasswordTests.secret
        #expect(TOTP.code(secret: secret, secondsSince1970: seconds, digits: 8) == code)
        #expect(TOTP.verify(code, secret: secret, secondsSince1970: seconds) == UInt64(seconds / 30))
    }

    @Test("a code is good for its step and one to each side, and once")
    func window() {
        let secret = OneTimePasswordTests.secret
        let code = TOTP.code(secret: secret, secondsSince1970: 3_000)
        for (seconds, step) in [(2_969, nil), (2_970, 100), (3_000, 100), (3_059, 100), (3_060, nil)]
            as [(Int64, UInt64?)]
        {
            #expect(TOTP.verify(code, secret: secret, secondsSince1970: seconds) == step)
        }
        #expect(TOTP.verify(code, secret: secret, secondsSince1970: 3_000, after: 99) == 100)
        #expect(TOTP.verify(code, secret: secret, secondsSince1970: 3_000, after: 100) == nil)
    }

    @Test("what is no code is refused", arguments: ["", "1", "12345", "123456789", "abcdef", "      "])
    func noCode(_ text: String) {
        #expect(TOTP.verify(text, secret: OneTimePasswordTests.secret, secondsSince1970: 3_000) == nil)
    }
}
