package import CRMSDK
import Query
import Registry

/// The append-only log of everything that was changed, refused or logged in: history, feed, audit, undo, as-of.
package enum ChangeLog {
    /// The entries of one record, oldest first.
    ///
    /// - Parameter after: the last sequence number already seen.
    package static func entries(
        _ reader: some RowSource, record: RecordID, after: Int64 = 0, limit: Int
    ) throws(CRMError) -> [LoggedChange] {
        try entries(
            reader, "record = ?1 AND c.seq > ?2",
            [.integer(record.rawValue), .integer(after), .integer(Int64(limit))])
    }

    /// All entries, in order, without gaps.
    package static func entries(
        _ reader: some RowSource, after: Int64 = 0, limit: Int
    ) throws(CRMError) -> [LoggedChange] {
        try entries(reader, "c.seq > ?1 AND ?2 IS NULL", [.integer(after), .null, .integer(Int64(limit))])
    }

    /// The entries of one unit of work, in order.
    package static func entries(_ reader: some RowSource, changeSet: Int64) throws(CRMError) -> [LoggedChange]
    {
        try entries(
            reader, "change_set = ?1 AND ?2 IS NULL", [.integer(changeSet), .null, .integer(.max)])
    }

    private static func entries(
        _ reader: some RowSource, _ condition: String, _ bindings: [StoredValue]
    ) throws(CRMError) -> [LoggedChange] {
        var changes: [LoggedChange] = []
        let statement = Statement(
            """
            SELECT \(columns) FROM crm_change AS c LEFT JOIN crm_change_payload AS p ON p.seq = c.seq
            WHERE \(condition) ORDER BY c.seq LIMIT ?3
            """, bindings)
        try reader.rows(statement) { row in
            changes.append(change(row))
            return .next
        }
        return changes
    }

    /// An entry from a row of `columns`.
    package static func change(_ row: borrowing Row) -> LoggedChange {
        LoggedChange(
            sequence: row.int64(0), changeSet: row.int64(1), at: Instant(millisecondsSince1970: row.int64(2)),
            entry: ChangeEntry(
                ChangeKind(row.text(6)), entity: row.optionalInt64(7).map { Int($0) },
                record: row.optionalInt64(8).map { RecordID($0) }, version: row.optionalInt64(9),
                actor: row.optionalInt64(3).map { RecordID($0) }, source: row.text(4), method: row.text(5),
                payload: row.bytes(10)),
            isErased: row.isNull(10))
    }
}
