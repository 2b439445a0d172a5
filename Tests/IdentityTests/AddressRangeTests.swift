import Testing

@testable import Identity

@Suite("Address ranges: where a key may be used from")
struct AddressRangeTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let range: String, peer: String, isInside: Bool
        var testDescription: String { "\(peer) is \(isInside ? "in" : "outside") \(range)" }
    }

    @Test(
        "a range holds exactly the addresses of its block",
        arguments: [
            Case(range: "192.0.2.0/24", peer: "192.0.2.0", isInside: true),
            Case(range: "192.0.2.0/24", peer: "192.0.2.255", isInside: true),
            Case(range: "192.0.2.0/24", peer: "192.0.3.0", isInside: false),
            Case(range: "192.0.2.0/24", peer: "192.0.1.255", isInside: false),
            Case(range: "192.0.2.0/24", peer: "192.0.2.9:50123", isInside: true),
            Case(range: "192.0.2.0/24", peer: "::ffff:192.0.2.9", isInside: true),
            Case(range: "192.0.2.7", peer: "192.0.2.7", isInside: true),
            Case(range: "192.0.2.7", peer: "192.0.2.8", isInside: false),
            Case(range: "192.0.2.6/31", peer: "192.0.2.7", isInside: true),
            Case(range: "192.0.2.6/31", peer: "192.0.2.8", isInside: false),
            Case(range: "0.0.0.0/0", peer: "255.255.255.255", isInside: true),
            Case(range: "0.0.0.0/0", peer: "2001:db8::1", isInside: false),
            Case(range: "::/0", peer: "2001:db8::1", isInside: true),
            Case(range: "2001:db8::/32", peer: "2001:db8:ffff::1", isInside: true),
            Case(range: "2001:db8::/32", peer: "2001:db9::", isInside: false),
            Case(range: "2001:db8::/127", peer: "[2001:db8::1]:443", isInside: true),
            Case(range: "2001:db8::/127", peer: "2001:db8::2", isInside: false),
            Case(range: "fe80::/10", peer: "fe80::1%eth0", isInside: true),
        ])
    func contains(_ item: Case) throws {
        let range = try #require(AddressRange(item.range))
        let peer = try #require(IPAddress(peer: item.peer))
        #expect(range.contains(peer) == item.isInside)
    }

    @Test(
        "what is no block is refused",
        arguments: [
            "", "/", "192.0.2.1/24", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/+24", "192.0.2.0/024",
            "192.0.2/24",
            "192.0.2.0/", "2001:db8::1/64", "::/129", "example.org", "192.0.2.0:80", "[::1]", "::1%lo",
            "192.0.2.0/24/24", " 192.0.2.1",
        ])
    func refused(text: String) { #expect(AddressRange(text) == nil) }

    @Test("one subscriber's IPv6 addresses count together, IPv4 addresses alone")
    func subscriber() throws {
        func network(_ text: String) throws -> UInt128 {
            try #require(IPAddress(peer: text)).networkOfOneSubscriber
        }
        #expect(try network("2001:db8:1:2::1") == network("2001:db8:1:2:ffff::9"))
        #expect(try network("2001:db8:1:2::1") != network("2001:db8:1:3::1"))
        #expect(try network("192.0.2.1") != network("192.0.2.2"))
        #expect(try network("192.0.2.1") == network("::ffff:192.0.2.1"))
    }
}
