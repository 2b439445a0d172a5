package import CRMSDK
import Registry

/// The replies kept for calls that may come twice.
package enum IdempotencyStatements {
    /// Digest and reply of a key used since a moment; one row or none.
    package static func reply(of principal: RecordID, key: String, since: Instant) -> Statement {
        Statement(
            "SELECT digest, reply FROM crm_idempotency WHERE principal = ?1 AND key = ?2 AND created_at >= ?3",
            [.integer(principal.rawValue), .text(key), .integer(since.millisecondsSince1970)])
    }

    package static func keep(
        _ reply: [UInt8], digest: [UInt8], of principal: RecordID, key: String, at now: Instant
    ) -> Statement {
        Statement(
            "INSERT OR REPLACE INTO crm_idempotency (principal, key, digest, reply, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            [
                .integer(principal.rawValue), .text(key), .blob(digest), .blob(reply),
                .integer(now.millisecondsSince1970),
            ])
    }

    package static func forget(before: Instant) -> Statement {
        Statement(
            "DELETE FROM crm_idempotency WHERE created_at < ?1", [.integer(before.millisecondsSince1970)])
    }
}
