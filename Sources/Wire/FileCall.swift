/// The body of a call that sends or fetches a file: the HTTP request's head, as far as it matters, unread.
///
/// Payload: `u8` flags (bit 0: only the head is wanted), `u64` bytes of the file to come (all ones: unknown), then each
/// behind a `u16` length: what stands behind `/files/` in the target, Content-Type, digest, Range, If-Range.
///
/// **Sending**: the kernel answers the call with credit, as soon as it has found that the file would be taken, or with
/// its reply. Data frames follow, never more bytes than there is credit, and `end`; then the kernel replies. It may
/// reply at any moment before, and then wants no more. **Fetching**: the reply is a `FileHead`, and data frames follow
/// under the credit that the caller gives, and `end`; an `end` before all that was announced means that it broke off.
/// Either side's `cancel` ends it without a word.
package struct FileCall: Equatable, Sendable {
    /// The most data that one frame carries.
    package static let pieceBytes = 64 << 10
    /// What a side lets the other send before it has dealt with any of it.
    package static let windowBytes = 128 << 10

    /// The record's id, and perhaps `?` and a query; escapes not decoded.
    package var target: String
    package var isHeadOnly = false
    /// Nil where the sender does not know.
    package var length: UInt64?
    package var contentType = ""
    /// `Content-Digest` or `Repr-Digest`, RFC 9530.
    package var digest = ""
    package var range = ""
    package var ifRange = ""

    package init(target: String) { self.target = target }

    package func encode() -> [UInt8] {
        var bytes: [UInt8] = [isHeadOnly ? 1 : 0]
        bytes.append(littleEndian: length ?? .max)
        for text in [target, contentType, digest, range, ifRange] { bytes.append(counted: text.utf8) }
        return bytes
    }

    package init(decoding body: [UInt8]) throws(WireError) {
        var reader = ByteReader(body)
        let flags = try reader.integer(UInt8.self, "the flags")
        guard flags <= 1 else { throw .malformed("flag \(flags) is unknown") }
        isHeadOnly = flags == 1
        let length = try reader.integer(UInt64.self, "the length")
        self.length = length == .max ? nil : length
        target = try reader.text("the target")
        contentType = try reader.text("the content type")
        digest = try reader.text("the digest")
        range = try reader.text("the range")
        ifRange = try reader.text("the condition")
    }
}

/// What a reply with a file says before the file: how many bytes follow, and fields for the HTTP response.
///
/// Payload: `u64` length, `u8` number of fields, each field's name and value behind a `u16` length.
package struct FileHead: Equatable, Sendable {
    package struct Field: Equatable, Sendable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package var length: UInt64
    package var fields: [Field]

    package init(length: UInt64, fields: [Field]) {
        self.length = length
        self.fields = fields
    }

    package func encode() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: length)
        bytes.append(UInt8(clamping: fields.count))
        for field in fields.prefix(255) {
            bytes.append(counted: field.name.utf8)
            bytes.append(counted: field.value.utf8)
        }
        return bytes
    }

    /// - Throws: `malformed` also for a name or value that cannot stand in a head.
    package init(decoding body: ArraySlice<UInt8>) throws(WireError) {
        var reader = ByteReader(Array(body))
        length = try reader.integer(UInt64.self, "the length")
        let count = try reader.integer(UInt8.self, "the number of fields")
        fields = []
        for _ in 0..<count {
            let field = Field(try reader.text("a field's name"), try reader.text("a field's value"))
            let isName = !field.name.isEmpty && field.name.utf8.allSatisfy { $0 == 0x2D || $0.isLetter }
            guard isName, field.value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
                throw .malformed("a field cannot stand in a head")
            }
            fields.append(field)
        }
    }
}

extension Frame {
    /// Permission to send so many more bytes of a call's data: `u32`.
    package static func credit(_ bytes: Int, callID: UInt64) -> Frame {
        var payload: [UInt8] = []
        payload.append(littleEndian: UInt32(clamping: bytes))
        return Frame(kind: .credit, callID: callID, payload: payload)
    }

    /// The bytes that a frame of kind `credit` permits.
    package func credit() throws(WireError) -> Int {
        var reader = ByteReader(payload)
        let bytes = try reader.integer(UInt32.self, "the credit")
        guard reader.offset == payload.count else { throw .malformed("a credit is four bytes") }
        return Int(bytes)
    }
}

extension UInt8 {
    fileprivate var isLetter: Bool { (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self) }
}
