/// The methods that have a meaning here; any other well-formed one is `other`.
package enum HTTPMethod: Sendable, Equatable {
    case get, head, post, put, patch, delete, options, trace, connect, other

    private static let names: [(StaticString, HTTPMethod)] = [
        ("POST", .post), ("GET", .get), ("HEAD", .head), ("PUT", .put), ("PATCH", .patch),
        ("DELETE", .delete),
        ("OPTIONS", .options), ("TRACE", .trace), ("CONNECT", .connect),
    ]

    /// Method names are case-sensitive (RFC 9110 §9.1).
    init(_ bytes: ArraySlice<UInt8>) {
        let match = Self.names.first { name, _ in
            name.withUTF8Buffer { bytes.elementsEqual($0) }
        }
        self = match?.1 ?? .other
    }

    /// Methods whose requests must say how long their body is, even if it is empty.
    var needsLength: Bool { self == .post || self == .put || self == .patch }
}

/// One whole request, accepted by every rule of the reader.
package struct HTTPRequest: Sendable {
    package var method = HTTPMethod.other
    /// Whether the connection can serve another request after this one: HTTP/1.1 and no `Connection: close`.
    package var keepsAlive = true
    package var fields = HTTPFields()
    /// Empty where there is none.
    package var body: [UInt8] = []

    var pathRange = 0..<0
    var queryRange: Range<Int>?

    /// The path as it came: begins with "/", escapes not decoded; "*" for OPTIONS *; host:port for CONNECT.
    package var path: String { String(decoding: fields.head[pathRange], as: UTF8.self) }

    /// What follows the first "?", escapes not decoded; nil without one.
    package var query: String? { queryRange.map { String(decoding: fields.head[$0], as: UTF8.self) } }

    /// What of path and query stands behind this beginning, escapes not decoded; nil where the path does not begin so.
    package func target(behind beginning: StaticString) -> String? {
        let path = fields.head[pathRange]
        let isThere = beginning.withUTF8Buffer { path.starts(with: $0) }
        guard isThere else { return nil }
        let end = queryRange?.upperBound ?? pathRange.upperBound
        return String(
            decoding: fields.head[(pathRange.lowerBound + beginning.utf8CodeUnitCount)..<end], as: UTF8.self)
    }

    /// Whether the path is exactly this text; allocates nothing.
    package func hasPath(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { fields.head[pathRange].elementsEqual($0) }
    }
}
