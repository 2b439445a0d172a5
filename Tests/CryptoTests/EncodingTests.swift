import Crypto
import Testing

@Suite("Base64 and hexadecimal")
struct EncodingTests {
    @Test(
        "the published vectors (RFC 4648 §10)",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func vectors(_ plain: String, _ encoded: String) {
        let bytes = Array(plain.utf8)
        let bare = encoded.filter { $0 != "=" }
        #expect(Base64.encode(bytes) == encoded)
        #expect(Base64.decode(encoded) == bytes)
        #expect(Base64.encodeUnpadded(bytes) == bare)
        #expect(Base64.decodeUnpadded(bare) == bytes)
        #expect(Base64URL.encode(bytes) == bare)
        #expect(Base64URL.decode(bare) == bytes)
    }

    @Test("the two alphabets differ in their last characters")
    func alphabets() {
        let bytes: [UInt8] = [0xFB, 0xEF, 0xFF]
        #expect(Base64.encode(bytes) == "++//")
        #expect(Base64URL.encode(bytes) == "--__")
        #expect(Base64.decode("--__") == nil)
        #expect(Base64URL.decode("++//") == nil)
    }

    @Test(
        "what no encoder writes is refused",
        arguments: [
            "Z", "Zg", "Zg=", "Zg===", "=", "====", "Zh==", "Zm9=", "Zm 9v", "Zm9v\n", "Zm=v", "Zm9vé",
        ])
    func refusals(_ text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test("stray bits and padding are refused in the URL form", arguments: ["Z", "Zh", "Zm9", "Zg=="])
    func urlRefusals(_ text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test("every length and byte comes back")
    func roundTrip() {
        for length in 0..<70 {
            let bytes = SecureRandom.bytes(length)
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
            #expect(Hexadecimal.decode(Hexadecimal.encode(bytes)) == bytes)
        }
        let all = (0...255).map { UInt8($0) }
        #expect(Base64URL.decode(Base64URL.encode(all)) == all)
    }

    @Test("hexadecimal takes both cases and refuses the rest")
    func hexadecimal() {
        #expect(Hexadecimal.encode([0, 15, 255]) == "000fff")
        #expect(Hexadecimal.decode("00fFAb") == [0, 255, 171])
        #expect(Hexadecimal.decode("0") == nil)
        #expect(Hexadecimal.decode("0g") == nil)
        #expect(Hexadecimal.decode("é") == nil)
    }

    @Test(
        "the published Base32 vectors, without padding (RFC 4648 §10)",
        arguments: [
            ("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ])
    func base32(_ plain: String, _ encoded: String) {
        #expect(Base32.encode(Array(plain.utf8)) == encoded)
        #expect(Base32.decode(encoded) == Array(plain.utf8))
    }

    @Test("what no Base32 encoder writes is refused", arguments: ["M", "MZX", "MZ", "my", "M1", "MY======"])
    func base32Refusals(_ text: String) {
        #expect(Base32.decode(text) == nil)
    }
}
