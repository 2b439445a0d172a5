/// One value of a document: a reference to the document and an index; made, copied and dropped cheaply.
///
/// The typed properties answer nil for a value of another kind and never convert: `1` is no boolean, `"1"` is
/// no number, and `1.0` is no integer.
package struct JSONNode: Sendable {
    package enum Kind: Sendable { case null, bool, number, string, array, object }

    let storage: JSONStorage
    let index: Int

    private var token: JSONToken { storage.tape[index] }

    package var kind: Kind {
        switch token.kind {
        case .null: .null
        case .yes, .no: .bool
        case .number: .number
        case .string: .string
        case .array: .array
        case .object: .object
        }
    }

    package var isNull: Bool { token.kind == .null }

    package var bool: Bool? {
        switch token.kind {
        case .yes: true
        case .no: false
        default: nil
        }
    }

    /// The decoded text.
    package var string: String? {
        token.kind == .string ? storage.decodedString(token) : nil
    }

    /// The decoded text as UTF-8, without a `String` between.
    package var stringBytes: [UInt8]? {
        token.kind == .string ? storage.decodedBytes(token) : nil
    }

    /// The number exactly as written.
    package var numberText: String? {
        token.kind == .number ? String(decoding: storage.bytes[token.range], as: UTF8.self) : nil
    }

    /// The number, if it is written without fraction and exponent and fits 64 bits.
    package var int64: Int64? {
        guard token.kind == .number else { return nil }
        var range = token.range
        let isNegative = storage.bytes[range.lowerBound] == UInt8(ascii: "-")
        if isNegative { range.removeFirst() }
        var value: Int64 = 0
        for byte in storage.bytes[range] {
            guard (0x30...0x39).contains(byte) else { return nil }
            let digit = Int64(byte - 0x30)
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) =
                isNegative
                ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }

    /// The value's bytes in the source, for echoing it byte for byte.
    package var rawBytes: [UInt8] { Array(storage.bytes[token.range]) }

    /// Byte offset of the value in the source.
    package var offset: Int { Int(token.start) }

    /// Elements of an array or members of an object; 0 for anything else.
    package var count: Int { token.count }

    /// The elements in order; none unless this is an array.
    package var elements: Elements {
        let isArray = token.kind == .array
        return Elements(storage: storage, index: index + 1, count: isArray ? token.count : 0)
    }

    /// The members in source order; none unless this is an object.
    package var members: Members {
        let isObject = token.kind == .object
        return Members(storage: storage, index: index + 1, count: isObject ? token.count : 0)
    }

    /// The member of exactly this name, byte for byte; nil as well when this is no object. O(members).
    package subscript(name: String) -> JSONNode? {
        guard token.kind == .object else { return nil }
        var cursor = index + 1
        for _ in 0..<token.count {
            let nameToken = storage.tape[cursor]
            if storage.string(nameToken, equals: name.utf8Span.span) {
                return JSONNode(storage: storage, index: cursor + 1)
            }
            cursor = Int(storage.tape[cursor + 1].next)
        }
        return nil
    }

    /// Whether this is a string of exactly this text; allocates nothing unless the source has escapes.
    package func stringEquals(_ utf8: StaticString) -> Bool {
        guard token.kind == .string else { return false }
        return utf8.withUTF8Buffer { storage.string(token, equals: $0.span) }
    }
}

extension JSONNode {
    package struct Elements: Sequence, IteratorProtocol, Sendable {
        fileprivate let storage: JSONStorage
        fileprivate var index: Int
        fileprivate var count: Int

        package var underestimatedCount: Int { count }

        package mutating func next() -> JSONNode? {
            guard count > 0 else { return nil }
            defer {
                count -= 1
                index = Int(storage.tape[index].next)
            }
            return JSONNode(storage: storage, index: index)
        }
    }

    package struct Members: Sequence, IteratorProtocol, Sendable {
        fileprivate let storage: JSONStorage
        fileprivate var index: Int
        fileprivate var count: Int

        package var underestimatedCount: Int { count }

        package mutating func next() -> (name: String, value: JSONNode)? {
            guard count > 0 else { return nil }
            defer {
                count -= 1
                index = Int(storage.tape[index + 1].next)
            }
            let name = storage.decodedString(storage.tape[index])
            return (name, JSONNode(storage: storage, index: index + 1))
        }
    }
}

extension JSONStorage {
    func decodedString(_ token: JSONToken) -> String {
        guard token.hasEscapes else {
            return String(decoding: bytes[token.contentRange], as: UTF8.self)
        }
        return String(decoding: decodedBytes(token), as: UTF8.self)
    }

    func decodedBytes(_ token: JSONToken) -> [UInt8] {
        guard token.hasEscapes else { return Array(bytes[token.contentRange]) }
        let bytes = bytes
        return JSONEscapes.decode(bytes.span, token.contentRange)
    }

    func string(_ token: JSONToken, equals text: Span<UInt8>) -> Bool {
        guard token.hasEscapes else {
            let bytes = bytes
            return bytesEqual(bytes.span, token.contentRange, text)
        }
        let decoded = decodedBytes(token)
        return bytesEqual(decoded.span, 0..<decoded.count, text)
    }
}

/// Whether `range` of `source` holds exactly `other`.
func bytesEqual(_ source: Span<UInt8>, _ range: Range<Int>, _ other: Span<UInt8>) -> Bool {
    guard range.count == other.count else { return false }
    for index in other.indices where source[range.lowerBound + index] != other[index] { return false }
    return true
}
