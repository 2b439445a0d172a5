import Testing

@testable import Wire

@Suite("Frames about forms")
struct FormFrameTests {
    private static func call(bodyBytes: Int = 7) -> FormCall {
        var call = FormCall(target: "abc?text=a%20b", isSent: true)
        call.origin = "https://www.example.com"
        call.referer = "https://www.example.com/contact?a=b"
        call.host = "crm.example.com"
        call.body = [UInt8](repeating: 0x61, count: bodyBytes)
        return call
    }

    @Test("a call about a form comes back as it was")
    func call() throws {
        #expect(try FormCall(decoding: Self.call().encode()) == Self.call())
        let asked = FormCall(target: "abc", isSent: false)
        #expect(try FormCall(decoding: asked.encode()) == asked)
    }

    @Test("every cut of what stands before the body is refused, and flags that are unknown")
    func cut() {
        let bytes = Self.call(bodyBytes: 0).encode()
        for count in bytes.indices {
            #expect(throws: WireError.self) { try FormCall(decoding: Array(bytes[..<count])) }
        }
        #expect(throws: WireError.self) { try FormCall(decoding: [2] + bytes.dropFirst()) }
    }

    @Test("a body of the maximum is taken, a byte more is refused")
    func maximum() throws {
        let most = Self.call(bodyBytes: FormCall.maximumBodyBytes)
        #expect(try FormCall(decoding: most.encode()) == most)
        let more = Self.call(bodyBytes: FormCall.maximumBodyBytes + 1).encode()
        #expect(throws: WireError.self) { try FormCall(decoding: more) }
    }

    struct Address: Sendable {
        let location: String
        let leadsTo: String
        let isTaken: Bool

        init(_ location: String, _ leadsTo: String, isTaken: Bool) {
            self.location = location
            self.leadsTo = leadsTo
            self.isTaken = isTaken
        }
    }

    @Test(
        "a page whose addresses could end a line of the head, or open its policy, is refused",
        arguments: [
            Address("", "", isTaken: true),
            Address("https://example.com/thanks?a=b;c", "https://example.com:8443", isTaken: true),
            Address("https://example.com/\r\nSet-Cookie: a=b", "", isTaken: false),
            Address("https://example.com/ü", "", isTaken: false),
            Address("https://example.com/a b", "", isTaken: false),
            Address("https://example.com\\@evil.example", "", isTaken: false),
            Address("http://example.com/", "", isTaken: false), Address("/local", "", isTaken: false),
            Address("javascript:alert(1)", "", isTaken: false),
            Address("https://" + String(repeating: "a", count: 2_041), "", isTaken: false),
            Address("", "https://example.com; script-src *", isTaken: false),
            Address("", "https://example.com;script-src", isTaken: false),
            Address("", "https://*", isTaken: false), Address("", "*", isTaken: false),
            Address("", "https://example.com/", isTaken: false),
        ])
    func page(_ address: Address) throws {
        let head = PageHead(location: address.location, leadsTo: address.leadsTo)
        let bytes = head.encode("<p>é</p>")
        guard address.isTaken else {
            #expect(throws: WireError.self) { try PageHead.split(bytes[...]) }
            return
        }
        let read = try PageHead.split(bytes[...])
        #expect(read.head == head)
        #expect(read.html == Array("<p>é</p>".utf8))
    }
}
