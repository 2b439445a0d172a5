import CRMSDK
import Crypto
import Query
import Registry
import Storage

/// The statements of Identity's tables: `crm_credential`, `crm_session`, `crm_api_key`, `crm_login_throttle`, and
/// the row `session_clock` of `crm_meta`.
enum IdentityStore {
    private static let clockKey = "session_clock"

    // MARK: Loading

    static func credentials(_ reader: ReadConnection) throws(CRMError) -> [RecordID: Credential] {
        var credentials: [RecordID: Credential] = [:]
        let statement = Statement(
            """
            SELECT user, password, must_change, totp_secret, totp_confirmed, totp_last_step, recovery_hashes
            FROM crm_credential
            """)
        try reader.rows(statement) { row in
            var credential = Credential(password: row.text(1), mustChangePassword: row.int64(2) != 0)
            if !row.isNull(3) {
                credential.secondFactor = SecondFactor(
                    secret: row.bytes(3), isConfirmed: row.int64(4) != 0,
                    lastStep: row.optionalInt64(5).map { UInt64(clamping: $0) },
                    recoveryDigests: digests(row.bytes(6)))
            }
            credentials[RecordID(row.int64(0))] = credential
            return .next
        }
        return credentials
    }

    static func failures(_ reader: ReadConnection) throws(CRMError) -> [RecordID: FailureRecord] {
        var failures: [RecordID: FailureRecord] = [:]
        try reader.rows(Statement("SELECT user, failures, last_failure_at FROM crm_login_throttle")) { row in
            failures[RecordID(row.int64(0))] = FailureRecord(
                count: Int(row.int64(1)), lastFailure: Instant(millisecondsSince1970: row.int64(2)))
            return .next
        }
        return failures
    }

    static func accessTable(_ reader: ReadConnection) throws(CRMError) -> AccessTable {
        var table = AccessTable()
        let sessions = Statement(
            """
            SELECT s.token_hash, s.id, s.user, s.created_at, s.expires_at, s.peer, c.must_change, s.last_seen_at
            FROM crm_session AS s JOIN crm_credential AS c ON c.user = s.user
            """)
        try reader.rows(sessions) { row in
            guard let digest = SHA256Digest(bytes: row.bytes(0)) else { return .next }
            let lastSeen = Instant(millisecondsSince1970: row.int64(7))
            let session = LiveSession(
                id: row.int64(1), user: RecordID(row.int64(2)),
                createdAt: Instant(millisecondsSince1970: row.int64(3)),
                expiresAt: Instant(millisecondsSince1970: row.int64(4)), address: row.text(5),
                mustChangePassword: row.int64(6) != 0, lastSeenAt: lastSeen, storedLastSeenAt: lastSeen)
            table.add(session, digest: digest)
            return .next
        }
        let keys = Statement(
            """
            SELECT token_hash, id, user, name, scopes, addresses, created_at, expires_at, last_used_at, contact
            FROM crm_api_key
            """)
        try reader.rows(keys) { row throws(CRMError) in
            guard let digest = SHA256Digest(bytes: row.bytes(0)) else { return .next }
            let request = try APIKeyRequest(
                name: row.text(3), scopes: words(row.text(4)), addresses: words(row.text(5)),
                expiresAt: row.optionalInt64(7).map { Instant(millisecondsSince1970: $0) },
                contact: row.optionalInt64(9).map { RecordID($0) })
            let used = row.optionalInt64(8).map { Instant(millisecondsSince1970: $0) }
            let key = LiveKey(
                id: row.int64(1), user: RecordID(row.int64(2)), request,
                createdAt: Instant(millisecondsSince1970: row.int64(6)), lastUsedAt: used)
            table.add(key, digest: digest)
            return .next
        }
        return table
    }

    static func clockHighWater(_ reader: ReadConnection) throws(CRMError) -> Instant? {
        let statement = Statement("SELECT value FROM crm_meta WHERE key = ?1", [.text(clockKey)])
        return try reader.first(statement) { Instant(millisecondsSince1970: $0.int64(0)) }
    }

    // MARK: Credentials

    /// - Returns: false if the user has a credential already.
    static func addCredential(
        _ user: RecordID, _ credential: Credential, _ transaction: WriteTransaction
    ) throws(CRMError) -> Bool {
        let statement = Statement(
            """
            INSERT INTO crm_credential (user, password, must_change, changed_at) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (user) DO NOTHING
            """,
            [
                .id(user), .text(credential.password), .flag(credential.mustChangePassword),
                .instant(transaction.now),
            ])
        return try transaction.execute(statement) == 1
    }

    /// - Parameter current: the hash that is replaced; nil for whichever is there.
    /// - Returns: false if there is no such credential, or another hash by now.
    static func setPassword(
        _ user: RecordID, _ credential: Credential, replacing current: String?,
        _ transaction: WriteTransaction
    ) throws(CRMError) -> Bool {
        let statement = Statement(
            """
            UPDATE crm_credential SET password = ?2, must_change = ?3, changed_at = ?4
            WHERE user = ?1 AND password = coalesce(?5, password)
            """,
            [
                .id(user), .text(credential.password), .flag(credential.mustChangePassword),
                .instant(transaction.now), current.map { .text($0) } ?? .null,
            ])
        return try transaction.execute(statement) == 1
    }

    /// The same password under stronger parameters: nothing changes for its user.
    static func renewHash(
        _ user: RecordID, _ encoded: String, _ transaction: WriteTransaction
    ) throws(CRMError) {
        try transaction.execute(
            Statement(
                "UPDATE crm_credential SET password = ?2 WHERE user = ?1", [.id(user), .text(encoded)]))
    }

    static func passwordHash(
        of user: RecordID, _ transaction: WriteTransaction
    ) throws(CRMError) -> String? {
        let statement = Statement("SELECT password FROM crm_credential WHERE user = ?1", [.id(user)])
        return try transaction.first(statement) { $0.text(0) }
    }

    static func secondFactor(
        of user: RecordID, _ transaction: WriteTransaction
    ) throws(CRMError) -> SecondFactor? {
        let statement = Statement(
            """
            SELECT totp_secret, totp_confirmed, totp_last_step, recovery_hashes FROM crm_credential
            WHERE user = ?1 AND totp_secret IS NOT NULL
            """, [.id(user)])
        return try transaction.first(statement) { row in
            SecondFactor(
                secret: row.bytes(0), isConfirmed: row.int64(1) != 0,
                lastStep: row.optionalInt64(2).map { UInt64(clamping: $0) },
                recoveryDigests: digests(row.bytes(3)))
        }
    }

    /// - Parameter factor: nil to have none.
    static func setSecondFactor(
        _ user: RecordID, _ factor: SecondFactor?, _ transaction: WriteTransaction
    ) throws(CRMError) {
        try transaction.execute(
            Statement(
                """
                UPDATE crm_credential
                SET totp_secret = ?2, totp_confirmed = ?3, totp_last_step = ?4, recovery_hashes = ?5
                WHERE user = ?1
                """,
                [
                    .id(user), factor.map { .blob($0.secret) } ?? .null, .flag(factor?.isConfirmed ?? false),
                    factor?.lastStep.map { .integer(Int64(clamping: $0)) } ?? .null,
                    factor.map { .blob($0.recoveryDigests.flatMap(\.bytes)) } ?? .null,
                ]))
    }

    // MARK: Failures

    static func addFailure(_ user: RecordID, at time: Instant, _ transaction: WriteTransaction)
        throws(CRMError)
    {
        try transaction.execute(
            Statement(
                """
                INSERT INTO crm_login_throttle (user, failures, last_failure_at) VALUES (?1, 1, ?2)
                ON CONFLICT (user) DO UPDATE SET failures = failures + 1, last_failure_at = excluded.last_failure_at
                """, [.id(user), .instant(time)]))
    }

    static func clearFailures(_ user: RecordID, _ transaction: WriteTransaction) throws(CRMError) {
        try transaction.execute(Statement("DELETE FROM crm_login_throttle WHERE user = ?1", [.id(user)]))
    }

    // MARK: Sessions

    /// - Returns: the session's number.
    static func addSession(
        _ user: RecordID, digest: SHA256Digest, createdAt: Instant, expiresAt: Instant, peer: String,
        _ transaction: WriteTransaction
    ) throws(CRMError) -> Int64 {
        let statement = Statement(
            """
            INSERT INTO crm_session (token_hash, user, created_at, last_seen_at, expires_at, peer)
            VALUES (?1, ?2, ?3, ?3, ?4, ?5) RETURNING id
            """,
            [.blob(digest.bytes), .id(user), .instant(createdAt), .instant(expiresAt), .text(peer)])
        return try transaction.first(statement) { $0.int64(0) } ?? 0
    }

    /// Ends all but the newest `count` sessions of a user.
    static func dropOldestSessions(
        of user: RecordID, keeping count: Int, _ transaction: WriteTransaction
    ) throws(CRMError) -> Set<Int64> {
        try deleted(
            """
            DELETE FROM crm_session WHERE id IN
                (SELECT id FROM crm_session WHERE user = ?1 ORDER BY id DESC LIMIT -1 OFFSET ?2) RETURNING id
            """, [.id(user), .integer(Int64(count))], transaction)
    }

    /// - Parameter kept: the one that goes on; nil for none.
    static func deleteSessions(
        of user: RecordID, except kept: Int64?, _ transaction: WriteTransaction
    ) throws(CRMError) -> Set<Int64> {
        try deleted(
            "DELETE FROM crm_session WHERE user = ?1 AND id IS NOT ?2 RETURNING id",
            [.id(user), kept.map { .integer($0) } ?? .null], transaction)
    }

    /// - Returns: false if there is no such session, or it is another user's.
    static func deleteSession(
        _ id: Int64, of user: RecordID?, _ transaction: WriteTransaction
    ) throws(CRMError) -> Bool {
        let statement = Statement(
            "DELETE FROM crm_session WHERE id = ?1 AND user = coalesce(?2, user)",
            [.integer(id), user.map { .id($0) } ?? .null])
        return try transaction.execute(statement) == 1
    }

    static func setLastSeen(
        _ digest: SHA256Digest, _ time: Instant, _ transaction: WriteTransaction
    ) throws(CRMError) {
        try transaction.execute(
            Statement(
                "UPDATE crm_session SET last_seen_at = ?2 WHERE token_hash = ?1",
                [.blob(digest.bytes), .instant(time)]))
    }

    static func setClockHighWater(_ time: Instant, _ transaction: WriteTransaction) throws(CRMError) {
        try transaction.execute(
            Statement(
                "INSERT OR REPLACE INTO crm_meta (key, value) VALUES (?1, ?2)",
                [.text(clockKey), .instant(time)]))
    }

    // MARK: API keys

    /// - Returns: the key's number.
    static func addKey(
        _ user: RecordID, _ request: APIKeyRequest, digest: SHA256Digest, createdAt: Instant,
        by creator: RecordID,
        _ transaction: WriteTransaction
    ) throws(CRMError) -> Int64 {
        let statement = Statement(
            """
            INSERT INTO crm_api_key
                (token_hash, user, name, scopes, addresses, created_at, created_by, expires_at, contact)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING id
            """,
            [
                .blob(digest.bytes), .id(user), .text(request.name), .text(request.scopes.description),
                .text(request.addresses.map(\.description).joined(separator: " ")), .instant(createdAt),
                .id(creator), request.expiresAt.map { .instant($0) } ?? .null,
                request.contact.map { .id($0) } ?? .null,
            ])
        return try transaction.first(statement) { $0.int64(0) } ?? 0
    }

    static func keyCount(of user: RecordID, _ transaction: WriteTransaction) throws(CRMError) -> Int {
        let statement = Statement("SELECT count(*) FROM crm_api_key WHERE user = ?1", [.id(user)])
        return try transaction.first(statement) { Int($0.int64(0)) } ?? 0
    }

    /// - Returns: the user whose key it was; nil if there is no such key, or it is another user's.
    static func deleteKey(
        _ id: Int64, of user: RecordID?, _ transaction: WriteTransaction
    ) throws(CRMError) -> RecordID? {
        let statement = Statement(
            "DELETE FROM crm_api_key WHERE id = ?1 AND user = coalesce(?2, user) RETURNING user",
            [.integer(id), user.map { .id($0) } ?? .null])
        return try transaction.first(statement) { RecordID($0.int64(0)) }
    }

    static func setLastUsed(
        _ digest: SHA256Digest, _ time: Instant, _ transaction: WriteTransaction
    ) throws(CRMError) {
        try transaction.execute(
            Statement(
                "UPDATE crm_api_key SET last_used_at = ?2 WHERE token_hash = ?1",
                [.blob(digest.bytes), .instant(time)]))
    }

    // MARK: Parts

    private static func deleted(
        _ text: String, _ bindings: [StoredValue], _ transaction: WriteTransaction
    ) throws(CRMError) -> Set<Int64> {
        var ids: Set<Int64> = []
        try transaction.rows(Statement(text, bindings)) { row in
            ids.insert(row.int64(0))
            return .next
        }
        return ids
    }

    private static func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }

    private static func digests(_ bytes: [UInt8]) -> [SHA256Digest] {
        stride(from: 0, to: bytes.count, by: SHA256Digest.byteCount).compactMap {
            SHA256Digest(bytes: bytes[$0..<min($0 + SHA256Digest.byteCount, bytes.count)])
        }
    }
}

extension StoredValue {
    fileprivate static func id(_ id: RecordID) -> Self { .integer(id.rawValue) }
    fileprivate static func instant(_ time: Instant) -> Self { .integer(time.millisecondsSince1970) }
    fileprivate static func flag(_ flag: Bool) -> Self { .integer(flag ? 1 : 0) }
}
