import Crypto
import Testing

@Suite("SHA-256 and HMAC")
struct HashTests {
    @Test(
        "the published vectors (FIPS 180-4 examples, NIST CAVP)",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func sha256(_ message: String, _ hex: String) {
        #expect(SHA256.hash(Array(message.utf8)).hex == hex)
    }

    @Test("a million times the letter a, in pieces of every length up to 200")
    func incremental() {
        let expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        var hash = SHA256()
        var left = 1_000_000
        var piece = 0
        while left > 0 {
            piece = min(piece % 200 + 1, left)
            hash.update([UInt8](repeating: UInt8(ascii: "a"), count: piece))
            left -= piece
        }
        #expect(hash.finalize().hex == expected)
    }

    @Test("hashing two parts is hashing what they make together")
    func twoParts() {
        let message = Array("salt and payload".utf8)
        for split in 0...message.count {
            let digest = SHA256.hash(Array(message[..<split]), Array(message[split...]))
            #expect(digest == SHA256.hash(message))
        }
    }

    @Test("threads do not disturb each other's hashes")
    func concurrent() async {
        await withTaskGroup(of: Bool.self) { group in
            for task in 0..<8 {
                group.addTask {
                    let message = [UInt8](repeating: UInt8(task), count: 200 + task)
                    var other = SHA256()
                    other.update(message)
                    let expected = other.finalize()
                    return (0..<500).allSatisfy { _ in SHA256.hash(message) == expected }
                }
            }
            for await same in group { #expect(same) }
        }
    }

    @Test("a digest comes back from its bytes and its hex; other lengths are refused")
    func digestForms() {
        let digest = SHA256.hash([1, 2, 3])
        #expect(SHA256Digest(bytes: digest.bytes) == digest)
        #expect(SHA256Digest(hex: digest.hex) == digest)
        #expect(SHA256Digest(bytes: digest.bytes.dropLast()) == nil)
        #expect(SHA256Digest(bytes: digest.bytes + [0]) == nil)
        #expect(SHA256Digest(hex: String(digest.hex.dropLast())) == nil)
        #expect(SHA256Digest(hex: String(digest.hex.dropLast()) + "g") == nil)
    }

    @Test(
        "the published HMAC vectors (RFC 4231, cases 1, 2, 3, 6, 7)",
        arguments: [
            (
                String(repeating: "0b", count: 20), "4869205468657265",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                String(repeating: "aa", count: 20), String(repeating: "dd", count: 50),
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
            ),
            (
                String(repeating: "aa", count: 131),
                "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579204669727374",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
        ])
    func hmac(_ key: String, _ message: String, _ expected: String) throws {
        let key = try #require(Hexadecimal.decode(key))
        let message = try #require(Hexadecimal.decode(message))
        let code = HMACSHA256.authenticate(message: message, key: key)
        #expect(code.hex == expected)
        #expect(HMACSHA256.isValid(code.bytes, for: message, key: key))
        #expect(!HMACSHA256.isValid(code.bytes, for: message + [0], key: key))
        #expect(!HMACSHA256.isValid(code.bytes.dropLast(), for: message, key: key))
    }

    @Test("an empty key and an empty message are a key and a message")
    func emptyHMAC() {
        let code = HMACSHA256.authenticate(message: [], key: [])
        #expect(code.hex == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }

    @Test("bytes are compared as a whole")
    func comparison() {
        #expect(constantTimeEquals([], []))
        #expect(constantTimeEquals([1, 2, 3], [1, 2, 3]))
        #expect(!constantTimeEquals([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEquals([1, 2, 3], [1, 2]))
        #expect(!constantTimeEquals([], [0]))
    }

    @Test("random bytes have the length asked for and do not repeat")
    func random() {
        #expect(SecureRandom.bytes(0).isEmpty)
        #expect(SecureRandom.bytes(33).count == 33)
        #expect(SecureRandom.bytes(16) != SecureRandom.bytes(16))
        #expect(SecureRandom.password(length: 24).count == 24)
        #expect(SecureRandom.password(length: 24) != SecureRandom.password(length: 24))
    }
}
