package import CRMSDK

/// What a new API key shall be.
package struct APIKeyRequest: Sendable {
    /// For people: 1–100 characters.
    package let name: String
    package let scopes: APIKeyScopes
    /// Where it may be used from; empty for anywhere.
    package let addresses: [AddressRange]
    /// Nil for a key that does not expire.
    package let expiresAt: Instant?
    /// The contact whose records alone it reaches; nil for all that its user reaches.
    package let contact: RecordID?

    /// The most address ranges that a key may have.
    package static let addressLimit = 50

    /// - Throws: `invalidParameters` naming the text that is no scope or address, or what is too long.
    package init(
        name: String, scopes: [String], addresses: [String], expiresAt: Instant?, contact: RecordID? = nil
    ) throws(CRMError) {
        guard (1...100).contains(name.unicodeScalars.count) else {
            throw CRMError(.invalidParameters, "an API key's name needs 1 to 100 characters")
        }
        guard addresses.count <= Self.addressLimit else {
            throw CRMError(
                .invalidParameters, "an API key cannot have more than \(Self.addressLimit) addresses")
        }
        self.name = name
        self.scopes = try APIKeyScopes(scopes)
        var ranges: [AddressRange] = []
        for text in addresses {
            guard let range = AddressRange(text) else {
                throw CRMError(
                    .invalidParameters, "\"\(text.prefix(80))\" is not an address range",
                    hint: "Give an address, or a block such as \"192.0.2.0/24\" or \"2001:db8::/32\".")
            }
            ranges.append(range)
        }
        self.addresses = ranges
        self.expiresAt = expiresAt
        self.contact = contact
    }
}

/// One key in a list of them; nothing in it opens anything.
package struct APIKeySummary: Hashable, Sendable {
    package let id: Int64
    package let user: RecordID
    package let name: String
    package let scopes: APIKeyScopes
    package let addresses: [AddressRange]
    package let createdAt: Instant
    package let expiresAt: Instant?
    /// The contact whose records alone it reaches.
    package let contact: RecordID?
    /// At most half a minute behind after a restart.
    package let lastUsedAt: Instant?
}

/// A key that was just made: the only time that its token is seen.
package struct NewAPIKey: Sendable {
    package let key: APIKeySummary
    package let token: String
}
