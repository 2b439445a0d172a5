/// The address of a remote endpoint: `https://host[:port][/path]`.
package struct EndpointAddress: Equatable, Sendable {
    /// A name or a numeric address, without the brackets of IPv6.
    package let host: String
    /// 443 where none is given.
    package let port: UInt16
    /// `/rpc` where none is given.
    package let path: String

    /// - Throws: a usage error that says what is wrong with the text.
    package init(_ text: String) throws(AdminError) {
        let scheme = "https://"
        guard text.hasPrefix(scheme) else {
            throw .usage(
                "\"\(text)\" is not an https address", hint: "Give one such as https://crm.example.com:8443.")
        }
        let rest = text.dropFirst(scheme.count)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        let path = String(rest[slash...])
        let isPrintable = text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        guard isPrintable, !authority.contains("@"), !path.contains("#") else {
            throw .usage(
                "\"\(text)\" is not an address that can be called",
                hint: "Give host, port and path only; the token goes into CRM_TOKEN.")
        }
        self.path = path.isEmpty || path == "/" ? "/rpc" : path
        (host, port) = try Self.split(authority, of: text)
    }

    private static func split(
        _ authority: Substring, of text: String
    ) throws(AdminError) -> (host: String, port: UInt16) {
        var host = authority
        var port: UInt16 = 443
        let afterBracket = authority.lastIndex(of: "]") ?? authority.startIndex
        if let colon = authority[afterBracket...].lastIndex(of: ":") {
            guard let number = UInt16(authority[authority.index(after: colon)...]), number > 0 else {
                throw .usage("\"\(text)\" has no port that can be used", hint: "Give 1 to 65535.")
            }
            host = authority[..<colon]
            port = number
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { throw .usage("\"\(text)\" names no host") }
        return (String(host), port)
    }

    /// As HTTP's Host field has it.
    package var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == 443 ? name : "\(name):\(port)"
    }
}
