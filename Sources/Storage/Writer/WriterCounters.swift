import CRMSDK
import Crypto
import Query

/// What the writer counts in memory: true for the state of its transaction, published by COMMIT.
struct WriterCounters: Equatable {
    var lastRecordID: Int64
    var lastChangeSet: Int64
    /// The last entry of the change log; 0 before the first.
    var lastSequence: Int64
    /// That entry's hash; the chain's origin before the first.
    var head: SHA256Digest
    /// How many records came to each owner, or left, since the last COMMIT.
    var ownerChanges: [RecordCounts.Key: Int64] = [:]
    /// The last number of each series that has moved since the last COMMIT.
    var series: [String: Int64] = [:]

    /// Reads what is committed.
    static func load(_ runner: StatementRunner) throws(CRMError) -> WriterCounters {
        var lastRecordID: Int64?
        try runner.rows(Statement("SELECT value FROM crm_meta WHERE key = 'last_record_id'")) { row in
            lastRecordID = row.int64(0)
            return .stop
        }
        var installation: [UInt8]?
        try runner.rows(Statement("SELECT value FROM crm_meta WHERE key = 'installation'")) { row in
            installation = row.bytes(0)
            return .stop
        }
        guard let lastRecordID, let installation else { throw .damaged("crm_meta lacks a row") }
        var counters = WriterCounters(
            lastRecordID: lastRecordID, lastChangeSet: 0, lastSequence: 0,
            head: ChangeEnvelope.origin(installation: installation))
        try runner.rows(Statement("SELECT seq, hash FROM crm_change ORDER BY seq DESC LIMIT 1")) {
            row throws(CRMError) in
            guard let head = SHA256Digest(bytes: row.bytes(1)) else {
                throw .damaged("the log's head is no hash")
            }
            counters.lastSequence = row.int64(0)
            counters.head = head
            return .stop
        }
        try runner.rows(Statement("SELECT max(change_set) FROM crm_change")) { row in
            counters.lastChangeSet = row.int64(0)
            return .stop
        }
        return counters
    }
}

extension CRMError {
    static func damaged(_ what: String) -> CRMError {
        CRMError(.unavailable, "the database file is damaged", detail: what)
    }
}
