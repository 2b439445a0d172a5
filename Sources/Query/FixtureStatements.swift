package import CRMSDK
import Registry

/// The ledger of records that modules ship. Pure.
package enum FixtureStatements {
    /// Key, record and what was shipped of each.
    package static func all(of module: String) -> Statement {
        Statement(
            "SELECT key, record, shipped FROM crm_fixture WHERE module = ?1 ORDER BY key", [.text(module)])
    }

    /// How many of a module's records were brought to what a version of it ships.
    package static func count(of module: String, _ version: SemanticVersion) -> Statement {
        Statement(
            "SELECT count(*) FROM crm_fixture WHERE module = ?1 AND version = ?2",
            [.text(module), .text(version.description)])
    }

    /// - Parameter shipped: The stored values that the module has given the record, as a payload of the change log.
    package static func note(
        _ fixture: Fixture, of module: String, _ version: SemanticVersion, _ record: RecordID,
        shipped: String
    ) -> Statement {
        Statement(
            """
            INSERT OR REPLACE INTO crm_fixture (module, key, record, version, shipped)
            VALUES (?1, ?2, ?3, ?4, ?5)
            """,
            [
                .text(module), .text(fixture.key), .integer(record.rawValue), .text(version.description),
                .text(shipped),
            ])
    }
}
