/// The body of a call about a public form: what the request's head says of it, and the form's body, unread.
///
/// Payload: `u8` flags (bit 0: it was sent, and is not only asked for), then each behind a `u16` length: what stands
/// behind `/forms/` in the target, Origin, Referer, Host; then the request's body, `application/x-www-form-urlencoded`.
package struct FormCall: Equatable, Sendable {
    /// The largest body of a form that is sent.
    package static let maximumBodyBytes = 64 << 10
    /// The longest target behind `/forms/`.
    package static let maximumTargetBytes = 1 << 10

    package var isSent: Bool
    /// The form's key, and perhaps `?` and a query; escapes not decoded.
    package var target: String
    /// As the fields say; empty where there is none, or more than one.
    package var origin = ""
    package var referer = ""
    package var host = ""
    package var body: [UInt8] = []

    package init(target: String, isSent: Bool) {
        self.target = target
        self.isSent = isSent
    }

    package func encode() -> [UInt8] {
        var bytes: [UInt8] = [isSent ? 1 : 0]
        for text in [target, origin, referer, host] { bytes.append(counted: text.utf8) }
        bytes.append(contentsOf: body)
        return bytes
    }

    package init(decoding payload: [UInt8]) throws(WireError) {
        var reader = ByteReader(payload)
        let flags = try reader.integer(UInt8.self, "the flags")
        guard flags <= 1 else { throw .malformed("flag \(flags) is unknown") }
        isSent = flags == 1
        target = try reader.text("the target")
        origin = try reader.text("the origin")
        referer = try reader.text("the referer")
        host = try reader.text("the host")
        body = reader.rest()
        guard body.count <= Self.maximumBodyBytes else { throw .malformed("the form is over the limit") }
    }
}

/// What a reply of kind `page` says before the page: where the browser goes instead, and where the page's form leads.
///
/// Payload: each behind a `u16` length, and then the page as HTML.
package struct PageHead: Equatable, Sendable {
    /// For the Location field; empty for none. An address with https, as it stands in a head.
    package var location: String
    /// The origin that sending the page's form may lead to, beside the server's own; empty for none.
    package var leadsTo: String

    package init(location: String = "", leadsTo: String = "") {
        self.location = location
        self.leadsTo = leadsTo
    }

    /// Whether both can stand in a head: what cannot is refused by the other side, with all that the link carries.
    package var isFit: Bool { Self.isFit(location, besides: "") && Self.isFit(leadsTo, besides: ";,'*/?#@") }

    /// - Parameter html: the page.
    package func encode(_ html: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(counted: location.utf8)
        bytes.append(counted: leadsTo.utf8)
        bytes.append(contentsOf: html.utf8)
        return bytes
    }

    /// The head, and the page behind it.
    ///
    /// - Throws: `malformed` also for an address that cannot stand in a head.
    package static func split(_ body: ArraySlice<UInt8>) throws(WireError) -> (head: PageHead, html: [UInt8])
    {
        var reader = ByteReader(Array(body))
        let head = PageHead(location: try reader.text("the location"), leadsTo: try reader.text("the origin"))
        guard head.isFit else {
            throw .malformed("an address cannot stand in a head")
        }
        return (head, reader.rest())
    }

    /// - Parameter besides: what may not stand behind the scheme either.
    private static func isFit(_ address: String, besides: String) -> Bool {
        guard !address.isEmpty else { return true }
        let scheme = "https://"
        return address.hasPrefix(scheme) && address.utf8.count <= 2_048
            && address.utf8.dropFirst(scheme.utf8.count).allSatisfy {
                (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "\"")
                    && !besides.utf8.contains($0)
            }
    }
}
