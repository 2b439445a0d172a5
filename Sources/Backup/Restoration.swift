package import CRMSDK
package import Storage

/// A data folder's `kernel` part made from a backup.
package struct Restoration {
    private let backup: String
    private let manifest: BackupManifest

    /// - Parameter backup: the folder of one backup.
    /// - Throws: `unavailable` when it is none.
    package init(backup: String) throws(CRMError) {
        self.backup = backup
        manifest = try BackupManifest(ofBackup: backup)
    }

    package var madeAt: Instant { manifest.madeAt }

    /// Copies every file, holding it to the hash that was noted when it was written, and looks through the database.
    ///
    /// - Parameter folder: an empty one, the data folder's `kernel`.
    /// - Returns: the end of the change log, which is the one that was noted.
    /// - Throws: `unavailable`, naming the first file that is missing or not as it was; the folder is then to be
    ///   removed.
    package func place(into folder: String) throws(CRMError) -> DatabaseCopy.LogHead {
        var folders: Set = [folder]
        for file in manifest.files {
            folders.formUnion(try KernelPlace(folder).makeFolders(for: file.path))
            let copied = try FileCopy.copy(
                "\(backup)/kernel/\(file.path)", to: "\(folder)/\(file.path)", mode: file.mode)
            guard copied.digest == file.digest, copied.bytes == file.bytes else {
                throw CRMError(
                    .unavailable, "\"\(file.path)\" in the backup \"\(backup)\" is not as it was written",
                    hint: "Use another backup.")
            }
        }
        for folder in folders { try FileCopy.synchronise(folder: folder) }
        let head = try DatabaseCopy(path: "\(folder)/\(KernelFiles.database)").check()
        guard head == manifest.log else {
            throw CRMError(
                .unavailable,
                "the change log in the backup \"\(backup)\" does not end where its manifest says",
                hint: "Use another backup.")
        }
        return head
    }
}
