package import CRMSDK
import Crypto
import JSON
import Query
import Registry

extension ChangeLog {
    /// What a walk along the hash chain has found.
    package struct Verification: Sendable {
        /// The first entry that is not what was written.
        package struct Break: Equatable, Sendable {
            package let sequence: Int64
            package let reason: String
        }

        /// Entries that were read and are in order.
        package var entries: Int64
        /// The hash of the last of them, hexadecimal: compare it with one noted in the system log earlier.
        package var headHash: String
        package var firstBroken: Break?
    }

    /// Recomputes the chain from its origin, page by page, so that no read transaction lives long.
    ///
    /// A payload may be missing only where a later, intact `erase` entry names it. Entries cut off at the end are
    /// found by comparing the head with one that was noted elsewhere.
    ///
    /// - Parameter progress: called with the number of entries read, after each page.
    package static func verify(
        _ reader: ReadConnection, pageSize: Int = 5_000, progress: (Int64) -> Void = { _ in }
    ) throws(CRMError) -> Verification {
        let installation = try reader.first(
            Statement("SELECT value FROM crm_meta WHERE key = 'installation'")
        ) { $0.bytes(0) }
        var walk = ChainWalk(head: ChangeEnvelope.origin(installation: installation ?? []))
        while walk.broken == nil {
            let before = walk.sequence
            try reader.rows(page(after: before, limit: pageSize)) { row in
                walk.take(row)
                return walk.broken == nil ? .next : .stop
            }
            progress(walk.sequence)
            if walk.sequence == before { break }
        }
        walk.end()
        if walk.broken == nil, let stray = try strayPayload(reader) {
            walk.broken = .init(sequence: stray, reason: "there is a payload without an entry")
        }
        return walk.verification
    }

    private static func page(after sequence: Int64, limit: Int) -> Statement {
        Statement(
            """
            SELECT c.seq, change_set, at, actor, source, method, kind, entity, record, version, payload_hash, hash,
                salt, payload
            FROM crm_change AS c LEFT JOIN crm_change_payload AS p ON p.seq = c.seq
            WHERE c.seq > ?1 ORDER BY c.seq LIMIT ?2
            """, [.integer(sequence), .integer(Int64(limit))])
    }

    private static func strayPayload(_ reader: ReadConnection) throws(CRMError) -> Int64? {
        try reader.first(
            Statement(
                """
                SELECT seq FROM crm_change_payload
                WHERE NOT EXISTS (SELECT 1 FROM crm_change AS c WHERE c.seq = crm_change_payload.seq) LIMIT 1
                """)
        ) { $0.int64(0) }
    }
}

/// The state of a walk along the chain. Pure.
private struct ChainWalk {
    private(set) var sequence: Int64 = 0
    var broken: ChangeLog.Verification.Break?
    private var head: SHA256Digest
    /// Entries without payload that no `erase` entry has named yet.
    private var missing: Set<Int64> = []

    init(head: SHA256Digest) { self.head = head }

    var verification: ChangeLog.Verification {
        .init(entries: sequence, headHash: head.hex, firstBroken: broken)
    }

    /// Takes to account what no later entry has excused.
    mutating func end() {
        guard broken == nil, let first = missing.min() else { return }
        broken = .init(
            sequence: first, reason: "the payload is missing, and no entry says that it was erased")
    }

    mutating func take(_ row: borrowing Row) {
        let found = row.int64(0)
        guard found == sequence + 1 else {
            broken = .init(sequence: sequence + 1, reason: "the entry is missing")
            return
        }
        guard let reason = problem(row, found) else {
            sequence = found
            return
        }
        broken = .init(sequence: found, reason: reason)
    }

    /// What is wrong with an entry; nil, and the head moved on, when nothing is.
    private mutating func problem(_ row: borrowing Row, _ found: Int64) -> String? {
        let envelope = ChangeEnvelope(
            sequence: found, changeSet: row.int64(1), at: row.int64(2), actor: row.optionalInt64(3),
            source: row.text(4), method: row.text(5), kind: row.text(6), entity: row.optionalInt64(7),
            record: row.optionalInt64(8), version: row.optionalInt64(9))
        guard let payloadHash = SHA256Digest(bytes: row.bytes(10)),
            let hash = SHA256Digest(bytes: row.bytes(11))
        else { return "a hash does not have 32 bytes" }
        guard envelope.hash(after: head, payloadHash: payloadHash) == hash else {
            return "the entry does not match its hash"
        }
        if row.isNull(13) {
            missing.insert(found)
        } else {
            let payload = row.bytes(13)
            guard ChangeEnvelope.payloadHash(salt: row.bytes(12), payload: payload) == payloadHash else {
                return "the payload does not match its hash"
            }
            if envelope.kind == ChangeKind.erase.name { missing.subtract(Self.erased(payload)) }
        }
        head = hash
        return nil
    }

    private static func erased(_ payload: [UInt8]) -> [Int64] {
        // The payload is what was written, as its hash shows; were it no JSON, it would excuse nothing.
        guard let document = try? JSONDocument(parsing: payload), let list = document.root["erased"] else {
            return []
        }
        return list.elements.compactMap(\.int64)
    }
}
