import Glibc

/// An IP address and port. IPv4 is kept as an IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2), so that both compare alike.
package struct SocketAddress: Equatable, Sendable {
    /// 16 bytes in network order, as two numbers.
    let high: UInt64
    let low: UInt64
    package let port: UInt16

    private static let mappedPrefix: UInt64 = 0xFFFF_0000_0000

    /// Reads "127.0.0.1:8443", "[::1]:8443" or "localhost:8443"; nil for anything else. Names are not looked up.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = String(text[..<colon])
        if host == "localhost" { host = "127.0.0.1" }
        if host.hasPrefix("["), host.hasSuffix("]") {
            var address = in6_addr()
            guard inet_pton(AF_INET6, String(host.dropFirst().dropLast()), &address) == 1 else { return nil }
            self.init(address, port: port)
        } else {
            var address = in_addr()
            guard inet_pton(AF_INET, host, &address) == 1 else { return nil }
            self.init(ipv4: UInt32(bigEndian: address.s_addr), port: port)
        }
    }

    private init(ipv4: UInt32, port: UInt16) {
        high = 0
        low = Self.mappedPrefix | UInt64(ipv4)
        self.port = port
    }

    private init(_ address: in6_addr, port: UInt16) {
        let (high, low) = withUnsafeBytes(of: address) {
            ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        self.high = UInt64(bigEndian: high)
        self.low = UInt64(bigEndian: low)
        self.port = port
    }

    /// What the system has filled in; nil for another family.
    init?(_ storage: sockaddr_storage) {
        let result: SocketAddress? = withUnsafeBytes(of: storage) { bytes in
            switch Int32(storage.ss_family) {
            case AF_INET:
                let address = bytes.loadUnaligned(as: sockaddr_in.self)
                return SocketAddress(
                    ipv4: UInt32(bigEndian: address.sin_addr.s_addr),
                    port: UInt16(bigEndian: address.sin_port))
            case AF_INET6:
                let address = bytes.loadUnaligned(as: sockaddr_in6.self)
                return SocketAddress(address.sin6_addr, port: UInt16(bigEndian: address.sin6_port))
            default: return nil
            }
        }
        guard let result else { return nil }
        self = result
    }

    var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }

    /// 127.0.0.0/8 or ::1.
    package var isLoopback: Bool { isIPv4 ? low & 0xFF00_0000 == 0x7F00_0000 : high == 0 && low == 1 }

    /// Gives `body` the system's form of the address.
    func withSystemAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        if isIPv4 {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(truncatingIfNeeded: low).bigEndian
            return withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        address.sin6_addr = ipv6
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
    }

    private var ipv6: in6_addr {
        var address = in6_addr()
        withUnsafeMutableBytes(of: &address) {
            $0.storeBytes(of: high.bigEndian, as: UInt64.self)
            $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return address
    }
}

extension SocketAddress: CustomStringConvertible {
    /// "192.0.2.7:50312" or "[2001:db8::1]:443".
    package var description: String {
        if isIPv4 {
            let parts = (0..<4).map { String(low >> (24 - 8 * UInt64($0)) & 0xFF) }
            return parts.joined(separator: ".") + ":\(port)"
        }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        var address = ipv6
        guard inet_ntop(AF_INET6, &address, &text, socklen_t(text.count)) != nil else { return "[]:\(port)" }
        let end = text.firstIndex(of: 0) ?? text.endIndex
        return "[\(String(decoding: text[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self))]:\(port)"
    }
}
