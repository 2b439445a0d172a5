import Glibc

/// A block of IP addresses, `192.0.2.0/24` or `2001:db8::/32` (RFC 4632, RFC 4291); a bare address is a block of one.
///
/// IPv4 is kept in its IPv6-mapped form (`::ffff:0:0/96`), so that a peer that a dual-stack socket reports as
/// `::ffff:192.0.2.7` is in `192.0.2.0/24`.
package struct AddressRange: Hashable, Sendable, CustomStringConvertible {
    private let first: UInt128
    /// 0…128, counted in the IPv6 form.
    private let prefixLength: Int
    /// As the range was written.
    package let description: String

    /// Nil unless the text is an address, or an address and a prefix length, without bits beyond the prefix.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(exactly: parts[0]) else { return nil }
        var length = 128
        if parts.count == 2 {
            let bits = address.isIPv4 ? 32 : 128
            guard let written = Int(parts[1]), String(written) == parts[1], (0...bits).contains(written)
            else {
                return nil
            }
            length = 128 - bits + written
        }
        guard address.number & ~Self.mask(length) == 0 else { return nil }
        first = address.number
        prefixLength = length
        description = text
    }

    package func contains(_ address: IPAddress) -> Bool {
        address.number & Self.mask(prefixLength) == first
    }

    private static func mask(_ length: Int) -> UInt128 {
        length == 0 ? 0 : UInt128.max << UInt128(128 - length)
    }
}

/// An IP address of either family, as the number that its IPv6 form is.
package struct IPAddress: Hashable, Sendable {
    let number: UInt128
    let isIPv4: Bool

    /// Reads an address as a socket reports it: a port (`192.0.2.7:443`, `[::1]:443`) and a zone are cut off.
    ///
    /// Nil for anything else, such as the name of a local socket.
    package init?(peer text: String) {
        guard text.utf8.count <= 64 else { return nil }
        var host = Substring(text)
        if host.first == "[" {
            guard let end = host.firstIndex(of: "]") else { return nil }
            host = host.dropFirst().prefix(upTo: end)
        } else if host.contains("."), let colon = host.lastIndex(of: ":"), host.firstIndex(of: ":") == colon {
            host = host[..<colon]
        }
        if let zone = host.firstIndex(of: "%") { host = host[..<zone] }
        self.init(exactly: host)
    }

    /// Nil unless the text is an IPv4 or IPv6 address and nothing else.
    init?(exactly text: Substring) {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET6, String(text), &bytes) == 1 {
            number = bytes.reduce(0) { $0 << 8 | UInt128($1) }
        } else if inet_pton(AF_INET, String(text), &bytes) == 1 {
            number = bytes.prefix(4).reduce(0xFFFF) { $0 << 8 | UInt128($1) }
        } else {
            return nil
        }
        isIPv4 = number >> 32 == 0xFFFF
    }

    /// Whom to count an attempt against: the address, or of IPv6 the /64, all of which one subscriber has.
    package var networkOfOneSubscriber: UInt128 { isIPv4 ? number : (number >> 64) << 64 }
}
