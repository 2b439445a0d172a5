import CRMSDK
import Crypto
import Registry

/// Turns a place in a list into an opaque text and back.
///
/// Layout: 8 bytes of SHA-256 over the query's identity, the values (`StoredValue+Bytes`), 16 bytes of HMAC-SHA-256
/// over all before; base64url. The MAC keeps a client from asking for rows by values that it made up.
struct CursorCodec: Sendable {
    private static let macLength = 16
    private static let digestLength = 8
    let key: [UInt8]

    func encode(_ values: [StoredValue], identity: [UInt8]) -> String {
        var bytes = Array(SHA256.hash(identity).bytes.prefix(Self.digestLength))
        for value in values { bytes.append(value) }
        bytes += HMACSHA256.authenticate(message: bytes, key: key).bytes.prefix(Self.macLength)
        return Base64URL.encode(bytes)
    }

    func decode(_ text: String, identity: [UInt8]) throws(CRMError) -> [StoredValue] {
        let invalid = CRMError(
            .invalidParameters, "the cursor is not valid for this query",
            hint: "Use a cursor only with the query that gave it, or start the list again.")
        guard text.utf8.count <= 20_000, let bytes = Base64URL.decode(text),
            bytes.count >= Self.digestLength + Self.macLength
        else { throw invalid }
        let signed = Array(bytes.dropLast(Self.macLength))
        let mac = Array(HMACSHA256.authenticate(message: signed, key: key).bytes.prefix(Self.macLength))
        guard constantTimeEquals(mac, Array(bytes.suffix(Self.macLength))),
            signed.starts(with: SHA256.hash(identity).bytes.prefix(Self.digestLength))
        else { throw invalid }
        var values: [StoredValue] = []
        var rest = signed.dropFirst(Self.digestLength)
        while let tag = rest.popFirst() {
            switch tag {
            case 0: values.append(.null)
            case 1:
                guard let number = rest.takeLittleEndian(count: 8) else { throw invalid }
                values.append(.integer(Int64(bitPattern: number)))
            case 2, 3:
                guard let count = rest.takeLittleEndian(count: 4), count <= UInt64(rest.count) else {
                    throw invalid
                }
                let content = Array(rest.prefix(Int(count)))
                rest = rest.dropFirst(Int(count))
                values.append(tag == 3 ? .blob(content) : .text(String(decoding: content, as: UTF8.self)))
            default: throw invalid
            }
        }
        return values
    }
}

extension ArraySlice<UInt8> {
    fileprivate mutating func takeLittleEndian(count: Int) -> UInt64? {
        guard self.count >= count else { return nil }
        var number: UInt64 = 0
        for (index, byte) in prefix(count).enumerated() { number |= UInt64(byte) << UInt64(8 * index) }
        self = dropFirst(count)
        return number
    }
}
