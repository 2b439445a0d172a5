import CRMSDK
import Foundation

/// Which files of a data folder's `kernel` part belong to a backup: all but those of the running process.
enum KernelFiles {
    static let database = "crm.sqlite"

    /// The database is copied by SQLite; a lock, a ledger of crashes and a first password are of this machine alone.
    private static let left: Set<String> = [
        database, "\(database)-wal", "\(database)-shm", "\(database)-journal", "lock", "quarantine",
        "initial-admin-password",
    ]

    /// Files that are being received.
    private static let incoming = "files/incoming/"

    /// Paths relative to the folder, sorted. What is no plain file is left out: the kernel makes no others.
    static func beside(databaseIn folder: String) throws(CRMError) -> [String] {
        guard let walk = FileManager.default.enumerator(atPath: folder) else {
            throw CRMError(.unavailable, "could not read \"\(folder)\"")
        }
        var paths: [String] = []
        while let path = walk.nextObject() as? String {
            guard walk.fileAttributes?[.type] as? FileAttributeType == .typeRegular, !left.contains(path),
                !path.hasSuffix(".new"), !path.hasPrefix(incoming)
            else { continue }
            paths.append(path)
        }
        return paths.sorted()
    }
}
