package import CRMSDK
package import Crypto
import Query
import Registry

/// Which files the database knows, and which records have them.
extension WriteTransaction {
    /// Gives a received file its place and notes it. `note` follows for the record that it is for, in the same unit.
    package func keep(_ content: FileContent) throws(CRMError) {
        try files.place(content)
        try execute(
            Statement(
                "INSERT OR IGNORE INTO crm_file (sha256, size, stored_at) VALUES (?1, ?2, ?3)",
                [
                    .blob(content.digest.bytes), .integer(content.byteCount),
                    .integer(now.millisecondsSince1970),
                ]))
    }

    /// Notes that a record has a file, from now on and in its history.
    ///
    /// - Throws: `invalidParameters` when the file is not here (any more).
    package func note(_ digest: SHA256Digest, of record: RecordID) throws(CRMError) {
        let isThere = try first(
            Statement("SELECT 1 FROM crm_file WHERE sha256 = ?1", [.blob(digest.bytes)])
        ) { _ in true }
        guard isThere == true else {
            throw CRMError(.invalidParameters, "the file \(digest.hex) is not here any more")
        }
        try execute(
            Statement(
                "INSERT OR IGNORE INTO crm_file_use (record, sha256) VALUES (?1, ?2)",
                [.integer(record.rawValue), .blob(digest.bytes)]))
    }

    /// Forgets the files of a record that is destroyed. The bytes of those that no other record has go after COMMIT.
    package func dropFiles(of record: RecordID) throws(CRMError) {
        var digests: [SHA256Digest] = []
        let owner = StoredValue.integer(record.rawValue)
        try rows(Statement("SELECT sha256 FROM crm_file_use WHERE record = ?1", [owner])) { row in
            if let digest = SHA256Digest(bytes: row.bytes(0)) { digests.append(digest) }
            return .next
        }
        guard !digests.isEmpty else { return }
        try execute(Statement("DELETE FROM crm_file_use WHERE record = ?1", [owner]))
        for digest in digests {
            let gone = try execute(
                Statement(
                    """
                    DELETE FROM crm_file WHERE sha256 = ?1
                    AND NOT EXISTS (SELECT 1 FROM crm_file_use WHERE sha256 = ?1)
                    """, [.blob(digest.bytes)]))
            if gone > 0 { afterCommit { [files] in files.remove(digest) } }
        }
    }

    /// Removes bytes that no row names: what a kernel left that was killed between the two.
    ///
    /// - Parameter number: which of the 256 folders is looked at.
    /// - Returns: how many files were removed.
    package func sweepFiles(inFolder number: UInt8) throws(CRMError) -> Int {
        var count = 0
        for digest in files.digests(inFolder: number) where try removeUnlessKnown(digest) { count += 1 }
        return count
    }

    /// The same for one file, after a unit that kept it was not committed.
    @discardableResult
    package func removeUnlessKnown(_ digest: SHA256Digest) throws(CRMError) -> Bool {
        let isKnown = try first(
            Statement("SELECT 1 FROM crm_file WHERE sha256 = ?1", [.blob(digest.bytes)])
        ) { _ in true }
        guard isKnown == nil else { return false }
        files.remove(digest)
        return true
    }
}
