/// The origin of a page (RFC 6454): scheme, host and port, without what follows.
struct WebOrigin: Equatable, Sendable {
    /// Such as `https://www.example.com:8443`, in lower case.
    let text: String
    /// Host and port as they stand in a Host field.
    let authority: String

    /// What a browser says in Origin, or in Referer where it says no Origin: an origin of `null` is none.
    init?(origin: String, referer: String) {
        guard let found = Self(origin.isEmpty ? referer : origin) else { return nil }
        self = found
    }

    /// The origin that an address with http or https begins with; nil for anything else, and for one with a name or
    /// password in it.
    init?(_ address: String) {
        let lower = address.lowercased()
        guard let scheme = ["https://", "http://"].first(where: lower.hasPrefix) else { return nil }
        let authority = lower.dropFirst(scheme.count).prefix { !"/?#\\".contains($0) }
        let isFit =
            (1...255).contains(authority.utf8.count)
            && authority.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || "-.:[]".utf8.contains($0)
            }
        guard isFit else { return nil }
        self.authority = String(authority)
        text = scheme + authority
    }
}
