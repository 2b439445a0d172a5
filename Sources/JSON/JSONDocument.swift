/// A parsed JSON text: its bytes and a tape of tokens into them.
///
/// Strict RFC 8259: valid UTF-8 without a byte order mark, no duplicate names in one object (compared as
/// decoded), no lone surrogate escapes, nothing after the value. Parsing is iterative, so depth costs no stack,
/// and makes neither strings nor dictionaries: those are made when a node is asked for them. Immutable and
/// shared by its nodes; a copy is one reference.
///
/// Cost: one pass over the bytes, 16 bytes of tape per value or name.
package struct JSONDocument: Sendable {
    /// Arrays and objects that may lie within each other, the outermost included.
    package static let depthLimit = 64
    /// Characters of one number. Any `Int64`, decimal or `Double` of ours fits many times over.
    package static let numberLimitCharacters = 400
    /// The largest text accepted unless the caller states its own limit.
    package static let defaultSizeLimitBytes = 64 << 20
    /// What the tape's fields can hold, whatever the caller states.
    static let hardSizeLimitBytes = 256 << 20

    let storage: JSONStorage

    /// - Throws: `JSONError` with the offset of the first byte that is refused.
    package init(
        parsing bytes: [UInt8], sizeLimitBytes: Int = JSONDocument.defaultSizeLimitBytes
    ) throws(JSONError) {
        let limit = min(sizeLimitBytes, JSONDocument.hardSizeLimitBytes)
        guard bytes.count <= limit else {
            throw JSONError(message: "text is longer than \(limit) bytes", offset: limit)
        }
        var parser = JSONParser(capacity: bytes.count)
        try parser.parse(bytes.span)
        storage = JSONStorage(bytes: bytes, tape: parser.tape)
    }

    /// - Throws: `JSONError` with the offset, in UTF-8, of the first byte that is refused.
    package init(
        parsing text: String, sizeLimitBytes: Int = JSONDocument.defaultSizeLimitBytes
    ) throws(JSONError) {
        try self.init(parsing: Array(text.utf8), sizeLimitBytes: sizeLimitBytes)
    }

    /// The one value that the text consists of.
    package var root: JSONNode { JSONNode(storage: storage, index: 0) }
}

/// What all nodes of one document share.
final class JSONStorage: Sendable {
    let bytes: [UInt8]
    let tape: [JSONToken]

    init(bytes: [UInt8], tape: [JSONToken]) {
        self.bytes = bytes
        self.tape = tape
    }
}

/// One value or member name on the tape. A container's children follow it directly; in an object each name is
/// followed by its value.
struct JSONToken: Sendable {
    enum Kind: UInt8, Sendable { case null, yes, no, number, string, array, object }

    /// The source range, quotes and brackets included.
    let start: UInt32
    var end: UInt32
    /// The tape index after this token and everything within it.
    var next: UInt32
    /// Count of elements or members above, kind in bits 1–3, "has escapes" in bit 0.
    private var packed: UInt32

    init(_ kind: Kind, start: Int, end: Int, next: Int, hasEscapes: Bool = false) {
        self.start = UInt32(start)
        self.end = UInt32(end)
        self.next = UInt32(next)
        packed = UInt32(kind.rawValue) << 1 | (hasEscapes ? 1 : 0)
    }

    var kind: Kind { Kind(rawValue: UInt8(packed >> 1 & 7)) ?? .null }
    var hasEscapes: Bool { packed & 1 != 0 }
    var count: Int { Int(packed >> 4) }
    var range: Range<Int> { Int(start)..<Int(end) }
    /// What lies between the quotes of a string.
    var contentRange: Range<Int> { Int(start) + 1..<Int(end) - 1 }

    mutating func addChild() { packed += 1 << 4 }
}
