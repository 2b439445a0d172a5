import CRMSDK

/// An e-mail address: one `@`, a local part and a domain with a dot or `localhost`; at most 254 characters
/// (RFC 5321 §4.5.3.1). Whether it exists only mail can tell.
struct EmailKind: FieldKind {
    let name = "email"
    let storage = StorageClass.text
    let comparisons = FilterOperator.forText
    let ordering: Ordering? = .textKey
    let searchForm: SearchForm? = .words

    func wire(_ type: FieldType) -> WireForm { .string }

    func accept(_ value: Value, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        let text = try TextRules.line(value, field, limit: 254)
        guard text.isEmpty || Self.isAddress(text) else {
            throw FieldRefusal("format", "\(field.label) \"\(text.prefix(60))\" is not an e-mail address")
        }
        return .text(text)
    }

    private static let strangers = Array(",;<>".utf8)

    /// Over bytes, and scalars where there is more than ASCII: asked for every record of an import.
    private static func isAddress(_ text: String) -> Bool {
        let hasStranger =
            text.utf8.contains { strangers.contains($0) }
            || !text.utf8.allSatisfy { (0x21..<0x80).contains($0) }
                && text.unicodeScalars.contains(where: \.properties.isWhitespace)
        let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard !hasStranger, parts.count == 2, (1...64).contains(parts[0].count) else { return false }
        let labels = parts[1].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return labels.allSatisfy { !$0.isEmpty }
            && (labels.count > 1 || parts[1].elementsEqual("localhost".utf8))
    }

    func parse(_ text: String, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        try accept(.text(text), for: field)
    }
}

/// A telephone number as people write it: at least two digits, and nothing but digits, blanks and `+-./()#*,x`.
struct PhoneKind: FieldKind {
    private static let permitted = Array("0123456789 +-./()#*,xXext".utf8)

    let name = "phone"
    let storage = StorageClass.text
    let comparisons = FilterOperator.forText
    let ordering: Ordering? = .textKey
    let searchForm: SearchForm? = .phone

    func wire(_ type: FieldType) -> WireForm { .string }

    func accept(_ value: Value, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        let text = try TextRules.line(value, field, limit: 60)
        let digits = text.utf8.count { (0x30...0x39).contains($0) }
        let isNumber = digits >= 2 && text.utf8.allSatisfy { Self.permitted.contains($0) }
        guard text.isEmpty || isNumber else {
            throw FieldRefusal("format", "\(field.label) \"\(text.prefix(60))\" is not a telephone number")
        }
        return .text(text)
    }

    func parse(_ text: String, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        try accept(.text(text), for: field)
    }
}

/// A web address: `http://` or `https://` and a host; a bare host gets `https://`. At most 2,000 characters.
struct URLKind: FieldKind {
    let name = "url"
    let storage = StorageClass.text
    let comparisons = FilterOperator.forText
    let ordering: Ordering? = .textKey
    let searchForm: SearchForm? = .words

    func wire(_ type: FieldType) -> WireForm { .string }

    func accept(_ value: Value, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        let text = try TextRules.line(value, field, limit: 2000)
        guard !text.isEmpty else { return .text(text) }
        let refusal = FieldRefusal("format", "\(field.label) \"\(text.prefix(60))\" is not a web address")
        guard !text.contains(where: { $0.isWhitespace || $0 == "<" || $0 == ">" || $0 == "\"" }) else {
            throw refusal
        }
        var address = text
        if let colon = text.firstRange(of: "://") {
            let scheme = text[..<colon.lowerBound].lowercased()
            guard scheme == "http" || scheme == "https" else { throw refusal }
        } else {
            // `javascript:` and its like are no hosts; `host:8080` is one.
            let afterColon = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                .dropFirst().first
            guard afterColon.map({ $0.first?.isNumber == true }) ?? true else { throw refusal }
            address = "https://" + text
        }
        let host = address.drop { $0 != ":" }.dropFirst(3).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !host.isEmpty, host.contains(".") || host.hasPrefix("localhost") else { throw refusal }
        return .text(address)
    }

    func parse(_ text: String, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        try accept(.text(text), for: field)
    }
}
