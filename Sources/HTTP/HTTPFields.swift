/// The header fields of one message, in their order, as they came.
///
/// Names are compared without their case. The bytes of the head are kept once; a field is four offsets into them, so
/// looking one up allocates nothing.
package struct HTTPFields: Sendable {
    struct Field: Sendable {
        let name: Range<Int>
        let value: Range<Int>

        func shifted(by offset: Int) -> Field {
            Field(
                name: name.lowerBound + offset..<name.upperBound + offset,
                value: value.lowerBound + offset..<value.upperBound + offset)
        }
    }

    private(set) var head: [UInt8] = []
    private(set) var fields: [Field] = []

    /// Field lines.
    package var count: Int { fields.count }

    /// The value of the field of this name, if there is exactly one such line.
    package func only(_ name: StaticString) -> ArraySlice<UInt8>? {
        var found: Range<Int>?
        for field in fields where ASCII.equal(head, in: field.name, name) {
            if found != nil { return nil }
            found = field.value
        }
        return found.map { head[$0] }
    }

    /// How many lines have this name.
    package func count(of name: StaticString) -> Int {
        fields.reduce(0) { ASCII.equal(head, in: $1.name, name) ? $0 + 1 : $0 }
    }

    /// The value of the only field of this name as text; bytes that are not UTF-8 are replaced.
    package func text(_ name: StaticString) -> String? {
        only(name).map { String(decoding: $0, as: UTF8.self) }
    }

    /// All lines, names as they came.
    package var all: [(name: String, value: String)] {
        fields.map {
            (String(decoding: head[$0.name], as: UTF8.self), String(decoding: head[$0.value], as: UTF8.self))
        }
    }

    /// Reads one field line, which must be `name ":" OWS value OWS` (RFC 9112 §5): no folding, no space before the
    /// colon.
    static func parse(_ bytes: [UInt8], _ line: Range<Int>) throws(HTTPRefusal) -> Field {
        var colon = line.lowerBound
        while colon < line.upperBound, bytes[colon] != ASCII.colon { colon += 1 }
        let name = line.lowerBound..<colon
        guard let first = name.first else { throw .malformed("a field has no name") }
        guard bytes[first] != ASCII.space, bytes[first] != ASCII.tab else {
            throw .malformed("a field line begins with a space")
        }
        guard ASCII.all(bytes, in: name, are: .token) else { throw .malformed("a field name is not a token") }
        guard colon < line.upperBound else { throw .malformed("a field line has no colon") }
        let value = ASCII.trimmed(bytes, colon + 1..<line.upperBound)
        guard ASCII.all(bytes, in: value, are: .value) else {
            throw .malformed("a field value has a control character")
        }
        return Field(name: name, value: value)
    }

    /// Notes a field; its offsets count from the first of the bytes that `keep` will be given.
    mutating func append(_ field: Field) {
        if fields.isEmpty { fields.reserveCapacity(8) }
        fields.append(field)
    }

    /// Keeps the bytes of the whole head, first line included.
    mutating func keep(_ bytes: ArraySlice<UInt8>) { head = Array(bytes) }
}
