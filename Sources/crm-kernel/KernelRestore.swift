import Backup
import CRMSDK
import Glibc
import Settings
import Storage

/// `crm-kernel restore`: fills the kernel's part of a new data folder from a backup.
struct KernelRestore {
    private let settings: KernelSettings
    private let backup: String

    init(_ settings: KernelSettings, backup: String) {
        self.settings = settings
        self.backup = backup
    }

    /// - Throws: `duplicate` when the folder has a database already; `unavailable` when the backup is none or damaged.
    func run() throws(CRMError) {
        let restoration = try Restoration(backup: backup)
        try DataFolderLock.makeFolders(settings.dataFolder)
        let lock = try DataFolderLock(folder: settings.dataFolder)
        guard access(lock.databasePath, F_OK) != 0 else {
            throw CRMError(
                .duplicate, "data folder \"\(settings.dataFolder)\" has a database already",
                hint: "Name a new folder with --data.")
        }
        let head = try restoration.place(into: lock.kernelFolder)
        print(
            "restored as of \(restoration.madeAt); the change log ends at entry \(head.sequence), \(head.hash)"
        )
    }
}
