package import CRMSDK
import Crypto
package import Registry
package import Storage

/// Files of records.
extension UnitOfWork {
    /// Puts a received file into a record's field, as an update by the caller: rights, hooks, history and all.
    ///
    /// - Returns: whether anything was written; not where the field has this very file.
    package func put(
        _ file: FileValue, _ content: FileContent, into field: Field, of id: RecordID, _ entity: Entity
    ) throws(CRMError) -> Bool {
        try transaction.keep(content)
        return try update(id, entity: entity.name, [field.name: .file(file)], version: nil)
    }

    /// A record that holds a file keeps its bytes from being removed, until the record is purged: its history has them.
    func noteFiles(_ changes: [(Field, StoredValue)], of id: RecordID) throws(CRMError) {
        for (field, value) in changes where field.wire == .file {
            guard case .text(let text) = value, let file = FileValue(encoded: text),
                let digest = SHA256Digest(hex: file.sha256)
            else { continue }
            try transaction.note(digest, of: id)
        }
    }
}
