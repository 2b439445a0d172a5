/// What an attribute that loads or links something may hold. A printed page loads nothing from outside.
enum Address: Sendable, Equatable {
    /// `src`: a picture that the page itself carries. No SVG, which may hold scripts and load other things.
    case picture
    /// `href`: a link over https.
    case link

    private static let pictures = ["png", "jpeg", "gif", "webp"].map { "data:image/\($0);base64," }

    func allows(_ value: String) -> Bool {
        switch self {
        case .link:
            value.hasPrefix("https://") && value.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
        case .picture:
            Self.pictures.contains { prefix in
                value.hasPrefix(prefix) && value.utf8.dropFirst(prefix.utf8.count).allSatisfy(Self.isBase64)
            }
        }
    }

    private static func isBase64(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="):
            true
        default: false
        }
    }
}

extension PrintTemplate.Place {
    /// The value as it stands in the page; empty for an address that is not allowed here.
    func escaped(_ value: String) -> String {
        if case .address(let address) = self, !address.allows(value) { return "" }
        var result = ""
        result.reserveCapacity(value.utf8.count)
        for scalar in value.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\t", "\n", "\r": result.unicodeScalars.append(scalar)
            case "\0"..."\u{1F}", "\u{7F}"..."\u{9F}": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension PrintTemplate {
    /// A text as it stands between tags or in a quoted value.
    package static func escaped(_ text: String) -> String { Place.text.escaped(text) }

    /// Whether a text is a picture that a page may carry within itself: a data URL of PNG, JPEG, GIF or WebP.
    package static func isPicture(_ text: String) -> Bool { Address.picture.allows(text) }
}
