import CRMSDK
import Query
import Registry

/// Which steps of modules have been run: a row each, never taken back.
enum MigrationLedger {
    static func applied(_ module: String) -> Statement {
        Statement("SELECT number FROM crm_migration WHERE module = ?1", [.text(module)])
    }

    static func note(_ migration: Migration, of module: String, at now: Instant) -> Statement {
        Statement(
            "INSERT INTO crm_migration (module, number, version, summary, applied_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            [
                .text(module), .integer(Int64(migration.number)), .text(migration.version.description),
                .text(migration.summary), .integer(now.millisecondsSince1970),
            ])
    }
}
