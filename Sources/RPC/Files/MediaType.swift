import CRMSDK

/// What kind of file it is: as its sender says, held against its first bytes; and as what it is given out.
enum MediaType {
    /// Names the refusal of a type; its status is 415.
    static let rule = "media_type"
    static let unknown = "application/octet-stream"

    /// How files of a type begin. A file that is said to be of such a type and begins otherwise is refused.
    private static let signatures: [(type: String, offset: Int, bytes: [UInt8])] = [
        ("application/pdf", 0, Array("%PDF-".utf8)),
        ("image/png", 0, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]),
        ("image/jpeg", 0, [0xFF, 0xD8, 0xFF]),
        ("image/gif", 0, Array("GIF8".utf8)),
        ("image/webp", 8, Array("WEBP".utf8)),
        ("application/zip", 0, [0x50, 0x4B, 0x03, 0x04]),
        ("application/gzip", 0, [0x1F, 0x8B]),
    ]

    /// Said by programs that know nothing better.
    private static let empty: Set = ["", unknown, "application/x-www-form-urlencoded"]

    /// What a browser would run: given out as bytes without a meaning.
    private static let active = ["html", "xml", "svg", "script", "shockwave"]

    /// - Parameter declared: a Content-Type field; parameters are dropped.
    /// - Throws: `invalidParameters` where it is none, or the file is not of that type.
    static func settle(_ declared: String, _ beginning: [UInt8]) throws(CRMError) -> String {
        let type = declared.prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
        let found = detect(beginning)
        guard !empty.contains(type) else { return found }
        guard
            FileValue(name: "file", mediaType: type, byteCount: 0, sha256: String(repeating: "0", count: 64))
                != nil
        else { throw refusal("the Content-Type of the file is not a media type") }
        if type != found, !beginning.isEmpty, signatures.contains(where: { $0.type == type }) {
            throw refusal("the file is not \(type): it begins like \(found)")
        }
        return type
    }

    private static func refusal(_ message: String) -> CRMError {
        var error = CRMError(
            .invalidParameters, message, hint: "Send it with its own Content-Type, or with none.")
        error.rule = rule
        return error
    }

    static func detect(_ beginning: [UInt8]) -> String {
        for signature in signatures
        where beginning.dropFirst(signature.offset).starts(with: signature.bytes) {
            return signature.type
        }
        let isText =
            !beginning.isEmpty
            && beginning.allSatisfy { $0 >= 0x20 && $0 != 0x7F || (0x09...0x0D).contains($0) }
        guard isText else { return unknown }
        let text = String(decoding: beginning.drop { $0 <= 0x20 }.prefix(64), as: UTF8.self).lowercased()
        if ["<!doctype html", "<html", "<head", "<body", "<script"].contains(where: text.hasPrefix) {
            return "text/html"
        }
        if text.hasPrefix("<svg") { return "image/svg+xml" }
        return text.hasPrefix("<?xml") ? "application/xml" : "text/plain"
    }

    /// The Content-Type under which it is answered.
    static func answered(_ type: String) -> String {
        active.contains { type.contains($0) } ? unknown : type
    }
}

/// The Content-Disposition of a file (RFC 6266): always to be saved, never to be shown in our place.
enum FileDisposition {
    static func attachment(_ name: String) -> String {
        let plain = String(
            name.unicodeScalars.map { scalar in
                scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
                    || " .-_()".unicodeScalars.contains(scalar) ? Character(scalar) : "_"
            })
        var encoded = ""
        for byte in name.utf8 {
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || ".-_".utf8.contains(byte)
            encoded +=
                isPlain
                ? String(UnicodeScalar(byte))
                : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
        return "attachment; filename=\"\(plain)\"; filename*=UTF-8''\(encoded)"
    }
}
