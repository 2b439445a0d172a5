import CRMSDK
import Crypto
import Registry

/// What the hash chain covers of an entry, byte by byte. This is the file format: it never changes.
///
///     hash         = SHA-256( previous hash ‖ envelope ‖ payload hash )
///     payload hash = SHA-256( salt, 16 random bytes ‖ payload )
///     origin       = SHA-256( "crm change log 1" ‖ installation, 16 random bytes )
///
/// `previous hash` is the hash of the entry before, of the first entry the origin. The envelope is the ten values
/// `seq, change_set, at, actor, source, method, kind, entity, record, version`, in this order, each as a length of
/// four bytes and that many bytes. Numbers are eight bytes in two's complement, text is UTF-8; a length of
/// 0xFFFFFFFF without bytes stands for null. All numbers are big-endian; `at` is milliseconds since 1970.
struct ChangeEnvelope {
    let sequence: Int64
    let changeSet: Int64
    let at: Int64
    let actor: Int64?
    let source: String
    let method: String
    let kind: String
    let entity: Int64?
    let record: Int64?
    let version: Int64?

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return bytes
    }

    private func append(to bytes: inout [UInt8]) {
        Self.append(sequence, to: &bytes)
        Self.append(changeSet, to: &bytes)
        Self.append(at, to: &bytes)
        Self.append(actor, to: &bytes)
        Self.append(source, to: &bytes)
        Self.append(method, to: &bytes)
        Self.append(kind, to: &bytes)
        Self.append(entity, to: &bytes)
        Self.append(record, to: &bytes)
        Self.append(version, to: &bytes)
    }

    func hash(after previous: SHA256Digest, payloadHash: SHA256Digest) -> SHA256Digest {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        previous.append(to: &bytes)
        append(to: &bytes)
        payloadHash.append(to: &bytes)
        return SHA256.hash(bytes)
    }

    static func payloadHash(salt: [UInt8], payload: [UInt8]) -> SHA256Digest { SHA256.hash(salt, payload) }

    static let saltByteCount = 16

    static func origin(installation: [UInt8]) -> SHA256Digest {
        SHA256.hash(Array("crm change log 1".utf8), installation)
    }

    /// The values as `crm_change` holds them, in the order of its columns, without the two hashes.
    var bindings: [StoredValue] {
        [
            .integer(sequence), .integer(changeSet), .integer(at), actor.map { .integer($0) } ?? .null,
            .text(source), .text(method), .text(kind), entity.map { .integer($0) } ?? .null,
            record.map { .integer($0) } ?? .null, version.map { .integer($0) } ?? .null,
        ]
    }

    private static func append(_ value: Int64?, to bytes: inout [UInt8]) {
        guard let value else { return append(bigEndian: UInt32.max, to: &bytes) }
        append(bigEndian: UInt32(8), to: &bytes)
        append(bigEndian: value, to: &bytes)
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        append(bigEndian: UInt32(text.utf8.count), to: &bytes)
        bytes.append(contentsOf: text.utf8)
    }

    private static func append(bigEndian number: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }
}
