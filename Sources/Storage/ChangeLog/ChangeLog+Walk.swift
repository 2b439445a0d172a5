package import CRMSDK
import Query
import Registry

/// Places in the log, and walks from one of them.
///
/// Sequence and time run together as long as nobody sets the clock of the machine back by more than a minute.
extension ChangeLog {
    /// The last entry's sequence number; 0 for an empty log.
    package static func head(_ reader: some RowSource) throws(CRMError) -> Int64 {
        try integer(reader, Statement("SELECT max(seq) FROM crm_change")) ?? 0
    }

    /// When the log begins; nil for an empty one.
    package static func beginning(_ reader: some RowSource) throws(CRMError) -> Instant? {
        try moment(reader, of: 1)
    }

    /// The last entry that was written at or before a moment; 0 where all came later.
    ///
    /// Costs a look at some twenty entries, by halving.
    package static func position(_ reader: some RowSource, at moment: Instant) throws(CRMError) -> Int64 {
        var before: Int64 = 0
        var after = try head(reader) + 1
        while after - before > 1 {
            let middle = before + (after - before) / 2
            guard let found = try self.moment(reader, of: middle) else {
                throw CRMError(.internalError, "entry \(middle) of the change log is missing")
            }
            if found <= moment { before = middle } else { after = middle }
        }
        return before
    }

    private static func moment(_ reader: some RowSource, of sequence: Int64) throws(CRMError) -> Instant? {
        try integer(reader, Statement("SELECT at FROM crm_change WHERE seq = ?1", [.integer(sequence)]))
            .map { Instant(millisecondsSince1970: $0) }
    }

    private static func integer(_ reader: some RowSource, _ statement: Statement) throws(CRMError) -> Int64? {
        var number: Int64?
        try reader.rows(statement) { row throws(CRMError) in
            number = row.optionalInt64(0)
            return .stop
        }
        return number
    }

    /// Whose entries a walk gives.
    package enum Subject: Sendable {
        /// All records of the entity with this number.
        case entity(Int)
        case record(RecordID)
    }

    /// Gives the entries after a place in the log, oldest first, until the body wants no more.
    package static func walk(
        _ reader: some RowSource, _ subject: Subject, after sequence: Int64,
        _ body: (LoggedChange) throws(CRMError) -> RowStep
    ) throws(CRMError) {
        let (column, number) =
            switch subject {
            case .entity(let number): ("entity", Int64(number))
            case .record(let id): ("record", id.rawValue)
            }
        let statement = Statement(
            """
            SELECT \(columns) FROM crm_change AS c LEFT JOIN crm_change_payload AS p ON p.seq = c.seq
            WHERE c.\(column) = ?1 AND c.seq > ?2 ORDER BY c.seq
            """, [.integer(number), .integer(sequence)])
        try reader.rows(statement) { row throws(CRMError) in try body(change(row)) }
    }

    /// The last change of a record's own values up to a place in the log: what its `modified_at`, `modified_by` and
    /// `version` were made by. Nil where there is none.
    package static func lastChange(
        _ reader: some RowSource, of record: RecordID, through sequence: Int64
    ) throws(CRMError) -> LoggedChange? {
        var last: LoggedChange?
        let statement = Statement(
            """
            SELECT \(columns) FROM crm_change AS c LEFT JOIN crm_change_payload AS p ON p.seq = 0
            WHERE c.record = ?1 AND c.seq <= ?2 AND c.kind IN ('create', 'update', 'delete', 'restore')
            ORDER BY c.seq DESC LIMIT 1
            """, [.integer(record.rawValue), .integer(sequence)])
        try reader.rows(statement) { row throws(CRMError) in
            last = change(row)
            return .stop
        }
        return last
    }

    /// What an entry is read from: `c` is the log, `p` its payloads.
    package static let columns =
        "c.seq, change_set, at, actor, source, method, kind, c.entity, record, version, p.payload"
}
