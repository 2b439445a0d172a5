package import CRMSDK
import Registry

/// The ledger of imports: a row each, and the change sets that belong to it. Pure.
package enum ImportStatements {
    private static let columns = """
        id, actor, entity, file, settings, undoes, state, started_at, ended_at,
        created, updated, unchanged, skipped, failed, deleted, restored, left_alone, undo_set, undo_seq,
        (SELECT max(u.id) FROM crm_import u WHERE u.undoes = crm_import.id)
        """

    package static func one(_ id: Int64) -> Statement {
        Statement("SELECT \(columns) FROM crm_import WHERE id = ?1", [.integer(id)])
    }

    /// Newest first.
    ///
    /// - Parameters:
    ///   - actor: Only this one's; everybody's where it is nil.
    ///   - before: Only those with a smaller number; 0 for all.
    package static func list(of actor: RecordID?, before: Int64, limit: Int) -> Statement {
        let place = StoredValue.integer(before == 0 ? .max : before)
        guard let actor else {
            return Statement(
                "SELECT \(columns) FROM crm_import WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
                [place, .integer(Int64(limit))])
        }
        return Statement(
            "SELECT \(columns) FROM crm_import WHERE actor = ?3 AND id < ?1 ORDER BY id DESC LIMIT ?2",
            [place, .integer(Int64(limit)), .integer(actor.rawValue)])
    }

    /// Answers the new number.
    package static let last = Statement("SELECT last_insert_rowid()")

    package static func begin(
        by actor: RecordID, entity: Int, file: String?, settings: String, undoes: Int64?, at now: Instant
    ) -> Statement {
        Statement(
            """
            INSERT INTO crm_import (actor, entity, file, settings, undoes, state, started_at)
            VALUES (?1, ?2, ?3, ?4, ?5, 'running', ?6)
            """,
            [
                .integer(actor.rawValue), .integer(Int64(entity)), file.map { .text($0) } ?? .null,
                .text(settings), undoes.map { .integer($0) } ?? .null,
                .integer(now.millisecondsSince1970),
            ])
    }

    package static func setState(_ state: String, of id: Int64, endedAt: Instant?) -> Statement {
        Statement(
            "UPDATE crm_import SET state = ?2, ended_at = ifnull(?3, ended_at) WHERE id = ?1",
            [
                .integer(id), .text(state),
                endedAt.map { .integer($0.millisecondsSince1970) } ?? .null,
            ])
    }

    /// - Parameter counts: To be added, by column.
    package static func add(_ counts: [(column: String, number: Int)], to id: Int64) -> Statement {
        let changes = counts.enumerated().map { "\($1.column) = \($1.column) + ?\($0 + 2)" }
        return Statement(
            "UPDATE crm_import SET \(changes.joined(separator: ", ")) WHERE id = ?1",
            [.integer(id)] + counts.map { .integer(Int64($0.number)) })
    }

    package static func attach(_ changeSet: Int64, to id: Int64, left: String?) -> Statement {
        Statement(
            "INSERT OR REPLACE INTO crm_import_batch (import, change_set, report) VALUES (?1, ?2, ?3)",
            [.integer(id), .integer(changeSet), left.map { .text($0) } ?? .null])
    }

    package static func hasBatches(_ id: Int64) -> Statement {
        Statement("SELECT 1 FROM crm_import_batch WHERE import = ?1 LIMIT 1", [.integer(id)])
    }

    // MARK: Undo

    /// The change sets of an import, of its undo, of the undo of that, and so on.
    package static func changeSets(around id: Int64) -> Statement {
        Statement(
            """
            WITH RECURSIVE family (id) AS (
                SELECT ?1 UNION ALL SELECT i.id FROM crm_import i JOIN family f ON i.undoes = f.id)
            SELECT change_set FROM crm_import_batch WHERE import IN (SELECT id FROM family)
            """, [.integer(id)])
    }

    /// The last change set of an import below another; none where there is none.
    package static func changeSet(of id: Int64, below changeSet: Int64?) -> Statement {
        Statement(
            "SELECT max(change_set) FROM crm_import_batch WHERE import = ?1 AND change_set < ?2",
            [.integer(id), .integer(changeSet ?? .max)])
    }

    /// The first and the last entry of a record in the change sets of an import. Along the record's entries, which are
    /// few.
    package static func span(of record: RecordID, in id: Int64) -> Statement {
        Statement(
            """
            SELECT min(c.seq), max(c.seq) FROM crm_change c
            CROSS JOIN crm_import_batch b ON b.import = ?2 AND b.change_set = c.change_set
            WHERE c.record = ?1 AND c.kind IN ('create', 'update', 'delete', 'restore')
            """, [.integer(record.rawValue), .integer(id)])
    }

    package static func move(_ id: Int64, toSet changeSet: Int64, entry: Int64) -> Statement {
        Statement(
            "UPDATE crm_import SET undo_set = ?2, undo_seq = ?3 WHERE id = ?1",
            [.integer(id), .integer(changeSet), .integer(entry)])
    }

    /// What the parts of an undo have left, in order: change set and JSON.
    package static func left(by id: Int64, after changeSet: Int64, limit: Int) -> Statement {
        Statement(
            """
            SELECT change_set, report FROM crm_import_batch
            WHERE import = ?1 AND change_set > ?2 AND report IS NOT NULL ORDER BY change_set LIMIT ?3
            """, [.integer(id), .integer(changeSet), .integer(Int64(limit))])
    }
}
